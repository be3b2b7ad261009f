package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// build makes a file of a header and so many bytes of data.
func build(header string, data int) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), make([]byte, data)...)
}

// inMemory is a file that offers its bytes.
type inMemory struct {
	*bytes.Reader
	data []byte
}

func (m inMemory) Mapped() []byte { return m.data }

func open(file []byte) (*File, error) { return Open(bytes.NewReader(file), int64(len(file))) }

func TestBrokenFiles(t *testing.T) {
	const one = `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	good := build(one+"}", 8)
	if _, err := open(good); err != nil {
		t.Fatal(err)
	}
	huge := slices.Clone(good)
	binary.LittleEndian.PutUint64(huge, 100_000_001)
	for _, test := range []struct {
		name, want string
		file       []byte
	}{
		{"empty", "the file is cut off", nil},
		{"cut in the length", "the file is cut off", good[:7]},
		{"cut in the header", "it claims 54 bytes, the file has 30", good[:30]},
		{"cut in the data", `tensor "a" ends at byte 8 of 7; the file is cut off`, good[:len(good)-1]},
		{"header too big", "it claims 100000001 bytes, the format allows 100000000", huge},
		{"header longer than any file", "the format allows", append(bytes.Repeat([]byte{255}, 8), '{', '}')},
		{"pointer", "`git lfs pull`", []byte("version https://git-lfs.github.com/spec/v1\n")},
		{"bytes behind", "bytes 8 to 12 belong to no tensor", append(slices.Clone(good), 0, 0, 0, 0)},
		{"not JSON", "it is not a JSON object", build("tensors!", 8)},
		{"an array", "it is not a JSON object", build("[]", 0)},
		{"unclosed", "EOF", build(one, 8)},
		{"two objects", "it goes on behind its JSON object", build(one+"}{}", 8)},
		{"overlap", `tensor "b" begins at byte 4, within the one before it, which ends at 8`,
			build(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8)},
		{"gap", `bytes 8 to 12 before tensor "b" belong to no tensor`,
			build(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16)},
		{"twice", `tensor "a" occurs twice`, build(one+`,"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, 12)},
		{"NaN in the shape", `tensor "a": invalid character 'N'`, build(`{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}`, 8)},
		{"fraction in the shape", `tensor "a": json`, build(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}}`, 6)},
		{"negative dimensions", "shape [-1 -2] is impossible", build(`{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}`, 8)},
		{"shape overflows", "is impossible", build(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,0]}}`, 0)},
		{"bytes overflow", "0 bytes do not make shape [4611686018427387904]",
			build(`{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}`, 0)},
		{"wrong length", "8 bytes do not make shape [3] of F32", build(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8)},
		{"backwards", "bytes 8 to 0 make no range", build(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8)},
		{"negative offset", "bytes -8 to 0 make no range", build(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`, 8)},
		{"offset past 2^63", `tensor "a": json`, build(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775808]}}`, 8)},
		{"three offsets", "data_offsets missing", build(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}`, 8)},
		{"no shape", "dtype, shape or data_offsets missing", build(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4)},
		{"numbers as metadata", `tensor "__metadata__": json`, build(`{"__metadata__":{"a":1}}`, 0)},
	} {
		if _, err := open(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s gives %v, expected %q", test.name, err, test.want)
		}
	}
}

// TestOtherTypes checks that a type that cannot be read is no obstacle to the ones that can.
func TestOtherTypes(t *testing.T) {
	file := build(`{"odd":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[3,11]},`+
		`"x":{"dtype":"F32","shape":[],"data_offsets":[11,15]}}`, 15)
	binary.LittleEndian.PutUint32(file[len(file)-4:], math.Float32bits(1.5))
	f, err := open(file)
	if err != nil {
		t.Fatal(err)
	}
	var x [1]float32
	if err := f.Read(f.Tensors[2], x[:]); err != nil || x[0] != 1.5 {
		t.Errorf("read %v, %v", x, err)
	}
	if err := f.Read(f.Tensors[1], x[:]); err == nil || !strings.Contains(err.Error(), "I64 does not convert") {
		t.Errorf("reading I64 gives %v", err)
	}
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func TestWriteRead(t *testing.T) {
	long := make([]float32, 3*chunk+5) // several chunks
	for i := range long {
		long[i] = float32(i) / 3
	}
	arrays := []Array{{"z", []int{2, 2}, []float32{float32(math.Copysign(0, -1)), math.Float32frombits(0x7f812345), float32(math.Inf(1)), 1e-45}}, {"scalar", nil, []float32{7}},
		{"none", []int{0, 4}, nil}, {"quoted \" ü\n", []int{len(long)}, long}}
	metadata := map[string]string{"format": "pt", "b": "c"}
	var b bytes.Buffer
	if err := Write(&b, metadata, arrays); err != nil {
		t.Fatal(err)
	}
	f, err := open(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if f.start%8 != 0 {
		t.Errorf("tensors begin at byte %d", f.start)
	}
	if len(f.Metadata) != 2 || f.Metadata["format"] != "pt" || len(f.Tensors) != len(arrays) {
		t.Errorf("read %v, %v", f.Metadata, f.Tensors)
	}
	for _, want := range arrays {
		i := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == want.Name })
		data := make([]float32, len(want.Data))
		if err := f.Read(f.Tensors[i], data); err != nil || !sameBits(data, want.Data) || !slices.Equal(f.Tensors[i].Shape, want.Shape) {
			t.Errorf("%q was not read back: %v", want.Name, err)
		}
	}
	for _, wrong := range [][]Array{{arrays[0], arrays[0]}, {{"a", []int{2}, []float32{1}}}, {{"__metadata__", nil, []float32{1}}}} {
		if err := Write(&b, nil, wrong); err == nil {
			t.Errorf("%v was written", wrong)
		}
	}
}

// TestHalfPrecision compares conversion with torch's: the golden file holds x.f16, x.bf16 and what both are in float32.
func TestHalfPrecision(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "half.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := open(data)
	if err != nil {
		t.Fatal(err)
	}
	arrays := map[string][]float32{}
	for _, tensor := range f.Tensors {
		arrays[tensor.Name] = make([]float32, tensor.Elements())
		if err := f.Read(tensor, arrays[tensor.Name]); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"f16", "bf16"} {
		got, want := arrays[kind], arrays[kind+".float32"]
		if len(got) < 1000 || len(got) != len(want) {
			t.Fatalf("%s has %d and %d values", kind, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] && !(got[i] != got[i] && want[i] != want[i]) {
				t.Errorf("%s: value %d is %g instead of %g", kind, i, got[i], want[i])
			}
		}
	}
}

func FuzzSafetensors(f *testing.F) {
	f.Add(build(`{"__metadata__":{"format":"pt"},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, 4))
	f.Add(build(`{"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[2],"data_offsets":[4,6]}}  `, 6))
	f.Add(build(`{}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(inMemory{bytes.NewReader(data), data}, int64(len(data)))
		if err != nil {
			return
		}
		var covered int64
		for _, tensor := range file.Tensors {
			covered += tensor.End - tensor.Begin
			if !tensor.IsFloat() {
				continue
			}
			read := make([]float32, tensor.Elements())
			if err := file.Read(tensor, read); err != nil {
				t.Errorf("an accepted file does not read: %v", err)
			}
			if view := file.View(tensor); view != nil && !sameBits(view, read) {
				t.Errorf("the view of %q is not what reading gives", tensor.Name)
			}
		}
		if file.start+covered != int64(len(data)) {
			t.Errorf("tensors cover %d bytes of %d", covered, int64(len(data))-file.start)
		}
	})
}
