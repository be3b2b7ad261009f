package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A server offers metrics and health, until it is closed.
type server struct {
	http    *http.Server
	stop    context.CancelFunc
	serving sync.WaitGroup
}

// serve listens and tells where.
func serve(o Options, m *metrics, h *health) (*server, error) {
	l, host, err := listen(o.Listen)
	if err != nil {
		return nil, err
	}
	bound := l.Addr().(*net.TCPAddr)
	at := net.JoinHostPort(host, strconv.Itoa(bound.Port))
	o.Tell(slog.LevelInfo, fmt.Sprintf("metrics at http://%s/metrics, health at /healthz and /readyz", at))
	if !bound.IP.IsLoopback() {
		o.Tell(slog.LevelWarn, fmt.Sprintf("whoever reaches %s can read them: they need no password, and are not encrypted", at))
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &server{http: &http.Server{Handler: handler(o, m, h), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}, stop: stop}
	s.serving.Go(func() { _ = s.http.Serve(l) }) // until it is closed
	go h.measure(ctx)                            // which nobody has to wait for: it only reads
	return s, nil
}

// handler serves what the options ask for. Profiles come without the command line, which may have secrets.
func handler(o Options, m *metrics, h *health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", h.live)
	mux.HandleFunc("GET /readyz", h.ready)
	if o.Pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	}
	return mux
}

// listen opens an address, and returns its host, too: this machine alone if it names none.
func listen(address string) (l net.Listener, host string, err error) {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if _, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil {
		return nil, "", fmt.Errorf("--listen should be an address such as 127.0.0.1:9090, is %q", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err = net.Listen("tcp", net.JoinHostPort(host, port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, "", fmt.Errorf("--listen %s: another process listens there; name another port, or 0 for any that is free", address)
	}
	if err != nil {
		return nil, "", fmt.Errorf("--listen %s: %w", address, err)
	}
	return l, host, nil
}

// close ends the server without waiting for those that it answers.
func (s *server) close() {
	s.stop()
	_ = s.http.Close() // with the error of its listener, which nobody can help
	s.serving.Wait()
}
