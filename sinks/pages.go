package sinks

import (
	"bytes"
	"encoding/binary"
	"iter"
	"runtime"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/sourcegraph/conc/stream"
)

// A page ends with the row in which it reaches so many bytes.
const pageBytes = 1 << 20

// plain tells whether a column's pages are written as they are, without a dictionary: vectors, lists of them, and texts
// that are never null and hardly repeat.
func plain(field arrow.Field, arrays []arrow.Array) bool {
	switch t := field.Type.(type) {
	case *arrow.FixedSizeListType:
		return true
	case *arrow.ListType:
		return t.Elem().ID() == arrow.FIXED_SIZE_LIST
	}
	return field.Type.ID() == arrow.STRING && !field.Nullable && differ(arrays)
}

// differ tells whether more than half of the first texts differ.
func differ(arrays []arrow.Array) bool {
	const enough = 256
	seen, n := map[string]bool{}, 0
	for _, a := range arrays {
		texts := a.(*array.String)
		for i := 0; i < texts.Len() && n < enough; i++ {
			seen[texts.Value(i)] = true
			n++
		}
	}
	return 2*len(seen) > n
}

// A span is some rows of an array.
type span struct {
	arrow.Array
	from, to int
}

// writePages writes a column in pages, which are laid out and compressed side by side.
func writePages(pager file.PageWriter, arrays []arrow.Array) error {
	var failed error // known to the callbacks alone, which run one after the other
	if isBytes(arrays[0]) {
		if _, failed = pager.WriteDictionaryPage(everyByte()); failed != nil {
			return failed
		}
	}
	side := stream.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	for rows := range cut(arrays) {
		side.Go(func() stream.Callback {
			p := dataPages.Get().(*dataPage)
			p.layOut(rows)
			made := p.pack(pager)
			return func() {
				if failed == nil {
					_, failed = pager.WriteDataPage(made)
				}
				dataPages.Put(p)
			}
		})
	}
	side.Wait()
	if failed != nil {
		return failed
	}
	return pager.Close(isBytes(arrays[0]), false)
}

// cut yields the rows of page after page.
func cut(arrays []arrow.Array) iter.Seq[[]span] {
	return func(yield func([]span) bool) {
		var rows []span
		size := 0
		for _, a := range arrays {
			from := 0
			for row := range a.Len() {
				size += rowBytes(a, row)
				if size < pageBytes {
					continue
				}
				if !yield(append(rows, span{a, from, row + 1})) {
					return
				}
				rows, size, from = nil, 0, row+1
			}
			if from < a.Len() {
				rows = append(rows, span{a, from, a.Len()})
			}
		}
		if len(rows) > 0 {
			yield(rows)
		}
	}
}

// rowBytes is what the values of a row take in a page.
func rowBytes(a arrow.Array, row int) int {
	switch a := a.(type) {
	case *array.FixedSizeList:
		return vectorBytes(a)
	case *array.List:
		from, to := a.ValueOffsets(row)
		return int(to-from) * vectorBytes(a.ListValues().(*array.FixedSizeList))
	}
	return 4 + len(a.(*array.String).Value(row))
}

// A dataPage is values with their levels, as Parquet's data page of version 1 has them.
type dataPage struct {
	levels         int32 // one a value, and one an empty list
	before, within runs  // repetition and definition levels
	data           []byte
	encoding       parquet.Encoding // of the values
	packed         bytes.Buffer
}

var dataPages = sync.Pool{New: func() any { return &dataPage{} }}

// layOut fills the page.
func (p *dataPage) layOut(rows []span) {
	p.data, p.levels, p.encoding = p.data[:0], 0, parquet.Encodings.Plain
	for _, s := range rows {
		p.addLevels(s)
	}
	if _, flat := rows[0].Array.(*array.String); !flat {
		p.data = p.within.appendTo(p.before.appendTo(p.data))
	}
	if isBytes(rows[0]) {
		p.encoding = parquet.Encodings.RLEDict
		p.data = appendPlaces(p.data, rows)
		return
	}
	for _, s := range rows {
		switch a := s.Array.(type) {
		case *array.String:
			for row := s.from; row < s.to; row++ {
				p.data = binary.LittleEndian.AppendUint32(p.data, uint32(len(a.Value(row))))
				p.data = append(p.data, a.Value(row)...)
			}
		default:
			p.data = append(p.data, numbers(s)...)
		}
	}
}

// addLevels adds the levels of rows, none of which is null. Those of texts stay unwritten, as they are all the same.
func (p *dataPage) addLevels(s span) {
	switch a := s.Array.(type) {
	case *array.String:
		p.levels += int32(s.to - s.from)
	case *array.FixedSizeList:
		for range s.to - s.from {
			p.addVector(a, 0, 1)
		}
	case *array.List:
		for row := s.from; row < s.to; row++ {
			from, to := a.ValueOffsets(row)
			if from == to {
				p.before.add(0, 1)
				p.within.add(0, 1)
				p.levels++
			}
			for i := from; i < to; i++ {
				p.addVector(a.ListValues().(*array.FixedSizeList), byte(min(1, i-from)), 2)
			}
		}
	}
}

// addVector adds the levels of a vector at a depth, 1 for one that is in no list; first is the repetition level at which
// it begins.
func (p *dataPage) addVector(a *array.FixedSizeList, first, depth byte) {
	d := int(a.DataType().(*arrow.FixedSizeListType).Len())
	p.before.add(first, 1)
	p.before.add(depth, d-1)
	p.within.add(depth, d)
	p.levels += int32(d)
}

// numbers are those of the vectors of rows.
func numbers(s span) []byte {
	if list, ok := s.Array.(*array.List); ok {
		from, _ := list.ValueOffsets(s.from)
		_, to := list.ValueOffsets(s.to - 1)
		return vectors(list.ListValues().(*array.FixedSizeList), int(from), int(to))
	}
	return vectors(s.Array.(*array.FixedSizeList), s.from, s.to)
}

// vectors are the numbers of some vectors, as they lie in memory: little-endian, as Parquet has them.
func vectors(a *array.FixedSizeList, from, to int) []byte {
	if from == to {
		return nil
	}
	first, _ := a.ValueOffsets(from)
	_, end := a.ValueOffsets(to - 1)
	numbers := a.ListValues().Data()
	width := numbers.DataType().(arrow.FixedWidthDataType).Bytes()
	return numbers.Buffers()[1].Bytes()[(numbers.Offset()+int(first))*width : (numbers.Offset()+int(end))*width]
}

// vectorBytes is what a vector takes.
func vectorBytes(a *array.FixedSizeList) int {
	t := a.DataType().(*arrow.FixedSizeListType)
	return int(t.Len()) * t.Elem().(arrow.FixedWidthDataType).Bytes()
}

// pack compresses the page where there is a compressor. What it returns is valid as long as p.
func (p *dataPage) pack(pager file.PageWriter) file.DataPage {
	data := p.data
	if pager.HasCompressor() {
		p.packed.Reset()
		data = pager.Compress(&p.packed, p.data)
	}
	return file.NewDataPageV1WithConfig(memory.NewBufferBytes(data), parquet.Encodings.RLE, parquet.Encodings.RLE,
		file.DataPageConfig{Num: p.levels, Encoding: p.encoding, UncompressedSize: int32(len(p.data))})
}
