package spark

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A server is a Connect server on this machine, for a cluster that has none.
type server struct {
	process *exec.Cmd
	said    said
	ended   chan struct{}
}

// patience is how long a Connect server may take to start: it downloads nothing, but a cluster may be slow to take it in.
const patience = 2 * time.Minute

// serve starts a Connect server for the cluster of a master, with Spark as SPARK_HOME has it, and waits until somebody can connect.
func serve(ctx context.Context, master string) (s *server, address string, err error) {
	home := os.Getenv("SPARK_HOME")
	if home == "" {
		return nil, "", errors.New("a master does not speak Spark Connect, and SPARK_HOME names no folder of Spark 4 to start a Connect server from; set it, or start one where Spark is (start-connect-server.sh) and name that as sc://host:15002")
	}
	submit := filepath.Join(home, "bin", "spark-submit")
	if _, err := os.Stat(submit); err != nil {
		return nil, "", fmt.Errorf("SPARK_HOME should be a folder of Spark 4, with bin/spark-submit in it: %w", err)
	}
	if err := anyAnswers(ctx, masters(master)); err != nil {
		return nil, "", fmt.Errorf("the master does not answer: %w; start it, or name %s", err, masterShown)
	}
	port, err := freePort()
	if err != nil {
		return nil, "", err
	}
	address = fmt.Sprintf("127.0.0.1:%d", port)
	s = &server{ended: make(chan struct{})}
	s.process = exec.Command(submit, "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
		"--master", master, "--name", "ferry", "--conf", "spark.connect.grpc.binding.address=127.0.0.1",
		"--conf", fmt.Sprintf("spark.connect.grpc.binding.port=%d", port), "spark-internal")
	token := rand.Text() // others on this machine reach the port; they would see a command line, too
	s.process.Env = append(os.Environ(), "SPARK_CONNECT_AUTHENTICATE_TOKEN="+token)
	s.process.Stdout, s.process.Stderr = &s.said, &s.said
	bind(s.process)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the process ends with the thread that has started it
		err := s.process.Start()
		started <- err
		if err == nil {
			s.process.Wait()
			close(s.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, "", fmt.Errorf("starting a Connect server: %w", err)
	}
	if err := s.answers(ctx, address, masters(master)); err != nil {
		s.stop()
		return nil, "", fmt.Errorf("starting a Connect server for %s: %w%s", master, err, s.said.told(home))
	}
	return s, "sc://" + address + "/;authorization=Bearer%20" + token, nil // token= is for TLS alone
}

// masterShown is where a user finds the address of a master.
const masterShown = "the address that the master's page shows, which is at port 8080 unless it was told another"

// dialTime is how long a master may take to be reached.
const dialTime = 5 * time.Second

// anyAnswers makes sure that somebody listens at one of several addresses: several masters stand by for each other.
func anyAnswers(ctx context.Context, addresses []string) error {
	dialer := net.Dialer{Timeout: dialTime}
	var problems []string
	for _, address := range addresses {
		c, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		problems = append(problems, err.Error())
	}
	return errors.New(strings.Join(problems, "; "))
}

// freePort finds a port of this machine that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// answers waits until somebody listens, or the server, which goes on for a minute, has reached none of the masters.
func (s *server) answers(ctx context.Context, address string, masters []string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it does not answer after %v", patience))
	defer cancel()
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		if s.said.unreached(masters) {
			return errors.New("what answers there is no master of Spark, or one of another version; name " + masterShown)
		}
		select {
		case <-s.ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the server, and with it the application that it is on the cluster.
func (s *server) stop() {
	s.process.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		s.process.Process.Kill()
		<-s.ended
	}
}
