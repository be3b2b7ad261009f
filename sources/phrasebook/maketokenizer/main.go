// Command maketokenizer learns the phrasebook's tokenizer.json from its text and writes it to the file it is given.
package main

import (
	"fmt"
	"os"

	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/sources/phrasebook"
)

// vocabulary is the number of pieces, special tokens included.
const vocabulary = 3000

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "maketokenizer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want the file to write")
	}
	text, err := phrasebook.Text()
	if err != nil {
		return err
	}
	content, err := tokenizer.TrainUnigram(text, vocabulary)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], content, 0o644)
}
