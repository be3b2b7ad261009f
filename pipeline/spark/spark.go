// Package spark has a program run on the executors of an Apache Spark cluster, which is spoken to through Spark Connect: no JVM
// and no Python is needed on this side. Its words: a command is a program with arguments, a line is what it reads and writes, an
// executor is a process of the cluster that runs it. Connect is where to start.
//
// The Go client calls itself experimental, so all that is used of it is in this package: a session, SQL, reading rows, and the messages
// that send a file and end a session.
package spark

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/apache/spark-connect-go/v35/spark/sparkerrors"
	"github.com/apache/spark-connect-go/v35/spark/sql"
	"github.com/sourcegraph/conc/pool"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Cluster is a Connect server and the executors behind it.
type Cluster struct {
	session sql.SparkSession
	line    *line
	server  *server // nil if it is not ours
}

// ofMaster is how the address of a master begins.
const ofMaster = "spark://"

// CheckAddress tells what is wrong with the address of a Connect server, which is like sc://host:15002, or of a master, which is like
// spark://host:7077, or spark://host:7077,other:7077 of one that another stands by for.
func CheckAddress(address string) error {
	if strings.HasPrefix(address, ofMaster) {
		return checkMasters(address)
	}
	server, _, _ := strings.Cut(address, ";")
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "sc" || u.Hostname() == "" {
		return fmt.Errorf("should be the address of a Spark Connect server or of a master, such as sc://host:15002 or spark://host:7077, is %q", server)
	}
	_, err = newLine(address)
	return err
}

func checkMasters(address string) error {
	for _, master := range masters(address) {
		host, port, err := net.SplitHostPort(master)
		if number, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || number == 0 || host == "" || strings.ContainsAny(host, "/@ ") {
			without, _, _ := strings.Cut(address, ";") // which may be secret
			return fmt.Errorf("should name the host and the port of a master, as in spark://127.0.0.1:7077, or of several with commas between them, and nothing behind, is %q", without)
		}
	}
	return nil
}

// masters are the addresses of one that works and of those that stand by.
func masters(address string) []string {
	return strings.Split(strings.TrimPrefix(address, ofMaster), ",")
}

// Server is an address without its parameters, which may be secret.
func Server(address string) string {
	server, _, _ := strings.Cut(address, ";")
	return strings.TrimSuffix(server, "/")
}

// Token is the secret in the address of a Connect server; empty if there is none.
func Token(address string) string {
	l, err := newLine(address)
	if err != nil {
		return ""
	}
	return l.token
}

// Connect makes sure that a Connect server answers. For a master it starts one on this machine, from SPARK_HOME. Close must be called
// in the end.
func Connect(ctx context.Context, address string) (*Cluster, error) {
	var own *server
	if strings.HasPrefix(address, ofMaster) {
		var err error
		if own, address, err = serve(ctx, address); err != nil {
			return nil, err
		}
	}
	c := &Cluster{server: own}
	if err := c.open(ctx, address); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends what goes on there, and has the server forget what it was sent. A server that Connect has started ends.
func (c *Cluster) Close() {
	if c.line != nil {
		c.line.release()
	}
	if c.server != nil {
		c.server.stop()
	}
}

func (c *Cluster) open(ctx context.Context, address string) (err error) {
	if c.line, err = newLine(address); err != nil {
		return reason(err)
	}
	if c.session, err = sql.NewSessionBuilder().WithChannelBuilder(c.line).Build(ctx); err != nil {
		return reason(err)
	}
	_, err = c.query(ctx, "VALUES 'here'") // which no executor has to be free for
	return err
}

// Run starts a process of the command for each line, as many at a time as the executors have room for, gives it the line on
// standard input, and returns the lines that all have written to standard output, in no order. A process that ends with
// another exit code than 0 is tried again, on any executor; if that fails as often as the cluster allows, all are given up, and
// the error has the end of what it wrote to standard error. When ctx ends Run returns at once, while the processes go on.
func (c *Cluster) Run(ctx context.Context, command string, lines []string) ([]string, error) {
	var mutex sync.Mutex
	var all []string
	jobs := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for len(lines) > 0 {
		job := lines[:fitting(lines)]
		lines = lines[len(job):]
		jobs.Go(func(ctx context.Context) error {
			answers, err := c.query(ctx, statement(command, job))
			mutex.Lock()
			defer mutex.Unlock()
			all = append(all, answers...)
			return err
		})
	}
	return all, jobs.Wait()
}

// mostPlaces is more than any cluster has.
const mostPlaces = 100_000

// Ask runs a process of the command on as many cores as executors have at the moment, which is how Spark cuts what it is not told how to cut.
// Each is given lines, which it should read, and what it writes to standard output is returned, line by line.
func (c *Cluster) Ask(ctx context.Context, command string) ([]string, error) {
	return c.query(ctx, fmt.Sprintf("SELECT TRANSFORM(id) USING %s AS (answer STRING) FROM range(%d)", literal(command), mostPlaces))
}

// Races tells whether Spark begins a process that takes longer than most of its job anew elsewhere, and ends the one that is second.
func (c *Cluster) Races(ctx context.Context) (bool, error) {
	values, err := c.query(ctx, "SET spark.speculation")
	return slices.Contains(values, "true"), err
}

// largestStatement is how many bytes lines may add to a statement, which the server sends back, and of which the client takes 4 MB.
const largestStatement = 2 << 20

// fitting is how many of the lines, from the first, fit into a statement beside what they have in common.
func fitting(lines []string) (n int) {
	common, size := len(commonPrefix(lines)), 0
	for n < len(lines) && (n == 0 || size < largestStatement) {
		size += len(lines[n]) - common
		n++
	}
	return n
}

// statement is the SQL that does so. What lines have in common at their beginning stands there once. A range is cut into as many partitions as it has rows, each of
// which has one row, which cannot be said of rows that are shuffled.
func statement(command string, lines []string) string {
	common := commonPrefix(lines)
	var rests strings.Builder
	for i, line := range lines {
		if i > 0 {
			rests.WriteByte(',')
		}
		rests.WriteString(literal(line[len(common):]))
	}
	return fmt.Sprintf("SELECT TRANSFORM(line) USING %s AS (answer STRING) FROM (SELECT concat(%s, element_at(array(%s), CAST(id AS INT) + 1)) AS line FROM range(0, %d, 1, %d))",
		literal(command), literal(common), rests.String(), len(lines), len(lines))
}

// commonPrefix is what all lines begin with, up to a whole character.
func commonPrefix(lines []string) string {
	common := lines[0]
	for _, line := range lines {
		for !strings.HasPrefix(line, common) || !utf8.ValidString(common) {
			common = common[:len(common)-1]
		}
	}
	return common
}

var escape = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// literal is a text in SQL.
func literal(text string) string {
	return "'" + escape.Replace(strings.ToValidUTF8(text, "\uFFFD")) + "'"
}

// query returns the last column of what a statement selects.
func (c *Cluster) query(ctx context.Context, statement string) ([]string, error) {
	selected, err := c.session.Sql(ctx, statement)
	if err != nil {
		return nil, reason(err)
	}
	rows, err := selected.Collect(ctx)
	if err != nil {
		return nil, reason(err)
	}
	var texts []string
	for _, row := range rows {
		text, _ := row.At(row.Len() - 1).(string)
		texts = append(texts, text)
	}
	return texts, nil
}

// reason is an error of the client without the statement that it repeats.
func reason(err error) error {
	var answered *sparkerrors.SparkError
	var called interface{ GRPCStatus() *status.Status }
	code, message := codes.Unknown, err.Error()
	if errors.As(err, &answered) {
		code, message = answered.Code, answered.Message
	} else if errors.As(err, &called) {
		code, message = called.GRPCStatus().Code(), called.GRPCStatus().Message()
	}
	message = strings.TrimRight(message, ".\n ")
	switch code {
	case codes.Unavailable:
		return fmt.Errorf("the Connect server does not answer: %s; %s", message, whatToDo(message))
	case codes.Unauthenticated, codes.PermissionDenied:
		return fmt.Errorf("the Connect server refuses this user: %s; see whether the token in its address is right, and has not expired", message)
	}
	return errors.New(message)
}

// whatToDo is the remedy for a connection that cannot be made.
func whatToDo(message string) string {
	switch has := func(text string) bool { return strings.Contains(message, text) }; {
	case has("x509: certificate is valid for"), has("x509: certificate is not valid for"):
		return "name it as its certificate does"
	case has("x509: certificate has expired"):
		return "its certificate has to be renewed, or the clock of this machine is wrong"
	case has("x509:"):
		return "this machine does not trust whoever signed its certificate; SSL_CERT_FILE names a file of certificates to trust"
	case has("does not look like a TLS handshake"):
		return "it speaks no TLS, as use_ssl=true and a token have it: name the proxy that does, or leave them out"
	case has("reading server preface"):
		return "name a Connect server, whose port is 15002 unless it was told another, or a master as spark://host:7077; one that speaks TLS, or is behind a proxy that does, as sc://host:443/;use_ssl=true"
	}
	return "start it"
}
