package encoder

import (
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"runtime"
)

// A fingerprint has a number of runs of values of each tensor, from one end to the other: training changes all values, and an
// embedding table that is mapped is not read into memory for it.
const (
	fingerprintRuns = 64
	fingerprintRun  = 1 << 10
)

// Fingerprint writes to sum what tells the weights from others, however they are stored. Other goroutines may run e meanwhile.
func (e *Encoder) Fingerprint(sum hash.Hash) {
	defer runtime.KeepAlive(e)
	buffer := make([]byte, 0, 4*fingerprintRun)
	for _, p := range e.weights.parameters(e.Config) {
		fmt.Fprintln(sum, p.Name, p.Shape)
		step := max(fingerprintRun, len(p.Data)/fingerprintRuns)
		for from := 0; from < len(p.Data); from += step {
			buffer = buffer[:0]
			for _, x := range p.Data[from:min(from+fingerprintRun, len(p.Data))] {
				buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(x))
			}
			sum.Write(buffer)
		}
	}
}
