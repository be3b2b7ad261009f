package spark

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSaid has the lines that tell why a Connect server has ended, whole ones, and what to do.
func TestSaid(t *testing.T) {
	info := strings.Repeat("26/11/26 16:04:53 INFO BlockManager: BlockManager stopped\n", 100)
	for text, want := range map[string]string{
		"JAVA_HOME is not set\n": "; Java 17 or newer is needed on this machine, where JAVA_HOME says or in the PATH\n  JAVA_HOME is not set",
		"Error: Failed to load class org.apache.spark.sql.connect.service.SparkConnectServer.\nYou need to build Spark with -Pconnect.\n": "; Spark 4 is wanted, and SPARK_HOME (/spark) is another, or lacks Connect\n" +
			"  Error: Failed to load class org.apache.spark.sql.connect.service.SparkConnectServer.",
		info + "26/11/26 16:04:51 ERROR StandaloneSchedulerBackend: Application has been killed. Reason: All masters are unresponsive! Giving up.\n" + info +
			"Exception in thread \"main\" java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.\n\tat org.apache.spark.Exceptions.main\n": "; what answers there is perhaps no master of Spark, or one of another version; name " + masterShown + "\n" +
			"  26/11/26 16:04:51 ERROR StandaloneSchedulerBackend: Application has been killed. Reason: All masters are unresponsive! Giving up.\n" +
			"  Exception in thread \"main\" java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.",
		"no such option": "\n  no such option",
		info:             "",
	} {
		var s said
		for len(text) > 0 { // as a pipe cuts it
			n := min(len(text), 37)
			fmt.Fprint(&s, text[:n])
			text = text[n:]
		}
		if got := s.told("/spark"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// TestHome names a folder in SPARK_HOME that is none of Spark.
func TestHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("SPARK_HOME", home)
	_, err := Connect(t.Context(), "spark://127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "SPARK_HOME should be a folder of Spark 4, with bin/spark-submit in it: stat "+filepath.Join(home, "bin", "spark-submit")) {
		t.Errorf("error is %v", err)
	}
	if err := os.MkdirAll(filepath.Join(home, "bin", "spark-submit"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(t.Context(), "spark://127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "the master does not answer") {
		t.Errorf("error is %v", err)
	}
}

// TestNoMaster has what answers where a master should be not speak as one does, and so a Connect server that would try again for a minute.
func TestNoMaster(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	home := t.TempDir()
	t.Setenv("SPARK_HOME", home)
	submit := filepath.Join(home, "bin", "spark-submit")
	if err := os.Mkdir(filepath.Dir(submit), 0o777); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho '26/11/26 17:44:16 WARN StandaloneAppClient$ClientEndpoint: Failed to connect to master " + l.Addr().String() + "'\nexec sleep 60\n"
	if err := os.WriteFile(submit, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err = Connect(t.Context(), "spark://"+l.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "what answers there is no master of Spark") {
		t.Errorf("error is %v", err)
	}
}

// TestUnreached has several masters, of which it is enough to reach one.
func TestUnreached(t *testing.T) {
	var s said
	for i, want := range []bool{false, false, true} {
		if got := s.unreached([]string{"one:7077", "two:7077"}); got != want {
			t.Errorf("after %d lines: %v", i, got)
		}
		fmt.Fprintf(&s, "26/11/26 17:44:16 WARN StandaloneAppClient$ClientEndpoint: Failed to connect to master %s\n", []string{"one:7077", "two:7077", ""}[i])
	}
}
