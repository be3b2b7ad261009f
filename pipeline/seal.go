package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Notes in a store end with the hash of what stands before, which is all that tells whether they are as they were put: what they tell of is
// compared with them. A ferry that knows other fields reads the same bytes, and one that knows no hash takes it for such a field. Notes
// of older ones have none.

const sealMark = `,"sha256":"`

// seal is the text of a note in a store.
func seal(n any) ([]byte, error) {
	data, err := json.Marshal(n)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return append(append(data[:len(data)-1], sealMark...), hex.EncodeToString(sum[:])+`"}`...), nil
}

// unseal reads a note, and says what is wrong with it if it is damaged.
func unseal[T any](data []byte) (n T, problem string) {
	if before := len(data) - len(sealMark) - 2*sha256.Size - len(`"}`); before > 0 && bytes.HasPrefix(data[before:], []byte(sealMark)) {
		sealed := data[before+len(sealMark) : len(data)-len(`"}`)]
		data = append(bytes.Clone(data[:before]), '}')
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != string(sealed) {
			return n, notAsPut
		}
	}
	if json.Unmarshal(data, &n) != nil {
		return *new(T), "is no note that can be read"
	}
	return n, ""
}

// readNote reads a note of the store, and says what is wrong with it if it is damaged.
func (m *mirror) readNote(ctx context.Context, name string) (n note, problem string, err error) {
	data, err := m.objects.Read(ctx, name)
	if err == nil {
		n, problem = unseal[note](data)
	}
	return n, problem, err
}

// putNote puts a note.
func (m *mirror) putNote(ctx context.Context, name string, n any) error {
	data, err := seal(n)
	if err != nil {
		return err
	}
	return m.write(ctx, name, bytes.NewReader(data))
}
