package figure

import "strings"

// LaTeX is the table as a tabular of the package booktabs: intervals after a thin space, marks as superscripts, the best bold.
func (t Table) LaTeX() string {
	var b strings.Builder
	b.WriteString("% needs \\usepackage{booktabs,amssymb}\n\\begin{tabular}{" + strings.Repeat("l", t.Left) + strings.Repeat("r", len(t.Header())-t.Left) + "}\n\\toprule\n")
	for i, row := range t.Rows {
		cells := make([]string, len(row))
		for c, cell := range row {
			cells[c] = cell.latex(i == 0 || c < t.Left)
		}
		b.WriteString(strings.Join(cells, " & ") + ` \\` + "\n")
		if i == 0 {
			b.WriteString("\\midrule\n")
		}
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	return b.String()
}

func (c Cell) latex(name bool) string {
	text := EscapeLaTeX(c.Text)
	if !name {
		text = minus(text)
	}
	if c.Best {
		text = `\textbf{` + text + "}"
	}
	if c.Mark != "" {
		text += `\textsuperscript{` + latexMarks.Replace(c.Mark) + "}"
	}
	if c.Low == "" {
		return text
	}
	interval := "{[}" + minus(EscapeLaTeX(c.Low)) + ", " + minus(EscapeLaTeX(c.High)) + "{]}"
	if text == "" {
		return interval
	}
	return text + `\,` + interval
}

var latexMarks = strings.NewReplacer("▲", `$\blacktriangle$`, "▼", `$\blacktriangledown$`, "†", `\dag`)

// minus sets a number's sign as mathematics does.
func minus(number string) string {
	if rest, ok := strings.CutPrefix(number, "-"); ok {
		return "$-$" + rest
	}
	return number
}

// latexSpecial are what LaTeX would not print as it is. A bracket or star after a row's end would be taken for its argument.
var latexSpecial = strings.NewReplacer(
	`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`, "%", `\%`, "_", `\_`,
	"^", `\textasciicircum{}`, "~", `\textasciitilde{}`, "<", `\textless{}`, ">", `\textgreater{}`, "|", `\textbar{}`, `"`, `\textquotedbl{}`,
	"[", "{[}", "]", "{]}", "*", "{*}", "--", "-{}-", "`", "{`}",
	"→", `$\rightarrow$`, "…", `\dots{}`)

// EscapeLaTeX is text as LaTeX prints it.
func EscapeLaTeX(text string) string {
	return latexSpecial.Replace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text))
}
