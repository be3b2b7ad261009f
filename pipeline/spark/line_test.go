package spark

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const token = "dapi-12ab/+=="

// A guarded server lets nobody in who has not the token, and others no further.
type guarded struct {
	mutex sync.Mutex
	asked []metadata.MD
}

func (g *guarded) serve(_ any, stream grpc.ServerStream) error {
	asked, _ := metadata.FromIncomingContext(stream.Context())
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.asked = append(g.asked, asked)
	if got := asked.Get("authorization"); len(got) != 1 || got[0] != "Bearer "+token {
		return status.Error(codes.Unauthenticated, "Credential was not sent")
	}
	return status.Error(codes.Unimplemented, "come in")
}

// overTLS serves with the certificate, httptest's own if that is nil.
func (g *guarded) overTLS(t *testing.T, certificate *tls.Certificate) *httptest.Server {
	s := httptest.NewUnstartedServer(grpc.NewServer(grpc.UnknownServiceHandler(g.serve)))
	s.EnableHTTP2, s.Config.ErrorLog = true, log.New(io.Discard, "", 0)
	if certificate != nil {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// selfSigned is a certificate of somebody whom nobody knows.
func selfSigned(t *testing.T) *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestTLS connects to servers that speak TLS and to one that does not, with a token and without: it arrives where it should, and nowhere
// else, and errors say what is wrong and do not repeat it.
func TestTLS(t *testing.T) {
	var known, stranger, plain guarded
	trusted, untrusted := known.overTLS(t, nil), stranger.overTLS(t, selfSigned(t))
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate().Raw}), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", roots) // which Go reads once
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(plain.serve))
	go server.Serve(listener)
	defer server.Stop()
	at := trusted.Listener.Addr().String()
	for name, c := range map[string]struct{ address, want string }{
		"token":        {at + "/;use_ssl=true;token=" + token + ";x-cluster=blue=1", "come in"},
		"quoted":       {at + "/;token=" + strings.ReplaceAll(token, "=", "%3D"), "come in"},
		"wrong token":  {at + "/;token=" + token[1:], "refuses this user: Credential was not sent; see whether the token in its address is right"},
		"no token":     {at + "/;use_ssl=true", "refuses this user: Credential was not sent"},
		"no TLS":       {at, "sc://host:443/;use_ssl=true"},
		"another name": {strings.Replace(at, "127.0.0.1", "localhost", 1) + "/;token=" + token, "name it as its certificate does"},
		"untrusted":    {untrusted.Listener.Addr().String() + "/;token=" + token, "SSL_CERT_FILE names a file of certificates to trust"},
		"plain":        {listener.Addr().String() + "/;token=" + token, "it speaks no TLS"},
	} {
		_, err := Connect(t.Context(), "sc://"+c.address)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), token[:8]) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if len(stranger.asked)+len(plain.asked) > 0 {
		t.Errorf("servers that are not trusted were asked: %v %v", stranger.asked, plain.asked)
	}
	if !slices.ContainsFunc(known.asked, func(m metadata.MD) bool { return slices.Equal(m.Get("x-cluster"), []string{"blue=1"}) }) {
		t.Errorf("the header did not arrive: %v", known.asked)
	}
}

// lineTo is a line in the session "ours" to a server of this process that has one answer to all calls.
func lineTo(t *testing.T, answer grpc.StreamHandler) (*line, *grpc.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(answer))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	l, err := newLine("sc://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.session.Store("ours")
	return l, server
}

// TestRelease ends a session: the server is told which.
func TestRelease(t *testing.T) {
	released := make(chan string, 1)
	l, _ := lineTo(t, func(_ any, stream grpc.ServerStream) error {
		m, err := message("spark.connect.InterruptRequest", nil)
		if err == nil {
			err = stream.RecvMsg(m)
		}
		method, _ := grpc.MethodFromServerStream(stream)
		released <- path.Base(method) + " " + m.(interface{ GetSessionId() string }).GetSessionId()
		return errors.Join(err, status.Error(codes.Unimplemented, "as before Spark 4"))
	})
	(&Cluster{line: l}).Close()
	if got := <-released; got != "ReleaseSession ours" {
		t.Errorf("the server is told %q", got)
	}
}
