package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/exchange"
)

// fixturesCommand makes sample data.
type fixturesCommand struct {
	recordFlags
	PublicURL string `name:"public-url" help:"Address that browsers reach the service at, for the address of the wall." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Scale     string `help:"How much: ${enum}." enum:"subdistrict,district,city" default:"subdistrict"`
	Events    int    `help:"Number of events (default: what the scale has)." placeholder:"N"`
	Out       string `help:"Write GeoJSON files into this folder, one a layer, instead of the record." placeholder:"DIR"`
	Replace   bool   `help:"Replace the sample layers that the record has, with all their features."`
}

// Help teaches.
func (fixturesCommand) Help() string {
	return `The sample is made by rules from hand-drawn limits, the same on every machine, and every feature says in 'provenance' that
it is synthetic. A city has 160 subdistricts, 19,000 grids and 10 million events.

    shapan fixtures --out sample                     one GeoJSON file a layer
    shapan fixtures --data big --events 200000       a new record with many events
    shapan fixtures --data big --scale district --replace`
}

// Run makes the sample.
func (f fixturesCommand) Run(ctx context.Context, console console) error {
	if f.Events < 0 {
		return misused("--events %d: expected a number of events, or 0 for what the scale has", f.Events)
	}
	if f.Out != "" {
		return f.files(ctx, console)
	}
	return f.record(ctx, console)
}

func (f fixturesCommand) options(bar *progress) fixtures.Options {
	return fixtures.Options{Scale: fixtures.Scale(f.Scale), Events: f.Events, Progress: bar.set}
}

// batchSize is the number of features in one write of a long load.
const batchSize = 20_000

// record writes the sample into the record, in batches: a city does not fit into one write.
func (f fixturesCommand) record(ctx context.Context, console console) error {
	store, err := f.openOrMake(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer store.Close()
	made, err := f.define(ctx, store)
	if err != nil {
		return err
	}
	bar := newProgress(console.err, -1, "writing the sample")
	total := 0
	var batch []layers.Change
	flush := func() error {
		_, err := store.Put(ctx, layers.Key{}, batch)
		total += len(batch)
		batch = batch[:0]
		return err
	}
	err = fixtures.Generate(ctx, f.options(bar), func(layer string, feature layers.Feature) error {
		batch = append(batch, layers.Change{Op: layers.Insert, Layer: layer, Feature: &feature})
		if len(batch) == batchSize {
			return flush()
		}
		return nil
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	bar.done()
	if err != nil {
		return fmt.Errorf("the sample is in the record only in part (%d features); run again with --replace: %w", total, err)
	}
	made.print(console.err, strings.TrimSuffix(f.PublicURL, "/"))
	fmt.Fprintf(console.err, "%d features are in %s\n", total, store.Where())
	return nil
}

// define makes the sample's layers, and the first tokens in a new record. Layers that are there are dropped with
// --replace, and are a reason to stop without.
func (f fixturesCommand) define(ctx context.Context, store record) (secrets, error) {
	var changes []layers.Change
	empty, err := store.Empty(ctx)
	if err != nil {
		return secrets{}, err
	}
	made := secrets{}
	if empty {
		if changes, made, err = firstTokens(); err != nil {
			return secrets{}, err
		}
	} else if changes, err = f.drops(ctx); err != nil {
		return secrets{}, err
	}
	if _, err := store.Put(ctx, layers.Key{}, append(changes, defineAll()...)); err != nil {
		return secrets{}, err
	}
	return made, nil
}

// drops removes the sample's layers that the record has.
func (f fixturesCommand) drops(ctx context.Context) ([]layers.Change, error) {
	store, snapshot, err := f.read(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	var changes []layers.Change
	for _, l := range fixtures.Catalogue() {
		if _, err := everything(snapshot).Table(l.Name); err != nil {
			continue
		}
		if !f.Replace {
			return nil, misused("the record %s has a layer %s already: add --replace to replace the sample layers with all their features, or choose another record with --data or --database-url", store.Where(), l.Name)
		}
		changes = append(changes, layers.Change{Op: layers.Drop, Layer: l.Name})
	}
	return changes, nil
}

// files writes the sample as GeoJSON, one file a layer.
func (f fixturesCommand) files(ctx context.Context, console console) error {
	if err := os.MkdirAll(f.Out, 0o755); err != nil {
		return fmt.Errorf("the folder %s cannot be made: %w", f.Out, err)
	}
	bar := newProgress(console.err, -1, "writing the sample")
	defer bar.done()
	files := map[string]*collectionFile{}
	for _, l := range fixtures.Catalogue() {
		file, err := createCollection(filepath.Join(f.Out, l.Name+".geojson"), l)
		if err != nil {
			return err
		}
		defer file.discard()
		files[l.Name] = file
	}
	err := fixtures.Generate(ctx, f.options(bar), func(layer string, feature layers.Feature) error {
		return files[layer].add(&feature)
	})
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := file.keep(); err != nil {
			return err
		}
	}
	return nil
}

// collectionFile is a GeoJSON collection that is written while its features are made.
type collectionFile struct {
	*wholeFile
	layer layers.Layer
	line  []byte
	next  string // what stands before the next feature
}

func createCollection(name string, layer layers.Layer) (*collectionFile, error) {
	file, err := createWhole(name)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(file, "{\"type\":\"FeatureCollection\",\"name\":%s,\"features\":[", layers.AppendText(nil, layer.Name))
	return &collectionFile{wholeFile: file, layer: layer, next: "\n"}, err
}

// add writes one feature on a line.
func (c *collectionFile) add(f *layers.Feature) error {
	c.line = exchange.AppendFeature(append(c.line[:0], c.next...), &c.layer, f, geo.WGS84)
	c.next = ",\n"
	_, err := c.Write(c.line)
	return err
}

// keep ends the collection and gives the file its name.
func (c *collectionFile) keep() error {
	_, _ = c.WriteString("\n]}\n") // the writer keeps its first error and tells it when it is flushed
	return c.wholeFile.keep()
}
