package main

import (
	"context"
	"fmt"
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

// heat is B5: heat tiles of zoom 12 to 16, where the most points are, drawn in memory: few events in a district, as few over
// a city, and many over the city, beside a scan of all points.
func heat(ctx context.Context, s setting) ([]row, error) {
	few, many := s.large, 50*s.large
	samples := []fixtures.Options{{Scale: s.scale, Events: few}, {Scale: s.city, Events: few}, {Scale: s.city, Events: many}}
	var drawn [3]map[string]time.Duration
	var scans map[string]time.Duration
	for i, sample := range samples {
		w, err := newWorld(ctx, sample, 1)
		if err != nil {
			return nil, err
		}
		t, err := everything(w).Table(fixtures.Events)
		if err == nil {
			drawn[i], err = heatTimes(ctx, s, w, t, false)
		}
		if err == nil && sample.Events == many {
			scans, err = heatTimes(ctx, s, w, t, true)
		}
		w.close()
		if err != nil {
			return nil, err
		}
	}
	var rows []row
	for _, f := range heatFilters() {
		district, thin, full := drawn[0][f.name], drawn[1][f.name], drawn[2][f.name]
		rows = append(rows, row{"B5", "heat tile z12-z16, " + f.name,
			fmt.Sprintf("%v of %d in a city; of %d: %v in a district, %v in the city", micro(full), many, few, micro(district), micro(thin)),
			fmt.Sprintf("%v a scan of all", micro(scans[f.name])),
			fmt.Sprintf("%.1fx of few in a district, %.1fx in the city; scan %.0fx", float64(full)/float64(district), float64(full)/float64(thin), float64(scans[f.name])/float64(full)),
			"<= 3x of few"})
	}
	return rows, nil
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
