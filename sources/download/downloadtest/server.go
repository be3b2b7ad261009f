// Package downloadtest has servers whose connections lie in memory, for tests in a time of their own: it stands still while anybody is
// at work, so that only a server that says nothing any more is silent for too long, however slow the machine is.
package downloadtest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
)

// InBubble is a test in such a time.
func InBubble(test func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

// Serve starts a server that http.DefaultTransport reaches until the test ends. Tests in parallel must not use it.
func Serve(t *testing.T, handler http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	w := &wire{Listener: s.Listener, calls: make(chan net.Conn), cut: make(chan struct{})}
	w.cutOnce = sync.OnceFunc(func() { close(w.cut) })
	s.Listener = w
	before := http.DefaultTransport.(*http.Transport)
	reach := before.Clone()
	reach.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == w.Addr().String() {
			return w.dial(ctx)
		}
		return before.DialContext(ctx, network, address)
	}
	http.DefaultTransport = reach
	t.Cleanup(func() {
		s.Close()
		reach.CloseIdleConnections()
		http.DefaultTransport = before
	})
	s.Start()
	return s
}

// A wire is a listener that nobody but dial reaches. Its address is that of a real one, lest another process gets it.
type wire struct {
	net.Listener
	calls   chan net.Conn
	cut     chan struct{}
	cutOnce func()
}

func (w *wire) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case w.calls <- there:
		return here, nil
	case <-w.cut:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.calls:
		return c, nil
	case <-w.cut:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error {
	w.cutOnce()
	return w.Listener.Close()
}
