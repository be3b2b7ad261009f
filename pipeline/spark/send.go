package spark

import (
	"context"
	"crypto/tls"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync/atomic"

	"github.com/apache/spark-connect-go/v35/spark/client/channel"
	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/oauth"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// The client cannot send files, and keeps to itself which session is its own. So the connection is made here, where the session is
// seen in what goes out, and the message that sends a file is put together from the names of its fields.

// A line is the connection to a Connect server.
type line struct {
	*channel.BaseBuilder
	connection *grpc.ClientConn
	session    atomic.Value // text
}

// newLine reads the address of a Connect server, with the token that it may have.
func newLine(address string) (*line, error) {
	b, err := channel.NewBuilder(address)
	return &line{BaseBuilder: b}, err
}

// Build connects as the client does.
func (l *line) Build(context.Context) (_ *grpc.ClientConn, err error) {
	options := []grpc.DialOption{grpc.WithAuthority(l.Host()), grpc.WithStatsHandler((*watcher)(l))}
	if l.Token() == "" {
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	} else {
		token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: l.Token(), TokenType: "bearer"})
		options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{})), grpc.WithPerRPCCredentials(oauth.TokenSource{TokenSource: token}))
	}
	l.connection, err = grpc.NewClient(fmt.Sprintf("%v:%v", l.Host(), l.Port()), options...)
	return l.connection, err
}

// A watcher sees the session in what goes out.
type watcher line

func (*watcher) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*watcher) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*watcher) HandleConn(context.Context, stats.ConnStats)                       {}

func (w *watcher) HandleRPC(_ context.Context, s stats.RPCStats) {
	if out, ok := s.(*stats.OutPayload); ok {
		if request, ok := out.Payload.(interface{ GetSessionId() string }); ok {
			w.session.Store(request.GetSessionId())
		}
	}
}

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
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(ctx, metadata.New(c.line.Headers())))
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
		request := fields{"session_id": c.line.session.Load(), "user_context": fields{"user_id": c.line.User()}, "chunk": part}
		if !begun {
			delete(request, "chunk")
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
