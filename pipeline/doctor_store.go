package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/pipeline/objects"
)

// store does in the store what runs do there, and looks at whom its folder is for, if it is one.
func (d *doctor) store(ctx context.Context) {
	const what = "store"
	p := d.pipeline
	switch {
	case p.Store == nil:
		return
	case p.Offline && p.Store.Path() == "":
		d.well(what, "%s; a run that is offline does without", p.Store)
		return
	}
	var mode fs.FileMode // of what this user puts there
	err := tryStore(ctx, *p.Store, func(file string) {
		if stat, err := os.Stat(file); err == nil {
			mode = stat.Mode()
		}
	})
	folder := p.Store.Path()
	var others fs.FileMode
	if stat, stated := os.Stat(folder); folder != "" && stated == nil {
		others = stat.Mode()
	}
	switch {
	case errors.Is(err, errReadOnly):
		remedy := "whoever looks after it can allow it"
		if folder != "" {
			remedy += ": `chmod -R g+rwX " + folder + "`, and `umask 002` for all who write"
		}
		d.say(Warn, what, remedy+"; processes of --tasks need it", "%s: can be read and not written, and what runs make stays in their own caches: %s", p.Store, err)
	case err != nil:
		d.say(Fail, what, "mend that, or do without it: --set store=", "%s", err)
	case folder != "" && others&0o050 != 0o050:
		d.say(Warn, what, "share it with `chmod 2775 "+folder+"`", "%s: its mode is %04o, so that it is of no use to others", p.Store, others.Perm())
	case folder != "" && others&0o020 != 0 && others&fs.ModeSetgid == 0:
		d.say(Warn, what, "`chmod 2775 "+folder+"`", "%s: what is put there gets the group of who puts it, and not that of the folder", p.Store)
	case folder != "" && others&0o020 != 0 && mode&0o060 != 0o060:
		d.say(Warn, what, "set `umask 002` where ferry is started", "%s: what this user puts there has the mode %04o, so that others cannot use it, or not add to it", p.Store, mode.Perm())
	default:
		d.well(what, "%s: can be written, read, and removed from", p.Store)
	}
}

// errReadOnly is that of a store that can be read, and not written by this user.
var errReadOnly = errors.New("it may be read only")

// tryStore does in a store what runs do there, and calls look with the file of what it has put if the store is a folder.
func tryStore(ctx context.Context, address objects.Address, look func(file string)) error {
	s, err := objects.Open(ctx, address)
	if err != nil {
		return err
	}
	defer s.Close()
	name, content := fmt.Sprintf(mirrorFolder+"doctor-%08x", rand.Uint32()), []byte("ferry doctor")
	err = s.Put(ctx, name, bytes.NewReader(content))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", errReadOnly, err)
	case err != nil:
		return err
	}
	look(filepath.Join(address.Path(), name))
	read, err := s.Read(ctx, name)
	if err == nil && !bytes.Equal(read, content) {
		err = fmt.Errorf("reading %s/%s: it is not what was written", address, name)
	}
	if removed := s.Remove(ctx, name); err == nil {
		err = removed
	}
	return err
}
