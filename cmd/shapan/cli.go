package main

import (
	"context"
	"errors"
	"fmt"

	"shapan/layers"

	"github.com/alecthomas/kong"
)

// commands is the command line. Every flag is also SHAPAN_<FLAG> in the environment and a key of the configuration
// file; the flag beats the environment, which beats the file.
type commands struct {
	Config      string `help:"Configuration file (YAML): a key for each flag, such as 'listen: 0.0.0.0:8080'. Without it, shapan.yaml is read where it exists." placeholder:"FILE"`
	PrintConfig bool   `env:"-" help:"Print what the flags come to, without secrets, and do nothing else."`

	Serve    serveCommand    `cmd:"" help:"Serve the map over HTTP."`
	Load     loadCommand     `cmd:"" help:"Load a file into a layer: GeoJSON, GeoPackage, CSV or Shapefile."`
	Export   exportCommand   `cmd:"" help:"Write a layer as GeoJSON."`
	Archive  archiveCommand  `cmd:"" help:"Write vector tiles into a PMTiles file."`
	Fixtures fixturesCommand `cmd:"" help:"Make sample data, as files or in the record."`
	Layer    layerCommand    `cmd:"" help:"List, add and drop layers."`
	Token    tokenCommand    `cmd:"" help:"Create, list and revoke access tokens."`
	Migrate  migrateCommand  `cmd:"" help:"Make and upgrade the schema of a record in a PostGIS database."`
	Doctor   doctorCommand   `cmd:"" help:"Examine the record and the map, and say what is wrong."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

const description = `Shapan (沙盘) keeps the one map of a subdistrict (communities, grids, responders, facilities, events) and serves
it as vector tiles, heat, features and a wall page.

  shapan serve                                  serve the sample subdistrict on http://127.0.0.1:8080
  shapan load facilities clinics.csv            load points with lon and lat columns
  shapan export events | jq .features.0.id      take a layer away as GeoJSON
  shapan token create --role viewer --name desk print a new access token
  shapan doctor                                 examine the record and the map

'shapan COMMAND --help' says more about each.`

// misuse is a mistake in how the command was called.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

func misused(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

// run runs the command line and returns the exit code.
func run(ctx context.Context, args []string, console console) int {
	err := runCommand(ctx, args, console)
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(console.err, "shapan: %v\n", err)
	if cause := layers.Cause(err); cause != nil {
		fmt.Fprintf(console.err, "cause: %v\n", cause)
	}
	var parse *kong.ParseError
	var wrong misuse
	if errors.As(err, &parse) || errors.As(err, &wrong) {
		fmt.Fprintln(console.err, "Run 'shapan --help', or 'shapan COMMAND --help', for what there is.")
		return exitMisuse
	}
	return exitFailed
}

// runCommand parses the command line and runs its command.
func runCommand(ctx context.Context, args []string, console console) error {
	var cli commands
	file, err := openConfig(args, console.env)
	if err != nil {
		return err
	}
	parser, err := kong.New(&cli,
		kong.Name("shapan"),
		kong.Description(description),
		kong.Writers(console.out, console.err),
		kong.DefaultEnvars("SHAPAN"),
		kong.Resolvers(file),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(console),
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	if cli.PrintConfig {
		return printConfig(console.out, parsed)
	}
	return parsed.Run()
}
