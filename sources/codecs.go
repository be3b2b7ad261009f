package sources

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// pageDecoder unpacks zstd into no more than the room that it is given.
var pageDecoder = boundCodecs()

// boundCodecs puts bounded codecs in the place of those that take as much memory as a packed page says it needs, 4 GiB for one of a
// few bytes, whatever there is room for. The library keeps its codecs in a map without a lock, so that they change before all else.
func boundCodecs() *zstd.Decoder {
	decoder, err := zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err) // of options that do not go together
	}
	compress.RegisterCodec(compress.Codecs.Snappy, snappyPages{codecOf(compress.Codecs.Snappy)})
	compress.RegisterCodec(compress.Codecs.Zstd, zstdPages{codecOf(compress.Codecs.Zstd)})
	return decoder
}

func codecOf(compression compress.Compression) compress.Codec {
	codec, err := compress.GetCodec(compression)
	if err != nil {
		panic(err) // the library has it
	}
	return codec
}

type snappyPages struct{ compress.Codec }

// DecodeWithError unpacks a page into dst, which is as long as the page should be.
func (snappyPages) DecodeWithError(dst, src []byte) ([]byte, error) {
	if n, err := snappy.DecodedLen(src); err == nil && n > len(dst) {
		return nil, fmt.Errorf("snappy: %d bytes are packed where there should be %d", n, len(dst))
	}
	return snappy.Decode(dst, src)
}

type zstdPages struct{ compress.Codec }

// DecodeWithError unpacks a page into dst, which is as long as the page should be.
func (zstdPages) DecodeWithError(dst, src []byte) ([]byte, error) {
	return pageDecoder.DecodeAll(src, dst[:0:len(dst)])
}
