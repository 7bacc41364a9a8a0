package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
	_ "time/tzdata" // --time-zone works on machines without a zone database

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/exchange"

	"github.com/paulmach/orb"
)

// loadCommand loads a file into a layer.
type loadCommand struct {
	recordFlags
	Layer string `arg:"" help:"The layer's name; 'shapan layer list' shows them."`
	File  string `arg:"" help:"The file: .geojson .json .ndjson .gpkg .csv .tsv .shp .zip .osm.pbf" type:"existingfile"`

	CRS      string `name:"crs" help:"Reference system of the file's positions, whatever it states: wgs84, gcj02, bd09, EPSG:4490, EPSG:4547, EPSG:3857." placeholder:"CRS"`
	Encoding string `help:"Encoding of the text: ${enum}." enum:"auto,utf-8,gbk,gb18030" default:"auto"`
	Lon      string `help:"Column of a CSV with the longitude or easting (default: one with a usual name)." placeholder:"COLUMN"`
	Lat      string `help:"Column of a CSV with the latitude or northing." placeholder:"COLUMN"`
	Table    string `help:"Table of a GeoPackage that has several." placeholder:"NAME"`
	TimeZone string `help:"Zone of times that state none, such as Asia/Shanghai (default: they are refused)." placeholder:"ZONE"`

	Create   bool   `help:"Make the layer, from the file's own columns."`
	Title    string `help:"With --create: the layer's title." placeholder:"TEXT"`
	Kind     string `help:"With --create: point, line, polygon, mixed or none (default: what the file holds)." placeholder:"KIND"`
	Audience string `help:"With --create, who may see it: ${enum}." enum:"public,internal,restricted" default:"internal"`

	Update    bool `help:"Overwrite features whose id the layer has."`
	Replace   bool `help:"Remove the features that the layer has and the file has not."`
	SkipBad   bool `help:"Load the good rows although there are bad ones."`
	DryRun    bool `help:"Say what would happen, and write nothing."`
	MaxErrors int  `help:"Bad rows that are named." default:"20"`
}

// Help teaches.
func (loadCommand) Help() string {
	return `All of the file is loaded in one write, or nothing is. Bad rows are named with their line and reason. Columns go to the
fields of the same name or title; the rest is left out and named. Positions become WGS-84: a file that seems to be in
another datum (its positions lie outside the subdistrict, and would lie inside it as GCJ-02 or BD-09) is refused until
--crs says what it is in.

An OpenStreetMap extract (.osm.pbf) gives its streets and what bars the way on foot: rivers, railways, fences and walls.
Every way keeps its number: it is the feature's id, and with "way/" before it the code. Streets are walked by the usual
rules: not on motorways, nor where foot=no or access=no, unless foot=yes. What is under the ground or on a bridge bars
nothing. Lakes, rivers that are relations, and gates that are locked are not known. The data are © OpenStreetMap
contributors under the ODbL; a map that shows them has to say so. With --replace the extract takes the place of what the
layer has.

    shapan load streets hubei.osm.pbf --replace --dry-run
    shapan load facilities clinics.csv --lon x --lat y --dry-run
    shapan load facilities clinics.csv --lon x --lat y --crs gcj02
    shapan load trees trees.gpkg --create --title 行道树 --audience public
    shapan load events 2018.csv --encoding gbk --time-zone Asia/Shanghai --skip-bad`
}

// Run loads the file.
func (l loadCommand) Run(ctx context.Context, console console) error {
	source, err := l.source(console.err)
	if err != nil {
		return err
	}
	defer source.Close()
	store, snapshot, err := l.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	view := everything(snapshot)
	schema, table, err := l.target(view, source)
	if err != nil {
		return err
	}
	if err := l.checkDatum(view, schema, source); err != nil {
		return err
	}
	batch := &loading{command: l, schema: schema, table: table, view: view, lines: map[int64]int{}, now: time.Now()}
	if err := batch.read(ctx, source, console.err); err != nil {
		return err
	}
	batch.report(console.err, source)
	if len(batch.bad) > 0 && !l.SkipBad {
		return fmt.Errorf("%d of %d rows are bad, so nothing was loaded: mend them, or load the others with --skip-bad", batch.badCount, batch.rows)
	}
	if l.DryRun {
		fmt.Fprintf(console.err, "%d features would be loaded into %s; nothing was written\n", len(batch.changes), schema.Name)
		return nil
	}
	return batch.write(ctx, store, console.err)
}

// source opens the file.
func (l loadCommand) source(w io.Writer) (*exchange.Source, error) {
	bar := newProgress(w, -1, "opening "+l.File)
	defer bar.done()
	o := exchange.Options{Encoding: l.Encoding, Lon: l.Lon, Lat: l.Lat, Layer: l.Table, Progress: bar.set}
	if l.CRS != "" {
		crs, err := geo.ParseCRS(l.CRS)
		if err != nil {
			return nil, misused("--crs: %w", err)
		}
		o.CRS = crs
	}
	if l.TimeZone != "" {
		zone, err := time.LoadLocation(l.TimeZone)
		if err != nil {
			return nil, misused("--time-zone %q: expected a name such as Asia/Shanghai", l.TimeZone)
		}
		o.Zone = zone
	}
	return exchange.Open(l.File, o)
}

// target returns the layer's schema, and its table where it has one.
func (l loadCommand) target(view *layers.View, source *exchange.Source) (layers.Layer, *layers.Table, error) {
	table, err := view.Table(l.Layer)
	if !l.Create {
		if err != nil {
			return layers.Layer{}, nil, fmt.Errorf("%w; or make it from the file with --create", err)
		}
		return table.Layer, table, nil
	}
	if err == nil {
		return layers.Layer{}, nil, misused("layer %s exists: leave --create out to load into it, or choose another name", l.Layer)
	}
	schema, err := source.Schema()
	if err != nil {
		return schema, nil, err
	}
	schema.Name = l.Layer
	if l.Title != "" {
		schema.Title = layers.Text{layers.Chinese: l.Title}
	}
	if l.Kind != "" {
		schema.Kind = layers.GeometryKind(l.Kind)
	}
	if schema.Audience, err = layers.ParseAudience(l.Audience); err != nil {
		return schema, nil, misused("--audience: %w", err)
	}
	for i := range schema.Fields {
		schema.Fields[i].Audience = schema.Audience // who may see the layer may see all that the file says of it
	}
	if err := schema.Validate(); err != nil {
		return schema, nil, misused("%w", err)
	}
	return schema, nil, nil
}

// checkDatum refuses a file whose positions fit the subdistrict only in another datum, unless --crs says which it is.
func (l loadCommand) checkDatum(view *layers.View, schema layers.Layer, source *exchange.Source) error {
	crs, _ := source.CRS()
	degrees := crs == geo.WGS84 || crs == geo.CGCS2000 || crs == geo.GCJ02 || crs == geo.BD09
	area, name := subdistrict(view)
	if l.CRS != "" || !degrees || area == nil || schema.Kind == layers.None {
		return nil
	}
	points, err := source.Sample(10_000)
	if err != nil {
		return err
	}
	if advice := exchange.Advice(exchange.Detect(points, area), crs, name); advice != "" {
		return fmt.Errorf("%s (or --crs %s if they are right as they are); nothing was loaded", advice, crs)
	}
	return nil
}

// subdistrict returns the area of the map, all subdistricts together, and its name; nil where the record has none.
func subdistrict(view *layers.View) (orb.Geometry, string) {
	t, err := view.Table("subdistricts")
	if err != nil {
		return nil, ""
	}
	var area orb.MultiPolygon
	name := "the subdistricts"
	t.Each(nil, func(r layers.Row) bool {
		switch g := r.Geometry().(type) {
		case orb.Polygon:
			area = append(area, g)
		case orb.MultiPolygon:
			area = append(area, g...)
		}
		if t.Len() == 1 && r.Get("name").Text() != "" {
			name = r.Get("name").Text()
		}
		return true
	})
	if len(area) == 0 {
		return nil, ""
	}
	return area, name
}

// loading is a file on its way into a layer.
type loading struct {
	command loadCommand
	schema  layers.Layer
	table   *layers.Table // nil: the layer is new
	view    *layers.View
	now     time.Time

	rows     int
	changes  []layers.Change
	lines    map[int64]int // where each id of the file stands
	bad      []string      // the first bad rows
	badCount int
}

// read reads the whole file.
func (b *loading) read(ctx context.Context, source *exchange.Source, w io.Writer) error {
	bar := newProgress(w, -1, "reading "+b.command.File)
	defer bar.done()
	for record, err := range source.Features(&b.schema) {
		var row *exchange.RowError
		if err != nil && !errors.As(err, &row) {
			return fmt.Errorf("read %s: %w", b.command.File, err)
		}
		b.rows++
		bar.add(1)
		if err == nil {
			err = b.add(record)
		}
		if err != nil {
			b.refuse(err)
		}
		if b.rows%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// refuse notes a bad row.
func (b *loading) refuse(err error) {
	b.badCount++
	if len(b.bad) < max(1, b.command.MaxErrors) {
		b.bad = append(b.bad, err.Error())
	}
}

// add takes one row, or says why it cannot be taken.
func (b *loading) add(r exchange.Record) error {
	f := r.Feature
	err := b.schema.Defaults(b.view, &f, b.now)
	if err == nil {
		err = b.schema.Check(&f)
	}
	if err == nil {
		err = b.checkID(f.ID, r.Line)
	}
	if err != nil {
		return fmt.Errorf("row %d: %w", r.Line, err)
	}
	op := layers.Insert
	if f.ID != 0 && (b.command.Update || b.command.Replace) {
		op = layers.Upsert
	}
	b.changes = append(b.changes, layers.Change{Op: op, Layer: b.schema.Name, ID: f.ID, Feature: &f})
	return nil
}

// checkID refuses an id that stands twice, or that the layer has.
func (b *loading) checkID(id int64, line int) error {
	if id == 0 {
		return nil
	}
	if first, twice := b.lines[id]; twice {
		return fmt.Errorf("id %d stands in row %d already", id, first)
	}
	if b.table != nil && !b.command.Update && !b.command.Replace {
		if _, exists := b.table.Get(id); exists {
			return fmt.Errorf("id %d is in layer %s already: --update overwrites it", id, b.schema.Name)
		}
	}
	b.lines[id] = line
	return nil
}

// report names what was bad and what was left out.
func (b *loading) report(w io.Writer, source *exchange.Source) {
	for _, line := range b.bad {
		fmt.Fprintln(w, line)
	}
	if more := b.badCount - len(b.bad); more > 0 {
		fmt.Fprintf(w, "and %d more bad rows, %d in all\n", more, b.badCount)
	}
	if unknown := source.Unknown(); len(unknown) > 0 {
		fmt.Fprintf(w, "columns that layer %s has no field for, left out: %q\n", b.schema.Name, unknown)
	}
}

// write writes everything at once.
func (b *loading) write(ctx context.Context, store record, w io.Writer) error {
	var before []layers.Change
	if b.table == nil {
		before = append(before, layers.Change{Op: layers.Define, Layer: b.schema.Name, Schema: &b.schema})
	} else if b.command.Replace {
		b.table.Each(nil, func(r layers.Row) bool {
			if _, kept := b.lines[r.ID()]; !kept {
				before = append(before, layers.Change{Op: layers.Delete, Layer: b.schema.Name, ID: r.ID()})
			}
			return true
		})
	}
	loaded := len(b.changes)
	if loaded == 0 && len(before) == 0 {
		return fmt.Errorf("%s holds no features: nothing was loaded", b.command.File)
	}
	if _, err := store.Put(ctx, layers.Key{}, append(before, b.changes...)); err != nil {
		return fmt.Errorf("nothing was loaded: %w", err)
	}
	fmt.Fprintf(w, "%d features loaded into %s", loaded, b.schema.Name)
	if b.badCount > 0 {
		fmt.Fprintf(w, "; %d bad rows left out", b.badCount)
	}
	fmt.Fprintln(w)
	return nil
}
