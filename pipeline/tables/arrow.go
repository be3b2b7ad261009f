package tables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/ferry-clir/ferry/sources"
)

// open opens an Arrow file that anybody may have written. The library makes room for as many columns, keys and buffers as a
// file says that it has, 64 GiB for four bytes, so that all such numbers are looked at first.
func open(f *os.File, allocator memory.Allocator, options ...ipc.Option) (*ipc.FileReader, error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkArrow(f, stat.Size()); err != nil {
		return nil, err
	}
	return ipc.NewFileReader(f, append(options, ipc.WithAllocator(sources.Bounded(allocator, stat.Size())))...)
}

// checkArrow looks at the lengths in a file's footer and messages: format/File.fbs, Schema.fbs and Message.fbs of Arrow.
func checkArrow(r io.ReaderAt, size int64) (err error) {
	defer func() {
		if p := recover(); p != nil { // a place outside of what there is
			err = fmt.Errorf("%v", p)
		}
	}()
	end := make([]byte, 4+len(ipc.Magic))
	if _, err := r.ReadAt(end, size-int64(len(end))); err != nil {
		return errors.New("it is too short")
	}
	length := int64(binary.LittleEndian.Uint32(end))
	footer, err := rootAt(r, size-int64(len(end))-length, length, 0, size)
	if err != nil {
		return err
	}
	left := maxArrowFields
	checkFields(tableIn(footer, 1), 1, &left)
	for _, slot := range []int{2, 3} { // dictionaries, record batches
		start, n := vectorIn(footer, slot, 24)
		for i := range n {
			block := start + flatbuffers.UOffsetT(24*i)
			message, err := rootAt(r, footer.GetInt64(block), int64(footer.GetInt32(block+8)), 8, size)
			if err != nil {
				return err
			}
			checkMessage(message)
		}
	}
	return nil
}

// maxArrowFields is how many columns, with those within columns, a file may have.
const maxArrowFields = 10_000

// checkFields looks at the fields that stand in a slot of a schema or field, and those within them. The slot after that one has keys
// and values that a writer added.
func checkFields(t flatbuffers.Table, slot int, left *int) {
	vectorIn(t, slot+1, 4)
	start, n := vectorIn(t, slot, 4)
	if *left -= n; *left < 0 {
		panic(fmt.Sprintf("it has more than %d columns", maxArrowFields))
	}
	for i := range n {
		at := start + flatbuffers.UOffsetT(4*i)
		checkFields(flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(at)}, 5, left)
	}
}

// checkMessage looks at a record batch, or at the one in a dictionary.
func checkMessage(message flatbuffers.Table) {
	vectorIn(message, 4, 4)
	batch := tableIn(message, 2)
	if message.GetByteSlot(slotOffset(1), 0) == dictionaryBatch {
		batch = tableIn(batch, 1)
	}
	_, buffers := vectorIn(batch, 2, 16)
	start, n := vectorIn(batch, 4, 8)
	for i := range n {
		if count := batch.GetInt64(start + flatbuffers.UOffsetT(8*i)); count < 0 || count > int64(buffers) {
			panic(fmt.Sprintf("a column has %d of %d buffers", count, buffers))
		}
	}
}

const dictionaryBatch = 2 // of the types of messages

// rootAt reads a flat buffer of a file, which begins behind so many bytes.
func rootAt(r io.ReaderAt, at, length, prefix, size int64) (t flatbuffers.Table, err error) {
	if at < 0 || length < prefix+4 || length > size-at {
		return t, fmt.Errorf("it has no %d bytes at %d", length, at)
	}
	data := make([]byte, length)
	if _, err := r.ReadAt(data, at); err != nil {
		return t, err
	}
	if prefix > 0 && binary.LittleEndian.Uint32(data) != 0xffffffff {
		prefix = 4 // as Arrow wrote before version 0.15
	}
	data = data[prefix:]
	return flatbuffers.Table{Bytes: data, Pos: flatbuffers.GetUOffsetT(data)}, nil
}

func slotOffset(slot int) flatbuffers.VOffsetT { return flatbuffers.VOffsetT(4 + 2*slot) }

// tableIn is the table in a slot.
func tableIn(t flatbuffers.Table, slot int) flatbuffers.Table {
	at := flatbuffers.UOffsetT(t.Offset(slotOffset(slot)))
	if at == 0 {
		panic("it lacks its schema or rows")
	}
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(t.Pos + at)}
}

// vectorIn is where the vector in a slot begins, and how many elements of so many bytes it has: no more than there is room for.
func vectorIn(t flatbuffers.Table, slot, width int) (start flatbuffers.UOffsetT, n int) {
	at := flatbuffers.UOffsetT(t.Offset(slotOffset(slot)))
	if at == 0 {
		return 0, 0
	}
	start, n = t.Vector(at), t.VectorLen(at)
	if n > (len(t.Bytes)-int(start))/width {
		panic(fmt.Sprintf("it says that it has %d columns, keys or buffers at one place", n))
	}
	return start, n
}
