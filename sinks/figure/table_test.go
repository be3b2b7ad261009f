package figure

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// nasty is a table with everything that a cell can have, and what breaks LaTeX and HTML in names.
func nasty() Table {
	rows := [][]Cell{Cells("nDCG@10", "en", "sw", "gain"),
		Cells(`none_50% & $x^2$ #1 {a} ~\alpha`, "50.0", "41.8", ""),
		{{Text: "[ot] <b>*</b> -- \"é\" |x| `y'\x00\n"}, {Text: "57.0", Mark: "▲"}, {Text: "40.0", Mark: "†▼"}, {Text: "-1.8", Low: "-2.5", High: "-1.0"}},
		{{Text: "*"}, {Text: "57.0"}, {}, {Low: "-0.1", High: "0.2"}},
	}
	for column := 1; column < 3; column++ {
		MarkBest([]*Cell{&rows[1][column], &rows[2][column], &rows[3][column]})
	}
	return Table{Name: "nasty", Left: 1, Rows: rows}
}

// TestLaTeX compares with a golden file and, where there is pdflatex with booktabs and amssymb, sets it: a special character must
// neither break the table nor be lost.
func TestLaTeX(t *testing.T) {
	got, golden := nasty().LaTeX(), filepath.Join("testdata", "nasty.tex")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	if _, err := exec.LookPath("pdflatex"); err != nil {
		t.Skip("there is no pdflatex to set it with")
	}
	folder := t.TempDir()
	document := "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{booktabs,amssymb}\\begin{document}\\pagestyle{empty}\\small\n" + got + "\\end{document}\n"
	if err := os.WriteFile(filepath.Join(folder, "nasty.tex"), []byte(document), 0o666); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "nasty.tex")
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		if strings.Contains(string(output), ".sty' not found") {
			t.Skip("pdflatex lacks a package")
		}
		t.Fatalf("%v\n%s", err, output)
	}
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("there is no pdftotext to read it with")
	}
	text, err := exec.Command("pdftotext", "-layout", filepath.Join(folder, "nasty.pdf"), "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`none_50% & $x^2$ #1 {a} ~\alpha`, `[ot] <b>*</b> -- "é" |x| `, "57.0", "[−2.5, −1.0]"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}

// TestTableHTML: nothing of a cell is taken for a tag, and header cells say what they are of.
func TestTableHTML(t *testing.T) {
	got := string(nasty().HTML())
	for _, want := range []string{`<th scope="col"><span>nDCG@10</span></th>`, `<th scope="row">[ot] &lt;b&gt;*&lt;/b&gt; --`, "<strong>57.0</strong>", "−1.8 <span class=\"interval\">(−2.5 to −1.0)</span>",
		`<span class="spoken">a loss where there is training data, significantly worse </span>40.0`} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "<b>") || strings.Contains(got, "\x00") {
		t.Errorf("a cell is taken for HTML in\n%s", got)
	}
}

// TestAxis: ticks enclose what is drawn, few and round.
func TestAxis(t *testing.T) {
	for _, c := range []struct {
		least, most float64
		want        string
	}{{2.6, 98.5, "0 20 40 60 80 100"}, {-44.4, 3.6, "-60 -40 -20 0 20"}, {0.123, 0.127, "0.123 0.124 0.125 0.126 0.127"}, {5, 5, "5"}, {0, 0, "0"}, {0, 1e-7, "0.00000000 0.00000002 0.00000004 0.00000006 0.00000008 0.00000010"}} {
		a := newAxis(c.least, c.most, 5)
		var labels []string
		for _, x := range a.ticks() {
			labels = append(labels, a.label(x))
		}
		if got := strings.Join(labels, " "); got != c.want || a.least > c.least+1e-9 || a.most < c.most-1e-9 {
			t.Errorf("%v to %v has ticks %s, want %s", c.least, c.most, got, c.want)
		}
	}
}

// TestLeftOut: a table too large for a page is cut, and says so.
func TestLeftOut(t *testing.T) {
	rows := make([][]Cell, mostRows+2)
	for i := range rows {
		rows[i] = make([]Cell, mostColumns+1)
	}
	got := string(Table{Left: 1, Rows: rows}.HTML())
	if strings.Count(got, "<tr>") != mostRows+1 || strings.Count(got, "<td>") != mostRows*(mostColumns-1) || !strings.Contains(got, "the first 100 of 101 rows.") || !strings.Contains(got, "the first 60 of 61 columns.") {
		t.Errorf("the table is\n%s", got)
	}
	if len(rows[0]) != mostColumns+1 {
		t.Error("the caller's table is cut as well")
	}
}

// TestPlotLabels: of points one upon the other the first is labelled, and all have their title.
func TestPlotLabels(t *testing.T) {
	points := []Point{{1, 1, "en"}, {1.01, 1, "de"}, {1, 2, "sw"}, {8, 1, "th"}, {9.9, 1, "hi"}}
	got := string(Plot{Series: []string{"ot"}, Curves: []Curve{{Points: points, Marked: true}}}.HTML())
	for _, p := range points {
		if label := p.Label != "de"; strings.Contains(got, ">"+p.Label+"</text>") != label || !strings.Contains(got, "<title>"+p.Label+", ot") {
			t.Errorf("%s has a label, or none, in\n%s", p.Label, got)
		}
	}
}
