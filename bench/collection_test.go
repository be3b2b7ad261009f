package bench

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

// syllables are those that workload.py makes words of.
var syllables = strings.Fields("ka ki ku ma mi mu na ni wa la li sha the ing er an st re on ti en ve de le ja hä tö ür äu é ça ño ße " +
	"पा नी कि ता ब शि क्षा लो ग ना ข้ อ มู ล ภา ษา การ 東 京 語 ра но ст ко")

// words draws a vocabulary of words of one to four syllables.
func words(r *splitMix) []string {
	list := make([]string, 20_000)
	for i := range list {
		for range 1 + r.next()%4 {
			list[i] += syllables[r.next()%uint64(len(syllables))]
		}
	}
	return list
}

// passage draws words by a law like Zipf's until there are so many bytes, each word's space counted.
func passage(r *splitMix, words []string, size uint64) string {
	var drawn []string
	for n := uint64(0); n < size; n += uint64(len(drawn[len(drawn)-1])) + 1 {
		drawn = append(drawn, words[int(math.Pow(float64(len(words)), r.uniform()))-1])
	}
	return strings.Join(drawn, " ")
}

// writeCollection writes passages as workload.py does, laid out as mMARCO's: a line with id and text for each.
func writeCollection(to io.Writer, rows int) error {
	const meanBytes = 350
	r := splitMix(workloadSeed + 5)
	words := words(&r)
	pool := make([][]rune, 1<<15)
	for i := range pool {
		pool[i] = []rune(passage(&r, words, meanBytes/2+r.next()%meanBytes))
	}
	out := bufio.NewWriterSize(to, 1<<20)
	for i := range rows {
		a, b := pool[r.next()&32767], pool[r.next()&32767]
		k, l := r.next()%uint64(len(a)+1), r.next()%uint64(len(b)+1)
		fmt.Fprintf(out, "%d\t%s %s %d\n", i, string(a[:k]), string(b[l:]), i)
	}
	return out.Flush()
}

// TestCollection compares with what workload.py writes.
func TestCollection(t *testing.T) {
	var text bytes.Buffer
	if err := writeCollection(&text, 5000); err != nil {
		t.Fatal(err)
	}
	const want = "2065c8d5969e11680d9f5acd52794b12cbaf6313fc084a446b631120f19517fb"
	if got := fmt.Sprintf("%x", sha256.Sum256(text.Bytes())); got != want {
		t.Errorf("5000 passages of %d bytes have the hash %s, not %s", text.Len(), got, want)
	}
}
