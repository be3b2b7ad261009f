package residual

// Decode reads vectors, (len(codes), d), back. Codes are from 0 up to
// Centroids(), and residuals (len(codes), Bytes()).
func (c *Codec) Decode(vectors []float32, codes []int32, residuals []byte) {
	for row, code := range codes {
		dst, packed := vectors[row*c.d:(row+1)*c.d], residuals[row*c.Bytes():(row+1)*c.Bytes()]
		copy(dst, c.centroids[int(code)*c.d:])
		whole := c.d * c.bits / 8 // bytes that are full
		c.addWhole(dst, packed[:whole])
		done := whole * 8 / c.bits
		c.addRest(dst[done:], c.values[done<<c.bits:], packed[whole:])
	}
}

// addWhole adds to dst what a residual stands for, as addRest does, as long as
// its bytes are full. With a loop for each number of bits it is several times
// as fast.
func (c *Codec) addWhole(dst []float32, packed []byte) {
	switch c.bits {
	case 1:
		for i, b := range packed {
			x, v := (*[8]float32)(dst[8*i:]), (*[16]float32)(c.values[16*i:])
			x[0] += v[b&1]
			x[1] += v[2+b>>1&1]
			x[2] += v[4+b>>2&1]
			x[3] += v[6+b>>3&1]
			x[4] += v[8+b>>4&1]
			x[5] += v[10+b>>5&1]
			x[6] += v[12+b>>6&1]
			x[7] += v[14+b>>7]
		}
	case 2:
		for i, b := range packed {
			x, v := (*[4]float32)(dst[4*i:]), (*[16]float32)(c.values[16*i:])
			x[0] += v[b&3]
			x[1] += v[4+b>>2&3]
			x[2] += v[8+b>>4&3]
			x[3] += v[12+b>>6]
		}
	case 4:
		for i, b := range packed {
			x, v := (*[2]float32)(dst[2*i:]), (*[32]float32)(c.values[32*i:])
			x[0] += v[b&15]
			x[1] += v[16+b>>4]
		}
	case 8:
		for i, b := range packed {
			dst[i] += c.values[256*i+int(b)]
		}
	}
}

// addRest adds to dst the values that packed says, the lowest bits first.
func (c *Codec) addRest(dst, values []float32, packed []byte) {
	for j := range dst {
		at := j * c.bits
		bucket := int(packed[at/8]) >> (at % 8) & (1<<c.bits - 1)
		dst[j] += values[j<<c.bits|bucket]
	}
}
