package main

import (
	"context"
	"strconv"
	"strings"

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/exchange"

	"github.com/paulmach/orb"
)

// exportCommand writes a layer as GeoJSON.
type exportCommand struct {
	recordFlags
	Layer string   `arg:"" help:"The layer's name; 'shapan layer list' shows them."`
	File  string   `arg:"" optional:"" help:"File to write (default: stdout). It has its name only when it is whole."`
	Where []string `help:"Only features whose field has the value; may be repeated." placeholder:"FIELD=VALUE" sep:"none"`
	BBox  string   `name:"bbox" help:"Only features that meet the box, degrees WGS-84." placeholder:"W,S,E,N"`
	CRS   string   `name:"crs" help:"Reference system of the positions: WGS84, GCJ02, BD09, EPSG:4490, EPSG:4547, EPSG:3857." default:"WGS84"`
}

// Help teaches.
func (exportCommand) Help() string {
	return `One state of the record is written, every field included, in the order of the ids.

    shapan export grids grids.geojson
    shapan export events --where level=1 --where stage=closed | jq '.features | length'
    shapan export responders --bbox 114.300,30.560,114.310,30.570
    shapan export buildings buildings.geojson --crs EPSG:4547`
}

// Run writes the layer.
func (e exportCommand) Run(ctx context.Context, console console) error {
	crs, err := geo.ParseCRS(e.CRS)
	if err != nil {
		return misused("--crs: %w", err)
	}
	query, err := e.query()
	if err != nil {
		return err
	}
	store, snapshot, err := e.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	t, err := everything(snapshot).Table(e.Layer)
	if err != nil {
		return err
	}
	filter, err := t.Compile(query)
	if err != nil {
		return misused("%w", err)
	}
	options := exchange.WriteOptions{Filter: filter, CRS: crs, Alive: ctx.Err}
	if e.File == "" {
		return exchange.WriteGeoJSON(console.out, t, options)
	}
	file, err := createWhole(e.File)
	if err != nil {
		return err
	}
	defer file.discard()
	if err := exchange.WriteGeoJSON(file, t, options); err != nil {
		return err
	}
	return file.keep()
}

// query reads the conditions.
func (e exportCommand) query() (layers.Query, error) {
	var q layers.Query
	for _, w := range e.Where {
		field, value, ok := strings.Cut(w, "=")
		if !ok || field == "" {
			return q, misused("--where %q: expected FIELD=VALUE, such as level=1", w)
		}
		q.Terms = append(q.Terms, layers.Term{Field: field, Op: layers.In, Values: []string{value}})
	}
	if e.BBox == "" {
		return q, nil
	}
	parts := strings.Split(e.BBox, ",")
	var n [4]float64
	for i, part := range parts {
		x, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || len(parts) != 4 {
			return q, misused("--bbox %q: expected west,south,east,north in degrees, such as 114.30,30.56,114.32,30.58", e.BBox)
		}
		n[i] = x
	}
	if n[1] > n[3] {
		return q, misused("--bbox %q: the south edge lies north of the north edge; expected west,south,east,north", e.BBox)
	}
	q.BBox = &orb.Bound{Min: orb.Point{n[0], n[1]}, Max: orb.Point{n[2], n[3]}}
	return q, nil
}
