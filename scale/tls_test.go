package scale

import (
	"encoding/pem"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestTLS runs through a proxy that speaks TLS and lets in who has the token: Spark does the tasks, and is told nothing of that.
func TestTLS(t *testing.T) {
	const token = "s3cr3t-of-the-proxy=="
	c := spark(t)
	to, err := url.Parse(strings.Replace(c.Address, "sc://", "http://", 1))
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	behind := &httputil.ReverseProxy{Transport: &http.Transport{Protocols: protocols}, FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Del("Authorization")
	}}
	var refused, passed atomic.Int64
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			refused.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		passed.Add(1)
		behind.ServeHTTP(w, r)
	}))
	proxy.EnableHTTP2 = true
	proxy.StartTLS()
	defer proxy.Close()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw}), 0o666); err != nil {
		t.Fatal(err)
	}
	alone, folder := embeddingIn(t, 2_000), embeddingIn(t, 2_000)
	if out, err := command(alone, "run").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run := func(token string) (string, error) {
		r := command(folder, "run", "--set", "engine=${SPARK_REMOTE}")
		r.Env = append(os.Environ(), "SSL_CERT_FILE="+roots, "SPARK_REMOTE=sc://"+proxy.Listener.Addr().String()+"/;token="+token)
		out, err := r.CombinedOutput()
		return string(out), err
	}
	if out, err := run("another"); err == nil || refused.Load() == 0 || !strings.Contains(out, "the Connect server refuses this user") {
		t.Errorf("with another token: %v: %s", err, out)
	}
	out, err := run(token)
	if err != nil || passed.Load() == 0 || strings.Contains(out, token) {
		t.Fatalf("%v: %s", err, out)
	}
	same(t, folder, outputs(t, alone))
	for _, below := range []string{scratch, folder} {
		err := filepath.WalkDir(below, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // Spark removes files meanwhile
			}
			text, _ := os.ReadFile(path)
			if strings.Contains(string(text), token) {
				t.Errorf("%s has the token", path)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
