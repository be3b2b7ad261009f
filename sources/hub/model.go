package hub

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// Scheme begins every reference to a model on the hub.
const Scheme = "hf://"

// A Model is one revision of a model on the hub: a branch, a tag or a commit.
type Model struct{ Owner, Name, Revision string }

// What a reference may be made of. Nothing that matches can leave the cache folder, whatever it is joined to.
var (
	words     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	revisions = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
	commits   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// Parse reads hf://owner/name or hf://owner/name@revision; the revision is main where none is given.
func Parse(reference string) (Model, error) {
	rest, ok := strings.CutPrefix(reference, Scheme)
	repository, revision, pinned := strings.Cut(rest, "@")
	if !pinned {
		revision = "main"
	}
	owner, name, both := strings.Cut(repository, "/")
	if !ok || !both || !words.MatchString(owner) || !words.MatchString(name) || !revisions.MatchString(revision) {
		return Model{}, fmt.Errorf("%q is not a model on the hub, which reads hf://owner/name@revision", reference)
	}
	return Model{owner, name, revision}, nil
}

// String is the reference that Parse reads.
func (m Model) String() string { return Scheme + m.Owner + "/" + m.Name + "@" + m.Revision }

// folder is where the model lies in the cache.
func (m Model) folder(cache string) string {
	return filepath.Join(cache, "models", m.Owner+"--"+m.Name, url.PathEscape(m.Revision))
}
