package commands

import (
	"testing"

	"github.com/ferry-clir/ferry/pipeline"
)

// TestTerminal warns of locales other than UTF-8, by the variable that counts, and before a person alone.
func TestTerminal(t *testing.T) {
	for _, c := range []struct {
		screen               bool
		all, ctype, language string
		want                 string
	}{
		{true, "", "", "en_GB.UTF-8", pipeline.Well},
		{true, "", "C.utf8", "C", pipeline.Well},
		{true, "C", "C.UTF-8", "C.UTF-8", pipeline.Warn},
		{true, "", "", "de_DE.ISO-8859-1", pipeline.Warn},
		{true, "", "", "", pipeline.Warn},
		{false, "", "", "", pipeline.Well},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_CTYPE", c.ctype)
		t.Setenv("LANG", c.language)
		if e := examineTerminal(&terminal{screen: c.screen}); e.Level != c.want || (e.Remedy == "") != (c.want == pipeline.Well) {
			t.Errorf("%+v: %+v", c, e)
		}
	}
}
