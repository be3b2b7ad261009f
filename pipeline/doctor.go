package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/sources"
)

// The levels of what is examined: all is well, a run will do but may disappoint, no run will do.
const (
	Well = "ok"
	Warn = "warn"
	Fail = "fail"
)

// Examined is what the doctor says of one thing.
type Examined struct {
	What   string `json:"what"`  // such as memory
	Level  string `json:"level"` // ok, warn or fail
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"` // empty if all is well
}

// A doctor examines the machine, and perhaps a pipeline on it.
type doctor struct {
	pipeline *Pipeline // with nothing but a work folder if there is no file
	found    []Examined
}

func (d *doctor) well(what, format string, args ...any) { d.say(Well, what, "", format, args...) }

// say adds what was found; warnings and failures have a remedy.
func (d *doctor) say(level, what, remedy, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if d.pipeline.secrets != nil {
		text = d.pipeline.secrets.Redact(text)
	}
	d.found = append(d.found, Examined{what, level, text, remedy})
}

// Examine looks at whatever a run needs of the machine, and at the pipeline that was loaded and checked with the given result. Without
// one, p is nil and work the folder that a run would work in.
func Examine(ctx context.Context, p *Pipeline, checked error, work string) []Examined {
	d := &doctor{pipeline: p}
	if p == nil {
		d.pipeline = &Pipeline{Work: work, dir: work}
	}
	d.processor()
	d.memory()
	d.openFiles()
	d.clock()
	d.workFolder()
	d.downloads()
	if p == nil {
		return d.found
	}
	var mistakes Mistakes
	switch {
	case errors.As(checked, &mistakes):
		d.say(Fail, "pipeline", "see `ferry validate "+p.File+"`", "a run will be refused for mistakes in the file, of which there are %d, the first: %s", len(mistakes), mistakes[0])
	case checked != nil:
		d.say(Fail, "pipeline", "mend that first", "it cannot be checked: %s", checked)
		return d.found
	default:
		d.plan(ctx)
	}
	d.lastRun()
	d.remotes(ctx)
	d.models(ctx)
	return d.found
}

func (d *doctor) processor() {
	const what = "processor"
	cores, may := runtime.NumCPU(), runtime.GOMAXPROCS(0)
	text := fmt.Sprintf("%d cores, %s kernels for %s", cores, kernel.ISA(), runtime.GOARCH)
	switch fixed := os.Getenv("FERRY_CPU"); {
	case fixed != "":
		d.well(what, "%s, which FERRY_CPU fixes", text)
	case kernel.ISA() == "generic":
		d.say(Warn, what, "use an amd64 machine with AVX2 or an arm64 one, and a ferry built without purego", "%s: no vector instructions are used, which is many times slower", text)
	case may < cores:
		d.say(Warn, what, fmt.Sprintf("run with --workers %d", may), "%s, and a limit lets this process use %d: more workers take memory and are no faster", text, may)
	default:
		d.well(what, "%s", text)
	}
}

func (d *doctor) memory() {
	const what = "memory"
	total, limit := host.Memory()
	text := sources.SizeText(total)
	if limit > 0 {
		text += fmt.Sprintf(", of which this process may take %s", sources.SizeText(limit))
	}
	bound := d.pipeline.Bounds.Memory
	switch warning := bound.beyond(total, limit); {
	case total == 0:
		d.well(what, "how much there is, is not known on %s", runtime.GOOS)
	case warning != "":
		d.say(Warn, what, "set memory lower", "%s", warning)
	case bound.Bytes > 0:
		d.well(what, "%s; memory: %s", text, bound)
	case limit > 0:
		d.say(Warn, what, fmt.Sprintf("set memory: %dMB in the file, so that a run ends before and can be gone on with", limit/4*3/1e6), "%s, and beyond it is killed", text)
	default:
		d.well(what, "%s, without a bound", text)
	}
}

// fewFiles is less than which a run with many workers and shards may come to.
const fewFiles = 1024

func (d *doctor) openFiles() {
	const what = "open files"
	switch limit := host.OpenFiles(); {
	case limit == 0:
		d.well(what, "how many there may be is not known on %s", runtime.GOOS)
	case limit < fewFiles:
		d.say(Warn, what, "raise the limit with `ulimit -Hn`, LimitNOFILE= of a service, or --ulimit of a container", "%d may be open at a time, and a run may need %d", limit, fewFiles)
	default:
		d.well(what, "%d may be open at a time", limit)
	}
}

// clock compares the clock with the time at which this program was written, and looks up a time zone.
func (d *doctor) clock() {
	const what = "clock"
	zone, now := time.UTC.String(), time.Now()
	if s := d.pipeline.Schedule; s != nil {
		zone = s.Timezone
	}
	if _, err := time.LoadLocation(zone); err != nil {
		d.say(Fail, what, "name one of the IANA data base, such as Africa/Nairobi", "there is no time zone %s: %s", zone, err)
		return
	}
	if program, err := os.Executable(); err == nil {
		if stat, err := os.Stat(program); err == nil && stat.ModTime().After(now.Add(time.Minute)) {
			d.say(Warn, what, "set it, by NTP", "it shows %s, and ferry itself is from %s", now.Format(time.DateTime), stat.ModTime().Format(time.DateTime))
			return
		}
	}
	d.well(what, "%s, time zone of schedules %s", now.Format("2006-01-02 15:04:05 -0700"), zone)
}
