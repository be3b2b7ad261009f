package sinks

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// Parquet has no numbers of 8 bits: a page has 32 for each. But with a dictionary of all 256 a number is its place there, in
// 8 bits.

// isBytes tells whether a column is vectors of int8, or lists of them.
func isBytes(a arrow.Array) bool {
	of := a.DataType()
	if list, ok := of.(*arrow.ListType); ok {
		of = list.Elem()
	}
	vector, ok := of.(*arrow.FixedSizeListType)
	return ok && vector.Elem().ID() == arrow.INT8
}

// everyByte is the dictionary: the numbers from -128 to 127.
func everyByte() *file.DictionaryPage {
	var page []byte
	for x := int32(-128); x < 128; x++ {
		page = binary.LittleEndian.AppendUint32(page, uint32(x))
	}
	return file.NewDictionaryPage(memory.NewBufferBytes(page), 256, parquet.Encodings.Plain)
}

// appendPlaces appends the places in the dictionary of the numbers of rows, as Parquet's hybrid of runs and packed bits has them:
// one run of groups of eight places, the last filled up.
func appendPlaces(page []byte, rows []span) []byte {
	n := 0
	for _, s := range rows {
		n += len(numbers(s))
	}
	page = append(page, 8) // bits a place
	page = binary.AppendUvarint(page, uint64(n+7)/8<<1|1)
	for _, s := range rows {
		for _, x := range numbers(s) {
			page = append(page, x^0x80)
		}
	}
	return append(page, make([]byte, (8-n%8)%8)...)
}
