package tokenizer

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// form is the normalizer of a Unicode normalization form.
func form(f norm.Form) normalizer {
	return normalizer{rewrite: rewriteForm(f), trace: func(t *traced) { t.transform(formSteps(f, view(t.text))) }}
}

// formSteps normalizes text character by character (UAX #15): each is decomposed, marks are put in order, and what can be
// composed is composed again. That is how the Rust library counts which character replaces which.
func formSteps(f norm.Form, text string) []step {
	decompose := f
	switch f {
	case norm.NFC:
		decompose = norm.NFD
	case norm.NFKC:
		decompose = norm.NFKD
	}
	var steps []step
	var classes []uint8 // combining classes of steps
	var buffer []byte
	marks := 0 // start of the marks at the end
	for at := range text {
		change := 0
		buffer = decompose.AppendString(buffer[:0], text[at:at+runeLength(text[at])])
		for _, r := range string(buffer) {
			class := classOf(r)
			if class == 0 {
				sortMarks(steps[marks:], classes[marks:])
				marks = len(steps) + 1
			}
			steps, classes = append(steps, step{r, change}), append(classes, class)
			change = 1
		}
	}
	sortMarks(steps[min(marks, len(steps)):], classes[min(marks, len(steps)):])
	if decompose == f {
		return steps
	}
	return compose(steps, classes)
}

func classOf(r rune) uint8 {
	if r < 0x300 {
		return 0
	}
	return norm.NFD.PropertiesString(string(r)).CCC()
}

// sortMarks sorts by class, and leaves those of one class as they are.
func sortMarks(marks []step, classes []uint8) {
	if len(marks) < 2 {
		return
	}
	order := make([]int, len(marks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(classes[a]) - int(classes[b]) })
	sorted, sortedClasses := make([]step, len(marks)), make([]uint8, len(marks))
	for i, from := range order {
		sorted[i], sortedClasses[i] = marks[from], classes[from]
	}
	copy(marks, sorted)
	copy(classes, sortedClasses)
}

// compose puts characters and marks together again: each with the last character before it that is none, where no mark of
// its class or a higher one is between. A composed character takes in the steps of both.
func compose(steps []step, classes []uint8) []step {
	out, starter := steps[:0], -1 // starter is the place of the last character that is no mark
	last := uint8(0)              // class of the last mark behind it that stays
	var buffer []byte
	for i, s := range steps {
		class := classes[i]
		blocked := starter < 0 || len(out)-1 > starter && last >= class
		if !blocked {
			if r, ok := composed(&buffer, out[starter].r, s.r); ok {
				out[starter].r = r
				out[starter].change += s.change - 1
				continue
			}
		}
		if class == 0 {
			starter = len(out)
		}
		out, last = append(out, s), class
	}
	return out
}

// composed returns the character that a and b are together.
func composed(buffer *[]byte, a, b rune) (rune, bool) {
	if b < 0x300 {
		return 0, false
	}
	*buffer = utf8.AppendRune(utf8.AppendRune((*buffer)[:0], a), b)
	together := norm.NFC.Bytes(*buffer)
	r, n := utf8.DecodeRune(together)
	return r, n == len(together)
}
