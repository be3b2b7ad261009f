package train

import (
	"bufio"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"hash"
	"hash/crc64"
	"io"
	"math"
)

// A progress is what of a run's state is not numbers by the million.
type progress struct {
	Format           string
	Step, Steps      int
	Weights          int // that are trained
	Watch            watch
	Stop             stopper
	Records          []Record
	Touched, Current []int32 // see wordRows
}

const stateFormat = "ferry training state 1"

// ErrState is the error of a Resume that is damaged, or the state of another run. Training can begin anew.
var ErrState = errors.New("this is not a state of this run, or it is damaged")

var checksum = crc64.MakeTable(crc64.ECMA)

// write writes what a run needs to go on after the last step: progress, weights, moments, the best weights, a checksum.
func (t *trainer) write(to io.Writer) error {
	sum := crc64.New(checksum)
	w := bufio.NewWriterSize(io.MultiWriter(to, sum), 1<<20)
	p := progress{Format: stateFormat, Step: t.step, Steps: t.plan.steps(), Weights: t.weights(), Watch: t.watch, Stop: t.stop, Records: t.records}
	if words := t.optimizer.words; words != nil {
		p.Touched, p.Current = words.touched, words.current
	}
	if err := gob.NewEncoder(w).Encode(p); err != nil {
		return err
	}
	err := t.tensors(func(bytes []byte, x []float32) error {
		for i, v := range x {
			binary.LittleEndian.PutUint32(bytes[4*i:], math.Float32bits(v))
		}
		_, err := w.Write(bytes)
		return err
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	return binary.Write(to, binary.LittleEndian, sum.Sum64())
}

// read makes t what it was when write wrote it. After an error t is of no use.
func (t *trainer) read(from io.Reader) error {
	r := &summed{bufio.NewReaderSize(from, 1<<20), crc64.New(checksum)}
	var p progress
	if err := gob.NewDecoder(r).Decode(&p); err != nil || p.Format != stateFormat {
		return errors.Join(ErrState, err)
	}
	if p.Steps != t.plan.steps() || p.Weights != t.weights() || len(p.Touched) != t.optimizer.vocabulary() {
		return ErrState
	}
	t.step, t.watch, t.stop, t.records = p.Step, p.Watch, p.Stop, p.Records
	if words := t.optimizer.words; words != nil {
		words.restore(p.Touched, p.Current)
	}
	for step := range t.step {
		t.optimizer.count(t.options.rate(step, p.Steps))
	}
	if t.stop.Kept > 0 {
		t.stop.keep(t.trained())
	}
	err := t.tensors(func(bytes []byte, x []float32) error {
		if _, err := io.ReadFull(r, bytes); err != nil {
			return err
		}
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(bytes[4*i:]))
		}
		return nil
	})
	want, got := r.sum.Sum64(), uint64(0)
	if err = errors.Join(err, binary.Read(r, binary.LittleEndian, &got)); err != nil || got != want {
		return errors.Join(ErrState, err)
	}
	t.merge()
	return nil
}

// tensors calls do with all numbers that change while a run trains, in a fixed order and a few at a time, and with as
// many bytes as they take.
func (t *trainer) tensors(do func(bytes []byte, x []float32) error) error {
	all := append(t.trained(), t.optimizer.moments...)
	if words := t.optimizer.words; words != nil {
		all = append(all, words.moments...)
	}
	all = append(all, t.objective.state...)
	buffer := make([]byte, 1<<16)
	for _, x := range append(all, t.stop.weights...) {
		for len(x) > 0 {
			n := min(len(x), len(buffer)/4)
			if err := do(buffer[:4*n], x[:n]); err != nil {
				return err
			}
			x = x[n:]
		}
	}
	return nil
}

// weights is the number of weights that are trained.
func (t *trainer) weights() (n int) {
	for _, x := range t.trained() {
		n += len(x)
	}
	return n
}

// summed takes the checksum of what is read.
type summed struct {
	*bufio.Reader
	sum hash.Hash64
}

func (s *summed) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	s.sum.Write(b[:n])
	return n, err
}

func (s *summed) ReadByte() (byte, error) {
	b, err := s.Reader.ReadByte()
	if err == nil {
		s.sum.Write([]byte{b})
	}
	return b, err
}
