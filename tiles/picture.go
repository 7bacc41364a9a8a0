package tiles

import (
	"bytes"
	"image"
	"image/color"
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

// PNG returns the heat as a picture of 256 x scale pixels a side: the density of the weights, smoothed, in the colours
// of inferno, transparent where there is nothing. Neighbouring tiles join without a seam, for each looks beyond its
// border and colours stand for the same density everywhere; weights below zero count as none. It fails with ErrInvalid
// for a scale that is not 1 to 4, and for a Grid that Heat did not make.
func (g Grid) PNG(scale int) ([]byte, error) {
	if scale < 1 || scale > 4 {
		return nil, layers.Invalid("scale", "scale is %d: expected 1 to 4", scale)
	}
	if g.wide == nil {
		return nil, layers.Invalid("", "a grid without a margin has no picture: expected one made by Heat")
	}
	side := 256 * scale
	density := g.smooth()
	colours := inferno()
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			if d := g.sample(density, x, y, side); d > 0 {
				img.SetNRGBA(x, y, colours[shade(d, g.half)])
			}
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, img); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// smooth returns the density of the cells of the tile and one around it, as weight in 1/64 x 1/64 of the tile.
func (g Grid) smooth() []float64 {
	half, _ := kernel(g.Cells)
	wide, side, radius := g.Cells+2*g.margin, g.Cells+2, len(half)-1
	unit := float64(g.Cells) / 64
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
			out[y*side+x] = sum * unit * unit
		}
	}
	return out
}

// sample returns the density in the middle of a pixel, between the middles of the four cells around it. Pixels may be
// half a cell outside the tile.
func (g Grid) sample(density []float64, x, y, side int) float64 {
	perPixel := float64(g.Cells) / float64(side)
	u, v := (float64(x)+0.5)*perPixel+0.5, (float64(y)+0.5)*perPixel+0.5 // 0 is the middle of the cell beyond the border
	i, j := int(math.Floor(u)), int(math.Floor(v))
	u, v = u-float64(i), v-float64(j)
	at := j*(g.Cells+2) + i
	below := at + g.Cells + 2
	return (1-v)*((1-u)*density[at]+u*density[at+1]) + v*((1-u)*density[below]+u*density[below+1])
}

// shade returns the colour's number for a density: half way at half, and ever closer to the end.
func shade(density, half float64) uint8 { return uint8(255 * density / (density + half)) }

// inferno returns 256 colours: the ten colours of viridisLite's inferno(10), drawn by N. Smith and S. van der Walt for
// matplotlib (CC0, 2015), with straight lines in sRGB between them, rising from transparent over the first quarter.
func inferno() (colours [256]color.NRGBA) {
	points := [10]uint32{0x000004, 0x1B0C42, 0x4B0C6B, 0x781C6D, 0xA52C60, 0xCF4446, 0xED6925, 0xFB9A06, 0xF7D03C, 0xFCFFA4}
	for i := range colours {
		at := float64(i) / 255 * float64(len(points)-1)
		n := min(int(at), len(points)-2)
		mix := func(shift uint) uint8 {
			a, b := float64(points[n]>>shift&255), float64(points[n+1]>>shift&255)
			return uint8(math.Round(a + (at-float64(n))*(b-a)))
		}
		alpha := min(float64(i)/64, 1)
		colours[i] = color.NRGBA{R: mix(16), G: mix(8), B: mix(0), A: uint8(230 * alpha * alpha * (3 - 2*alpha))}
	}
	return colours
}
