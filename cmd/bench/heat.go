package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// heatFilters are what heat is mostly asked for with.
func heatFilters() []heatFilter {
	week := fixtures.Reference().AddDate(0, 0, -21)
	return []heatFilter{
		{"no filter", layers.Query{}},
		{"level filter", layers.Query{Terms: []layers.Term{{Field: "level", Op: layers.In, Values: []string{"3"}}}}},
		{"level and domain", layers.Query{Terms: []layers.Term{{Field: "level", Op: layers.AtLeast, Values: []string{"2"}}, {Field: "domain", Op: layers.In, Values: []string{"urban"}}}}},
		{"7-day window", layers.Query{From: week, To: week.AddDate(0, 0, 7)}},
	}
}

type heatFilter struct {
	name  string
	query layers.Query
}

// heat is B5: heat tiles of zoom 12 to 16, where the most points are, drawn in memory: events of a district, and of a city in
// four sizes, the largest beside a scan of all points.
func heat(ctx context.Context, s setting) ([]row, error) {
	few := fixtures.Options{Scale: s.scale, Events: s.large}
	district, _, err := heatOf(ctx, s, few, false)
	if err != nil {
		return nil, err
	}
	sizes := []int{s.large / 20, s.large, 5 * s.large, 50 * s.large}
	var city []map[string]time.Duration
	var scans map[string]time.Duration
	for i, n := range sizes {
		drawn, scanned, err := heatOf(ctx, s, fixtures.Options{Scale: s.city, Events: n}, i == len(sizes)-1)
		if err != nil {
			return nil, err
		}
		city, scans = append(city, drawn), scanned
	}
	var rows []row
	for _, f := range heatFilters() {
		var took []string
		for i, n := range sizes {
			took = append(took, fmt.Sprintf("%d: %v", n, micro(city[i][f.name])))
		}
		full := city[len(city)-1][f.name]
		rows = append(rows, row{"B5", "heat tile z12-z16, " + f.name,
			fmt.Sprintf("in a city of %s; %d in a district: %v", strings.Join(took, ", "), s.large, micro(district[f.name])),
			fmt.Sprintf("%v a scan of all", micro(scans[f.name])),
			fmt.Sprintf("%.1fx of few in a district, %.1fx in the city; scan %.0fx", float64(full)/float64(district[f.name]), float64(full)/float64(city[1][f.name]), float64(scans[f.name])/float64(full)),
			"<= 3x of few"})
	}
	return rows, nil
}

// heatOf returns the times of one sample, and with scan also those of the naive twin.
func heatOf(ctx context.Context, s setting, sample fixtures.Options, scan bool) (drawn, scanned map[string]time.Duration, err error) {
	w, err := newWorld(ctx, sample, 1)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	t, err := everything(w).Table(fixtures.Events)
	if err != nil {
		return nil, nil, err
	}
	if drawn, err = heatTimes(ctx, s, w, t, false); err == nil && scan {
		scanned, err = heatTimes(ctx, s, w, t, true)
	}
	return drawn, scanned, err
}

func micro(d time.Duration) time.Duration { return d.Round(time.Microsecond) }

// heatTimes returns, by filter, the median time that a tile takes over the zooms, each where the most points are.
func heatTimes(ctx context.Context, s setting, w *world, t *layers.Table, scan bool) (map[string]time.Duration, error) {
	busy, rounds := busiest(t), 4*s.rounds
	if scan {
		rounds = 1
	}
	out := map[string]time.Duration{}
	for _, f := range heatFilters() {
		filter, err := t.Compile(f.query)
		if err != nil {
			return nil, err
		}
		var took []time.Duration
		for range rounds {
			for z := maptile.Zoom(12); z <= 16; z++ {
				tile := geo.Tile(busy, z)
				begun := time.Now()
				if scan {
					scanHeat(t, tile, filter)
				} else {
					grid, err := tiles.Heat(ctx, everything(w), tiles.HeatRequest{Layer: fixtures.Events, Tile: tile, Filter: filter})
					if err != nil {
						return nil, err
					}
					grid.MVT()
				}
				took = append(took, time.Since(begun))
			}
		}
		out[f.name] = median(took)
	}
	return out, nil
}

// busiest returns a place in the tile of zoom 16 that has the most points.
func busiest(t *layers.Table) (at orb.Point) {
	counts, most := map[maptile.Tile]int{}, 0
	t.Each(nil, func(r layers.Row) bool {
		if p, ok := r.Point(); ok {
			tile := geo.Tile(p, 16)
			if counts[tile]++; counts[tile] > most {
				at, most = p, counts[tile]
			}
		}
		return true
	})
	return at
}

// scanHeat is the naive twin of a heat tile: it looks at every point.
func scanHeat(t *layers.Table, tile maptile.Tile, f layers.Filter) (cells [64 * 64]int) {
	shift := 32 - tile.Z - 6
	t.Each(f, func(r layers.Row) bool {
		if x, y, ok := r.World(); ok && x>>(32-tile.Z) == tile.X && y>>(32-tile.Z) == tile.Y {
			cells[y>>shift%64*64+x>>shift%64]++
		}
		return true
	})
	return cells
}
