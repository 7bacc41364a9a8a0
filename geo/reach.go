package geo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Reach gathers the area that can be reached on foot, out of the stretches of a walk: every place that is no farther from
// one of them than one would still get, and no farther than Beside, for one leaves the streets a little, but does not walk
// through a block. Its outline is that of a raster, drawn where the reserve is used up; it is our own, as libraries for
// contours take whole rasters of floats and give lines without areas.
type Reach struct {
	Limit  float64 // metres on foot
	Beside float64 // metres from a street at most
	lines  []Stretch
}

// Add adds a stretch.
func (r *Reach) Add(s Stretch) { r.lines = append(r.lines, s) }

// rasterSide bounds the raster: squares along a side.
const rasterSide = 400

// Area returns what was added as an area (lon/lat degrees), outer rings counter-clockwise; nil where nothing was.
func (r *Reach) Area() orb.MultiPolygon {
	if len(r.lines) == 0 {
		return nil
	}
	f := r.raster()
	for _, s := range r.lines {
		f.paint(s, r.Limit, r.Beside)
	}
	return polygons(f.contours())
}

// raster is a square lattice of positions in a plane (metres east and north of a corner), each with how many metres one who
// stands there has in reserve; negative where it is not reached.
type raster struct {
	corner        orb.Point
	east, north   float64 // degrees of longitude and latitude in a metre
	step          float64 // metres
	width, height int
	reserve       []float64
}

func (r *Reach) raster() *raster {
	b := r.lines[0].Line.Bound()
	for _, s := range r.lines {
		b = b.Union(s.Line.Bound())
	}
	middle := b.Center()
	f := &raster{corner: b.Min}
	const tiny = 1e-4 // degrees
	f.east = tiny / Distance(middle, orb.Point{middle[0] + tiny, middle[1]})
	f.north = tiny / Distance(middle, orb.Point{middle[0], middle[1] + tiny})
	wide, high := (b.Max[0]-b.Min[0])/f.east+2*r.Beside, (b.Max[1]-b.Min[1])/f.north+2*r.Beside
	f.step = max(max(wide, high)/rasterSide, r.Beside/8)
	margin := r.Beside + 2*f.step // the outermost positions are never reached
	f.corner = orb.Point{b.Min[0] - margin*f.east, b.Min[1] - margin*f.north}
	f.width, f.height = int((wide+4*f.step)/f.step)+2, int((high+4*f.step)/f.step)+2
	f.reserve = make([]float64, f.width*f.height)
	for i := range f.reserve {
		f.reserve[i] = -f.step
	}
	return f
}

// plane returns a position in metres from the corner.
func (f *raster) plane(p orb.Point) (x, y float64) {
	return (p[0] - f.corner[0]) / f.east, (p[1] - f.corner[1]) / f.north
}

// paint raises the reserve around a stretch.
func (f *raster) paint(s Stretch, limit, beside float64) {
	ax, ay := f.plane(s.Line[0])
	bx, by := f.plane(s.Line[1])
	dx, dy := bx-ax, by-ay
	length := dx*dx + dy*dy
	last := 1.0 // beyond it every step on the street costs what it gains
	if s.Till > s.From {
		last = max(0, min(1, (limit-beside-s.From)/(s.Till-s.From)))
	}
	lo := func(a, b float64) int { return max(int(math.Floor((min(a, b)-beside)/f.step)), 0) }
	hi := func(a, b float64, n int) int { return min(int(math.Ceil((max(a, b)+beside)/f.step)), n-1) }
	for j := lo(ay, by); j <= hi(ay, by, f.height); j++ {
		for i := lo(ax, bx); i <= hi(ax, bx, f.width); i++ {
			x, y := float64(i)*f.step-ax, float64(j)*f.step-ay
			t := 0.0
			if length > 0 {
				t = max(0, min(last, (x*dx+y*dy)/length))
			}
			left := min(beside, limit-s.From-t*(s.Till-s.From)) - math.Hypot(x-t*dx, y-t*dy)
			at := &f.reserve[j*f.width+i]
			*at = max(*at, left)
		}
	}
}

// contours returns the rings along which the reserve is 0, with what is reached on the left: marching squares (W. Lorensen
// and H. Cline, SIGGRAPH 1987, in the plane). Where two corners of a square are reached that face each other, the mean of
// the four decides whether they are one.
func (f *raster) contours() (rings []orb.Ring) {
	next := map[int][]int{} // from the side of a square to the side that the contour goes on to
	for j := range f.height - 1 {
		for i := range f.width - 1 {
			for _, s := range f.square(i, j) {
				next[s[0]] = append(next[s[0]], s[1])
			}
		}
	}
	var begins []int
	for at := range next {
		begins = append(begins, at)
	}
	slices.Sort(begins)
	for _, begin := range begins {
		var ring orb.Ring
		for at := begin; len(next[at]) > 0; {
			to := next[at][0]
			next[at] = next[at][1:]
			ring = append(ring, f.on(at))
			at = to
		}
		if len(ring) > 2 {
			rings = append(rings, append(ring, ring[0]))
		}
	}
	return rings
}

// A side of a square is named by the position at its western or southern end: twice its number, and one more for a side
// that goes north.
func (f *raster) side(i, j, upright int) int { return 2*(j*f.width+i) + upright }

// square returns the pieces of contour in a square, from side to side, with what is reached on the left.
func (f *raster) square(i, j int) [][2]int {
	south, north, west, east := f.side(i, j, 0), f.side(i, j+1, 0), f.side(i, j, 1), f.side(i+1, j, 1)
	at := func(i, j int) float64 { return f.reserve[j*f.width+i] }
	corners := 0
	for bit, v := range []float64{at(i, j), at(i+1, j), at(i+1, j+1), at(i, j+1)} { // counter-clockwise from the south-west
		if v > 0 {
			corners |= 1 << bit
		}
	}
	switch corners {
	case 1:
		return [][2]int{{south, west}}
	case 2:
		return [][2]int{{east, south}}
	case 3:
		return [][2]int{{east, west}}
	case 4:
		return [][2]int{{north, east}}
	case 6:
		return [][2]int{{north, south}}
	case 7:
		return [][2]int{{north, west}}
	case 8:
		return [][2]int{{west, north}}
	case 9:
		return [][2]int{{south, north}}
	case 11:
		return [][2]int{{east, north}}
	case 12:
		return [][2]int{{west, east}}
	case 13:
		return [][2]int{{south, east}}
	case 14:
		return [][2]int{{west, south}}
	case 5, 10:
		one := at(i, j)+at(i+1, j)+at(i+1, j+1)+at(i, j+1) > 0
		switch {
		case corners == 5 && one:
			return [][2]int{{south, east}, {north, west}}
		case corners == 5:
			return [][2]int{{south, west}, {north, east}}
		case one:
			return [][2]int{{west, south}, {east, north}}
		}
		return [][2]int{{east, south}, {west, north}}
	}
	return nil
}

// on returns where the reserve is 0 on a side.
func (f *raster) on(side int) orb.Point {
	at := side / 2
	i, j, to := at%f.width, at/f.width, at+1
	if side%2 == 1 {
		to = at + f.width
	}
	a, b := f.reserve[at], f.reserve[to]
	t := a / (a - b)
	x, y := float64(i), float64(j)
	if side%2 == 1 {
		y += t
	} else {
		x += t
	}
	return orb.Point{f.corner[0] + x*f.step*f.east, f.corner[1] + y*f.step*f.north}
}

// polygons puts the holes of rings (clockwise) into the outer rings (counter-clockwise) that hold them.
func polygons(rings []orb.Ring) (out orb.MultiPolygon) {
	var holes []orb.Ring
	for _, r := range rings {
		if r.Orientation() == orb.CCW {
			out = append(out, orb.Polygon{r})
		} else {
			holes = append(holes, r)
		}
	}
	for _, h := range holes {
		best, least := -1, math.Inf(1)
		for i, p := range out {
			if area := math.Abs(ringArea(p[0])); area < least && inRing(p[0], h[0]) == inside {
				best, least = i, area
			}
		}
		if best >= 0 {
			out[best] = append(out[best], h)
		}
	}
	return out
}
