package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources"
)

// provenance says what a sink's tables were made from, and how.
func (r *Run) provenance(ctx context.Context, s *Step) (sinks.Provenance, error) {
	p := r.pipeline
	made := sinks.Provenance{Command: "ferry run " + filepath.Base(p.File), Version: Version(), ISA: kernel.ISA(), Config: p.secrets.Redact(string(p.text)), Manifest: filepath.Base(p.manifestFile())}
	for _, set := range p.sets {
		if !changesNothing(set) {
			made.Command += " --set '" + p.secrets.Redact(set) + "'"
		}
	}
	needed := map[*Step]bool{}
	s.upstream(needed)
	for _, step := range p.Steps {
		if !needed[step] {
			continue
		}
		if seed := step.seedOr(p.Seed); step.kind.depends.onSeed() && !slices.Contains(made.Seeds, seed) {
			made.Seeds = append(made.Seeds, seed)
		}
		c, ok := step.component.(interface{ Files() ([]string, error) })
		if !ok {
			continue
		}
		files, err := c.Files()
		if err != nil {
			return made, fmt.Errorf("%s: %w", step.Where(), err)
		}
		for _, file := range files {
			sum, err := r.hashes.Sum(ctx, file)
			if err != nil {
				return made, fmt.Errorf("%s: %w", step.Where(), err)
			}
			made.Files = append(made.Files, sinks.MadeFrom{Step: step.Name, Name: p.named(file), SHA256: sum, Licence: step.licence()})
		}
	}
	slices.Sort(made.Seeds)
	return made, nil
}

// changesNothing tells whether what --set was given says where or when a run is made, or what it may take, and not what it makes.
func changesNothing(set string) bool {
	key, _, _ := strings.Cut(set, "=")
	top, _, _ := strings.Cut(key, ".")
	return slices.Contains([]string{"work", "store", "engine", "memory", "disk", "keep_free", "schedule"}, top)
}

// named is a file as the pipeline file sees it, without the folders of this machine.
func (p *Pipeline) named(file string) string {
	if sample, ok := strings.CutPrefix(file, sampleFolder(p.Work)+string(filepath.Separator)); ok {
		return "sample:" + filepath.ToSlash(sample)
	}
	shown := filepath.ToSlash(p.shown(file))
	if strings.HasPrefix(shown, "../") || filepath.IsAbs(shown) {
		return filepath.Base(file)
	}
	return shown
}

// licence is that under which the files of a source are published, as far as ferry knows.
func (s *Step) licence() string {
	if len(s.samples) > 0 {
		return "Apache 2.0, built in"
	}
	var published []sources.Published
	if c, ok := s.component.(acquirer); ok {
		published = c.Published()
	}
	if len(published) == 0 { // read from where the user has them
		published = slices.DeleteFunc(sources.Catalogue(), func(p sources.Published) bool { return p.Set != s.kind.name })
	}
	var licences []string
	for _, one := range published {
		if !slices.Contains(licences, one.Licence) {
			licences = append(licences, one.Licence)
		}
	}
	return strings.Join(licences, "; ")
}
