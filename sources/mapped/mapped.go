package mapped

import (
	"io/fs"
	"os"
	"path"
	"runtime"
)

// FS returns folder with the difference that files named *.safetensors that are files of the operating system are opened
// as a *File, where that can be done.
func FS(folder fs.FS) fs.FS { return files{folder} }

type files struct{ fs.FS }

// Stat asks the folder's own Stat, if it has one.
func (f files) Stat(name string) (fs.FileInfo, error) { return fs.Stat(f.FS, name) }

// Open is that of the folder, but for weights.
func (f files) Open(name string) (fs.File, error) {
	opened, err := f.FS.Open(name)
	file, ok := opened.(*os.File)
	if err != nil || !ok || path.Ext(name) != ".safetensors" {
		return opened, err
	}
	stat, err := file.Stat()
	if err != nil || stat.Size() == 0 || int64(int(stat.Size())) != stat.Size() {
		return file, nil
	}
	data, err := mapPrivate(file, int(stat.Size()))
	if err != nil {
		return file, nil // which can still be read
	}
	m := &File{file, data}
	runtime.AddCleanup(m, unmap, data)
	return m, nil
}

// A File is an open file with its content in memory.
type File struct {
	*os.File
	data []byte
}

// Mapped returns the file's content. It is valid, also after Close, as long as the File is reachable, and writing to it
// does not change the file. The file must not be truncated meanwhile: touching what is gone kills the process. A file
// that is deleted or replaced by rename, as ferry replaces its own, stays as it was.
func (f *File) Mapped() []byte { return f.data }
