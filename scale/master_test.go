package scale

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestMaster names the master of the cluster, and what is none beside it: ferry starts a Connect server, and it is gone when the run ends. With
// what is none alone it is told so.
func TestMaster(t *testing.T) {
	c := spark(t)
	if err := c.KillConnect(); err != nil { // it has all executors
		t.Fatal(err)
	}
	defer func() {
		if err := c.StartConnect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}()
	alone, folder := embeddingIn(t, 2000), embeddingIn(t, 2000)
	if out, err := command(alone, "run").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	none := strings.TrimPrefix(page.URL, "http://")
	run := command(folder, "run", "--engine", c.master+","+none)
	run.Env = append(run.Environ(), "SPARK_HOME="+c.home, "SPARK_LOCAL_IP=127.0.0.1")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	same(t, folder, outputs(t, alone))
	for began := time.Now(); servers(t) > 0; time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("the Connect server goes on after the run")
		}
	}
	folder = embeddingIn(t, 10)
	run = command(folder, "run", "--engine", "spark://"+none)
	run.Env = append(run.Environ(), "SPARK_HOME="+c.home, "SPARK_LOCAL_IP=127.0.0.1")
	if out, err := run.CombinedOutput(); err == nil || !strings.Contains(string(out), "no master of Spark") {
		t.Errorf("without a master: %v: %s", err, out)
	}
	run = command(folder, "run", "--engine", c.master)
	run.Env = append(run.Environ(), "SPARK_HOME=")
	if out, err := run.CombinedOutput(); err == nil || !strings.Contains(string(out), "SPARK_HOME names no folder of Spark") {
		t.Errorf("without SPARK_HOME: %v: %s", err, out)
	}
}

// servers are the Connect servers of this test's ferry.
func servers(t *testing.T) int {
	return processes(t, func(line string) bool {
		return strings.Contains(line, "SparkConnectServer") && strings.Contains(line, "\x00ferry\x00")
	})
}
