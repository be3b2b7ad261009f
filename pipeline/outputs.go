package pipeline

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/sinks"
)

// Reports are the pages that a run writes for people, relative to the pipeline file.
func (p *Pipeline) Reports() []string {
	var pages []string
	for _, s := range p.Steps {
		if report, ok := s.component.(*sinks.Report); ok {
			pages = append(pages, p.shown(report.Page()))
		}
	}
	return pages
}

// checkOutputs reports sinks that would write over what the pipeline reads, over each other, or over what another has written.
func (p *Pipeline) checkOutputs(m *strict.Found) {
	taken, sharers, told := p.readPaths(), p.sharersOutputs(), map[string]bool{}
	for _, s := range p.Steps {
		c, ok := s.component.(sink)
		if !ok || s.faulty {
			continue
		}
		var own []takenPath
		for _, file := range c.Files() {
			if !filepath.IsAbs(file) {
				s.blame(m, "path", "should be a file or folder of this machine")
				break
			}
			if other := overlap(file, taken); other != "" {
				s.blame(m, "path", "would be written over %s", other)
				break
			}
			if other := overlap(file, append(p.othersOutputs(filepath.Dir(file)), sharers...)); other != "" {
				if !told[other] { // once is enough, for a copied file has all its sinks there
					s.blame(m, "path", "would be written over %s", other)
				}
				told[other] = true
				break
			}
			if above := fileAbove(file); above != "" {
				s.blame(m, "path", "should be in a folder, and %s is a file", p.shown(above))
				break
			}
			own = append(own, takenPath{file, "what " + s.Where() + " writes"})
		}
		taken = append(taken, own...)
	}
}

// A takenPath is a file or folder that nobody else may write, and what it is.
type takenPath struct{ path, what string }

// readPaths are the pipeline file, what is kept in the work folder, and the files of the sources and models.
func (p *Pipeline) readPaths() []takenPath {
	taken := []takenPath{
		{filepath.Join(p.dir, filepath.Base(p.File)), "this file"}, {openStore(p.Work, nil).root, "the cache"},
		{sampleFolder(p.Work), "the sample corpora"}, {filepath.Dir(p.quarantineFile()), "the quarantine"}, {p.mendsFile(), "the mended rows"},
		{p.runsFolder(), "the record of runs"},
	}
	for _, s := range p.Steps {
		c, ok := s.component.(interface{ Files() ([]string, error) })
		if !ok || s.faulty {
			continue
		}
		files, err := c.Files()
		if err != nil {
			continue
		}
		for _, file := range files {
			taken = append(taken, takenPath{file, "what " + s.Where() + " reads"})
		}
	}
	return taken
}

// overlap says what is at, above or below path.
func overlap(path string, taken []takenPath) string {
	for _, t := range taken {
		if path == t.path || below(path, t.path) || below(t.path, path) {
			return t.what
		}
	}
	return ""
}

// fileAbove returns what stands in place of a folder above path; empty if nothing does.
func fileAbove(path string) string {
	for above := filepath.Dir(path); ; above = filepath.Dir(above) {
		stat, err := os.Stat(above)
		if err == nil && !stat.IsDir() {
			return above
		}
		if err == nil || above == filepath.Dir(above) {
			return ""
		}
	}
}

// below tells whether path lies in folder.
func below(path, folder string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(folder, string(filepath.Separator))+string(filepath.Separator))
}
