package commands

import (
	"fmt"
	"runtime"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline"
)

type versionCommand struct{}

func (c *versionCommand) Run(t *terminal) error {
	_, err := fmt.Fprintf(t.Out, "ferry %s, %s, %s/%s, kernels %s\n", pipeline.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, kernel.ISA())
	return err
}
