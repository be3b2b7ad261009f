package spark

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// The client cannot send files. So the message that does is put together from the names of its fields.

// sentAtOnce is how many bytes of a file a message has, as Spark's own clients have it.
const sentAtOnce = 32 << 10

// Send gives a file to all executors, also to those that join later. Commands find it in the folder that they start in, and can run it.
func (c *Cluster) Send(ctx context.Context, name, file string) error {
	if err := c.send(ctx, name, file); err != nil {
		return fmt.Errorf("sending %s to the Connect server: %w", file, reason(err))
	}
	return nil
}

func (c *Cluster) send(ctx context.Context, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.line.outgoing(ctx))
	defer cancel()
	stream, err := c.line.connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, "/spark.connect.SparkConnectService/AddArtifacts")
	if err != nil {
		return err
	}
	chunk := make([]byte, sentAtOnce)
	for begun := false; ; begun = true {
		n, err := io.ReadFull(f, chunk)
		if n == 0 {
			break
		}
		part := fields{"data": chunk[:n], "crc": int64(crc32.ChecksumIEEE(chunk[:n]))}
		request := c.line.call()
		if begun {
			request["chunk"] = part
		} else {
			request["begin_chunk"] = fields{"name": "files/" + name, "total_bytes": stat.Size(), "num_chunks": (stat.Size() + sentAtOnce - 1) / sentAtOnce, "initial_chunk": part}
		}
		m, made := message("spark.connect.AddArtifactsRequest", request)
		if made != nil {
			return made
		}
		if stream.SendMsg(m) != nil {
			break // RecvMsg tells why
		}
		if err != nil {
			break
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	answer, err := message("spark.connect.AddArtifactsResponse", nil)
	if err != nil {
		return err
	}
	return stream.RecvMsg(answer)
}

// fields are what a message has, by their names in Spark's files.
type fields map[string]any

// message makes a message of a kind that the client knows, and does not give away.
func message(kind protoreflect.FullName, values fields) (any, error) {
	known, err := protoregistry.GlobalTypes.FindMessageByName(kind)
	if err != nil {
		return nil, err
	}
	m := known.New()
	values.fill(m)
	return m.Interface(), nil
}

func (f fields) fill(m protoreflect.Message) {
	for name, value := range f {
		field := m.Descriptor().Fields().ByName(protoreflect.Name(name))
		if inner, ok := value.(fields); ok {
			inner.fill(m.Mutable(field).Message())
		} else {
			m.Set(field, protoreflect.ValueOf(value))
		}
	}
}
