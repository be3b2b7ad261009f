package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/sources/download"
)

// sharesFolder has a file for each process that does a share of a run, which it holds.
func sharesFolder(work string) string { return filepath.Join(work, "tasks") }

func shareFile(work string, s Share) string {
	return filepath.Join(sharesFolder(work), s.name())
}

// holdShare keeps out whole runs, those of another number of processes, and another process with the same share.
func holdShare(work string, s Share) (Owner, func(), error) {
	common, err := take(filepath.Join(work, lockName), download.ShareFile)
	if err != nil {
		return Owner{}, nil, err
	}
	owner, unlock, err := hold(shareFile(work, s))
	var busy *Busy
	if errors.As(err, &busy) {
		busy.What = fmt.Sprintf("another process does tasks %s in %s", s, work)
		busy.Remedy = "each needs a number of its own"
	}
	if err != nil {
		common.Close()
		return owner, nil, err
	}
	release := func() {
		unlock()
		common.Close()
	}
	others, err := atWork(work, s.Of)
	if err == nil && len(others) > 0 {
		of := others[0].share.Of
		err = &Busy{Owner: others[0].Owner, What: fmt.Sprintf("a run of %d processes (--tasks i/%d) is at work in %s", of, of, work),
			Remedy: fmt.Sprintf("start this one as one of them, with --tasks i/%d, wait for its end, or give this one a folder of its own with --set work=FOLDER", of)}
	}
	if err != nil {
		release()
		return owner, nil, err
	}
	return owner, release, nil
}

// A sharer is a process that does a share of a run.
type sharer struct {
	Owner
	share Share
}

// atWork are the processes that do shares of a run, but those of a run of except processes.
func atWork(work string, except int) ([]sharer, error) {
	entries, err := os.ReadDir(sharesFolder(work))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking who is at work: %w", err)
	}
	var sharers []sharer
	for _, e := range entries {
		s, ok := shareNamed(e.Name())
		if !ok || s.Of == except {
			continue
		}
		owner, err := holder(filepath.Join(sharesFolder(work), e.Name()))
		if err != nil {
			return nil, err
		}
		if owner != nil {
			sharers = append(sharers, sharer{*owner, s})
		}
	}
	return sharers, nil
}
