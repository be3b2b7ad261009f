package pipeline

import "github.com/ferry-clir/ferry/pipeline/host"

// FreeBytes is what may still be written to the disk of the work folder; -1 if that is not known.
func (p *Pipeline) FreeBytes() int64 { return host.Free(p.Work) }

// CacheBytes is what the results in the cache take, those of several names once. It takes about 3 us a file.
func (p *Pipeline) CacheBytes() (bytes int64) {
	for _, size := range usageOf(p.Work).results {
		bytes += size
	}
	return bytes
}
