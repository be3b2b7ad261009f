package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/sources/download"
)

// elsewhere is what to do about a folder that does not do.
const elsewhere = "put the work folder on a local disk with --set work=FOLDER"

// workFolder tries on the disk of the work folder whatever a run does there, and looks at the cache.
func (d *doctor) workFolder() {
	work := d.pipeline.Work
	d.try(work)
	owner, err := holder(filepath.Join(work, lockName))
	switch {
	case err != nil:
		d.say(Fail, "lock", elsewhere, "%s", err)
	case owner != nil:
		d.well("lock", "a run is at work: %s", owner)
	default:
		d.well("lock", "nobody is at work")
	}
	if !isThere(filepath.Join(work, "cache"), 0) {
		d.well("cache", "there is none yet")
		return
	}
	held, v := usageOf(work), &verification{}
	if err := v.gatherWork(work); err != nil {
		d.say(Fail, "cache", "change who owns it or its mode", "%s", err)
		return
	}
	if damaged := v.found.Damages; len(damaged) > 0 {
		d.say(Warn, "cache", damaged[0].Remedy+"; `ferry verify "+work+"` names all", "%d files are not as they were written, among them %s, which %s", len(damaged), damaged[0].Path, damaged[0].Problem)
		return
	}
	d.well("cache", "%d results; the work folder holds %s", len(held.results), sources.SizeText(held.total))
}

// try does on the disk of a folder what runs do: files that are durable and then renamed, locks, files of two names.
func (d *doctor) try(work string) {
	const what = "work folder"
	if stat, err := os.Stat(work); err == nil && !stat.IsDir() {
		d.say(Fail, what, "choose another with --set work=FOLDER", "%s is no folder", work)
		return
	}
	above := host.Existing(work)
	kind := host.FileSystem(above)
	folder, err := os.MkdirTemp(above, ".ferry-doctor-")
	if err != nil {
		d.say(Fail, what, "change who owns it or its mode, or choose another with --set work=FOLDER", "%s: nothing can be written there: %s", work, err)
		return
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "file")
	began := time.Now()
	f, err := sinks.Create(file)
	if err == nil {
		err = f.Publish(nil)
	}
	if err != nil {
		d.say(Fail, what, elsewhere, "%s: no file can be made durable and renamed: %s", work, err)
		return
	}
	if err := tryLocks(filepath.Join(folder, lockName)); err != nil {
		d.say(Fail, what, elsewhere, "%s: %s", work, err)
		return
	}
	took := time.Since(began).Round(100 * time.Microsecond)
	stat, err := os.Stat(file)
	switch linked := os.Link(file, file+"-2"); {
	case err == nil && (stat.ModTime().Before(began.Add(-2*time.Second)) || stat.ModTime().After(time.Now().Add(2*time.Second))):
		d.say(Warn, what, "set the clocks of both machines, by NTP", "%s: its file server's clock differs from this machine's by %v, and changed files may be missed", work, time.Until(stat.ModTime()).Round(time.Second))
	case kind == "tmpfs":
		d.say(Warn, what, elsewhere, "%s is in memory (tmpfs): it takes of that, and is gone when the machine restarts", work)
	case linked != nil:
		d.say(Warn, what, elsewhere+", or allow for more of it", "%s: files have one name only, so that rows that several results share take their space several times: %s", work, linked)
	default:
		d.well(what, "%s%s: renames, locks, links, durable files (%v)", work, in(" on ", kind), took)
	}
}

// in is what follows after before, if there is anything.
func in(before, what string) string {
	if what == "" {
		return ""
	}
	return before + what
}

// tryLocks takes a lock, and must not get it a second time.
func tryLocks(file string) error {
	_, unlock, err := hold(file)
	if err != nil {
		if errors.Is(err, syscall.ENOSPC) {
			return err
		}
		return fmt.Errorf("the file system knows no locks: %w", err)
	}
	defer unlock()
	_, again, err := hold(file)
	if err == nil {
		again()
		return errors.New("locks keep nobody out, so that two runs would spoil each other's work")
	}
	return nil
}

// downloads looks at the folder that published data and models are downloaded to.
func (d *doctor) downloads() {
	const what = "downloads"
	cache, err := download.Cache()
	if err == nil {
		var folder string
		if folder, err = os.MkdirTemp(host.Existing(cache), ".ferry-doctor-"); err == nil {
			err = os.Remove(folder)
		}
	}
	if err != nil {
		d.say(Warn, what, "name a folder that can be written to in FERRY_CACHE", "nothing can be downloaded: %s", err)
		return
	}
	text := cache
	if free := host.Free(cache); free >= 0 {
		text += fmt.Sprintf(", %s free", sources.SizeText(free))
	}
	d.well(what, "%s", text)
}

// lastRun says how the last run ended: what was in its way may be so yet.
func (d *doctor) lastRun() {
	const what = "last run"
	s, err := d.pipeline.Status()
	switch last := s.Last; {
	case err != nil:
		d.say(Warn, what, "see `ferry runs "+d.pipeline.File+"`", "%s", err)
	case last == nil:
		d.well(what, "there was none yet")
	case last.Outcome == Succeeded:
		d.well(what, "succeeded at %s", last.Ended().Local().Format(time.DateTime))
	default:
		remedy := "see that this is mended, and run again: what is finished is kept"
		if strings.Contains(last.Error, syscall.ENOSPC.Error()) {
			remedy = freeDisk
		}
		d.say(Warn, what, remedy, "%s at %s: %s", last.Outcome, last.Ended().Local().Format(time.DateTime), oneLine(last.Error))
	}
}

// plan says what a run would do, and whether there is room for it.
func (d *doctor) plan(ctx context.Context) {
	plan, err := d.pipeline.Plan(ctx)
	if err != nil {
		d.say(Fail, "pipeline", "see `ferry plan "+d.pipeline.File+"`", "it cannot be planned: %s", err)
		return
	}
	sum, known, unknown := forecastAll(plan.units, plan.known)
	d.well("pipeline", "%s: %d steps to make", d.pipeline.File, known+unknown)
	text, free := "how much is free is not known", host.Free(d.pipeline.Work)
	if free >= 0 {
		text = sources.SizeText(free) + " free"
	}
	if known > 0 {
		text += fmt.Sprintf(", of which the steps to make take about %s", sources.SizeText(sum.bytes))
	}
	for _, err := range d.pipeline.unwritable(plan.units) {
		d.say(Fail, "outputs", "change who owns it or its mode, or choose another path", "%s", err)
	}
	shortages, warnings := d.pipeline.foreseeDisk(plan.units, plan.known)
	switch {
	case len(shortages) > 0:
		short := shortages[0].(*Shortage)
		d.say(Fail, "disk", short.Remedy, "%s", short.Problem)
	case len(warnings) > 0:
		d.say(Warn, "disk", freeDisk, "%s", warnings[0])
	case free == 0:
		d.say(Fail, "disk", freeDisk, "%s", text)
	default:
		d.well("disk", "%s", text)
	}
	ofMemory, _ := d.pipeline.foreseeMemory(plan.units)
	for _, shortage := range ofMemory {
		var s *Shortage
		if errors.As(shortage, &s) {
			d.say(Fail, "memory", s.Remedy, "%s", strings.TrimSuffix(shortage.Error(), "; "+s.Remedy))
		}
	}
}
