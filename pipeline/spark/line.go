package spark

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/apache/spark-connect-go/v35/spark/client/channel"
	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/oauth"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// A line is the connection to a Connect server. It is made here, where the session is seen in what goes out: the client keeps to itself
// which is its own.
type line struct {
	*channel.BaseBuilder
	token      string
	secure     bool // speaks TLS
	connection *grpc.ClientConn
	session    atomic.Value // text
}

// newLine reads the address of a Connect server, such as sc://host:15002/;use_ssl=true;token=abc. Its errors do not repeat parameters.
// The client knows no use_ssl, and forgets what has a = in its value, as tokens have.
func newLine(address string) (*line, error) {
	_, parameters, _ := strings.Cut(address, ";")
	l, headers, known := &line{}, map[string]string{}, "/;"
	plain := false
	for _, parameter := range strings.FieldsFunc(parameters, func(r rune) bool { return r == ';' }) {
		name, value, ok := strings.Cut(parameter, "=")
		value, err := url.PathUnescape(value)
		if !ok || err != nil {
			return nil, fmt.Errorf("has a parameter %.20q that cannot be read; write them as ;name=value behind a /, with %%3B for a ; in a value", name)
		}
		switch name {
		case "token":
			l.token = value
		case "use_ssl":
			if l.secure, err = strconv.ParseBool(value); err != nil {
				return nil, errors.New("has a use_ssl that is neither true nor false")
			}
			plain = !l.secure
		case "user_id", "user_agent", "session_id":
			known += parameter + ";"
		default:
			headers[name] = value
		}
	}
	if l.token != "" && plain {
		return nil, errors.New("has a token, which is sent over TLS alone; leave out use_ssl=false")
	}
	l.secure = l.secure || l.token != ""
	var err error
	if l.BaseBuilder, err = channel.NewBuilder(Server(address) + known); err != nil {
		return nil, err
	}
	if l.Port() < 1 || l.Port() > 1<<16-1 {
		return nil, fmt.Errorf("has the port %d; the largest is 65535", l.Port())
	}
	maps.Copy(l.Headers(), headers)
	return l, nil
}

// Build connects as the client does.
func (l *line) Build(context.Context) (_ *grpc.ClientConn, err error) {
	transport := insecure.NewCredentials()
	if l.secure {
		transport = credentials.NewTLS(&tls.Config{})
	}
	options := []grpc.DialOption{grpc.WithAuthority(l.Host()), grpc.WithStatsHandler((*watcher)(l)), grpc.WithTransportCredentials(transport)}
	if l.token != "" {
		token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: l.token, TokenType: "bearer"})
		options = append(options, grpc.WithPerRPCCredentials(oauth.TokenSource{TokenSource: token}))
	}
	l.connection, err = grpc.NewClient(net.JoinHostPort(l.Host(), strconv.Itoa(l.Port())), options...)
	return l.connection, err
}

// outgoing is the context of a call that is not made by the client.
func (l *line) outgoing(ctx context.Context) context.Context {
	return metadata.NewOutgoingContext(ctx, metadata.New(l.Headers()))
}

// call has the fields that each call has.
func (l *line) call() fields {
	return fields{"session_id": l.session.Load(), "user_context": fields{"user_id": l.User()}}
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

// goodbye is how long a server may take to end a session.
const goodbye = 10 * time.Second

// release ends the session: a server keeps one for an hour, with the files that were sent, and goes on with what it was asked for. The
// client does not know that call, whose messages begin as those of an interruption do. One that fails is left to the hour.
func (l *line) release() {
	if l.connection == nil {
		return
	}
	defer l.connection.Close()
	if l.session.Load() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(l.outgoing(context.Background()), goodbye)
	defer cancel()
	request, err := message("spark.connect.InterruptRequest", l.call())
	if err != nil {
		return
	}
	answer, err := message("spark.connect.InterruptResponse", nil)
	if err == nil {
		_ = l.connection.Invoke(ctx, "/spark.connect.SparkConnectService/ReleaseSession", request, answer)
	}
}
