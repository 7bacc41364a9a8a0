package tiles

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// What a report says of a tile is what the tile says of itself, by a reader of its own.
func TestAReportIsTrueOfItsTile(t *testing.T) {
	t.Parallel()
	areas := manyAreas()
	for i := range areas { // far more than a tile may hold
		areas[i].Values[1] = layers.TextValue(fmt.Sprint(i, strings.Repeat("长", 4000)))
	}
	for name, v := range map[string]*layers.View{"grids": view(t, gridLayer, areas...), "events": view(t, pointLayer, points(61, 2000, 0.001)...)} {
		r := Request{Layers: []string{name}, Tile: geo.Tile(orb.Point{center[0] + 0.008, center[1] + 0.008}, 12)}
		if name == "events" {
			r.Tile = geo.Tile(center, 12)
		}
		got, err := cache(t, CacheConfig{}).Explain(t.Context(), v, r, Key{Rev: 7})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := Vector(t.Context(), v, r)
		if err != nil {
			t.Fatal(err)
		}
		l, want := got.Layers[0], read(t, v, r)
		alone, clusters, crowded := 0, 0, 0
		for _, f := range want.layer(name).features {
			if n, ok := f.tags[keyCount].(int64); ok {
				clusters++
				crowded += int(n)
			} else {
				alone++
			}
		}
		if l.Drawn != alone || l.Clusters != clusters || l.Crowded != crowded || l.Labels != len(want.layer(name+"_label").features) {
			t.Errorf("%s: %+v; the tile has %d alone and %d clusters of %d", name, l, alone, clusters, crowded)
		}
		if l.LeftOut != l.Found-alone-crowded || (l.LeftOut > 0) != (name == "grids") {
			t.Errorf("%s: %+v", name, l)
		}
		told := int64(0)
		for _, f := range want.layer(name + restSuffix).features {
			if n, ok := f.tags[keyLeftOut].(int64); ok {
				told += n
			}
		}
		if l.Told != int(told) || (l.Told > 0) != (name == "grids") {
			t.Errorf("%s: %+v; the tile tells of %d", name, l, told)
		}
		if got.Bytes != len(raw) || l.Bytes != len(raw) || got.Limit != MaxBytes || (got.Level > 0) != (name == "grids") || got.Rev != 7 {
			t.Errorf("%s: %+v; the tile has %d bytes", name, got, len(raw))
		}
		if len(got.Forms) != int(Codings) || got.Forms["identity"].Bytes != len(raw) || got.Forms["br"].Bytes >= len(raw) || got.Forms["gzip"].Kept {
			t.Errorf("%s: %+v", name, got.Forms)
		}
	}
}

func TestAReportOfNothing(t *testing.T) {
	t.Parallel()
	v := view(t, gridLayer, manyAreas()...)
	c := cache(t, CacheConfig{})
	got, err := c.Explain(t.Context(), v, Request{Layers: []string{"grids"}, Tile: geo.Tile(orb.Point{-100, 40}, 12)}, Key{})
	if err != nil || got.Bytes != 0 || got.Layers[0].Found != 0 || len(got.Forms) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Explain(ctx, v, Request{Layers: []string{"grids"}, Tile: geo.Tile(center, 12)}, Key{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Explain(t.Context(), v, Request{Layers: []string{"nowhere"}, Tile: geo.Tile(center, 12)}, Key{}); err == nil {
		t.Error("a layer that is not there is explained")
	}
}
