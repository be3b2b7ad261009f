// Package matrix reads the section `matrix` of a pipeline file and puts its values into YAML nodes.
//
// Vocabulary: an axis is something that varies, such as a loss; a value of an axis has a label, by which names and messages
// tell it; a cell is a choice of one value of each axis, or of some of them; a mention is `${matrix.axis}` or
// `${matrix.axis.key}` in a scalar.
//
// Start with Parse, then Project and Substitute. It knows nothing of steps.
package matrix
