package stages

import "github.com/ferry-clir/ferry/model/encoder"

// The names of precisions. Where the processor has instructions for them, products in bf16 take about half the time of
// those in float32, and in int8 a quarter. Vectors differ a little; what that costs is to be measured on the task, as
// examples/precision.yaml does.
const (
	float32Name = "float32"
	bf16Name    = "bf16"
	int8Name    = "int8"
)

var precisions = map[string]encoder.Precision{float32Name: encoder.Float32, bf16Name: encoder.BFloat16, int8Name: encoder.Int8}
