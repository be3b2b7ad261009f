package sources

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// Bitext reads translated sentences: one source language and any number of target languages.
//
// Three formats are read, each bare, gzip, zstd or inside a zip archive.
//
// moses: two files with a line each for a sentence, aligned by line. Two paths name the two files; one path names what
// stands before `.<code>` in both (`tatoeba.swh-eng` for tatoeba.swh-eng.eng and tatoeba.swh-eng.swh), or an archive
// that holds two such files. Where a single path has no such files, the endings .tmx, .tsv and .txt are tried.
//
// tsv: a line a pair, tab-separated, without header or quotes. The first two columns are the source and the target
// text unless columns says otherwise: ManyThings' files need nothing, Tatoeba's export of sentence pairs has
// `[id, source, -, target]`.
//
// tmx: TMX 1.1 to 1.4, a `tu` a pair with a `tuv` for each language, named by xml:lang or lang; `en-US` counts as en,
// unless it is among the languages itself. Of several texts in one language the first counts. The content of bpt, ept,
// it, ph and ut (codes of the word processor, and any sub within) is left out, that of hi and of elements that TMX does
// not know is kept; white space around a text is cut off. Files may be in UTF-8, in UTF-16 or in any encoding that they
// declare and the IANA knows. XML's and HTML's entities are known; a file that declares others is refused. A unit that
// is not well-formed goes to quarantine as bad_xml, and the next one is looked for; a file that ends without `</tmx>`
// is an error. A unit without the wanted languages is dropped as other_language. Several target languages may stand in
// one file.
//
// `{source}` and `{target}` in a path stand for the codes of the languages, so that one entry reads many files; codes
// says what files call a language. TICO-19 is `all.{source}-{target}.tmx.zip`, NTREX-128
// `[newstest2019-src.{source}.txt, newstest2019-ref.{target}.txt]` with codes `{en: eng, sw: swa}`, Tatoeba as in LASER
// `tatoeba.{target}-{source}` with `{en: eng, sw: swh}`.
//
// A pair with an empty side is dropped and counted; one with a side that cannot be used is rejected whole. The id is
// the tuid in TMX, else the origin and the number of the line or unit: `corpus.tsv:17`. The origin is the name of the
// file; of two aligned ones, that of the target language.
type Bitext struct {
	acquired
	// Path names the file, or the two files of line-aligned text; globs, {source} and {target} are allowed.
	Path []schemas.Path `yaml:"path"`
	// Collection is the published bitext to download: opus/TED2020 and others of OPUS, line-aligned, or
	// opus-tmx/TED2020 as TMX, which has no pair twice; tico19; or tatoeba, which needs codes of
	// three letters; see `ferry sources`.
	Collection string `yaml:"collection"`
	// Languages are the source language, then one or more target languages.
	Languages []string `yaml:"languages" ferry:"required"`
	// Codes maps languages to what the files call them, where that differs, such as en to eng.
	Codes map[string]string `yaml:"codes"`
	// Format is auto, moses, tsv or tmx; auto goes by the file names.
	Format string `yaml:"format"`
	// Columns says what the columns of a TSV file hold, in order: source, target, id, or - for nothing of use.
	Columns []string `yaml:"columns"`
	// Mismatch says what becomes of aligned files with unequal line counts: error, or quarantine for the lines too many.
	Mismatch string `yaml:"mismatch"`
	// MaxLine is the longest line, or text of a TMX unit, in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewBitext returns the defaults: format by name, source and target in the first two columns.
func NewBitext() *Bitext {
	return &Bitext{Format: "auto", Columns: []string{"source", "target"}, Mismatch: "error", MaxLine: defaultMaxLine}
}

const (
	sourcePlace = "{source}"
	targetPlace = "{target}"
)

// Validate returns what cannot work.
func (b *Bitext) Validate() []schemas.Mistake {
	found := append(codeMistakes("languages", b.Languages), lineMistakes(b.MaxLine)...)
	wrong := func(key, format string, args ...any) {
		found = append(found, schemas.Mistake{Key: key, Problem: fmt.Sprintf(format, args...)})
	}
	found = append(found, b.pathMistakes(len(b.Path) > 0, "the file")...)
	switch known := catalogued(b.Collection); {
	case !b.Download && b.Collection != "":
		wrong("collection", "is what to download, and download is not true")
	case b.Download && (len(known) == 0 || !strings.Contains(known[0].File, "{")):
		wrong("collection", "should be a bitext that `ferry sources` lists, such as opus/TED2020, is %q", b.Collection)
	}
	if b.Download && b.Collection == "tatoeba" {
		for _, language := range b.Languages {
			if len(b.code(language)) == 2 {
				wrong("codes", "tatoeba's files have codes of three letters, and %s has two; say what they call it, such as {en: eng, sw: swh}", language)
			}
		}
	}
	if len(b.Languages) < 2 {
		wrong("languages", "should be the source language and one or more target languages, such as [en, sw]")
	}
	for _, language := range sortedKeys(b.Codes) {
		if !slices.Contains(b.Languages, language) {
			wrong("codes", "%s is not among the languages", language)
		} else {
			found = append(found, codeMistakes("codes", []string{b.Codes[language]})...)
		}
	}
	if !slices.Contains([]string{"auto", "moses", "tsv", "tmx"}, b.Format) {
		wrong("format", "should be auto, moses, tsv or tmx, is %q", b.Format)
	}
	if b.Mismatch != "error" && b.Mismatch != "quarantine" {
		wrong("mismatch", "should be error or quarantine, is %q", b.Mismatch)
	}
	if b.Format == "moses" && len(b.Path) > 2 {
		wrong("path", "line-aligned text has two files, %d are named", len(b.Path))
	}
	for _, name := range b.Columns {
		if !slices.Contains([]string{"source", "target", "id", "-"}, name) {
			wrong("columns", "should be source, target, id or -, is %q", name)
		}
	}
	if !slices.Contains(b.Columns, "source") || !slices.Contains(b.Columns, "target") {
		wrong("columns", "should name source and target")
	}
	return found
}

// Tables is pairs alone.
func (b *Bitext) Tables() []schemas.TableType {
	return []schemas.TableType{{Name: "pairs", Schema: schemas.Pairs()}}
}

// A part is one file, or two aligned ones, and the target languages that are read from it.
type part struct {
	format  string
	file    string // of the source language
	aligned string // of the target language, for moses
	targets []string
}

// code is what files call a language.
func (b *Bitext) code(language string) string {
	if code, ok := b.Codes[language]; ok {
		return code
	}
	return language
}

// parts finds the files, in the order in which they are read: by target language as far as paths differ by it.
func (b *Bitext) parts() ([]part, error) {
	var all []part
	for _, target := range b.Languages[1:] {
		paths := b.expand(target)
		if b.Download {
			paths = nil
			for _, file := range b.publishedFor(target) {
				paths = append(paths, file.Path())
			}
		}
		if len(paths) == 1 && b.Format == "auto" {
			paths[0] = complete(paths[0], b.code(target))
		}
		format := b.format(paths, b.code(target))
		var parts []part
		var err error
		if format == "moses" {
			parts, err = b.mosesParts(paths, target)
		} else {
			parts, err = plainParts(format, paths, target)
		}
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			same := func(q part) bool { return q.format == p.format && q.file == p.file && q.aligned == p.aligned }
			if i := slices.IndexFunc(all, same); i >= 0 && (p.format != "moses" || p.file == p.aligned) {
				all[i].targets = append(all[i].targets, target)
			} else {
				all = append(all, p)
			}
		}
	}
	for _, p := range all {
		if p.format == "tsv" && len(p.targets) > 1 {
			return nil, fmt.Errorf("%s has one target language; put {target} in its path, or name one language only", p.file)
		}
	}
	return all, nil
}

func (b *Bitext) expand(target string) []string {
	var paths []string
	for _, path := range b.Path {
		p := strings.ReplaceAll(string(path), sourcePlace, b.code(b.Languages[0]))
		paths = append(paths, strings.ReplaceAll(p, targetPlace, b.code(target)))
	}
	return paths
}

// complete adds the ending to a path that lacks it, where no aligned files are named by it.
func complete(path, target string) string {
	if _, err := stems(path, target); err == nil {
		return path
	}
	for _, ending := range []string{".tmx", ".tsv", ".txt"} {
		if found, err := locate(path + ending); err == nil {
			return found
		}
	}
	return path
}

// format goes by the names where none is given: .tmx is TMX; .tsv, .txt and .csv alone are TSV; all else is aligned.
// Of one archive, the names of the files in it count, since those of archives say little (OPUS has en-sw.txt.zip).
func (b *Bitext) format(paths []string, target string) string {
	if b.Format != "auto" {
		return b.Format
	}
	names := paths
	if found, err := glob(paths[0]); err == nil && len(paths) == 1 && filepath.Ext(found[0]) == ".zip" {
		if inside := memberNames(found[0]); len(inside) > 0 {
			names = inside
		}
	}
	tmx, tsv := 0, 0
	for _, name := range names {
		switch ext := strings.ToLower(filepath.Ext(bare(name))); ext {
		case "." + target:
			return "moses"
		case ".tmx":
			tmx++
		case ".tsv", ".txt", ".csv":
			tsv++
		}
	}
	switch {
	case tmx > 0:
		return "tmx"
	case tsv > 0 && len(paths) == 1:
		return "tsv"
	}
	return "moses"
}

func plainParts(format string, paths []string, target string) ([]part, error) {
	files, err := globs(paths)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, file := range files {
		parts = append(parts, part{format: format, file: file, targets: []string{target}})
	}
	return parts, nil
}

// Published are the files to download.
func (b *Bitext) Published() []Published {
	var files []Published
	for _, target := range b.Languages[1:] {
		files = append(files, b.publishedFor(target)...)
	}
	return files
}

// publishedFor are those of one target language, with its name in place of {target}; none if nothing is to be downloaded.
func (b *Bitext) publishedFor(target string) []Published {
	if !b.Download {
		return nil
	}
	pair := []string{b.code(b.Languages[0]), b.code(target)}
	slices.Sort(pair)
	fill := strings.NewReplacer(sourcePlace, b.code(b.Languages[0]), targetPlace, b.code(target), "{pair}", strings.Join(pair, "-"))
	files := catalogued(b.Collection)
	for i := range files {
		files[i].File, files[i].URL = fill.Replace(files[i].File), fill.Replace(files[i].URL)
	}
	return files
}

// Files are all files of all language pairs.
func (b *Bitext) Files() ([]string, error) {
	if b.Download {
		return paths(b.Published()), nil
	}
	parts, err := b.parts()
	if err != nil {
		return nil, err
	}
	var files []string
	for _, p := range parts {
		files = append(files, p.file)
		if p.aligned != "" {
			files = append(files, p.aligned)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// Read streams the pairs file after file.
func (b *Bitext) Read(ctx context.Context, table string, out schemas.Output) error {
	if table != "pairs" {
		return noTable("bitext", table)
	}
	parts, err := b.parts()
	if err != nil {
		return err
	}
	r := newReading(ctx, out, b.MaxLine)
	rows := r.rows(schemas.Pairs())
	defer rows.release()
	for _, p := range parts {
		switch p.format {
		case "moses":
			err = b.readMoses(r, rows, p)
		case "tsv":
			err = b.readTSV(r, rows, p)
		case "tmx":
			err = b.readTMX(r, rows, p)
		}
		if err != nil {
			return err
		}
	}
	return rows.flush()
}
