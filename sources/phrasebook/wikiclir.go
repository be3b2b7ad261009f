package phrasebook

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const firstWikiID = 100000 // of each language's pages: languages number theirs apart

// wikiclir writes wiki-clir/english/wiki_en.queries (id, title, first sentence) and, for each other language,
// wiki-clir/<language>/wiki_<code>.documents (id, title, text) and en2<code>.rel (query id, document id, grade: 2 for the
// page about the same thing, 1 for a page that is linked with it).
func wikiclir() ([]file, error) {
	pages, err := readPages()
	if err != nil {
		return nil, err
	}
	var queries bytes.Buffer
	for i, p := range pages {
		fmt.Fprintf(&queries, "%d\t%s\t%s\n", i+1, p.title[english], p.passages[0].sentences[0][english])
	}
	files := []file{{"wiki-clir/english/wiki_en.queries", queries.Bytes()}}
	for l := english + 1; l < len(languages); l++ {
		code := languages[l].code
		shuffled := make([]int, len(pages)) // indexes into pages in the order of this language's ids
		for i := range shuffled {
			shuffled[i] = i
		}
		slices.SortFunc(shuffled, func(a, b int) int {
			return cmp.Compare(hash(code, pages[a].kind, pages[a].key), hash(code, pages[b].kind, pages[b].key))
		})
		var documents, judgments bytes.Buffer
		for n, i := range shuffled {
			fmt.Fprintf(&documents, "%d\t%s\t%s\n", l*firstWikiID+n, pages[i].title[l], article(&pages[i], l))
		}
		for q := range pages {
			for n, i := range shuffled {
				if i == q {
					fmt.Fprintf(&judgments, "%d %d 2\n", q+1, l*firstWikiID+n)
				} else if pages[i].link == pages[q].link {
					fmt.Fprintf(&judgments, "%d %d 1\n", q+1, l*firstWikiID+n)
				}
			}
		}
		folder := "wiki-clir/" + languages[l].name
		files = append(files, file{folder + "/wiki_" + code + ".documents", documents.Bytes()},
			file{folder + "/en2" + code + ".rel", judgments.Bytes()})
	}
	return files, nil
}

// article returns all passages of a page.
func article(p *page, language int) string {
	all := make([]string, len(p.passages))
	for i := range p.passages {
		all[i] = p.passages[i].text(language)
	}
	return strings.Join(all, " ")
}
