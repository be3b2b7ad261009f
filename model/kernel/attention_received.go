package kernel

// AttentionReceived computes how much attention the tokens of a sequence receive: received, of (n), is the sum of the rows of
// softmax(Q*K'/sqrt(d)), row i times weights[i], in the mean over the heads. qkv is what Attention was given; weights are (n).
func AttentionReceived(n, heads, d int, qkv, weights, received []float32) {
	checkAttention(n, heads, d, qkv, qkv)
	if len(weights) != n || len(received) != n {
		panic("kernel: attention does not have its shape")
	}
	clear(received)
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for i := range heads {
		s.receive(newHead(n, heads, d, i, qkv), 1/float32(heads), weights, received)
	}
}

// receive adds share times the weighted rows of a head's probabilities to received.
func (s *scratch) receive(h head, share float32, weights, received []float32) {
	rows, ld := h.block()
	p, keys := grow(&s.p, rows*ld), transposed(&s.keys, h.k, h.n, h.d)
	for i := 0; i < h.n; i += rows {
		m := min(rows, h.n-i)
		s.probabilities(h, keys, i, m, p, ld)
		for k := range m {
			Axpy(share*weights[i+k], p[k*ld:][:h.n], received)
		}
	}
}
