package tiles

import (
	"context"
	"slices"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// drawn is a shape that is to be drawn.
type drawn struct {
	row      layers.Row
	shape    *layers.Shape
	own      bool // it does not leave the tile
	labelled bool
	from, to int // an area's rings in the mesh
	tangled  bool
}

// What no tile has room for: so many positions, so many shapes, so many knots on the way between positions.
const (
	mostSteps = MaxBytes / 2
	mostDrawn = MaxBytes / 8
	mostKnots = MaxBytes
)

// drawShapes draws a layer that is not of points, its labels, and what is left out of it. Shapes are gathered first: the
// borders of areas are drawn together.
func (p *pen) drawShapes(ctx context.Context, t *layers.Table, r Request, labelled bool) error {
	defer p.forgetShapes()
	if err := p.gather(ctx, t, r, labelled); err != nil || p.over {
		return err
	}
	for i := range p.shapes {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s := &p.shapes[i]
		s.tangled = p.mesh.tie(p.mesh.rings[s.from:s.to], int32(i))
		if len(p.mesh.chains) > mostKnots {
			p.over = !p.last()
			p.leaveOut(p.shapes[i:])
			p.shapes = p.shapes[:i]
			break
		}
	}
	for i := range p.shapes {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p.shape(&p.shapes[i])
		if !p.last() && p.full() {
			return nil
		}
	}
	return nil
}

// forgetShapes lets go of the view that the shapes hold, and of memory that few tiles need.
func (p *pen) forgetShapes() {
	clear(p.shapes)
	if cap(p.shapes) > 1<<14 {
		p.shapes = nil
	}
	if cap(p.mesh.steps) > 1<<18 || cap(p.mesh.chains) > 1<<19 {
		p.mesh = mesh{}
	}
}

// gather finds the shapes to draw, and adds the rings of areas to the mesh.
func (p *pen) gather(ctx context.Context, t *layers.Table, r Request, labelled bool) (err error) {
	bound, filter := p.reach(r), r.Filters[t.Layer.Name]
	p.shapes, p.least = p.shapes[:0], 0
	if p.level > allShapes {
		p.least = p.leastSize(t, bound, filter)
	}
	p.mesh.start(&p.tracer)
	n := 0
	t.Within(bound, filter, func(row layers.Row) bool {
		if n++; n%checkEvery == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		shape := row.Shape()
		if shape == nil {
			return true
		}
		span := p.span(shape)
		if !span.near() {
			return true
		}
		d := drawn{row: row, shape: shape, own: span.own()}
		if span.size() < p.least {
			p.leaveOut([]drawn{d})
			return true
		}
		d.labelled = labelled && (p.level == 0 || span.size() >= roomForLabel) && p.labelAt(shape).inside()
		d.from = len(p.mesh.rings)
		area := shape.Paths[0].Kind == layers.PathOuter
		if area {
			outer := false
			for _, path := range shape.Paths {
				if path.Kind == layers.PathOuter {
					outer = p.mesh.add(&p.tracer, path, d.own)
				} else if outer {
					p.mesh.add(&p.tracer, path, d.own)
				}
			}
		}
		if len(p.shapes) >= mostDrawn || p.mesh.weight > mostSteps {
			p.mesh.rings = p.mesh.rings[:d.from]
			p.over = !p.last()
			p.leaveOut([]drawn{d})
			return !p.over
		}
		if d.to = len(p.mesh.rings); area && d.from == d.to {
			p.leaveOut([]drawn{d})
			return true
		}
		p.shapes = append(p.shapes, d)
		return true
	})
	return err
}

// reach returns a bound in degrees that holds the tile and its reach.
func (p *pen) reach(r Request) orb.Bound {
	return r.Matrix.area(r.Tile, margin(r.Tile)).bound()
}

// leastSize returns the size that the shapes of a layer must have to be drawn at this level: that of the last of the
// largest 1/2, 1/4, 1/8 ... of them.
func (p *pen) leastSize(t *layers.Table, b orb.Bound, f layers.Filter) int64 {
	var sizes []int64
	t.Within(b, f, func(row layers.Row) bool {
		if s := row.Shape(); s != nil {
			if span := p.span(s); span.near() { // the bound is a little wider than what a revision covers
				sizes = append(sizes, span.size())
			}
		}
		return true
	})
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	return sizes[len(sizes)-1-(len(sizes)-1)>>(p.level-allShapes)]
}

// span returns what a shape spans in units of the tile.
func (p *pen) span(s *layers.Shape) span {
	f := &p.tracer.frame
	return span{f.at(s.NorthWest[0], s.NorthWest[1]), f.at(s.SouthEast[0], s.SouthEast[1])}
}

// labelAt returns where the label of a shape stands.
func (p *pen) labelAt(s *layers.Shape) pos {
	return p.tracer.frame.at(s.WorldLabel[0], s.WorldLabel[1])
}

// shape draws one shape and its label.
func (p *pen) shape(d *drawn) {
	kind, before := typePolygon, p.main.mark()
	switch d.shape.Paths[0].Kind {
	case layers.PathPoints:
		kind = typePoint
		p.multiPoint(d.shape.Paths[0].XY)
	case layers.PathLine:
		kind = typeLine
		for _, path := range d.shape.Paths {
			p.tracer.lines(path.XY, d.own, p.main.line)
		}
	default:
		p.mesh.draw(p.mesh.rings[d.from:d.to], d.tangled, p.main.ring)
	}
	if len(p.main.geom) > 0 {
		p.tags(&p.main, d.row)
		p.main.feature(uint64(d.row.ID()), kind)
	}
	if p.last() && p.full() {
		p.main.undo(before)
	}
	if p.main.mark() == before {
		p.leaveOut([]drawn{*d})
	} else if d.labelled {
		p.label(d)
	}
}

// multiPoint draws the points that are in the tile, those in one unit after each other once.
func (p *pen) multiPoint(xy [][2]uint32) {
	p.marks = p.marks[:0]
	for _, c := range xy {
		if at := p.tracer.frame.at(c[0], c[1]); at.inside() && (len(p.marks) == 0 || p.marks[len(p.marks)-1] != at) {
			p.marks = append(p.marks, at)
		}
	}
	if len(p.marks) > 0 {
		p.main.points(p.marks...)
	}
}

// label draws the point inside the area that was just drawn that its label stands at.
func (p *pen) label(d *drawn) {
	before := p.labels.mark()
	p.labels.points(p.labelAt(d.shape))
	p.labels.copyTags(&p.main)
	p.labels.feature(uint64(d.row.ID()), typePoint)
	if p.last() && p.full() {
		p.labels.undo(before)
	}
}

// rest counts, by the cells in which points crowd, the shapes that are in a tile but not drawn because it is too full.
type rest struct {
	writer writer
	some   bool
	cells  [crowdSide * crowdSide]restCell
}

type restCell struct {
	count int64
	sum   pos
}

// keyLeftOut is how many features a feature of the rest stands for.
const keyLeftOut = "feature_count"

// restRoom is more than the rest of a layer takes: a point and a number for each cell.
const restRoom = 8 << 10

func (r *rest) start(name string) {
	r.writer.start(name, []key{{keyLeftOut, layers.Int}})
	if r.some {
		r.cells, r.some = [crowdSide * crowdSide]restCell{}, false
	}
}

// leaveOut counts shapes of a tile that is too full, where they would be drawn in a tile of their own.
func (p *pen) leaveOut(shapes []drawn) {
	if p.level == 0 || p.over {
		return
	}
	coarse := p.tracer.coarse
	p.tracer.coarse = p.base
	for _, d := range shapes {
		if p.tracer.meets(d.shape, d.own) {
			p.rest.add(p.labelAt(d.shape))
		}
	}
	p.tracer.coarse = coarse
}

// add counts a shape by where its label stands or, where that is not in the tile, by the cell next to it.
func (r *rest) add(at pos) {
	at = pos{min(max(at.x, 0), Extent-1), min(max(at.y, 0), Extent-1)}
	c := &r.cells[at.y*crowdSide/Extent*crowdSide+at.x*crowdSide/Extent]
	c.count++
	c.sum = pos{c.sum.x + at.x, c.sum.y + at.y}
	r.some = true
}

// appendTo appends the rest of a layer to a tile: a point for each cell, at the mean of what is left out there.
func (r *rest) appendTo(tile []byte) []byte {
	if !r.some {
		return tile
	}
	for _, c := range r.cells {
		if c.count > 0 {
			r.writer.points(pos{c.sum.x / c.count, c.sum.y / c.count})
			r.writer.tag(0, layers.IntValue(c.count))
			r.writer.feature(0, typePoint)
		}
	}
	return r.writer.appendTo(tile)
}
