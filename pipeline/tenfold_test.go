package pipeline

import (
	"path/filepath"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/host"
)

// BenchmarkTenfold runs a pipeline that may take 100 MiB of memory, and would end if it took more, over a collection of ten times as
// many bytes. What it took at most counts pages of files, too, such as those of the program.
func BenchmarkTenfold(b *testing.B) {
	const size = 1000 << 20
	for b.Loop() {
		folder, file := folderWith(b, "tenfold.yaml")
		writeCollection(b, filepath.Join(folder, "collections", "english_collection.tsv"), size)
		if err := run(b.Context(), b, file, Options{Workers: 2}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(size>>20, "text-MiB")
		b.ReportMetric(float64(host.PeakMemory()>>20), "peak-MiB")
	}
}
