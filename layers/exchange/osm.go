package exchange

import (
	"errors"
	"os"
	"strconv"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// osmFile is the streets of an OpenStreetMap extract. Opening it reads the file twice, for the nodes that streets have and
// for where they lie, and each reading of its records once more; so memory holds the nodes of streets alone.
type osmFile struct {
	path   string
	places osmPlaces
}

// osmColumns are those that a street has: the fields of the layer streets that an extract can tell.
var osmColumns = []column{{"code", layers.String}, {"name", layers.String}, {"class", layers.String}, {"foot", layers.Bool},
	{"barrier", layers.String}, {"provenance", layers.String}}

// osmProvenance says where streets are from, as the licence of OpenStreetMap's data asks.
const osmProvenance = "© OpenStreetMap contributors (ODbL 1.0)"

// openOSM opens an extract.
func openOSM(path string, o Options) (f format, err error) {
	file := &osmFile{path: path}
	if err := file.locate(o, maxPlaces); err != nil {
		return f, err
	}
	return format{unit: "way", columns: osmColumns, crs: string(geo.WGS84), records: file.records}, nil
}

// locate finds where the nodes of streets lie.
func (f *osmFile) locate(o Options, limit int) error {
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	pass := 0
	told := func(done int64) {
		if o.Progress != nil {
			o.Progress(pass*int(info.Size())+int(done), 2*int(info.Size()))
		}
	}
	ways := osmScan{told: told, way: func(w *osmWay) error {
		if _, ok := streetOf(w.tags); !ok {
			return nil
		}
		return f.places.want(w.nodes, limit)
	}}
	if err := ways.run(f.path); err != nil {
		return err
	}
	if err := f.places.done(limit); err != nil {
		return err
	}
	pass = 1
	nodes := osmScan{told: told, node: f.places.set}
	return nodes.run(f.path)
}

// records yields the streets.
func (f *osmFile) records(yield func(raw, error) bool) {
	enough := errors.New("enough")
	scan := osmScan{way: func(w *osmWay) error {
		s, ok := streetOf(w.tags)
		if !ok {
			return nil
		}
		line := f.line(w.nodes)
		if line == nil {
			return nil // it lies outside the extract
		}
		r := raw{line: int(w.id), id: w.id, geometry: line, values: []any{"way/" + strconv.FormatInt(w.id, 10), nil, s.class, s.foot, s.barrier, osmProvenance}}
		for _, c := range osmColumns {
			r.names = append(r.names, c.name)
		}
		if s.name != "" {
			r.values[1] = s.name
		}
		if !yield(r, nil) {
			return enough
		}
		return nil
	}}
	if err := scan.run(f.path); err != nil && err != enough {
		yield(raw{}, err)
	}
}

// line returns the parts of a way that lie in the extract; nil where none does.
func (f *osmFile) line(nodes []int64) orb.Geometry {
	var parts orb.MultiLineString
	var part orb.LineString
	for _, id := range nodes {
		at, ok := f.places.get(id)
		if !ok {
			part = nil
			continue
		}
		p := orb.Point{float64(at[0]) / 1e7, float64(at[1]) / 1e7}
		if len(part) > 0 && p == part[len(part)-1] {
			continue
		}
		if part = append(part, p); len(part) == 2 {
			parts = append(parts, nil)
		}
		if len(part) > 1 {
			parts[len(parts)-1] = part
		}
	}
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return parts
}

// street is what a way's tags say of it.
type street struct {
	name    string
	class   string // of the layer streets
	barrier string // "none": it is a street
	foot    bool   // it can be walked
}

// streetOf reads a way's tags; ok is false where it is neither a street nor in the way of one who walks.
func streetOf(tags map[string]string) (s street, ok bool) {
	s.name = tags["name"]
	if s.class = streetClass(tags); s.class != "" {
		if s.name == "" {
			s.name = tags["ref"]
		}
		s.barrier, s.foot = "none", onFoot(tags)
		return s, true
	}
	s.class, s.barrier = "barrier", barrierOf(tags)
	return s, s.barrier != ""
}

// streetClass returns the class of a street; empty: the way is none, or none yet, or no more.
func streetClass(tags map[string]string) string {
	if tags["footway"] == "crossing" || tags["cycleway"] == "crossing" || tags["path"] == "crossing" {
		return "crossing"
	}
	switch tags["highway"] {
	case "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link":
		return "trunk"
	case "secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential", "road", "busway":
		return "street"
	case "living_street", "service", "track":
		return "lane"
	case "footway", "path", "pedestrian", "steps", "cycleway", "bridleway", "corridor", "platform", "elevator":
		return "footway"
	case "crossing":
		return "crossing"
	}
	if tags["railway"] == "platform" || tags["public_transport"] == "platform" || tags["man_made"] == "pier" {
		return "footway"
	}
	return ""
}

// onFoot tells whether a street can be walked: foot= decides, then access=, then what kind of street it is.
func onFoot(tags map[string]string) bool {
	switch tags["foot"] {
	case "no", "private", "use_sidepath":
		return false
	case "yes", "designated", "official", "permissive", "destination", "customers":
		return true
	}
	switch tags["access"] {
	case "no", "private":
		return false
	}
	return tags["highway"] != "motorway" && tags["highway"] != "motorway_link" && tags["motorroad"] != "yes"
}

// barrierOf returns what kind of barrier a way is; empty: none. What is in a tunnel or on a bridge is passed above or below.
func barrierOf(tags map[string]string) string {
	if t := tags["tunnel"]; t != "" && t != "no" {
		return ""
	}
	if b := tags["bridge"]; b != "" && b != "no" {
		return ""
	}
	if tags["location"] == "underground" {
		return ""
	}
	switch tags["railway"] {
	case "rail", "light_rail", "narrow_gauge":
		return "railway"
	}
	switch tags["waterway"] {
	case "river", "riverbank", "canal":
		return "river"
	}
	if tags["natural"] == "water" && (tags["water"] == "river" || tags["water"] == "canal") {
		return "river"
	}
	switch tags["barrier"] {
	case "wall":
		if tags["wall"] == "flood_wall" {
			return "levee"
		}
		return "fence"
	case "fence", "retaining_wall", "city_wall":
		return "fence"
	}
	return ""
}
