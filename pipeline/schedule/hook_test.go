package schedule

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets this test binary be a hook: it copies its input to a file, hangs, or fails and tells its arguments.
func TestMain(m *testing.M) {
	switch os.Getenv("FERRY_TEST_HOOK") {
	case "":
		os.Exit(m.Run())
	case "hang":
		time.Sleep(time.Hour)
	case "fail":
		fmt.Println(strings.Repeat("blah\n", 5000), "was given", os.Args[1:])
		os.Exit(3)
	}
	data, _ := io.ReadAll(os.Stdin)
	os.WriteFile(os.Args[1], data, 0o666)
}

var summary = map[string]any{"outcome": "succeeded", "rows": 7}

const summaryJSON = `{"outcome":"succeeded","rows":7}` + "\n"

// TestCommand calls commands that work, fail, hang and do not exist. Their arguments, which no shell sees, are not told.
func TestCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "$(date) `it` told")
	hook := Hook{Command: []string{os.Args[0], file, "token-1234"}}
	t.Setenv("FERRY_TEST_HOOK", "copy")
	if err := hook.Call(t.Context(), summary); err != nil {
		t.Error(err)
	}
	if told, err := os.ReadFile(file); string(told) != summaryJSON {
		t.Errorf("told %q, %v", told, err)
	}
	t.Setenv("FERRY_TEST_HOOK", "fail")
	if err := hook.Call(t.Context(), summary); err == nil || !strings.HasSuffix(err.Error(), "exit status 3: was given [*** ***]") {
		t.Errorf("a hook that fails: %v", err)
	}
	t.Setenv("FERRY_TEST_HOOK", "hang")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := hook.Call(ctx, summary); err == nil || !strings.HasSuffix(err.Error(), "no end 1s after ferry was told to end") {
		t.Errorf("a hook that hangs: %v", err)
	}
	if err := (Hook{Command: []string{"no-such-program", "token-1234"}}).Call(t.Context(), summary); err == nil || strings.Contains(err.Error(), "1234") {
		t.Errorf("a hook that does not exist: %v", err)
	}
}

// TestWebhook posts to servers that are well, say no, redirect, hang and are not there. The address is not told.
func TestWebhook(t *testing.T) {
	told := make(chan string, 10)
	gone := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told <- r.Method + " " + r.Header.Get("Content-Type") + " " + string(body)
		switch r.URL.Path {
		case "/secret/busy":
			http.Error(w, "later", http.StatusServiceUnavailable)
		case "/secret/moved":
			http.Redirect(w, r, "/secret", http.StatusPermanentRedirect)
		case "/secret/hang":
			cancel()
			<-gone
		}
	}))
	defer server.Close()
	defer close(gone)
	for _, c := range []struct{ address, want string }{
		{server.URL + "/secret", ""}, {server.URL + "/secret/busy", "503 Service Unavailable"}, {server.URL + "/secret/moved", "308 Permanent Redirect"},
		{"http://127.0.0.1:1/secret", "refused"}, {"http://127.0.0.1:x/secret", "none"},
		{server.URL + "/secret/hang", "no end 1s after ferry was told to end"}, // by this server
	} {
		err := Hook{Webhook: c.address}.Call(ctx, summary)
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %v, want %s", c.address, err, c.want)
		}
	}
	for range 4 {
		if got := <-told; got != "POST application/json "+summaryJSON {
			t.Errorf("told %q", got)
		}
	}
	for address, secure := range map[string]bool{
		"https://hooks.example.org/T1": true, "http://127.0.0.1:9/": true, "http://localhost/": true,
		"http://hooks.example.org/T1": false, "ftp://localhost/": false, "hooks.example.org": false, "https://": false,
	} {
		if err := (Hook{Webhook: address}).check(); (err == nil) != secure {
			t.Errorf("%s: %v", address, err)
		}
	}
}
