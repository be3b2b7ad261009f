package train

import (
	"slices"
	"testing"
)

// TestShifts takes a line out of one side of three languages: of one at its beginning, of one in the middle and of one that the
// student does not know. Nothing is said of a fourth one, which is as it should be, nor of any if nothing is missing.
func TestShifts(t *testing.T) {
	const n = 500
	source, target := bitext(n + 1)
	for _, sabotaged := range []bool{false, true} {
		var sources, targets [][]int32
		var d Distill
		add := func(language string, s, t []int32) {
			if language != "xx" {
				t = slices.Clone(t)
				for k := 1; k+1 < len(t); k++ {
					t[k] -= 27 // words that the student knows, as if it were pretrained
				}
			}
			sources, targets, d.Languages = append(sources, s), append(targets, t), append(d.Languages, language)
		}
		for i := range n { // samples 4i to 4i + 3
			after := func(line int) int {
				if sabotaged && i >= line {
					return i + 1
				}
				return i
			}
			add("de", text(source, i), text(target, i))
			add("sw", text(source, i), text(target, after(300)))
			add("so", text(source, after(0)), text(target, i))
			add("xx", text(source, i), text(target, after(0)))
		}
		d.StudentSource, d.StudentTarget = ragged(sources...), ragged(targets...)
		got, err := Shifts(t.Context(), tiny(1), d, 2)
		if err != nil {
			t.Fatal(err)
		}
		want := []Shift{{"so", 2, 1, 3, 3}, {"sw", 4*300 + 1, -1, 2, 3}}
		if !sabotaged {
			want = nil
		}
		if !slices.Equal(got, want) {
			t.Errorf("sabotaged %v: got %+v, want %+v", sabotaged, got, want)
		}
	}
}

// TestShiftsOfFew looks at fewer pairs than could tell anything, and at some without languages.
func TestShiftsOfFew(t *testing.T) {
	d := distillation(Loss{OT, 1})
	for _, d.Languages = range [][]string{nil, slices.Repeat([]string{"de", "sw", "so", "fi", "hi", "th", "mr", "tl"}, 6)} {
		if got, err := Shifts(t.Context(), tiny(1), d, 1); len(got) > 0 || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
	}
}
