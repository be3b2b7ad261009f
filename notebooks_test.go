package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A notebook is what nbformat 4.5 says a file of Jupyter holds.
type notebook struct {
	Cells []struct {
		Type           string           `json:"cell_type"`
		ID             string           `json:"id"`
		Metadata       map[string]any   `json:"metadata"`
		Source         []string         `json:"source"`
		ExecutionCount *int             `json:"execution_count"`
		Outputs        []map[string]any `json:"outputs"`
	} `json:"cells"`
	Metadata struct {
		Kernel struct {
			DisplayName string `json:"display_name"`
			Language    string `json:"language"`
			Name        string `json:"name"`
		} `json:"kernelspec"`
		Language struct {
			Name string `json:"name"`
		} `json:"language_info"`
	} `json:"metadata"`
	Format int `json:"nbformat"`
	Minor  int `json:"nbformat_minor"`
}

var (
	machinePath = regexp.MustCompile(`(?:^|[\s"'(=])(?:/[A-Za-z]|~/|[A-Z]:\\)`)
	cellID      = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)
)

// TestNotebooks holds the committed notebooks to what readers may expect: valid, without outputs, without paths of a machine, a
// question first and the command that makes what they read, which they name again if it is not there.
func TestNotebooks(t *testing.T) {
	files, err := filepath.Glob("notebooks/*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d notebooks, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var n notebook
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&n); err != nil {
				t.Fatal(err)
			}
			checkNotebook(t, n)
		})
	}
}

func checkNotebook(t *testing.T, n notebook) {
	t.Helper()
	if n.Format != 4 || n.Minor != 5 || n.Metadata.Kernel.Name != "python3" || len(n.Cells) < 2 {
		t.Fatalf("nbformat %d.%d, kernel %q, %d cells", n.Format, n.Minor, n.Metadata.Kernel.Name, len(n.Cells))
	}
	ids := map[string]bool{}
	for _, cell := range n.Cells {
		if !cellID.MatchString(cell.ID) || ids[cell.ID] {
			t.Errorf("%q is no id of a cell, or comes twice", cell.ID)
		}
		ids[cell.ID] = true
		if len(cell.Outputs) > 0 || cell.ExecutionCount != nil || len(cell.Metadata) > 0 {
			t.Errorf("cell %s was executed, or has metadata; clear its outputs", cell.ID)
		}
		if cell.Type != "markdown" && (cell.Type != "code" || cell.Outputs == nil) {
			t.Errorf("cell %s is of type %q, or has no list of outputs", cell.ID, cell.Type)
		}
		if path := machinePath.FindString(strings.Join(cell.Source, "")); path != "" {
			t.Errorf("cell %s has the path %q of a machine", cell.ID, path)
		}
	}
	about, read := strings.Join(n.Cells[0].Source, ""), strings.Join(n.Cells[1].Source, "")
	question, _, _ := strings.Cut(about, "\n")
	commands := regexp.MustCompile("`(?:make |bin/ferry )[^`]+`").FindAllString(about, -1)
	if !strings.HasPrefix(question, "# ") || !strings.HasSuffix(question, "?") || len(commands) == 0 {
		t.Errorf("it begins with %q and the commands %q, want a question and what makes its input", question, commands)
	}
	for _, command := range commands {
		if !strings.Contains(read, "raise FileNotFoundError") || !strings.Contains(read, command) {
			t.Errorf("where a file is not there, the first code cell does not name %s", command)
		}
	}
}
