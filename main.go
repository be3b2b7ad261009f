// Command ferry carries retrieval skill from a language that has training data to languages that have none.
// `ferry --help` lists its subcommands; package commands has a file for each.
package main

import (
	"context"
	"os"

	"github.com/ferry-clir/ferry/commands"
)

func main() {
	os.Exit(commands.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
