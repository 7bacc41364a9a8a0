package tiles

import (
	"bytes"
	"image"
	"image/png"
	"math"

	"shapan/layers"
)

// kernel returns half of the smoothing kernel, from the middle outwards, and the cells of margin that a picture needs
// around its tile. It is a Gaussian with a deviation of 1/32 of the tile's side, or of one cell where that is more, cut
// off at three deviations; its whole sums to 1.
func kernel(cells int) (half []float64, margin int) {
	deviation := max(float64(cells)/32, 1)
	radius := int(math.Ceil(3 * deviation))
	half = make([]float64, radius+1)
	sum := 0.0
	for i := range half {
		half[i] = math.Exp(-float64(i*i) / (2 * deviation * deviation))
		sum += half[i]
		if i > 0 {
			sum += half[i]
		}
	}
	for i := range half {
		half[i] /= sum
	}
	return half, radius + 1 // one cell more to interpolate with
}

// PNG returns the heat as a picture of 256 x scale pixels a side, in the colours of the legend, transparent where there is
// nothing. Counts and sums are smoothed, as a density; means, maxima and rates by households are not, for what is between
// two cells would be the value of neither: each cell is a square of its colour, paler where it is small. Neighbouring
// tiles join without a seam, for each looks beyond its border and a colour stands for the same value everywhere; outside
// a difference, values below zero count as none. It fails with ErrInvalid for a scale that is not 1 to 4, and for a Grid
// that Heat did not make.
func (g *Grid) PNG(scale int) ([]byte, error) {
	if scale < 1 || scale > 4 {
		return nil, layers.Invalid("scale", "scale is %d: expected 1 to 4", scale)
	}
	if g.measure == nil || g.measure.additive() && g.wide == nil {
		return nil, layers.Invalid("", "a grid without a margin has no picture: expected one made by Heat")
	}
	side := 256 * scale
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	if g.measure.additive() {
		g.paintDensity(img, side)
	} else {
		g.paintCells(img, side)
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, img); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// paintDensity paints what adds up.
func (g *Grid) paintDensity(img *image.NRGBA, side int) {
	density, ramp := g.smooth(), g.measure.ramp()
	for y := range side {
		per := 1.0
		if g.measure.Per == PerHectareWeek {
			per = 1 / g.hectaresAt(y, side)
		}
		for x := range side {
			if c := ramp.at(g.sample(density, x, y, side) * per); c.A > 0 {
				img.SetNRGBA(x, y, c)
			}
		}
	}
}

// paintCells paints each cell as it is.
func (g *Grid) paintCells(img *image.NRGBA, side int) {
	ramp := g.measure.ramp()
	x0, y0, size := g.origin()
	for _, c := range g.Filled() {
		colour := ramp.at(c.Value)
		if !c.Valid || colour.A == 0 {
			continue
		}
		if c.Small {
			colour.A /= smallPaler
		}
		pixel := func(v int64) int { return int(v * int64(side) / size) }
		for y := pixel(c.box.y - y0); y < pixel(c.box.y+c.box.size-y0); y++ {
			for x := pixel(c.box.x - x0); x < pixel(c.box.x+c.box.size-x0); x++ {
				img.SetNRGBA(x, y, colour)
			}
		}
	}
}

// smallPaler is how many times paler a cell is in which few households live.
const smallPaler = 3

// hectaresAt returns the true area of a cell whose middle is on a row of pixels.
func (g *Grid) hectaresAt(y, side int) float64 {
	_, y0, size := g.origin()
	cell := int64(1) << g.shift()
	middle := y0 + (2*int64(y)+1)*size/(2*int64(side))
	return plot{0, max(min(middle-cell/2, worldSize-cell), 0), cell}.hectares()
}

// smooth returns the density of the cells of the tile and one around it, as weight in a cell.
func (g *Grid) smooth() []float64 {
	half, _ := kernel(g.Cells)
	wide, side, radius := g.Cells+2*g.margin, g.Cells+2, len(half)-1
	rows := make([]float64, wide*side) // smoothed from west to east
	for y := range wide {
		line := g.wide[y*wide : (y+1)*wide]
		for x := range side {
			at := x + radius
			sum := line[at] * half[0]
			for k := 1; k <= radius; k++ {
				sum += (line[at-k] + line[at+k]) * half[k]
			}
			rows[y*side+x] = sum
		}
	}
	out := make([]float64, side*side)
	for y := range side {
		for x := range side {
			at := (y+radius)*side + x
			sum := rows[at] * half[0]
			for k := 1; k <= radius; k++ {
				sum += (rows[at-k*side] + rows[at+k*side]) * half[k]
			}
			out[y*side+x] = sum
		}
	}
	return out
}

// sample returns the density in the middle of a pixel, between the middles of the four cells around it. Pixels may be
// half a cell outside the tile.
func (g *Grid) sample(density []float64, x, y, side int) float64 {
	perPixel := float64(g.Cells) / float64(side)
	u, v := (float64(x)+0.5)*perPixel+0.5, (float64(y)+0.5)*perPixel+0.5 // 0 is the middle of the cell beyond the border
	i, j := int(math.Floor(u)), int(math.Floor(v))
	u, v = u-float64(i), v-float64(j)
	at := j*(g.Cells+2) + i
	below := at + g.Cells + 2
	return (1-v)*((1-u)*density[at]+u*density[at+1]) + v*((1-u)*density[below]+u*density[below+1])
}
