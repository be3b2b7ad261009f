package retrieve

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestIndex finds what an exact search of all documents finds, scores and ties included, with few vectors and many.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for _, n := range []int{1, 5, 300, indexRows + 777} {
		for _, d := range []int{3, 64, 100} {
			vectors, queries := random(r, n*d), random(r, 5*d)
			copy(vectors[(n-1)*d:], vectors[:d]) // a tie
			documents := numbered(n)
			index, err := NewIndex(t.Context(), documents, vectors, d, 2)
			if err != nil {
				t.Fatal(err)
			}
			exact, err := NewDense(queries, d, 10, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := exact.Add(t.Context(), documents, vectors, 1); err != nil {
				t.Fatal(err)
			}
			for i, want := range exact.Results() {
				got, err := index.Search(t.Context(), queries[i*d:(i+1)*d], 10, 2)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%d documents of %d dimensions: %v, want %v, %v", n, d, got, want, err)
				}
			}
		}
	}
}

// TestIndexOfOddVectors holds vectors of zeros, of one large element and of very different lengths.
func TestIndexOfOddVectors(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	const n, d = 500, 70
	vectors := random(r, n*d)
	clear(vectors[:d])
	vectors[d] = 1e6
	for i := range n * d / 2 {
		vectors[n*d/2+i] *= 1e-4 * float32(i/d)
	}
	index, err := NewIndex(t.Context(), numbered(n), vectors, d, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range [][]float32{vectors[:d], vectors[d : 2*d], random(r, d)} {
		exact, _ := NewDense(query, d, 50, nil)
		exact.Add(t.Context(), numbered(n), vectors, 1)
		if got, err := index.Search(t.Context(), query, 50, 1); err != nil || !reflect.DeepEqual(got, exact.Results()[0]) {
			t.Errorf("%v, want %v, %v", got, exact.Results()[0], err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n, d = 50000, 384
	vectors := random(r, n*d)
	index, err := NewIndex(context.Background(), numbered(n), vectors, d, 2)
	if err != nil {
		b.Fatal(err)
	}
	query := random(r, d)
	b.Run("bytes first", func(b *testing.B) {
		for b.Loop() {
			index.Search(context.Background(), query, 100, 1)
		}
	})
	b.Run("float32", func(b *testing.B) {
		for b.Loop() {
			exact, _ := NewDense(query, d, 100, nil)
			exact.bytes = false
			exact.Add(context.Background(), index.documents, vectors, 1)
		}
	})
}
