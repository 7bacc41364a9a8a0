package tiles

import (
	"cmp"
	"context"
	"math"
	"slices"

	"shapan/layers"
)

// crowdZooms makes the cells in which points crowd: a sixteenth of the tile's side.
const (
	crowdZooms = 4
	crowdSide  = 1 << crowdZooms
)

// crowdLimit is how many points of a layer that clusters a tile shows one by one, from the layer's MaxZoom on.
const crowdLimit = 2000

// manyPoints is how many points, drawn one by one, surely need more than MaxBytes.
const manyPoints = MaxBytes / 8

// cluster is points of the tile that stand together.
type cluster struct {
	row   layers.Row // one of them
	id    int64      // of a point that is drawn alone
	n     int64
	x, y  int64 // the sums of their world coordinates
	level float64
}

// crowd draws a layer of points: each one, or, where they crowd, one feature for each cell with more than one point. It
// has cluster=true, point_count, the greatest level where the layer has one, no id, and stands at the mean of its
// points. A point is in exactly one tile of a zoom, so the counts and single points of all tiles add up to the layer.
// Points stand in the order of their ids, clusters row by row from the north-west.
func (p *pen) crowd(ctx context.Context, t *layers.Table, r Request) error {
	defer p.forget()
	slot, level := p.levelField(t)
	crowded := p.level > 0 || t.Layer.Cluster && p.zoom < t.Layer.MaxZoom
	if !crowded {
		most := manyPoints
		if t.Layer.Cluster {
			most = crowdLimit
		}
		if err := p.points(ctx, t, r, most+1); err != nil {
			return err
		}
		crowded = len(p.clusters) > most
		if p.over = p.over || crowded && !t.Layer.Cluster; p.over {
			return nil
		}
	}
	if crowded {
		if err := p.cells(ctx, t, r, level); err != nil {
			return err
		}
	}
	for i := range p.clusters {
		if c := &p.clusters[i]; c.n > 0 {
			p.cluster(c, slot)
		}
		if p.full() {
			return nil // the next level is less detailed
		}
	}
	return nil
}

// points sets the clusters to the points of the tile, each alone, at most n.
func (p *pen) points(ctx context.Context, t *layers.Table, r Request, n int) error {
	p.clusters = p.clusters[:0]
	g := layers.Gathering{Square: r.Matrix.area(r.Tile, 0).square(), Filter: r.Filters[t.Layer.Name], Weight: -1, Detail: true}
	err := t.Gather(ctx, g, func(c *layers.Clump) bool {
		if p.tracer.frame.at(c.X, c.Y).inside() {
			p.clusters = append(p.clusters, cluster{row: c.Row, id: c.Row.ID(), n: 1, x: int64(c.X), y: int64(c.Y)})
		}
		return len(p.clusters) < n
	})
	slices.SortFunc(p.clusters, func(a, b cluster) int { return cmp.Compare(a.id, b.id) })
	return err
}

// cells sets the clusters to the points of each cell of the tile; level is the position of the field whose greatest value
// they have, or -1.
func (p *pen) cells(ctx context.Context, t *layers.Table, r Request, level int) error {
	p.clusters = slices.Grow(p.clusters[:0], crowdSide*crowdSide)[:crowdSide*crowdSide]
	clear(p.clusters)
	g := layers.Gathering{Square: r.Matrix.area(r.Tile, 0).square(), Filter: r.Filters[t.Layer.Name], Weight: level, Detail: true}
	if r.Matrix == WebMercator { // the cells of others are none of world coordinates: there each point is looked at
		g.Shift = uint(32 - crowdZooms - r.Tile.Z)
	}
	return t.Gather(ctx, g, func(c *layers.Clump) bool {
		at := p.tracer.frame.at(c.X, c.Y)
		if !at.inside() {
			return true
		}
		into := &p.clusters[at.y*crowdSide/Extent*crowdSide+at.x*crowdSide/Extent]
		if into.n == 0 {
			into.row, into.level = c.Row, math.Inf(-1)
		}
		into.n += int64(c.N)
		into.x += int64(c.X)*int64(c.N) + c.SX
		into.y += int64(c.Y)*int64(c.N) + c.SY
		into.level = max(into.level, c.Max)
		return true
	})
}

// forget lets go of the view that the clusters hold, and of memory that few tiles need.
func (p *pen) forget() {
	clear(p.clusters)
	if cap(p.clusters) > 1<<13 {
		p.clusters = nil
	}
}

// cluster draws the points of one cell, or one point; slot is that of the level, or -1.
func (p *pen) cluster(c *cluster, slot int) {
	p.main.points(p.tracer.frame.at(uint32(c.x/c.n), uint32(c.y/c.n)))
	if c.n == 1 {
		p.tags(&p.main, c.row)
		p.main.feature(uint64(c.row.ID()), typePoint)
		return
	}
	if slot >= 0 && !math.IsInf(c.level, -1) {
		const exact = 1 << 53 // whole numbers beyond it are not told apart
		p.main.tag(slot, layers.IntValue(int64(max(min(c.level, exact), -exact))))
	}
	p.main.tag(len(p.fields), layers.BoolValue(true))
	p.main.tag(len(p.fields)+1, layers.IntValue(c.n))
	p.main.feature(0, typePoint)
}

// levelField returns the slot and the position of the layer's whole number "level", or -1.
func (p *pen) levelField(t *layers.Table) (slot, at int) {
	for slot, f := range p.fields {
		if f.kind == layers.Int && t.Layer.Fields[f.at].Name == "level" {
			return slot, f.at
		}
	}
	return -1, -1
}
