package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/paulmach/orb"
)

// ranking is B4: who should go, with walking distances, beside the same by straight lines alone, and beside a search from each
// responder.
func ranking(ctx context.Context, s setting) ([]row, error) {
	scales := []fixtures.Scale{fixtures.Subdistrict, s.scale, s.city}
	var rows []row
	for i, scale := range scales {
		if i > 0 && scale == scales[i-1] {
			continue
		}
		more, err := rankingAt(ctx, s, scale)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// ranked is a city whose responders are ranked.
type ranked struct {
	view    *layers.View
	streets *dispatch.Streets
	places  []orb.Point
	people  []orb.Point // of those on duty
}

func newRanked(ctx context.Context, scale fixtures.Scale) (*ranked, error) {
	b := layers.NewBuilder()
	tables := map[string]*layers.TableBuilder{}
	for _, l := range fixtures.Catalogue() {
		t, err := b.Layer(l)
		if err != nil {
			return nil, err
		}
		tables[l.Name] = t
	}
	err := fixtures.Generate(ctx, fixtures.Options{Scale: scale, Events: 1000}, func(layer string, f layers.Feature) error {
		if layer != fixtures.Buildings && layer != fixtures.Facilities {
			tables[layer].Add(f)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r := &ranked{view: b.Snapshot(1).View(layers.Scope{Audience: layers.Restricted}), streets: new(dispatch.Streets)}
	if err := r.read(fixtures.Events, func(row layers.Row, at orb.Point) { r.places = append(r.places, at) }); err != nil {
		return nil, err
	}
	return r, r.read(fixtures.Responders, func(row layers.Row, at orb.Point) {
		if row.Get("duty").Text() == "on_duty" {
			r.people = append(r.people, at)
		}
	})
}

// read calls fn with the points of a layer.
func (r *ranked) read(layer string, fn func(layers.Row, orb.Point)) error {
	t, err := r.view.Table(layer)
	if err != nil {
		return err
	}
	t.Each(nil, func(row layers.Row) bool {
		if at, ok := row.Point(); ok {
			fn(row, at)
		}
		return true
	})
	return nil
}

// each asks about places in turn for a while, and returns the median time of one.
func (r *ranked) each(d time.Duration, ask func(at orb.Point) error) (time.Duration, error) {
	var took []time.Duration
	rng := rand.New(rand.NewPCG(4, 4))
	for begun := time.Now(); len(took) == 0 || time.Since(begun) < d; {
		at := r.places[rng.IntN(len(r.places))]
		one := time.Now()
		if err := ask(at); err != nil {
			return 0, err
		}
		took = append(took, time.Since(one))
	}
	return median(took), nil
}

func (r *ranked) ask(streets *dispatch.Streets) func(at orb.Point) error {
	return func(at orb.Point) error {
		a, err := dispatch.Rank(r.view, streets, dispatch.Question{At: at, Level: 3, Now: fixtures.Reference()})
		if err == nil && len(a.Lists[0].Candidates) == 0 {
			err = errors.New("nobody is ranked")
		}
		return err
	}
}

// fromEach searches from some responders on duty to a place, as one who has no search from the place would from all of them.
func (r *ranked) fromEach(some int) func(at orb.Point) error {
	n := r.streets.Network(r.view)
	return func(at orb.Point) error {
		target, ok := n.Stand(at, 1000)
		if !ok {
			return nil
		}
		for i := range some {
			from, ok := n.Stand(r.people[i*len(r.people)/some], 1000)
			if ok {
				n.Walk(from).To([]geo.Stand{target}, 1e9, func(geo.Found) bool { return false })
			}
		}
		return nil
	}
}

func rankingAt(ctx context.Context, s setting, scale fixtures.Scale) ([]row, error) {
	const some = 20
	r, err := newRanked(ctx, scale)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	ways := r.streets.Network(r.view).Len()
	built := time.Since(begun)
	var ours, lines, searches []time.Duration
	for range s.rounds {
		for _, side := range []struct {
			to  *[]time.Duration
			ask func(orb.Point) error
		}{{&ours, r.ask(r.streets)}, {&lines, r.ask(nil)}, {&searches, r.fromEach(some)}} {
			took, err := r.each(s.round/2, side.ask)
			if err != nil {
				return nil, err
			}
			*side.to = append(*side.to, took)
		}
	}
	a, b, c := median(ours), median(lines), median(searches)*time.Duration(len(r.people))/some
	what := fmt.Sprintf("rank %d on duty of %s (%d ways, made in %v)", len(r.people), scale, ways, built.Round(time.Millisecond))
	round := func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
	return []row{
		{"B4", what, round(a), round(b) + " by straight lines alone", fmt.Sprintf("%.2fx", float64(b)/float64(a)), "1 ms"},
		{"B4", "the same", round(a), fmt.Sprintf("%s a search from each (%d searched)", round(c), some), fmt.Sprintf("%.0fx", float64(c)/float64(a)), "-"},
	}, nil
}
