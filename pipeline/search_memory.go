package pipeline

import (
	"fmt"
	"math"
	"runtime/debug"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/sources"
)

// A room is memory that documents are read into.
type room struct {
	bytes int64
	said  string // who says that there is no more
	rows  int64  // read so far
}

// room is what may be taken: as much as was asked for, or nearly all that there is, since past that the process is killed.
func (o SearchOptions) room() *room {
	if o.Memory.Bytes > 0 {
		return &room{bytes: o.Memory.Bytes, said: "--memory " + o.Memory.String() + " allows less"}
	}
	total, limit := host.Memory()
	if limit > 0 {
		return &room{bytes: limit / 10 * 9, said: "this process may take " + sources.SizeText(limit) + ", by the limit of its container or service"}
	}
	if total == 0 { // it is not known
		total = math.MaxInt64
	}
	return &room{bytes: total / 10 * 9, said: "this machine has " + sources.SizeText(total)}
}

// take is an error if there is no room any more, after more rows.
func (r *room) take(rows int64) error {
	r.rows += rows
	if host.Resident() <= r.bytes {
		return nil
	}
	debug.FreeOSMemory()
	taken := host.Resident()
	if taken <= r.bytes {
		return nil
	}
	return &Shortage{fmt.Sprintf("the first %d documents take %s of memory with ferry itself, and %s", r.rows, sources.SizeText(taken), r.said),
		"compress them with the stage compress, whose documents stay on the disk, or use the stage search, past which documents pass one by one"}
}
