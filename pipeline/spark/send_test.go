package spark

import (
	"bytes"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// TestSend sends files of awkward sizes to a server that puts the parts together by what they say of themselves.
func TestSend(t *testing.T) {
	var got []byte
	var parts, total int64
	var name, session string
	receive := func(_ any, stream grpc.ServerStream) error {
		for {
			m, err := message("spark.connect.AddArtifactsRequest", nil)
			if err != nil {
				return err
			}
			if stream.RecvMsg(m) != nil {
				break
			}
			session = m.(interface{ GetSessionId() string }).GetSessionId()
			request := m.(interface{ ProtoReflect() protoreflect.Message }).ProtoReflect()
			field := func(of protoreflect.Message, name protoreflect.Name) protoreflect.Value {
				return of.Get(of.Descriptor().Fields().ByName(name))
			}
			part := field(request, "chunk").Message()
			if begun := field(request, "begin_chunk").Message(); begun.IsValid() {
				part, name, parts, total = field(begun, "initial_chunk").Message(), field(begun, "name").String(), field(begun, "num_chunks").Int(), field(begun, "total_bytes").Int()
			}
			data := field(part, "data").Bytes()
			if field(part, "crc").Int() != int64(crc32.ChecksumIEEE(data)) {
				t.Error("a checksum is wrong")
			}
			got, parts = append(got, data...), parts-1
		}
		answer, err := message("spark.connect.AddArtifactsResponse", nil)
		if err == nil {
			err = stream.SendMsg(answer)
		}
		return err
	}
	l, server := lineTo(t, receive)
	defer l.connection.Close()
	for _, size := range []int{1, sentAtOnce - 1, sentAtOnce, sentAtOnce + 1, 3 * sentAtOnce} {
		data, file := make([]byte, size), filepath.Join(t.TempDir(), "ferry")
		for i := range data {
			data[i] = byte(rand.Uint32())
		}
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		got = nil
		if err := (&Cluster{line: l}).Send(t.Context(), "ferry-1", file); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, data) || parts != 0 || total != int64(size) || name != "files/ferry-1" || session != "ours" {
			t.Errorf("%d bytes: %d arrived as %q, %d parts and %d bytes announced, in session %q", size, len(got), name, parts, total, session)
		}
	}
	server.Stop()
	if err := (&Cluster{line: l}).Send(t.Context(), "ferry-1", os.Args[0]); err == nil {
		t.Error("it can be sent to nobody")
	}
}
