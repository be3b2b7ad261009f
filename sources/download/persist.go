package download

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"time"
)

// A Final error is one that another attempt would meet again. Errors of the local disk are final too.
type Final struct{ Err error }

func (f Final) Error() string { return f.Err.Error() }
func (f Final) Unwrap() error { return f.Err }

// ErrStalled is the error of a server that says nothing for too long.
var ErrStalled = errors.New("the server fell silent")

// A Patience is what is borne of servers and connections.
type Patience struct {
	Stall    time.Duration // longest silence of a server
	Pause    time.Duration // before the second attempt; doubles with each
	Attempts int           // in a row that get nowhere
}

// NewPatience returns that for a bad connection.
func NewPatience() Patience {
	return Patience{Stall: 30 * time.Second, Pause: time.Second / 2, Attempts: 6}
}

// Watch returns a context that ends, with ErrStalled as its cause, when heard is not called for too long. stop must be called in
// the end.
func (p Patience) Watch(ctx context.Context) (watched context.Context, heard, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	alarm := time.AfterFunc(p.Stall, func() { cancel(ErrStalled) })
	return watched, func() { alarm.Reset(p.Stall) }, func() {
		alarm.Stop()
		cancel(nil)
	}
}

// Persist calls attempt until it succeeds, fails for good, or fails several times in a row without getting further.
func (p Patience) Persist(ctx context.Context, attempt func() (further bool, err error)) error {
	for failures := 1; ; failures++ {
		further, err := attempt()
		var forGood Final
		var disk *fs.PathError
		switch {
		case err == nil || errors.As(err, &forGood) || errors.As(err, &disk):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case further:
			failures = 1
		case failures >= p.Attempts:
			return fmt.Errorf("giving up after %d attempts: %w", failures, err)
		}
		wait := min(p.Pause<<(failures-1), time.Minute/2)
		wait = wait/2 + rand.N(wait/2+1)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// refusal turns an answer without a file into an error.
func (c *Client) refusal(r *http.Response) error {
	switch code := r.StatusCode; {
	case code == http.StatusOK, code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable,
		code/100 == 3 && r.Request.Method == http.MethodHead && r.Header.Get(linkedETag) != "":
		return nil
	}
	if c.Refuse != nil {
		if err := c.Refuse(r); err != nil {
			return Final{err}
		}
	}
	says := fmt.Errorf("the server answers %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	switch code := r.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return says
	}
	return Final{says}
}
