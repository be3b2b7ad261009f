// Package figure draws tables and charts as HTML that needs no network, and tables as LaTeX.
//
// Vocabulary: a figure is a table or a chart; a cell is a value with its mark and interval; a series is what has one colour
// and shape in a chart; a section is a part of a page, which has a title of its own in the contents.
//
// Charts are SVG whose places across are percentages, so that text has one size on a telephone and on paper. Their numbers have
// few digits, and the same figure has the same bytes.
//
// Start with table.go and page.go.
package figure
