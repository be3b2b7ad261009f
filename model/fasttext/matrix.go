package fasttext

import "fmt"

// A matrix has rows of the model's dimensions.
type matrix interface {
	rows() int64
	addRow(i int64, to []float32) // to += row
	dotRow(i int64, with []float32) (sum float32)
}

// matrix reads a matrix with rows of that many dimensions.
func (in *reader) matrix(quantized bool, dimensions int32) (matrix, error) {
	if quantized {
		return in.quantized(dimensions)
	}
	var shape struct{ Rows, Columns int64 }
	if err := in.read(&shape); err != nil {
		return nil, err
	}
	if shape.Columns != int64(dimensions) {
		return nil, fmt.Errorf("it has a matrix of %d columns, for %d dimensions", shape.Columns, dimensions)
	}
	if err := in.fits("rows", shape.Rows, 4*shape.Columns); err != nil {
		return nil, err
	}
	d := dense{values: make([]float32, shape.Rows*shape.Columns), columns: shape.Columns}
	return d, in.read(d.values)
}

// dense is a matrix of values, row-major.
type dense struct {
	values  []float32
	columns int64
}

func (d dense) rows() int64 { return int64(len(d.values)) / d.columns }

func (d dense) row(i int64) []float32 { return d.values[i*d.columns : (i+1)*d.columns] }

func (d dense) addRow(i int64, to []float32) {
	for n, v := range d.row(i) {
		to[n] += v
	}
}

func (d dense) dotRow(i int64, with []float32) (sum float32) {
	for n, v := range d.row(i) {
		sum += v * with[n]
	}
	return sum
}

// A quantized matrix keeps a code for each part of a row: which of 256 centroids it is. The norms of rows may be quantized too.
type quantized struct {
	count     int64
	codes     []byte // (rows, parts)
	parts     quantizer
	normCodes []byte // (rows); nil if rows have their own norms
	norms     quantizer
}

// A quantizer has 256 centroids for each part of a vector.
type quantizer struct {
	Dimensions, Parts, Width, LastWidth int32 // the last part may be narrower
	centroids                           []float32
}

const centroids = 256

func (in *reader) quantized(dimensions int32) (matrix, error) {
	var head struct {
		Norms         bool
		Rows, Columns int64
		Codes         int32
	}
	if err := in.read(&head); err != nil {
		return nil, err
	}
	if head.Columns != int64(dimensions) {
		return nil, fmt.Errorf("it has a matrix of %d columns, for %d dimensions", head.Columns, dimensions)
	}
	if err := in.fits("codes", int64(head.Codes), 1); err != nil {
		return nil, err
	}
	if err := in.fits("rows", head.Rows, 1); err != nil {
		return nil, err
	}
	q := &quantized{count: head.Rows, codes: make([]byte, head.Codes)}
	if err := in.read(q.codes); err != nil {
		return nil, err
	}
	if err := in.quantizer(&q.parts, dimensions); err != nil {
		return nil, err
	}
	if int64(len(q.codes)) != head.Rows*int64(q.parts.Parts) {
		return nil, fmt.Errorf("it has %d codes for %d rows of %d parts", len(q.codes), head.Rows, q.parts.Parts)
	}
	if !head.Norms {
		return q, nil
	}
	q.normCodes = make([]byte, head.Rows)
	if err := in.read(q.normCodes); err != nil {
		return nil, err
	}
	return q, in.quantizer(&q.norms, 1)
}

func (in *reader) quantizer(q *quantizer, dimensions int32) error {
	for _, v := range []*int32{&q.Dimensions, &q.Parts, &q.Width, &q.LastWidth} {
		if err := in.read(v); err != nil {
			return err
		}
	}
	if q.Dimensions != dimensions || q.Parts < 1 || q.Parts > dimensions || q.Width < 1 || q.Width > dimensions || q.LastWidth < 1 ||
		q.LastWidth > q.Width || (q.Parts-1)*q.Width+q.LastWidth != dimensions {
		return fmt.Errorf("it cuts %d dimensions into %d parts of %d, the last of %d", dimensions, q.Parts, q.Width, q.LastWidth)
	}
	q.centroids = make([]float32, dimensions*centroids)
	return in.read(q.centroids)
}

// centroid is the one of a part that a code names.
func (q *quantizer) centroid(part int32, code byte) []float32 {
	width := q.Width
	if part == q.Parts-1 {
		width = q.LastWidth
	}
	from := part*centroids*q.Width + int32(code)*width
	return q.centroids[from : from+width]
}

func (q *quantized) rows() int64 { return q.count }

func (q *quantized) norm(i int64) float32 {
	if q.normCodes == nil {
		return 1
	}
	return q.norms.centroid(0, q.normCodes[i])[0]
}

func (q *quantized) addRow(i int64, to []float32) {
	norm, at := q.norm(i), 0
	for part, code := range q.codes[i*int64(q.parts.Parts) : (i+1)*int64(q.parts.Parts)] {
		for _, v := range q.parts.centroid(int32(part), code) {
			to[at] += norm * v
			at++
		}
	}
}

func (q *quantized) dotRow(i int64, with []float32) (sum float32) {
	at := 0
	for part, code := range q.codes[i*int64(q.parts.Parts) : (i+1)*int64(q.parts.Parts)] {
		for _, v := range q.parts.centroid(int32(part), code) {
			sum += v * with[at]
			at++
		}
	}
	return sum * q.norm(i)
}
