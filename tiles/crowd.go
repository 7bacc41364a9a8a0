package tiles

import (
	"context"

	"shapan/layers"
)

// crowdShift makes the cells in which points crowd: a sixteenth of the tile's side.
const (
	crowdShift = 8
	crowdSide  = Extent >> crowdShift
)

// crowdLimit is how many points of a layer that clusters a tile shows one by one, from the layer's MaxZoom on.
const crowdLimit = 2000

// spot is a point in the tile.
type spot struct {
	row layers.Row
	at  pos
}

func (s spot) cell() int { return int(s.at.y>>crowdShift)*crowdSide + int(s.at.x>>crowdShift) }

// crowdCell is what a cell of crowded points sums up.
type crowdCell struct {
	count  int64
	sum    pos
	level  int64
	levels bool // level is that of a point
	drawn  bool
}

// crowd draws a layer of points: each one, or, where they crowd, one feature for each cell with more than one point. It
// has cluster=true, point_count, the greatest level where the layer has one, no id, and stands at the mean of its
// points. A point is in exactly one tile of a zoom, so the counts and single points of all tiles add up to the layer.
func (p *pen) crowd(ctx context.Context, t *layers.Table, r Request) (err error) {
	p.spots = p.spots[:0]
	defer p.forget()
	n := 0
	t.Within(r.Matrix.area(r.Tile, 0).bound(), r.Filters[t.Layer.Name], func(row layers.Row) bool {
		if n++; n%checkEvery == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		if x, y, ok := row.World(); ok {
			if at := p.tracer.frame.at(x, y); at.inside() {
				p.spots = append(p.spots, spot{row, at})
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	if p.level > 0 || t.Layer.Cluster && (p.zoom < t.Layer.MaxZoom || len(p.spots) > crowdLimit) {
		p.clusters(t)
		return nil
	}
	for _, s := range p.spots {
		p.spot(s)
		if p.full() {
			return nil // the next level is less detailed
		}
	}
	return nil
}

// forget lets go of the view that the spots hold, and of memory that few tiles need.
func (p *pen) forget() {
	clear(p.spots)
	if cap(p.spots) > 1<<16 {
		p.spots = nil
	}
}

// spot draws one point.
func (p *pen) spot(s spot) {
	p.main.points(s.at)
	p.tags(&p.main, s.row)
	p.main.feature(uint64(s.row.ID()), typePoint)
}

// clusters draws the points by cells, each where its first point stands in the order of rows.
func (p *pen) clusters(t *layers.Table) {
	var cells [crowdSide * crowdSide]crowdCell
	slot, level := p.levelField(t)
	for _, s := range p.spots {
		c := &cells[s.cell()]
		c.count++
		c.sum.x += s.at.x
		c.sum.y += s.at.y
		if level < 0 {
			continue
		}
		if v := s.row.Value(level); !v.IsNull() && (!c.levels || v.Int() > c.level) {
			c.level, c.levels = v.Int(), true
		}
	}
	for _, s := range p.spots {
		c := &cells[s.cell()]
		switch {
		case c.drawn:
		case c.count == 1:
			p.spot(s)
		default:
			c.drawn = true
			p.main.points(pos{c.sum.x / c.count, c.sum.y / c.count})
			if c.levels {
				p.main.tag(slot, layers.IntValue(c.level))
			}
			p.main.tag(len(p.fields), layers.BoolValue(true))
			p.main.tag(len(p.fields)+1, layers.IntValue(c.count))
			p.main.feature(0, typePoint)
		}
	}
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
