package sinks

import (
	"html/template"
	"strings"
)

// frame is what all HTML pages have around their body. They need no network, and are as dark as their readers like it.
var frame = template.Must(template.New("frame").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { display: block; overflow-x: auto; border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .8rem; text-align: right; white-space: nowrap; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
th:first-child, td:first-child { text-align: left }
li { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
svg { width: 100%; height: auto; font-size: 13px; fill: currentColor; stroke: currentColor }
svg text { stroke: none }
</style></head><body>
<h1>{{.Title}}</h1>
{{template "body" .Data}}</body></html>
{{define "table"}}<table>{{range $i, $row := .}}<tr>{{range $row}}{{if eq $i 0}}<th>{{.}}</th>{{else}}<td>{{.}}</td>{{end}}{{end}}</tr>
{{end}}</table>
{{end}}`))

// A page is an HTML page of which a template describes the body. That has a template "table", for a grid whose first row is
// the header.
type page struct {
	title    string
	template *template.Template
}

func newPage(title, body string) page {
	t := template.Must(frame.Clone())
	template.Must(t.New("body").Parse(body))
	return page{title, t}
}

func (p page) html(data any) string {
	var b strings.Builder
	if err := p.template.Execute(&b, struct {
		Title string
		Data  any
	}{p.title, data}); err != nil {
		panic("sinks: the page's template does not fit its data: " + err.Error())
	}
	return b.String()
}
