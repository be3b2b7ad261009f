package figure

import (
	"embed"
	"html/template"
	"strings"
)

// A Page is what a report shows: sections one below the other, with a table of contents where there are many.
type Page struct {
	Title    string
	Lead     string
	Sections []Section
}

// A Section is one part of a page.
type Section struct {
	ID, Title string // the id is what links to it end with
	Parts     []Part
}

// A Part is sentences and figures below a title of their own, which may be empty.
type Part struct {
	Title string
	Text  []string
	HTML  []template.HTML
}

//go:embed *.gohtml *.css
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"minus": minusSign, "name": clipName, "sentence": clipSentence, "item": clipItem}).ParseFS(files, "*.gohtml"))

// minusSign is text with the sign that is as wide as a plus, if it is a number below zero.
func minusSign(text string) string {
	if len(text) > 1 && text[0] == '-' && (text[1] == '.' || '0' <= text[1] && text[1] <= '9') {
		return "\u2212" + text[1:]
	}
	return text
}

// execute fills in one of the templates.
func execute(name string, data any) template.HTML {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic("figure: the template does not fit its data: " + err.Error())
	}
	return template.HTML(b.String())
}

// Panels are small figures side by side, as many as there is room for.
func Panels(figures []template.HTML) template.HTML { return execute("panels", figures) }

// Fold is figures behind their title, which opens them; on paper they are open.
func Fold(title string, figures ...template.HTML) template.HTML {
	return execute("fold", struct {
		Title   string
		Figures []template.HTML
	}{title, figures})
}

// Verbatim is a text as it is, such as a file.
func Verbatim(text string) template.HTML { return execute("verbatim", text) }

// Notes are sentences in small print, such as how a table is to be read.
func Notes(lines ...string) template.HTML { return execute("notes", lines) }

// List is code, an item each, such as examples of rows.
func List(items []string) template.HTML { return execute("list", items) }

// Style is the page's style sheet.
func (p Page) Style() template.CSS {
	style, _ := files.ReadFile("page.css")
	return template.CSS(style)
}

// Contents tells whether there is a table of contents.
func (p Page) Contents() bool { return len(p.Sections) > 2 }

// Shapes are the marks of the series, by class.
func (p Page) Shapes() []Key {
	return []Key{{"base", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"}, {"s0", "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z"},
		{"s1", "M-4-4h8v8h-8z"}, {"s2", "M0-5L5 4H-5z"}, {"s3", "M0-5.5L5.5 0L0 5.5L-5.5 0z"}, {"s4", "M0 5L5-4H-5z"},
		{"s5", "M-4.5-1.5h3v-3h3v3h3v3h-3v3h-3v-3h-3z"}}
}

// HTML is the page. It asks the network for nothing.
func (p Page) HTML() string { return string(execute("page", p)) }
