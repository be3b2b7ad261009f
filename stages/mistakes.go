package stages

import (
	"fmt"

	"github.com/ferry-clir/ferry/schemas"
)

// mistakes gathers what is wrong with keys.
type mistakes []schemas.Mistake

// when adds, where it is wrong, that the value of a key should be another.
func (m *mistakes) when(wrong bool, key, should string, value any) {
	if wrong {
		*m = append(*m, schemas.Mistake{Key: key, Problem: fmt.Sprintf("should be %s, is %v", should, value)})
	}
}

// unless reports a problem with a key that is not as it should be.
func (m *mistakes) unless(right bool, key, problem string) {
	if !right {
		*m = append(*m, schemas.Mistake{Key: key, Problem: problem})
	}
}
