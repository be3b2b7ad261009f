package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWanted tells a task that is not wanted any more from one on a machine that does not see the run's work folder.
func TestWanted(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "tasks")
	l := TaskLine{While: filepath.Join(folder, whileMark+"1")}
	ask := func() error {
		ctx, stop := l.while(t.Context(), nil, func(context.Context) {})
		defer stop()
		return context.Cause(ctx)
	}
	if err := ask(); err == nil || !strings.Contains(err.Error(), "this machine does not see "+folder) {
		t.Errorf("without the folder: %v", err)
	}
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := ask(); !errors.Is(err, errGivenUp) {
		t.Errorf("without the file: %v", err)
	}
	if err := os.WriteFile(l.While, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Errorf("with the file: %v", err)
	}
}
