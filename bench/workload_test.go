package bench

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// workloadSeed is the one that the peers' workload.py has.
const workloadSeed = 7

// splitMix is the generator of the peers' workload.py (Steele, Lea and Flood, OOPSLA 2014): the same numbers on both
// sides.
type splitMix uint64

func (s *splitMix) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// uniform returns a number from 0 up to 1.
func (s *splitMix) uniform() float64 { return float64(s.next()>>11) / (1 << 53) }

// lengths draws n sequence lengths from 4 to 128, log-normal with a mean of about 30.
func lengths(n int, seed uint64) []int { return logNormal(n, seed, 30, 0.62, 4, 128) }

// passageLengths draws n passage lengths from 16 to 180, with a mean of about 64.
func passageLengths(n int) []int { return logNormal(n, workloadSeed+2, 65, 0.45, 16, 180) }

func logNormal(n int, seed uint64, mean, sigma float64, low, high int) []int {
	r, out := splitMix(seed), make([]int, n)
	for i := range out {
		u, v := r.uniform(), r.uniform()
		z := math.Sqrt(-2*math.Log(1-u)) * math.Cos(2*math.Pi*v)
		out[i] = max(low, min(high, int(math.Exp(math.Log(mean)-sigma*sigma/2+sigma*z)+0.5)))
	}
	return out
}

// A pair is the number of tokens on both sides of a bitext.
type pair struct{ teacher, student int }

// pairs draws n pairs: the student's side is the teacher's times 0.8 to 1.4.
func pairs(n int) []pair {
	r, out := splitMix(workloadSeed+1+99), make([]pair, n)
	for i, m := range lengths(n, workloadSeed+1) {
		out[i] = pair{m, max(4, min(128, int(float64(m)*(0.8+0.6*r.uniform())+0.5)))}
	}
	return out
}

// parts sorts the pairs by the student's length, the longest first, as the peers do, and cuts them into parts.
func parts(all []pair, size int) [][]pair {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b pair) int { return cmp.Compare(b.student, a.student) })
	return slices.Collect(slices.Chunk(sorted, size))
}

// batchOf draws ids for the student's side of a part.
func batchOf(part []pair, vocabulary int, r *splitMix) encoder.Batch {
	b := encoder.Batch{Offsets: []int32{0}}
	for _, p := range part {
		for range p.student {
			b.IDs = append(b.IDs, int32(5+r.next()%uint64(vocabulary-5)))
		}
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	return b
}

func tokensOf(all []pair) (n int) {
	for _, p := range all {
		n += p.student
	}
	return n
}

// TestWorkload compares with what workload.py draws.
func TestWorkload(t *testing.T) {
	if got, want := lengths(12, workloadSeed), []int{46, 8, 25, 18, 19, 33, 65, 8, 14, 26, 51, 15}; !slices.Equal(got, want) {
		t.Errorf("lengths are %v, not %v", got, want)
	}
	want := []pair{{13, 11}, {10, 11}, {21, 23}, {9, 10}, {20, 26}, {23, 30}, {31, 31}, {11, 15}}
	if got := pairs(8); !slices.Equal(got, want) {
		t.Errorf("pairs are %v, not %v", got, want)
	}
	if n := tokensOf(pairs(96)); n != 2769 {
		t.Errorf("96 pairs have %d tokens", n)
	}
}
