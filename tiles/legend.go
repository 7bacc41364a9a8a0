package tiles

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"shapan/layers"
)

// ramp is what colour a value has: that of the share value/(value+half) of the way up the palette, so half way at half,
// and ever closer to the end. A difference has its zero in the middle and goes both ways.
type ramp struct {
	name      string
	colours   [256]color.NRGBA
	half      float64
	diverging bool
}

// ramp returns the colours of a measure.
func (m *measure) ramp() ramp {
	if m.Compare != nil {
		return ramp{"blue-orange", diverging(), m.Half, true}
	}
	return ramp{"inferno", inferno(), m.Half, false}
}

// at returns the colour of a value; transparent for 0 and, but in a difference, for what is below.
func (r *ramp) at(value float64) color.NRGBA {
	switch {
	case r.diverging:
		return r.share(value / (math.Abs(value) + r.half))
	case value > 0:
		return r.share(value / (value + r.half))
	}
	return color.NRGBA{}
}

// share returns the colour of a share of the way, from 0 to 1, or from -1 in a difference.
func (r *ramp) share(s float64) color.NRGBA {
	if r.diverging {
		return r.colours[128+int(127*s)]
	}
	return r.colours[uint8(255*s)]
}

// inferno returns 256 colours: the ten colours of viridisLite's inferno(10), drawn by N. Smith and S. van der Walt for
// matplotlib (CC0, 2015) to be told apart by the colour-blind and in grey, with straight lines in sRGB between them,
// rising from transparent over the first quarter.
func inferno() (colours [256]color.NRGBA) {
	for i := range colours {
		c := between([]uint32{0x000004, 0x1B0C42, 0x4B0C6B, 0x781C6D, 0xA52C60, 0xCF4446, 0xED6925, 0xFB9A06, 0xF7D03C, 0xFCFFA4}, float64(i)/255)
		c.A = rise(float64(i) / 64)
		colours[i] = c
	}
	return colours
}

// diverging returns 256 colours for values below and above that in the middle, 128, which is transparent. Blue and orange
// are told apart with every common kind of colour blindness, and both grow lighter outwards, so that they show on the
// dark map. The stops were chosen for this map.
func diverging() (colours [256]color.NRGBA) {
	below := []uint32{0x123A78, 0x1F62B5, 0x3F8FE0, 0x86BFF5, 0xD3E9FF}
	above := []uint32{0x7A2E08, 0xB84A0C, 0xE5751D, 0xF8AB5E, 0xFFE3C4}
	for i := range colours {
		share := math.Abs(float64(i-128)) / 127
		stops := above
		if i < 128 {
			stops = below
		}
		c := between(stops, min(share, 1))
		c.A = rise(share * 4)
		colours[i] = c
	}
	return colours
}

// between returns the colour at a share of the way along stops, 0xRRGGBB.
func between(stops []uint32, share float64) color.NRGBA {
	at := share * float64(len(stops)-1)
	n := min(int(at), len(stops)-2)
	mix := func(shift uint) uint8 {
		a, b := float64(stops[n]>>shift&255), float64(stops[n+1]>>shift&255)
		return uint8(math.Round(a + (at-float64(n))*(b-a)))
	}
	return color.NRGBA{R: mix(16), G: mix(8), B: mix(0)}
}

// rise returns how opaque a colour is while it appears: 0 at 0, and all that there is from 1 on.
func rise(at float64) uint8 {
	at = min(at, 1)
	return uint8(230 * at * at * (3 - 2*at))
}

// Legend says what the colours and values of heat mean.
type Legend struct {
	Title   layers.Text
	Unit    layers.Text // of the values
	Palette string      // inferno, or blue-orange for a difference
	Stops   []Stop      // from the least value
	Small   int         // cells with fewer households are marked small, and paler; 0 where that is not asked
	Floor   int         // of a layer that is Personal: counts stand for at least so many, and are multiples of it; else 0
}

// Stop is the colour of a value.
type Stop struct {
	Value   float64
	Color   string  // #rrggbb
	Opacity float64 // 0 to 1
}

// HeatLegend returns the legend of what a request asks for: it is the same for all tiles of a zoom. It fails as Heat does.
func HeatLegend(v *layers.View, r HeatRequest) (Legend, error) {
	_, m, err := r.check(v)
	if err != nil {
		return Legend{}, err
	}
	return m.legend(), nil
}

// half returns what is half way up the palette where nobody says otherwise. It must not depend on the data, or the tiles
// drawn before a change would not match those drawn after it.
func (m *measure) half(cells int) float64 {
	switch {
	case m.Per == PerHectareWeek:
		return 1
	case m.Per == PerHouseholds && m.perWeek:
		return 2
	case m.Per == PerHouseholds:
		return 200
	case m.Aggregate != Sum:
		return 4
	}
	half := 4 * float64(defaultCells*defaultCells) / float64(cells*cells)
	if m.perWeek {
		half /= 52
	}
	return half
}

// legend returns the legend of a measure.
func (m *measure) legend() Legend {
	r := m.ramp()
	l := Legend{Title: m.title(), Unit: m.unit(), Palette: r.name}
	if m.Per == PerHouseholds {
		l.Small = SmallHouseholds
	}
	l.Floor = m.floor
	shares := []float64{0.1, 0.25, 0.5, 0.75, 0.9}
	if r.diverging {
		shares = []float64{-0.9, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 0.9}
	}
	for _, s := range shares {
		c := r.share(s)
		value := m.Half * s / (1 - math.Abs(s))
		l.Stops = append(l.Stops, Stop{
			Value: math.Round(value*1e9) / 1e9, Color: fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B), Opacity: math.Round(float64(c.A)/255*100) / 100,
		})
	}
	return l
}

// title names what is shown.
func (m *measure) title() layers.Text {
	zh, en := m.layer.Title.In(layers.Chinese), m.layer.Title.In(layers.English)
	if zh == "" {
		zh, en = m.layer.Name, m.layer.Name
	}
	zh, en = zh+"热力", en+", heat"
	if m.weight >= 0 {
		f := &m.layer.Fields[m.weight]
		zh += "（" + nameOf(f, layers.Chinese) + map[Aggregate]string{Sum: "之和", Mean: "均值", Max: "最大值"}[m.Aggregate] + "）"
		en += fmt.Sprintf(" (%s of %s)", map[Aggregate]string{Sum: "sum", Mean: "mean", Max: "maximum"}[m.Aggregate], nameOf(f, layers.English))
	}
	if m.Compare != nil {
		zh, en = zh+"，前一时段减后一时段", en+", first window less second"
	}
	return layers.Text{layers.Chinese: zh, layers.English: en}
}

func nameOf(f *layers.Field, l layers.Lang) string {
	if t := f.Title.In(l); t != "" {
		return t
	}
	return f.Name
}

// unit names what the values are in.
func (m *measure) unit() layers.Text {
	zh, en := "个", "features"
	if m.weight >= 0 {
		f := &m.layer.Fields[m.weight]
		if zh, en = f.Unit, f.Unit; zh == "" {
			zh, en = nameOf(f, layers.Chinese), nameOf(f, layers.English)
		}
	}
	if m.layer.Personal {
		zh, en = "人", "persons"
	}
	switch {
	case m.Aggregate != Sum:
	case m.Per == PerHectareWeek:
		return layers.Text{layers.Chinese: zh + "/公顷·周", layers.English: en + " per hectare per week"}
	case m.Per == PerHouseholds:
		zh, en = zh+"/千户", en+" per 1,000 households"
	default:
		zh, en = zh+"/格", en+" per cell"
	}
	if m.perWeek {
		zh, en = zh+"·周", en+" per week"
	}
	return layers.Text{layers.Chinese: zh, layers.English: en}
}

// word says what a column of a cell holds.
func (m *measure) word(column string) layers.Text {
	said := func(zh, en string) layers.Text { return layers.Text{layers.Chinese: zh, layers.English: en} }
	name, before := strings.CutPrefix(column, "before_")
	out := map[string]layers.Text{
		"count": said("要素数", "features"), "known": said("权重非空的要素数", "features whose weight is not null"),
		"sum": said("权重之和", "sum of the weights"), "mean": said("权重均值", "mean of the weights"), "max": said("最大权重", "greatest weight"),
		"value": m.unit(), "area_ha": said("实地面积（公顷）", "true area in hectares"), "households": said("户数", "households"),
		"small": said("户数过少，数值不可靠", "few households: the value may be chance"), "rest": said("不含其中更小单元的计数", "without those whom smaller cells in it count"),
	}[name]
	if before {
		return said("对比时段"+out[layers.Chinese], out[layers.English]+" of the second window")
	}
	return out
}

// JSON returns the legend with its texts in a language.
func (l Legend) JSON(lang layers.Lang) []byte {
	b := layers.AppendText([]byte(`{"title":`), l.Title.In(lang))
	b = layers.AppendText(append(b, `,"unit":`...), l.Unit.In(lang))
	b = layers.AppendText(append(b, `,"palette":`...), l.Palette)
	b = append(b, `,"stops":[`...)
	for i, s := range l.Stops {
		if i > 0 {
			b = append(b, ',')
		}
		b = layers.AppendNumber(append(b, `{"value":`...), s.Value)
		b = layers.AppendText(append(b, `,"color":`...), s.Color)
		b = append(layers.AppendNumber(append(b, `,"opacity":`...), s.Opacity), '}')
	}
	b = append(b, ']')
	if l.Small > 0 {
		b = fmt.Appendf(b, `,"small_households":%d`, l.Small)
	}
	if l.Floor > 0 {
		b = fmt.Appendf(b, `,"floor":%d`, l.Floor)
	}
	return append(b, '}')
}
