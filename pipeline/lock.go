package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ferry-clir/ferry/sources/download"
)

// An Owner is the process that holds a lock.
type Owner struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// thisProcess owns from now on.
func thisProcess() Owner {
	host, _ := os.Hostname()
	return Owner{os.Getpid(), host, time.Now().UTC().Truncate(time.Millisecond)}
}

// String names the owner and how long it holds what it holds.
func (o Owner) String() string {
	if o.PID == 0 {
		return "a process that has not told its name"
	}
	return fmt.Sprintf("process %d on %s, since %s (%v)", o.PID, o.Host, o.Since.Local().Format(time.DateTime), max(0, time.Since(o.Since)).Round(time.Second))
}

// Busy is the error of a run, or of a scheduler, that another one keeps out.
type Busy struct {
	What   string // it is, and where it works
	Remedy string
	Owner  Owner
}

func (b *Busy) Error() string { return fmt.Sprintf("%s: %s; %s", b.What, b.Owner, b.Remedy) }

// lockName is the file in the work folder that a run holds.
const lockName = "lock"

// lock keeps other runs out of a work folder until unlock is called or the process ends, however it ends.
func lock(work string) (owner Owner, unlock func(), err error) { return lockShare(work, Share{}) }

// lockShare does so for a share of a run, and lets the others in.
func lockShare(work string, s Share) (owner Owner, unlock func(), err error) {
	file := filepath.Join(work, lockName)
	if s.whole() {
		owner, unlock, err = hold(file)
	} else {
		owner, unlock, err = holdShare(work, s)
	}
	var busy *Busy
	if errors.As(err, &busy) && busy.What == "" {
		busy.What = "another run is at work in " + work
		if sharing, err := atWork(work, 0); err == nil && len(sharing) > 0 {
			busy.Owner, busy.What = sharing[0].Owner, fmt.Sprintf("a run of %d processes (--tasks) is at work in %s", sharing[0].share.Of, work)
		}
		busy.Remedy = "wait for its end, or give this one a folder of its own with --set work=FOLDER"
	}
	return owner, unlock, err
}

// take opens a file and locks it.
func take(file string, lock func(*os.File) error) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return nil, fmt.Errorf("creating work folder: %w", err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("locking work folder: %w", err)
	}
	err = lock(f)
	for tries := 0; errors.Is(err, download.ErrLocked) && tries < 5; tries++ {
		time.Sleep(10 * time.Millisecond) // somebody may only have looked whether it is held
		err = lock(f)
	}
	if err == nil {
		return f, nil
	}
	defer f.Close()
	if errors.Is(err, download.ErrLocked) {
		return nil, &Busy{Owner: ownerIn(f)}
	}
	return nil, fmt.Errorf("locking work folder: %w", err)
}

// hold takes a lock file and writes this process into it. That the operating system holds the file for a living process is
// the lock; what stands in it is for people, and stays behind when its writer is killed.
func hold(file string) (Owner, func(), error) {
	owner := thisProcess()
	f, err := take(file, download.LockFile)
	if err != nil {
		return owner, nil, err
	}
	if err := writeOwner(f, owner); err != nil {
		f.Close()
		return owner, nil, fmt.Errorf("locking work folder: %w", err)
	}
	return owner, func() {
		_ = f.Truncate(0) // not held any more; the lock goes with the file
		f.Close()
	}, nil
}

func writeOwner(f *os.File, owner Owner) error {
	data, err := json.Marshal(owner)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(data, '\n'), 0)
	return err
}

// ownerIn reads who wrote a lock file, as far as that is possible.
func ownerIn(f *os.File) (owner Owner) {
	data, _ := io.ReadAll(io.NewSectionReader(f, 0, 1<<12))
	_ = json.Unmarshal(data, &owner)
	return owner
}

// holder tells who holds a lock file, nil if nobody does.
func holder(file string) (*Owner, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking who is at work: %w", err)
	}
	defer f.Close()
	held, err := download.Held(f)
	if err != nil || !held {
		return nil, err
	}
	owner := ownerIn(f)
	return &owner, nil
}
