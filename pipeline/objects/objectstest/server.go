// Package objectstest has a server that speaks S3's protocol, behind a proxy that makes what can go wrong on the way go wrong.
package objectstest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// A Fault is what becomes of a request.
type Fault int

const (
	None     Fault = iota
	Refused        // 403: this user may not
	Failed         // 500
	Reset          // the connection, before an answer
	Cut            // half of the answer, then a reset; half of what is put
	Silent         // nothing, until the client gives up
	Garbled        // a byte of the answer's body is another one
	Vanished       // 404, though it is there
	Expired        // 403, since the credentials are not good any more
)

// A Server keeps objects in memory.
type Server struct {
	*httptest.Server
	kept  *s3mem.Backend
	mutex sync.Mutex
	fault func(*http.Request) Fault
}

// Serve starts a server, and gives the process credentials for it.
func Serve(t testing.TB) *Server {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDFORTESTS")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-for-tests-of-stores")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	s := &Server{kept: s3mem.New()}
	behind := httptest.NewServer(gofakes3.New(s.kept, gofakes3.WithAutoBucket(true)).Server())
	t.Cleanup(behind.Close)
	to, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // which is signed
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { panic(http.ErrAbortHandler) },
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handle(proxy, w, r) }))
	t.Cleanup(s.Server.Close)
	return s
}

// Address names a prefix of a bucket, as a pipeline file does.
func (s *Server) Address(prefix string) string {
	return "s3://bucket/" + prefix + "?endpoint=" + url.QueryEscape(s.URL)
}

// Break has fault decide on each request that follows; nil ends that.
func (s *Server) Break(fault func(*http.Request) Fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.fault = fault
}

// Names returns the names of all objects.
func (s *Server) Names(t testing.TB) (names []string) {
	t.Helper()
	all, err := s.kept.ListBucket("bucket", nil, gofakes3.ListBucketPage{})
	if err != nil && !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket) { // which the first object makes
		t.Fatal(err)
	}
	if err == nil {
		for _, o := range all.Contents {
			names = append(names, o.Key)
		}
	}
	return names
}

// Everything returns the names and contents of all objects, one after the other.
func (s *Server) Everything(t testing.TB) string {
	t.Helper()
	var text strings.Builder
	for _, name := range s.Names(t) {
		object, err := s.kept.GetObject("bucket", name, nil)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&text, name)
		io.Copy(&text, object.Contents)
		object.Contents.Close()
	}
	return text.String()
}

func (s *Server) handle(proxy http.Handler, w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	fault := None
	if s.fault != nil {
		fault = s.fault(r)
	}
	s.mutex.Unlock()
	switch fault {
	case None:
		proxy.ServeHTTP(w, r)
	case Refused:
		answer(w, http.StatusForbidden, "AccessDenied")
	case Failed:
		answer(w, http.StatusInternalServerError, "InternalError")
	case Vanished:
		answer(w, http.StatusNotFound, "NoSuchKey")
	case Expired:
		answer(w, http.StatusForbidden, "ExpiredToken")
	case Silent:
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	case Reset:
		reset(w)
	case Cut, Garbled:
		if r.Method == http.MethodPut {
			io.CopyN(io.Discard, r.Body, r.ContentLength/2)
			reset(w)
			return
		}
		whole := httptest.NewRecorder()
		proxy.ServeHTTP(whole, r)
		s.spoil(w, whole, fault)
	}
}

// spoil passes an answer on, but not as it was.
func (s *Server) spoil(w http.ResponseWriter, whole *httptest.ResponseRecorder, fault Fault) {
	body := whole.Body.Bytes()
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(whole.Code)
	if fault == Garbled && len(body) > 0 {
		body[len(body)/2] ^= 1
		w.Write(body)
		return
	}
	w.Write(body[:len(body)/2])
	w.(http.Flusher).Flush()
	reset(w)
}

func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, strings.ToLower(code))
}

// reset ends the connection as if a cable had been cut.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	connection.Close()
}
