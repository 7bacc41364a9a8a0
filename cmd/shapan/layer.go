package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/exchange"
	"shapan/layers/postgis"

	"github.com/paulmach/orb"
)

// layerCommand looks after the catalogue.
type layerCommand struct {
	List layerList `cmd:"" help:"List layers: name, title, geometry, features, audience."`
	Add  layerAdd  `cmd:"" help:"Add a layer from its schema, a JSON file."`
	Drop layerDrop `cmd:"" help:"Remove a layer with all its features; the table of an adopted one stays."`

	Adopt     layerAdopt     `cmd:"" help:"Make a layer of a table that the PostGIS database has."`
	Partition layerPartition `cmd:"" help:"Split the table of a large layer by month (PostGIS)."`
}

// Help teaches.
func (layerCommand) Help() string {
	return `A layer is data, not code: adding one needs no new program. The smallest schema:

    {"name": "trees", "title": {"zh": "行道树", "en": "Trees"}, "kind": "point", "audience": "public",
     "min_zoom": 13, "max_zoom": 18, "writable": true,
     "fields": [{"name": "species", "title": {"zh": "树种"}, "type": "string", "in_tiles": true}]}

With "personal": true its features are persons: they are in no tile, who may see restricted layers sees them one by one,
and the others of its audience get counts of many from /heat.

    shapan layer add trees.json
    shapan layer list
    shapan layer drop trees --yes
    shapan layer adopt town.hydrants --title 消火栓 --crs EPSG:4547 --audience public
    shapan layer partition events`
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
		return misused("layer %s has %d features: add --yes to remove them too (those of an adopted table stay in it)", l.Name, t.Len())
	}
	if _, err := store.Put(ctx, layers.Key{}, []layers.Change{{Op: layers.Drop, Layer: l.Name}}); err != nil {
		return err
	}
	fmt.Fprintf(console.err, "layer %s and its %d features are off the map\n", l.Name, t.Len())
	return nil
}

// layerAdopt makes a layer of a table.
type layerAdopt struct {
	recordFlags
	Table    string `arg:"" help:"The table, as SQL names it: town.trees, public.\"Odd Name\"."`
	Name     string `help:"The layer's name (default: the table's)." placeholder:"NAME"`
	Title    string `help:"The layer's title (default: the table's comment)." placeholder:"TEXT"`
	Key      string `help:"Column of whole numbers that tells the rows apart (default: the primary key)." placeholder:"COLUMN"`
	Geometry string `help:"Geometry column, where there are several." placeholder:"COLUMN"`
	CRS      string `name:"crs" help:"Reference system of the positions, whatever the table states: wgs84, gcj02, bd09, EPSG:4547, ..." placeholder:"CRS"`
	TimeZone string `help:"Zone of times that state none, such as Asia/Shanghai (default: they are refused)." placeholder:"ZONE"`
	Audience string `help:"Who may see it: ${enum}." enum:"public,internal,restricted" default:"internal"`
	Writable bool   `help:"Let the service write it too."`
	DryRun   bool   `help:"Say what would happen, and change nothing."`
}

// Help teaches.
func (layerAdopt) Help() string {
	return `The table stays where it is and whose it is. Its columns become fields, triggers tell the service of every change, and
'shapan layer drop' takes the triggers away again. A table whose positions seem to be in another datum (they lie outside the
subdistrict, and would lie inside it as GCJ-02 or BD-09) is refused until --crs says what it is in.

    shapan layer adopt town.trees --dry-run
    shapan layer adopt town.trees --title 行道树 --audience public
    shapan layer adopt police.cameras --crs gcj02 --time-zone Asia/Shanghai`
}

// Run adopts the table.
func (l layerAdopt) Run(ctx context.Context, console console) error {
	a := postgis.Adoption{Table: l.Table, Layer: l.Name, Title: l.Title, Key: l.Key, Geometry: l.Geometry, Zone: l.TimeZone, Writable: l.Writable}
	var err error
	if a.Audience, err = layers.ParseAudience(l.Audience); err != nil {
		return misused("--audience: %w", err)
	}
	if l.CRS != "" {
		if a.CRS, err = adoptedCRS(l.CRS); err != nil {
			return misused("--crs: %w", err)
		}
	}
	store, snapshot, err := l.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	database, ok := store.(*postgis.Store)
	if !ok {
		return misused("only a record in a database can adopt a table: say which with --database-url, or 'shapan load' the data")
	}
	stop := errors.New("nothing was changed")
	out, err := database.Adopt(ctx, a, func(out postgis.Adopted, points []orb.Point) error {
		if err := l.checkDatum(everything(snapshot), out, points); err != nil {
			return err
		}
		if l.DryRun {
			return stop
		}
		return nil
	})
	if err != nil && !errors.Is(err, stop) {
		return err
	}
	fmt.Fprintf(console.err, "layer %s: %s, positions in %s\n", out.Layer.Name, out.Layer.Kind, out.CRS)
	for _, f := range out.Layer.Fields {
		fmt.Fprintf(console.err, "  %s %s\n", f.Name, f.Type)
	}
	for _, note := range out.Notes {
		fmt.Fprintln(console.err, note)
	}
	if errors.Is(err, stop) {
		fmt.Fprintln(console.err, "nothing was changed")
		return nil
	}
	fmt.Fprintf(console.err, "%s is layer %s now\n", l.Table, out.Layer.Name)
	return nil
}

// checkDatum refuses a table whose positions fit the subdistrict only in another datum, unless --crs says which it is.
func (l layerAdopt) checkDatum(view *layers.View, out postgis.Adopted, points []orb.Point) error {
	area, name := subdistrict(view)
	degrees := out.CRS == geo.WGS84 || out.CRS == geo.CGCS2000
	if l.CRS != "" || area == nil || !degrees || len(points) == 0 {
		return nil
	}
	if advice := exchange.Advice(exchange.Detect(points, area), out.CRS, name); advice != "" {
		return fmt.Errorf("%s (or --crs %s if they are right as they are); nothing was changed", advice, out.CRS)
	}
	return nil
}

// adoptedCRS reads a reference system: those that we know, and any EPSG code, which PostGIS transforms.
func adoptedCRS(s string) (geo.CRS, error) {
	crs, err := geo.ParseCRS(s)
	if err == nil {
		return crs, nil
	}
	if n, found := strings.CutPrefix(strings.ToUpper(s), "EPSG:"); found {
		if code, bad := strconv.ParseUint(n, 10, 31); bad == nil && code > 0 {
			return geo.CRS("EPSG:" + strconv.FormatUint(code, 10)), nil
		}
	}
	return "", err
}

// layerPartition splits a table by month.
type layerPartition struct {
	recordFlags
	Name string `arg:"" help:"The layer's name."`
}

// Help teaches.
func (layerPartition) Help() string {
	return `For layers of millions of features of which the old ones are seldom changed: each month of the layer's time field gets a
table of its own, which can be vacuumed and archived by itself. The layer is locked while its rows are moved, about ten
seconds a million.

    shapan layer partition events --database-url postgres://owner@db.example/map`
}

// Run splits the table.
func (l layerPartition) Run(ctx context.Context, console console) error {
	store, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	database, ok := store.(*postgis.Store)
	if !ok {
		return misused("only a record in a database is split by month: say which with --database-url")
	}
	fmt.Fprintln(console.err, "moving the rows ...")
	months, err := database.Partition(ctx, l.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(console.err, "layer %s is split into %d months\n", l.Name, months)
	return nil
}
