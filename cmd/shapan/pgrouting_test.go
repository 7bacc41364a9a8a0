package main

import (
	"context"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	responders "shapan/layers/dispatch"
	"shapan/layers/exchange"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	_ "github.com/paulmach/osm" // its module brings the extract of Delaware
)

// delaware returns the path of a real extract: Delaware in August 2016, © OpenStreetMap contributors, ODbL.
func delaware(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/paulmach/osm").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "testdata", "delaware-latest.osm.pbf")
}

// streetLayer is the sample's layer streets.
func streetLayer(t *testing.T) layers.Layer {
	t.Helper()
	for _, l := range fixtures.Catalogue() {
		if l.Name == fixtures.Streets {
			return l
		}
	}
	t.Fatal("the sample has no layer streets")
	return layers.Layer{}
}

// wilmington returns the streets of a city out of the real extract: those that begin there.
func wilmington(t *testing.T) (streets []layers.Feature) {
	t.Helper()
	source, err := exchange.Open(delaware(t), exchange.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	city := orb.Bound{Min: orb.Point{-75.58, 39.72}, Max: orb.Point{-75.51, 39.77}}
	l := streetLayer(t)
	for r, err := range source.Features(&l) {
		if err != nil {
			t.Fatal(err)
		}
		if line, ok := r.Feature.Geometry.(orb.LineString); ok && city.Contains(line[0]) {
			streets = append(streets, r.Feature)
		}
	}
	return streets
}

// jiyuqiao returns the streets of the sample.
func jiyuqiao(t *testing.T) (streets []layers.Feature) {
	t.Helper()
	err := fixtures.Generate(t.Context(), fixtures.Options{Events: 1}, func(layer string, f layers.Feature) error {
		if layer == fixtures.Streets {
			streets = append(streets, f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return streets
}

// networkOf makes the walking network of streets as the service does.
func networkOf(t *testing.T, streets []layers.Feature) *geo.Network {
	t.Helper()
	b := layers.NewBuilder()
	table, err := b.Layer(streetLayer(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range streets {
		table.Add(f)
	}
	s := b.Snapshot(1)
	if notes := b.Notes(); len(notes) > 0 {
		t.Fatalf("not on the map: %v", notes)
	}
	return new(responders.Streets).Network(s.View(layers.Scope{Audience: layers.Restricted}))
}

// routing is a network as pgRouting has it. PostGIS measures its edges and finds what meets by itself.
const routing = `
CREATE EXTENSION pgrouting CASCADE;
CREATE TABLE piece (ax float8, ay float8, bx float8, by float8);
CREATE FUNCTION place(x float8, y float8) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT round(x * 1e7)::text || $$ $$ || round(y * 1e7)::text'`

const routingNodes = `
CREATE TABLE node AS SELECT row_number() OVER (ORDER BY place) AS id, x, y, place
  FROM (SELECT DISTINCT ON (place) place, x, y FROM (SELECT place(ax, ay), ax x, ay y FROM piece UNION ALL SELECT place(bx, by), bx, by FROM piece) p ORDER BY place) q;
CREATE TABLE edge AS SELECT row_number() OVER () AS id, a.id AS source, b.id AS target,
    ST_Distance(ST_Point(ax, ay, 4326)::geography, ST_Point(bx, by, 4326)::geography) AS cost
  FROM piece JOIN node a ON a.place = place(ax, ay) JOIN node b ON b.place = place(bx, by) WHERE a.id <> b.id`

// inPgRouting puts what can be walked of streets into a database of its own.
func inPgRouting(t *testing.T, streets []layers.Feature) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databases.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), routing); err != nil {
		t.Fatalf("pgRouting is missing (Debian, Ubuntu: apt-get install postgresql-pgrouting): %v", err)
	}
	l := streetLayer(t)
	foot, barrier := l.Index("foot"), l.Index("barrier")
	var pieces [][]any
	for _, f := range streets {
		if line, ok := f.Geometry.(orb.LineString); ok && f.Values[foot].Bool() && f.Values[barrier].Text() == "none" {
			for i := 1; i < len(line); i++ {
				pieces = append(pieces, []any{line[i-1][0], line[i-1][1], line[i][0], line[i][1]})
			}
		}
	}
	if _, err := conn.CopyFrom(t.Context(), pgx.Identifier{"piece"}, []string{"ax", "ay", "bx", "by"}, pgx.CopyFromRows(pieces)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), routingNodes); err != nil {
		t.Fatal(err)
	}
	return conn
}

// routingCosts asks pgRouting for the distances from every so-manieth node to all that can be reached from it.
func routingCosts(t *testing.T, conn *pgx.Conn, every int) map[int64]map[int64]float64 {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT start_vid, end_vid, agg_cost FROM pgr_dijkstraCost('SELECT id, source, target, cost FROM edge',
		(SELECT array_agg(id) FROM node WHERE id % $1::int = 1), (SELECT array_agg(id) FROM node), directed := false)`, every)
	if err != nil {
		t.Fatal(err)
	}
	costs := map[int64]map[int64]float64{}
	var from, to int64
	var metres float64
	if _, err := pgx.ForEachRow(rows, []any{&from, &to, &metres}, func() error {
		if costs[from] == nil {
			costs[from] = map[int64]float64{}
		}
		costs[from][to] = metres
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return costs
}

// routingStands returns where the nodes of pgRouting are in the network, by their number less one.
func routingStands(t *testing.T, conn *pgx.Conn, network *geo.Network) []geo.Stand {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT x, y FROM node ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	places, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (p orb.Point, err error) { return p, r.Scan(&p[0], &p[1]) })
	if err != nil {
		t.Fatal(err)
	}
	var stands []geo.Stand
	for _, p := range places {
		s, ok := network.Stand(p, 0.001)
		if !ok {
			t.Fatalf("the network has nothing at %v", p)
		}
		stands = append(stands, s)
	}
	return stands
}

// A walk is as long as pgRouting says, from nodes all over a network to every other one, whether it can be reached or not:
// over a city of OpenStreetMap and over the sample.
func TestWalksAreThoseOfPgRouting(t *testing.T) {
	t.Parallel()
	for name, streets := range map[string]func(*testing.T) []layers.Feature{"a real extract": wilmington, "the sample": jiyuqiao} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := streets(t)
			network, conn := networkOf(t, all), inPgRouting(t, all)
			stands := routingStands(t, conn, network)
			every := len(stands)/5 + 1
			costs := routingCosts(t, conn, every)
			compared := 0
			for at := 0; at < len(stands); at += every {
				want := costs[int64(at+1)]
				got := 0
				network.Walk(stands[at]).To(stands, math.Inf(1), func(f geo.Found) bool {
					metres, reached := want[int64(f.Target+1)]
					if f.Target == at {
						reached = true
					} else {
						got++
					}
					if math.Abs(f.Metres-metres) > 1e-6*metres+1e-6 || !reached {
						t.Errorf("from %v to %v: %.6f m, pgRouting has %.6f (reached: %t)", stands[at].At, stands[f.Target].At, f.Metres, metres, reached)
					}
					return !t.Failed()
				})
				if !t.Failed() && got != len(want) {
					t.Errorf("from %v: %d nodes are reached, %d of pgRouting", stands[at].At, got, len(want))
				}
				compared += got
			}
			if t.Logf("%d streets, %d nodes, %d walks", len(all), len(stands), compared); compared < len(stands) {
				t.Errorf("only %d walks were compared over %d nodes", compared, len(stands))
			}
		})
	}
}
