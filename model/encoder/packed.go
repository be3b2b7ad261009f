package encoder

import (
	"math"
	"sync"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A packedLayer holds the matrices of a layer in the order in which kernel.GemmPacked reads them.
type packedLayer struct{ qkv, out, up, down kernel.Packed }

// packing is a copy of all layers for products of one precision with the weights, or with their transposes as Backward
// needs them. It is made when it is first asked for, and again when the weights have changed since.
type packing struct {
	mutex       sync.Mutex
	layers      []packedLayer
	version     uint64 // of the weights that it was made from; 0 is none
	fingerprint uint64 // of those weights
}

// packings are by precision.
type packings [Int8 + 1]packing

// of returns the layers of e packed; forward tells which way. The caller is the only one to change e, so that a layer
// once returned stays as it is while it is used.
func (all *packings) of(e *Encoder, forward bool, precision Precision) []packedLayer {
	p := &all[precision]
	p.mutex.Lock()
	defer p.mutex.Unlock()
	fingerprint := e.weights.fingerprint()
	if p.version == e.version {
		if p.fingerprint != fingerprint {
			panic("encoder: weights were changed through parameters from before the last forward pass")
		}
		return p.layers
	}
	if p.layers == nil {
		p.layers = make([]packedLayer, len(e.weights.layers))
	}
	h, f := e.Config.Hidden, e.Config.FFN
	var group sync.WaitGroup // on all cores, as everybody waits for this
	for i := range e.weights.layers {
		group.Go(func() {
			l, packed := &e.weights.layers[i], &p.layers[i]
			repack(&packed.qkv, precision, forward, 3*h, h, l.qkv)
			repack(&packed.out, precision, forward, h, h, l.out)
			repack(&packed.up, precision, forward, f, h, l.up)
			repack(&packed.down, precision, forward, h, f, l.down)
		})
	}
	group.Wait()
	p.version, p.fingerprint = e.version, fingerprint
	return p.layers
}

// repack packs a weight of (outputs, inputs): for x*weight' forward, else for dy*weight.
func repack(p *kernel.Packed, precision Precision, forward bool, outputs, inputs int, weight []float32) {
	p.Precision = precision
	if forward {
		p.Repack(true, outputs, inputs, weight, inputs)
	} else {
		p.Repack(false, inputs, outputs, weight, inputs)
	}
}

// fingerprint mixes the bits of a few elements of every matrix, enough for an optimiser step to change it.
func (w *weights) fingerprint() uint64 {
	hash := uint64(14695981039346656037) // FNV-1a
	for i := range w.layers {
		l := &w.layers[i]
		for _, x := range [][]float32{l.qkv, l.out, l.up, l.down} {
			for j := range 4 {
				hash = (hash ^ uint64(math.Float32bits(x[j*(len(x)-1)/3]))) * 1099511628211
			}
		}
	}
	return hash
}
