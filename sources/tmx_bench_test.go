package sources

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// BenchmarkTMX reads the published TMX files, or a generated one where they are not there, into record batches, bare and
// compressed, and with encoding/xml into texts.
func BenchmarkTMX(b *testing.B) {
	source := NewBitext()
	source.Path, source.Languages = []schemas.Path{schemas.Path(b.TempDir() + "/{target}.tmx")}, []string{"en"}
	contents, size := map[string][]byte{}, int64(0)
	files, _ := filepath.Glob(filepath.Join("..", "..", "shared", "data", "bitext", "tico19", "all.en-*.tmx.zip"))
	for _, file := range files {
		_, language, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".tmx.zip"), "-")
		contents[language] = unzipped(b, file)
	}
	if len(files) == 0 {
		contents["hi"] = generatedTMX(20_000)
	}
	for language, content := range contents {
		source.Languages = append(source.Languages, language)
		path := strings.ReplaceAll(string(source.Path[0]), "{target}", language)
		write(b, path, content, 0)
		write(b, path+".gz", packed(b, path+".gz", content), 0)
		size += int64(len(content))
	}
	for _, name := range []string{"ferry", "ferry.gz"} {
		b.Run(name, func(b *testing.B) {
			source := *source
			source.Path = []schemas.Path{source.Path[0] + schemas.Path(strings.TrimPrefix(name, "ferry"))}
			b.SetBytes(size)
			for b.Loop() {
				var rejected, dropped int
				if err := source.Read(b.Context(), "pairs", discard(&rejected, &dropped)); err != nil || rejected+dropped > 0 {
					b.Fatal(rejected, dropped, err)
				}
			}
		})
	}
	b.Run("encoding-xml", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			for language, content := range contents {
				if _, err := readTwin(bytes.NewReader(content), []string{"en", language}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func generatedTMX(units int) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tmx version=\"1.4\"><header srclang=\"en\"></header><body>\n")
	for i := range units {
		fmt.Fprintf(&b, "<tu tuid=\"unit:%d\">\n<prop type=\"note\">where it comes from</prop>\n<tuv xml:lang=\"en\">\n<seg>sentence number %d, which is no longer than others &amp; ends here</seg></tuv>\n<tuv xml:lang=\"hi\"><seg>वाक्य संख्या %d जो दूसरों से लंबा नहीं है और यहीं समाप्त होता है</seg></tuv>\n</tu>\n", i, i, i)
	}
	b.WriteString("</body></tmx>\n")
	return b.Bytes()
}
