package stages

import (
	"context"
	"fmt"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// TeacherScores are the keys of a teacher's scores of queries and documents.
type TeacherScores struct {
	// Teacher stays as it is; its scores are what score_kl learns from. They are dot products of the vectors that it embeds,
	// pooled and normalised as it says itself.
	Teacher schemas.ModelRef `yaml:"teacher"`
	// TeacherQueries names the queries that the teacher reads, with the ids of queries. Left out, it reads the same ones. Where
	// an id has several languages it reads the query's own, else one drawn by chance.
	TeacherQueries schemas.TableRef `yaml:"teacher_queries"`
	// TeacherDocuments names the documents that the teacher reads, in the same way.
	TeacherDocuments schemas.TableRef `yaml:"teacher_documents"`
	// TeacherQueryPrefix is put before every query that the teacher reads.
	TeacherQueryPrefix string `yaml:"teacher_query_prefix"`
	// TeacherDocumentPrefix is put before every document that the teacher reads.
	TeacherDocumentPrefix string `yaml:"teacher_document_prefix"`
	// TeacherTemperature is what the teacher's scores are divided by: the lower, the more its favourite counts.
	TeacherTemperature float64 `yaml:"teacher_temperature"`
}

func newTeacherScores() TeacherScores {
	return TeacherScores{TeacherTemperature: train.NewContrastive().TeacherTemperature}
}

func (t *TeacherScores) validate(needed bool) []schemas.Mistake {
	var found mistakes
	found.when(t.TeacherTemperature <= 0, "teacher_temperature", "above 0", t.TeacherTemperature)
	switch {
	case needed && t.Teacher == "":
		found = append(found, schemas.Mistake{Key: "teacher", Problem: "is missing; score_kl learns from its scores"})
	case !needed && t.Teacher != "":
		found = append(found, schemas.Mistake{Key: "teacher", Problem: "has nothing to do: only the loss score_kl learns from it"})
	}
	return found
}

// lacks tells what the tables lack.
func (t *TeacherScores) lacks(in Types) []schemas.Mistake {
	found := lacks("teacher_queries", in.Schema("teacher_queries"), "queries", schemas.Language, schemas.ID, schemas.Text)
	return append(found, lacks("teacher_documents", in.Schema("teacher_documents"), "documents", schemas.Language, schemas.ID, schemas.Text)...)
}

// scoredTogether is how many samples a goroutine has vectors of.
const scoredTogether = 64

// scores are the teacher's, (samples, documents), 0 where a sample has fewer documents. The texts that it reads are held
// in memory.
func (t *TeacherScores) scores(ctx context.Context, job Job, samples []sample, documents int) ([]float32, error) {
	queryTexts, err := t.read(ctx, job, "queries", samples, func(s sample) []textKey { return []textKey{s.query} })
	if err != nil {
		return nil, err
	}
	documentTexts, err := t.read(ctx, job, "documents", samples, func(s sample) []textKey { return s.documents })
	if err != nil {
		return nil, err
	}
	scores := make([]float32, len(samples)*documents)
	tasks := pool.New().WithMaxGoroutines(job.Workers).WithContext(ctx).WithCancelOnError().WithFirstError()
	for first := 0; first < len(samples); first += scoredTogether {
		tasks.Go(func(ctx context.Context) error {
			part := samples[first:min(len(samples), first+scoredTogether)]
			queries, err := t.embed(ctx, job.Models["teacher"], t.TeacherQueryPrefix, part, queryTexts, func(s sample) []textKey { return []textKey{s.query} })
			if err != nil {
				return err
			}
			found, err := t.embed(ctx, job.Models["teacher"], t.TeacherDocumentPrefix, part, documentTexts, func(s sample) []textKey { return s.documents })
			if err != nil {
				return err
			}
			for i, s := range part {
				for k, d := range s.documents {
					scores[(first+i)*documents+k] = kernel.Dot(queries[s.query], found[d])
				}
			}
			return nil
		})
	}
	return scores, tasks.Wait()
}

// embed embeds the texts of some samples, each once.
func (t *TeacherScores) embed(ctx context.Context, m *model.Model, prefix string, part []sample, text map[textKey]string, needed func(sample) []textKey) (map[textKey][]float32, error) {
	numbers := map[textKey]int32{}
	var keys []textKey
	var all []string
	for _, s := range part {
		for _, key := range needed(s) {
			if number(numbers, key) {
				keys, all = append(keys, key), append(all, text[key])
			}
		}
	}
	e := NewEmbed()
	e.Prefix = prefix
	vectors := map[textKey][]float32{}
	err := model.NewEmbedder(m, e.options(m.Info)).EmbedAll(ctx, all, false, func(i int, r model.Embedded) {
		vectors[keys[i]] = r.Vector
	})
	return vectors, err
}

// read reads what the teacher is to read in place of the texts of samples.
func (t *TeacherScores) read(ctx context.Context, job Job, what string, samples []sample, needed func(sample) []textKey) (map[textKey]string, error) {
	from, ok := job.Table("teacher_" + what)
	if !ok {
		from, _ = job.Table(what)
	}
	ids := map[string]struct{}{}
	for _, s := range samples {
		for _, key := range needed(s) {
			ids[key.id] = struct{}{}
		}
	}
	found, err := languagesOf(ctx, from, ids)
	if err != nil {
		return nil, err
	}
	chosen, all := map[textKey]textKey{}, map[textKey]string{}
	for _, s := range samples {
		for _, key := range needed(s) {
			read, ok := found.one(textKey{"", key.id}, key.language, hashOf(key.id))
			if !ok {
				return nil, fmt.Errorf("the teacher has nothing to read for %q: %s has no such id", key.id, from.Name)
			}
			chosen[key], all[read] = read, ""
		}
	}
	err = eachText(ctx, from, func(key textKey, text string) {
		if known, ok := all[key]; ok && known == "" {
			all[key.clone()] = clone(text)
		}
	})
	texts := map[textKey]string{}
	for key, read := range chosen {
		texts[key] = all[read]
	}
	return texts, err
}
