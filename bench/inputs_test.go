package bench

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/sinks"
)

// writeInputs makes the inputs that are not there.
func writeInputs() error {
	collection := filepath.Join(inputs, "collection.tsv")
	return errors.Join(
		writeInput(collection, func(to io.Writer) error { return writeCollection(to, 500_000) }),
		alsoAs(collection, filepath.Join(inputs, "mmarco", "collections", "english_collection.tsv")),
		writeInput(filepath.Join(inputs, "tokenizer.json"), unpackTokenizer),
		writeInput(filepath.Join(inputs, "ntrex", "collections", "english_collection.tsv"), writeLines),
		unpackTMX(),
		writeInput(filepath.Join(inputs, "wiki-clir.tar.gz"), writeWikiCLIR),
	)
}

// writeInput makes a file that appears complete or not at all.
func writeInput(path string, write func(io.Writer) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	f, err := sinks.Create(path)
	if err != nil {
		return err
	}
	return f.Publish(write(f))
}

func alsoAs(path, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.Link(path, name); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func unpackTokenizer(to io.Writer) error {
	f, err := os.Open(absolute(corpora(), "xlmr_tokenizer/tokenizer.json.gz"))
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, z)
	return err
}

// ntrex returns the lines of NTREX-128, file after file, as the peer reads them.
func ntrex() ([]string, error) {
	files, err := filepath.Glob(absolute(corpora(), "bitext/ntrex128/*.txt"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, errors.New("there are no files of NTREX-128"))
	}
	var lines []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, line := range strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
			if line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines, nil
}

// repeats is how often NTREX-128 stands in the collection that goes from text on the disk to Arrow: 100 MB, beside which
// the third of a second that it takes to open the tokenizer twice is little.
const repeats = 24

func writeLines(to io.Writer) error {
	lines, err := ntrex()
	if err != nil {
		return err
	}
	for i, line := range slices.Repeat(lines, repeats) {
		if _, err := fmt.Fprintf(to, "%d\t%s\n", i, line); err != nil {
			return err
		}
	}
	return nil
}

func unpackTMX() error {
	archives, err := filepath.Glob(absolute(corpora(), "bitext/tico19/*.tmx.zip"))
	if err != nil || len(archives) == 0 {
		return errors.Join(err, errors.New("there are no files of TICO-19"))
	}
	for _, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".zip")
		err := writeInput(filepath.Join(inputs, "tico19", name), func(to io.Writer) error {
			z, err := zip.OpenReader(archive)
			if err != nil {
				return err
			}
			defer z.Close()
			member, err := z.Open(name)
			if err != nil {
				return err
			}
			_, err = io.Copy(to, member)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeWikiCLIR packs the German documents, again and again under other ids, and the queries, as published.
func writeWikiCLIR(to io.Writer) error {
	documents, err := os.ReadFile(absolute(corpora(), "wikiclir/wiki-clir/german/wiki_de.documents"))
	if err != nil {
		return err
	}
	var all bytes.Buffer
	for i := range wikiCLIRRepeats {
		for line := range bytes.Lines(documents) {
			fmt.Fprintf(&all, "%d%s", i, line)
		}
	}
	z := gzip.NewWriter(to)
	archive := tar.NewWriter(z)
	header := tar.Header{Name: "wiki-clir/german/wiki_de.documents", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(all.Len())}
	if err := archive.WriteHeader(&header); err != nil {
		return err
	}
	_, err = archive.Write(all.Bytes())
	return errors.Join(err, archive.Close(), z.Close())
}

// wikiCLIRRepeats is how often the German documents of the shared data stand in the archive: about 100 MB.
const wikiCLIRRepeats = 450
