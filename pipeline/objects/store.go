package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // each makes a scheme known
	_ "gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"github.com/ferry-clir/ferry/sources/download"
)

// A Store has objects by name. It is safe for concurrent use, by any number of processes.
type Store struct {
	Address Address
	// Patience is what is borne before an operation fails. It may be set before the store is used.
	download.Patience
	bucket *blob.Bucket
	folder *os.File // that the store is; nil if it is none
}

// An Object is what is known of one without reading it.
type Object struct {
	Name     string
	Size     int64     // in bytes
	Modified time.Time // by the store's clock
}

// Open opens a store and makes sure that it answers. Close must be called in the end.
func Open(ctx context.Context, a Address) (*Store, error) {
	s := &Store{Address: a, Patience: download.NewPatience()}
	fail := func(err error) (*Store, error) {
		if s.bucket != nil {
			s.Close()
		}
		return nil, fmt.Errorf("opening the store %s: %w; %s", a, err, schemeOf(a).needs)
	}
	open := blob.DefaultURLMux().OpenBucketURL
	switch a.bucket.Scheme {
	case "s3":
		open = openS3
	case "gs":
		open = openGS
	}
	bucket, err := open(ctx, &a.bucket)
	if err != nil {
		return fail(errors.New(words(err)))
	}
	s.bucket = bucket
	if a.prefix != "" {
		s.bucket = blob.PrefixedBucket(bucket, a.prefix+"/")
	}
	if a.Path() != "" {
		if s.folder, err = openFolder(a.Path()); err != nil {
			return fail(err)
		}
	}
	first := download.Patience{Stall: 10 * time.Second, Pause: s.Pause, Attempts: 3} // somebody is watching
	err = s.try(ctx, first, func(ctx context.Context, _ func()) error {
		_, _, err := s.bucket.ListPage(ctx, blob.FirstPageToken, 1, nil)
		return err
	})
	if err != nil {
		return fail(err)
	}
	return s, nil
}

func schemeOf(a Address) scheme {
	for _, kind := range schemes {
		if kind.opens == a.bucket.Scheme {
			return kind
		}
	}
	return scheme{}
}

// Close lets go of connections.
func (s *Store) Close() error {
	if s.folder != nil {
		s.folder.Close()
	}
	return s.bucket.Close()
}

// try calls do until it succeeds or patience ends. What it is given it must call as long as something happens.
func (s *Store) try(ctx context.Context, patience download.Patience, do func(ctx context.Context, heard func()) error) error {
	return patience.Persist(ctx, func() (bool, error) {
		watched, heard, stop := patience.Watch(ctx)
		defer stop()
		return false, judge(watched, do(watched, heard))
	})
}

// Get writes an object to w. After an attempt that breaks off the next goes on where it stopped, unless the object is another one
// now.
func (s *Store) Get(ctx context.Context, name string, w io.Writer) error {
	var have int64
	var begun Object
	err := s.Persist(ctx, func() (further bool, err error) {
		if err := s.here(); err != nil {
			return false, err
		}
		watched, heard, stop := s.Watch(ctx)
		defer stop()
		r, err := s.bucket.NewRangeReader(watched, name, have, -1, nil)
		if err != nil {
			return false, judge(watched, err)
		}
		defer r.Close()
		now := Object{name, r.Size(), r.ModTime()}
		if have > 0 && now != begun {
			return false, download.Final{Err: download.ErrChanged}
		}
		begun = now
		n, err := io.Copy(w, &listener{r, heard})
		if have += n; err == nil && have != now.Size {
			err = io.ErrUnexpectedEOF
		}
		return n > 0, judge(watched, err)
	})
	if err != nil {
		return fmt.Errorf("getting %s/%s: %w", s.Address, name, err)
	}
	return nil
}

// largestSmall bounds what is read into memory as a whole, in bytes.
const largestSmall = 256 << 20

// Read returns an object that is small.
func (s *Store) Read(ctx context.Context, name string) ([]byte, error) {
	var content bytes.Buffer
	if err := s.Get(ctx, name, &bounded{&content, largestSmall}); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}

// Put writes an object, in place of what is there.
func (s *Store) Put(ctx context.Context, name string, content io.ReadSeeker) error {
	patience := s.Patience
	patience.Stall *= 4 // several parts are sent at a time, and none of them is heard of before it has arrived
	err := s.try(ctx, patience, func(ctx context.Context, heard func()) error {
		if err := s.here(); err != nil {
			return err
		}
		if _, err := content.Seek(0, io.SeekStart); err != nil {
			return err
		}
		err := s.bucket.Upload(ctx, name, &listener{content, heard}, &blob.WriterOptions{ContentType: "application/octet-stream"})
		if s.Address.Path() != "" && gcerrors.Code(err) == gcerrors.NotFound {
			return errors.New("somebody removed the folder meanwhile") // and it is made again
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) { // Google's way to say that it may not be written
		err = fs.ErrPermission
	}
	if err != nil {
		return fmt.Errorf("putting %s/%s: %w", s.Address, name, err)
	}
	return nil
}

// List returns the objects whose names begin with prefix, by name.
func (s *Store) List(ctx context.Context, prefix string) (all []Object, err error) {
	err = s.Each(ctx, prefix, func(o Object) error {
		all = append(all, o)
		return nil
	})
	return all, err
}

// Each calls do for each of them, until it returns an error.
func (s *Store) Each(ctx context.Context, prefix string, do func(Object) error) (err error) {
	if s.Address.Path() != "" {
		err = s.eachFile(prefix, do)
	} else {
		err = s.eachListed(ctx, prefix, do)
	}
	if err != nil {
		return fmt.Errorf("listing %s/%s: %w", s.Address, prefix, err)
	}
	return nil
}

func (s *Store) eachListed(ctx context.Context, prefix string, do func(Object) error) error {
	for token := blob.FirstPageToken; len(token) > 0; {
		var page []*blob.ListObject
		err := s.try(ctx, s.Patience, func(ctx context.Context, _ func()) (err error) {
			var next []byte
			if page, next, err = s.bucket.ListPage(ctx, token, 1000, &blob.ListOptions{Prefix: prefix}); err == nil {
				token = next
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, o := range page {
			if err := do(Object{o.Key, o.Size, o.ModTime}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Remove removes an object; that there is none is well.
func (s *Store) Remove(ctx context.Context, name string) error {
	err := s.try(ctx, s.Patience, func(ctx context.Context, _ func()) error { return s.bucket.Delete(ctx, name) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s/%s: %w", s.Address, name, err)
	}
	return nil
}

// listener tells of everything that is read.
type listener struct {
	io.Reader
	heard func()
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	l.heard()
	return n, err
}

// bounded takes no more than so many bytes.
type bounded struct {
	io.Writer
	left int64
}

func (b *bounded) Write(data []byte) (int, error) {
	if b.left -= int64(len(data)); b.left < 0 {
		return 0, download.Final{Err: errors.New("it is too large")}
	}
	return b.Writer.Write(data)
}
