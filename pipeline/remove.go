package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// keyName is how the folders of keys are called, and ownName how what ferry writes into them: whatever else lies there is
// somebody's.
var (
	keyName = regexp.MustCompile(`^[a-z0-9_]+-[0-9a-f]{24}$`)
	ownName = regexp.MustCompile(`^(done\.json|task-\d{5,}\.json|failed-\d+-of-\d+\.json|[a-z_]+-\d{5,}\.arrow|family-[a-z0-9_]+-[0-9a-f]{24}|checkpoint|checkpoint-expense\.json|model|scratch|\..+\.part-[0-9a-f]{8})$`)
)

// remove removes what ferry wrote into a key's folder, and then the folder, unless there is something else in it, which it
// returns. Notes go first: killed anywhere, what is left is a result that is not complete.
func (s store) remove(k key) (left []string, err error) {
	entries, err := os.ReadDir(s.folder(k))
	if err != nil {
		return nil, fmt.Errorf("removing %s: %w", s.folder(k), err)
	}
	for _, notes := range []bool{true, false} {
		for _, e := range entries {
			path := filepath.Join(s.folder(k), e.Name())
			own, isNote := ownName.MatchString(e.Name()), strings.HasSuffix(e.Name(), ".json")
			switch {
			case isNote != notes:
			case own:
				err = errors.Join(err, os.RemoveAll(path))
			default:
				left = append(left, path)
			}
		}
		if err != nil {
			return left, fmt.Errorf("removing %s: %w", s.folder(k), err)
		}
	}
	if len(left) > 0 {
		return left, nil
	}
	return nil, os.Remove(s.folder(k))
}
