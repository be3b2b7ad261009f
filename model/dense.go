package model

import (
	"fmt"
	"io/fs"
)

// A projection is a linear layer after the encoder. In a folder it is a module Dense of sentence-transformers, which
// comes after pooling; ferry applies it to token vectors, and so to their mean.

// identity is the activation of a Dense that has none.
const identity = "torch.nn.modules.linear.Identity"

// readDense reads the configuration of the projection.
func (i *Info) readDense(folder fs.FS) error {
	var dense struct {
		Inputs     int    `json:"in_features"`
		Outputs    int    `json:"out_features"`
		Activation string `json:"activation_function"`
		Residual   bool   `json:"use_residual"`
	}
	found, err := readJSON(folder, denseFile, &dense)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("opening model: it has no %s, which %s names", denseFile, modulesFile)
	case dense.Activation != identity || dense.Residual:
		return fmt.Errorf("reading %s: dense layers are supported without residual, and with the activation %s alone", denseFile, identity)
	case dense.Inputs != i.Config.Hidden || dense.Outputs < 1 || dense.Outputs > 1<<16:
		return fmt.Errorf("reading %s: it leads from %d to %d dimensions, and the encoder's vectors have %d", denseFile, dense.Inputs, dense.Outputs, i.Config.Hidden)
	}
	i.Config.Projection = dense.Outputs
	return nil
}

func (i Info) denseConfig() []byte {
	return jsonOf(map[string]any{"in_features": i.Config.Hidden, "out_features": i.Config.Projection, "bias": true, "activation_function": identity})
}
