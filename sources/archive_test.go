package sources

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zip"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ferry-clir/ferry/schemas"
)

// A tarEntry is one of a tar archive. Its size is that of its content, unless it says more.
type tarEntry struct {
	tar.Header
	content string
}

const (
	german   = "wiki-clir/german/wiki_de.documents"
	morning  = "d1\tMorgen\tDer Morgen.\nd2\tAbend\tDer Abend.\n"
	mornings = "de | d1 | Morgen | Der Morgen.\nde | d2 | Abend | Der Abend.\n"
)

func plainFile(name, content string) tarEntry {
	return tarEntry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}, content}
}

func tarEntries(t testing.TB, all ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range all {
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
		w.Flush() //nolint:errcheck // complains where the content is shorter than it says
	}
	return append(b.Bytes(), make([]byte, 1024)...)
}

// sparse is a file of 1 TiB without any content, as GNU tar packs it.
func sparse(t *testing.T, name string) []byte {
	record := func(key, value string) string {
		size := len(key) + len(value) + len(" =\n") + 2
		return fmt.Sprintf("%02d %s=%s\n", size, key, value)
	}
	records := record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", name) + record("GNU.sparse.realsize", "1099511627776")
	holes := "1\n1099511627776\n0\n"
	archive := tarEntries(t, plainFile("PaxHeaders/x", records), plainFile("x", holes+strings.Repeat("\x00", 512-len(holes))))
	const kind = 156 // of the first entry, which is in the checksum before it
	archive[kind] = tar.TypeXHeader
	sum := 0
	copy(archive[148:156], "        ")
	for _, c := range archive[:512] {
		sum += int(c)
	}
	copy(archive[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return archive
}

// TestTarBroken reads archives in which something is wrong, or seems to be.
func TestTarBroken(t *testing.T) {
	whole := tarEntries(t, plainFile("wiki-clir/README", "read me"), plainFile(german, morning))
	damaged := bytes.Clone(whole)
	damaged[1024] ^= 1
	late := tarEntries(t, plainFile(german, morning), plainFile("x", ""))
	late[1024] ^= 1
	link := tarEntry{tar.Header{Name: german, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""}
	lying := plainFile(german, morning)
	lying.Size = 1 << 40
	none := "error: opening x.tar: it has no */wiki_de.documents\n"
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"whole":               {whole, mornings},
		"link":                {tarEntries(t, link), none},
		"link, then file":     {tarEntries(t, link, plainFile(german, morning)), mornings},
		"folder":              {tarEntries(t, tarEntry{tar.Header{Name: german + "/", Typeflag: tar.TypeDir}, ""}), none},
		"twice":               {tarEntries(t, plainFile(german, morning), plainFile("other/"+german, "d3\tx\tx\n")), mornings},
		"long name":           {tarEntries(t, plainFile(strings.Repeat("long/", 100)+german, morning)), mornings},
		"absolute":            {tarEntries(t, plainFile("/"+german, morning)), "error: opening x.tar: it has a file \"/" + german + "\", whose path leads out of the archive\n"},
		"upwards, not wanted": {tarEntries(t, plainFile("a/../../b", ""), plainFile(german, morning)), "error: opening x.tar: it has a file \"a/../../b\", whose path leads out of the archive\n"},
		"sparse":              {append(sparse(t, german), whole...), "error: opening x.tar: it has a sparse file \"" + german + "\", which can be of any size\n"},
		"damaged":             {damaged, "error: opening x.tar: archive/tar: invalid tar header\n"},
		"damaged afterwards":  {late, mornings},
		"cut in the file":     {whole[:1536+30], "error: reading x.tar/" + german + ": line 2: unexpected EOF: the file is cut short or damaged; get it again\n"},
		"cut in the header":   {whole[:1024+30], "error: opening x.tar: unexpected EOF: the file is cut short or damaged; get it again\n"},
		"cut before the file": {whole[:1024], none},
		"too large a size":    {tarEntries(t, lying), "error: reading x.tar/" + german + ": line 3: unexpected EOF: the file is cut short or damaged; get it again\n"},
		"bad rows":            {tarEntries(t, plainFile(german, "d1\t\nd2\tx\ty\n")), "de | d2 | x | y\n! x.tar/" + german + ":1 missing_columns: expected 3 columns (id, title, text), found 2\n"},
		"mark":                {tarEntries(t, plainFile(german, "\ufeff"+morning)), mornings},
		"UTF-16":              {tarEntries(t, plainFile(german, "\xff\xfed\x001\x00")), "error: reading x.tar/" + german + ": is UTF-16; convert it to UTF-8\n"},
		"text":                {[]byte(morning), "error: opening x.tar: it is no tar archive\n"},
		"nothing":             {nil, "error: opening x.tar: it is no tar archive\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "x.tar", c.archive, 0)
			w := NewWikiCLIR()
			w.Path, w.Documents = "x.tar", []string{"de"}
			if got := printed(read(t, w, "documents")); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// TestZipBroken does so with zip archives.
func TestZipBroken(t *testing.T) {
	whole := zipped(t, []txtar.File{{Name: "p.tsv", Data: []byte("noon\tadhuhuri\n")}})
	raw := func(h zip.FileHeader, content []byte) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		entry, err := w.CreateRaw(&h)
		if err != nil {
			t.Fatal(err)
		}
		entry.Write(content)
		w.Close()
		return b.Bytes()
	}
	var zeros bytes.Buffer
	deflated, _ := flate.NewWriter(&zeros, 6)
	deflated.Write(make([]byte, 2*expansionFloor))
	deflated.Close()
	stored := []byte("noon\tadhuhuri\n")
	link := zip.FileHeader{Name: "p.tsv", Method: zip.Store, CompressedSize64: 11, UncompressedSize64: 11}
	link.SetMode(fs.ModeSymlink | 0o777)
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"whole":                {whole, "p.tsv:1 | en | sw | noon | adhuhuri | p.tsv\n"},
		"checksum":             {raw(zip.FileHeader{Name: "p.tsv", Method: zip.Store, CRC32: 7, CompressedSize64: 14, UncompressedSize64: 14}, stored), "error: reading x.zip/p.tsv: line 2: zip: checksum error: the file is cut short or damaged; get it again\n"},
		"method":               {raw(zip.FileHeader{Name: "p.tsv", Method: 99, CompressedSize64: 14, UncompressedSize64: 14}, stored), "error: opening x.zip: zip: unsupported compression algorithm\n"},
		"deflate":              {raw(zip.FileHeader{Name: "p.tsv", Method: zip.Deflate, CompressedSize64: 14, UncompressedSize64: 14}, stored), "error: opening x.zip: flate: corrupt input before offset 1: the file is cut short or damaged; get it again\n"},
		"latin-1 name":         {raw(zip.FileHeader{Name: "caf\xe9.tsv", NonUTF8: true, Method: zip.Store, CRC32: 0x113c8532, CompressedSize64: 14, UncompressedSize64: 14}, stored), "caf\ufffd.tsv:1 | en | sw | noon | adhuhuri | caf\ufffd.tsv\n"},
		"upwards":              {zipped(t, []txtar.File{{Name: "p.tsv", Data: stored}, {Name: "../README"}}), "error: opening x.zip: it has a file \"../README\", whose path leads out of the archive\n"},
		"symbolic link":        {raw(link, []byte("/etc/passwd")), "error: opening x.zip: the archive has no files\n"},
		"entries that overlap": {overlapping(whole, 100), "error: opening x.zip: need one file out of this archive, 100 fit; it has " + strings.Repeat("p.tsv, ", 10) + "and 90 more\n"},
		"folder":               {zipped(t, []txtar.File{{Name: "p.tsv/"}}), "error: opening x.zip: the archive has no files\n"},
		"bomb that lies about its size": {raw(zip.FileHeader{Name: "p.tsv", Method: zip.Deflate, CompressedSize64: 1 << 40, UncompressedSize64: 1 << 50}, zeros.Bytes()),
			"error: reading x.zip/p.tsv: line 1: it expands to more than 200 times its size, which no text does; if it is to be trusted, raise max_expansion\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "x.zip", c.archive, 0)
			b := NewBitext()
			b.Path, b.Languages, b.Format = []schemas.Path{"x.zip"}, []string{"en", "sw"}, "tsv"
			if got := printed(read(t, b, "pairs")); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// overlapping is an archive whose directory names its one file n times.
func overlapping(archive []byte, n int) []byte {
	const ending = 22 // bytes
	end := bytes.Clone(archive[len(archive)-ending:])
	from, size := binary.LittleEndian.Uint32(end[16:]), binary.LittleEndian.Uint32(end[12:])
	entries := bytes.Repeat(archive[from:from+size], n)
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(entries)))
	return slices.Concat(archive[:from], entries, end)
}

// TestZipWithin reads an archive in an archive, as bombs are built: it is not opened, and its bytes are no rows.
func TestZipWithin(t *testing.T) {
	t.Chdir(t.TempDir())
	inner := zipped(t, []txtar.File{{Name: "p.tsv", Data: []byte("noon\tadhuhuri\n")}})
	write(t, "x.zip", zipped(t, []txtar.File{{Name: "p.zip", Data: inner}}), 0)
	b := NewBitext()
	b.Path, b.Languages, b.Format = []schemas.Path{"x.zip"}, []string{"en", "sw"}, "tsv"
	if r := read(t, b, "pairs"); r.err != nil || len(r.rows) > 0 || len(r.rejected) == 0 {
		t.Errorf("%d rows, %d rejected, %v", len(r.rows), len(r.rejected), r.err)
	}
}
