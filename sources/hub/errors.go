package hub

import (
	"errors"
	"fmt"
	"net/http"
)

// missing is the error of a file that the hub does not have.
type missing struct{ model, file string }

func (m missing) Error() string { return m.model + " has no " + m.file }

// refusal says what the hub means by an answer without a file; nil where that is what any server would mean.
func refusal(m Model, name string, r *http.Response) error {
	switch r.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("the hub answers %d %s: the model is private or gated, or there is none of this name; set HF_TOKEN to a token that may read it",
			r.StatusCode, http.StatusText(r.StatusCode))
	case http.StatusNotFound:
		if reason := r.Header.Get("X-Error-Code"); reason == "RepoNotFound" || reason == "RevisionNotFound" {
			return errors.New("the hub has no such model or revision")
		}
		return missing{m.String(), name}
	}
	return nil
}
