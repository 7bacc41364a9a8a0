package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"shapan/layers"
)

// layerCommand looks after the catalogue.
type layerCommand struct {
	List layerList `cmd:"" help:"List layers: name, title, geometry, features, audience."`
	Add  layerAdd  `cmd:"" help:"Add a layer from its schema, a JSON file."`
	Drop layerDrop `cmd:"" help:"Remove a layer with all its features."`
}

// Help teaches.
func (layerCommand) Help() string {
	return `A layer is data, not code: adding one needs no new program. The smallest schema:

    {"name": "trees", "title": {"zh": "行道树", "en": "Trees"}, "kind": "point", "audience": "public",
     "min_zoom": 13, "max_zoom": 18, "writable": true,
     "fields": [{"name": "species", "title": {"zh": "树种"}, "type": "string", "in_tiles": true}]}

    shapan layer add trees.json
    shapan layer list
    shapan layer drop trees --yes`
}

// layerList lists layers.
type layerList struct {
	recordFlags
}

// Run prints the layers on stdout, a line each, fields apart by tabs.
func (l layerList) Run(ctx context.Context, console console) error {
	store, snapshot, err := l.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	fmt.Fprintln(console.out, "name\ttitle\tgeometry\tfeatures\taudience")
	for _, t := range everything(snapshot).Tables() {
		fmt.Fprintf(console.out, "%s\t%s\t%s\t%d\t%s\n", t.Layer.Name, t.Layer.Title.In(layers.Chinese), t.Layer.Kind, t.Len(), t.Layer.Audience)
	}
	return nil
}

// layerAdd adds a layer.
type layerAdd struct {
	recordFlags
	File string `arg:"" help:"JSON file of the schema." type:"existingfile"`
}

// Run defines the layer; one that exists keeps its features where its fields stay.
func (l layerAdd) Run(ctx context.Context, console console) error {
	file, err := os.Open(l.File)
	if err != nil {
		return err
	}
	defer file.Close()
	var schema layers.Layer
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&schema); err != nil {
		return fmt.Errorf("%s is not the schema of a layer: %w", l.File, err)
	}
	if schema.Audience == layers.System {
		return fmt.Errorf("%s: audience system is the service's own: expected public, internal or restricted", l.File)
	}
	if err := schema.Validate(); err != nil {
		return fmt.Errorf("%s: %w", l.File, err)
	}
	store, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if _, err := store.Put(ctx, layers.Key{}, []layers.Change{{Op: layers.Define, Layer: schema.Name, Schema: &schema}}); err != nil {
		return err
	}
	fmt.Fprintf(console.err, "layer %s is in the catalogue\n", schema.Name)
	return nil
}

// layerDrop removes a layer.
type layerDrop struct {
	recordFlags
	Name string `arg:"" help:"The layer's name."`
	Yes  bool   `help:"Remove it although it has features."`
}

// Run removes the layer.
func (l layerDrop) Run(ctx context.Context, console console) error {
	store, snapshot, err := l.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	t, err := everything(snapshot).Table(l.Name)
	if err != nil {
		return err
	}
	if t.Len() > 0 && !l.Yes {
		return misused("layer %s has %d features: add --yes to remove them too", l.Name, t.Len())
	}
	if _, err := store.Put(ctx, layers.Key{}, []layers.Change{{Op: layers.Drop, Layer: l.Name}}); err != nil {
		return err
	}
	fmt.Fprintf(console.err, "layer %s and its %d features are removed\n", l.Name, t.Len())
	return nil
}
