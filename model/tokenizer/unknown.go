package tokenizer

// UnknownID returns the id that stands for text which no piece covers, or -1 if there is none.
func (t *Tokenizer) UnknownID() int32 { return t.model.unknownID() }
