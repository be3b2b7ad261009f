package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"time"
)

// A final error is one that another attempt would meet again. Errors of the local disk are final too.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// persist calls attempt until it succeeds, fails for good, or fails several times in a row without getting further.
func (c *Client) persist(ctx context.Context, attempt func() (further bool, err error)) error {
	for failures := 1; ; failures++ {
		further, err := attempt()
		var forGood final
		var disk *fs.PathError
		switch {
		case err == nil || errors.As(err, &forGood) || errors.As(err, &disk):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case further:
			failures = 1
		case failures >= c.attempts:
			return fmt.Errorf("giving up after %d attempts: %w", failures, err)
		}
		wait := min(c.pause<<(failures-1), time.Minute/2)
		wait = wait/2 + rand.N(wait/2+1)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// missing is the error of a file that the hub does not have.
type missing struct{ model, file string }

func (m missing) Error() string { return m.model + " has no " + m.file }

// refusal turns an answer without a file into an error.
func refusal(m Model, name string, r *http.Response) error {
	says := fmt.Errorf("the hub answers %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	switch code := r.StatusCode; {
	case code == http.StatusOK, code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable,
		code/100 == 3 && r.Request.Method == http.MethodHead && r.Header.Get("X-Linked-Etag") != "":
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return final{fmt.Errorf("%w: the model is private or gated, or there is none of this name; set HF_TOKEN to a token that may read it", says)}
	case code == http.StatusNotFound:
		if reason := r.Header.Get("X-Error-Code"); reason == "RepoNotFound" || reason == "RevisionNotFound" {
			return final{errors.New("the hub has no such model or revision")}
		}
		return final{missing{m.String(), name}}
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return says
	}
	return final{says}
}
