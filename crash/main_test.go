//go:build linux && amd64

// Package crash kills ferry at every instant at which it changes a file, and makes every such change fail, by tracing its
// system calls. What an instant's death or failure leaves behind must not keep the next run from ending with the bytes of a
// run in peace.
package crash

import (
	"context"
	"os"
	"testing"

	"github.com/ferry-clir/ferry/commands"
)

// TestMain makes this test binary ferry, where it is called so, or what asks for a tracer's attention and then is ferry.
func TestMain(m *testing.M) {
	switch os.Args[0] {
	case "ferry":
		os.Exit(commands.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	case "traced":
		panic(becomeTraced())
	}
	os.Exit(m.Run())
}
