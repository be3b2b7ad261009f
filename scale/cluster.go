package scale

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A Cluster is what Start started.
type Cluster struct {
	Address   string // of the Connect server, for --engine
	home      string // of Spark
	folder    string
	master    string
	port      int // of the Connect server
	processes []*exec.Cmd
	connect   *exec.Cmd
}

// Start starts a cluster of so many workers, whose logs and scratch files go into a folder. home is where Spark lies. Stop must
// be called in the end.
func Start(ctx context.Context, home, folder string, workers int) (*Cluster, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	c := &Cluster{home: home, folder: folder, port: ports[0], Address: fmt.Sprintf("sc://127.0.0.1:%d", ports[0]), master: fmt.Sprintf("spark://127.0.0.1:%d", ports[1])}
	_, err = c.start("master", "spark-class", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", fmt.Sprint(ports[1]), "--webui-port", fmt.Sprint(ports[2]))
	if err == nil {
		err = answers(ctx, ports[1])
	}
	for range workers {
		if err == nil {
			err = c.AddWorker()
		}
	}
	if err == nil {
		err = c.StartConnect(ctx)
	}
	if err != nil {
		c.Stop()
		return nil, fmt.Errorf("starting Spark, whose logs are in %s: %w", folder, err)
	}
	return c, nil
}

// AddWorker starts one worker more.
func (c *Cluster) AddWorker() error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	_, err = c.start(fmt.Sprintf("worker%d", len(c.processes)), "spark-class", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1",
		"--cores", "1", "--memory", "1g", "--webui-port", fmt.Sprint(ports[0]), c.master)
	return err
}

// StartConnect starts the Connect server, again if it was killed, and waits until it answers.
func (c *Cluster) StartConnect(ctx context.Context) (err error) {
	c.connect, err = c.start("connect", "spark-submit", "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", c.master,
		"--conf", "spark.connect.grpc.binding.address=127.0.0.1", "--conf", fmt.Sprintf("spark.connect.grpc.binding.port=%d", c.port),
		"--conf", "spark.ui.enabled=false", "--conf", "spark.executor.memory=512m", "spark-internal")
	if err != nil {
		return err
	}
	return answers(ctx, c.port)
}

// KillConnect kills the Connect server.
func (c *Cluster) KillConnect() error {
	err := c.connect.Process.Kill()
	c.connect.Wait()
	return err
}

// Stop ends all processes.
func (c *Cluster) Stop() {
	for _, p := range c.processes {
		p.Process.Kill()
		p.Wait()
	}
}

// start starts one of Spark's programs.
func (c *Cluster) start(name, program string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(filepath.Join(c.folder, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := exec.Command(filepath.Join(c.home, "bin", program), args...)
	p.Env = append(os.Environ(), "SPARK_HOME="+c.home, "SPARK_LOCAL_IP=127.0.0.1", "SPARK_NO_DAEMONIZE=1",
		"HOME="+filepath.Join(c.folder, "home"), "XDG_CACHE_HOME=", "FERRY_CACHE=", // as on other machines
		"SPARK_WORKER_DIR="+filepath.Join(c.folder, "work"), "SPARK_LOCAL_DIRS="+filepath.Join(c.folder, "local"))
	p.Stdout, p.Stderr = log, log
	if err := p.Start(); err != nil {
		return nil, err
	}
	c.processes = append(c.processes, p)
	return p, nil
}

// freePorts finds ports of this machine that nobody listens on.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // not before all are found, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// patience is how long a program of Spark may take to start.
const patience = 5 * time.Minute

// answers waits until somebody listens on a port.
func answers(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("nothing answers"))
	defer cancel()
	for {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
