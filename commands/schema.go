package commands

import "github.com/ferry-clir/ferry/pipeline"

type schemaCommand struct{}

func (c *schemaCommand) Run(t *terminal) error {
	schema, err := pipeline.Schema()
	if err != nil {
		return err
	}
	_, err = t.Out.Write(schema)
	return err
}
