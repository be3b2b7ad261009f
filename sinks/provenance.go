package sinks

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/ferry-clir/ferry/sinks/figure"
)

// Provenance is what a result was made from, and how.
type Provenance struct {
	Command  string // that makes it
	Version  string // of ferry
	ISA      string // instruction set that the kernels used
	Seeds    []uint64
	Files    []MadeFrom
	Config   string // the pipeline file, as it was before variables were filled in
	Manifest string // name of the file that has all of it
}

// MadeFrom is a file that was read.
type MadeFrom struct {
	Step, Name, SHA256 string
	Licence            string // empty if it is not known
}

// mostFiles are listed.
const mostFiles = 50

// section is all of it, for those who repeat or cite.
func (p Provenance) section() figure.Section {
	seeds := make([]string, len(p.Seeds))
	for i, seed := range p.Seeds {
		seeds[i] = fmt.Sprint(seed)
	}
	text := []string{fmt.Sprintf("By ferry %s, with the instructions %s.", p.Version, p.ISA)}
	if len(seeds) > 0 {
		text = append(text, "Seed "+strings.Join(seeds, ", ")+".")
	}
	files := figure.Table{Name: "files that were read", Left: 4, Rows: [][]figure.Cell{figure.Cells("step", "file", "licence", "SHA-256")}}
	for _, f := range p.Files[:min(len(p.Files), mostFiles)] {
		licence := f.Licence
		if licence == "" {
			licence = "not known to ferry"
		}
		files.Rows = append(files.Rows, figure.Cells(f.Step, f.Name, licence, f.SHA256))
	}
	more := fmt.Sprintf("%s has row counts, timings, and what was written.", p.Manifest)
	if len(p.Files) > mostFiles {
		more = fmt.Sprintf("These are %d of %d files. %s", mostFiles, len(p.Files), more)
	}
	return figure.Section{ID: "made", Title: "How it was made", Parts: []figure.Part{
		{Text: text, HTML: []template.HTML{figure.List([]string{p.Command}), figure.Fold("The pipeline file", figure.Verbatim(p.Config))}},
		{Title: "Data and licences", HTML: []template.HTML{files.HTML(), figure.Notes(more)}},
	}}
}
