package exchange

import (
	"math"
	"strconv"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// AppendRow appends a row as a GeoJSON Feature in WGS-84 to dst and returns the longer slice. fields are the positions
// in r.Layer().Fields of the properties, in order; extra, where given, appends further members, each beginning with a
// comma. By hand because encoding/json needs the feature as maps first.
func AppendRow(dst []byte, r layers.Row, fields []int, extra func([]byte) []byte) []byte {
	return appendRow(dst, r, fields, geo.WGS84, extra)
}

func appendRow(dst []byte, r layers.Row, fields []int, crs geo.CRS, extra func([]byte) []byte) []byte {
	l := r.Layer()
	dst = appendHead(dst, r.ID())
	if p, ok := r.Point(); ok {
		dst = appendPoint(dst, geo.FromWGS84Point(crs, p), decimals(l, crs))
	} else {
		dst = appendPlace(dst, l, r.Geometry(), crs)
	}
	dst = append(dst, `,"properties":{`...)
	for i, f := range fields {
		dst = appendProperty(dst, i, l.Fields[f].Name, r.Value(f))
	}
	return appendTail(dst, extra)
}

// AppendFeature appends a feature of layer l as a GeoJSON Feature to dst and returns the longer slice: all properties in
// the order of the fields, positions in crs (the zero CRS is WGS-84) with the layer's decimals.
func AppendFeature(dst []byte, l *layers.Layer, f *layers.Feature, crs geo.CRS) []byte {
	dst = appendHead(dst, f.ID)
	dst = appendPlace(dst, l, f.Geometry, crs)
	dst = append(dst, `,"properties":{`...)
	for i := range l.Fields {
		dst = appendProperty(dst, i, l.Fields[i].Name, f.Values[i])
	}
	return appendTail(dst, nil)
}

func appendHead(dst []byte, id int64) []byte {
	dst = append(dst, `{"type":"Feature",`...)
	if id != 0 {
		dst = strconv.AppendInt(append(dst, `"id":`...), id, 10)
		dst = append(dst, ',')
	}
	return append(dst, `"geometry":`...)
}

func appendProperty(dst []byte, i int, name string, v layers.Value) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return v.AppendJSON(append(layers.AppendText(dst, name), ':'))
}

func appendTail(dst []byte, extra func([]byte) []byte) []byte {
	dst = append(dst, '}')
	if extra != nil {
		dst = extra(dst)
	}
	return append(dst, '}')
}

func appendPlace(dst []byte, l *layers.Layer, g orb.Geometry, crs geo.CRS) []byte {
	if g != nil && shifts(crs) {
		g = geo.FromWGS84(crs, g)
	}
	return AppendGeometry(dst, g, decimals(l, crs))
}

// shifts tells whether positions of a system differ from those of WGS-84.
func shifts(crs geo.CRS) bool { return crs != "" && crs != geo.WGS84 && crs != geo.CGCS2000 }

// metric tells whether a system counts in metres.
func metric(crs geo.CRS) bool { return crs == geo.WebMercator || crs == geo.GK114 }

// decimals returns how many decimals a layer's positions have in a system: a metre is about 1e-5 degrees.
func decimals(l *layers.Layer, crs geo.CRS) int {
	if metric(crs) {
		return max(0, l.Digits()-5)
	}
	return l.Digits()
}

// AppendGeometry appends a geometry as GeoJSON with at most digits decimals, zeros at the end left off; nil and what
// GeoJSON has no name for as null.
func AppendGeometry(dst []byte, g orb.Geometry, digits int) []byte {
	switch g := g.(type) {
	case orb.Point:
		return appendPoint(dst, g, digits)
	case orb.MultiPoint:
		return append(appendRun(open(dst, "MultiPoint"), g, digits), '}')
	case orb.LineString:
		return append(appendRun(open(dst, "LineString"), g, digits), '}')
	case orb.MultiLineString:
		return append(appendRuns(open(dst, "MultiLineString"), g, digits), '}')
	case orb.Ring:
		return AppendGeometry(dst, orb.Polygon{g}, digits)
	case orb.Polygon:
		return append(appendRuns(open(dst, "Polygon"), g, digits), '}')
	case orb.MultiPolygon:
		dst = append(open(dst, "MultiPolygon"), '[')
		for i, p := range g {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendRuns(dst, p, digits)
		}
		return append(dst, "]}"...)
	}
	return append(dst, "null"...)
}

func open(dst []byte, kind string) []byte {
	dst = append(append(dst, `{"type":"`...), kind...)
	return append(dst, `","coordinates":`...)
}

func appendPoint(dst []byte, p orb.Point, digits int) []byte {
	return append(appendPosition(open(dst, "Point"), p, digits), '}')
}

func appendRuns[R ~[]orb.Point](dst []byte, runs []R, digits int) []byte {
	dst = append(dst, '[')
	for i, r := range runs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRun(dst, r, digits)
	}
	return append(dst, ']')
}

func appendRun[R ~[]orb.Point](dst []byte, run R, digits int) []byte {
	dst = append(dst, '[')
	for i, p := range run {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPosition(dst, p, digits)
	}
	return append(dst, ']')
}

func appendPosition(dst []byte, p orb.Point, digits int) []byte {
	dst = appendFixed(append(dst, '['), p[0], digits)
	return append(appendFixed(append(dst, ','), p[1], digits), ']')
}

// appendFixed appends x rounded to at most digits decimals, without zeros at the end; null where x is not finite. Where
// the digits of x fit a whole number exactly, it is written as one: four times as fast as strconv.
func appendFixed(dst []byte, x float64, digits int) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, "null"...)
	}
	scale := 1.0
	for range digits {
		scale *= 10
	}
	n := math.Abs(math.Round(x * scale))
	if n != 0 && (digits > 9 || n >= 1<<53) {
		return trimZeros(strconv.AppendFloat(dst, x, 'f', digits, 64), digits)
	}
	if x < 0 && n != 0 {
		dst = append(dst, '-')
	}
	whole, part := uint64(n)/uint64(scale), uint64(n)%uint64(scale)
	dst = strconv.AppendUint(dst, whole, 10)
	if part == 0 {
		return dst
	}
	for ; part%10 == 0; part /= 10 {
		digits--
	}
	dst = append(dst, ".000000000"[:digits+1]...)
	for i := len(dst) - 1; part > 0; i, part = i-1, part/10 {
		dst[i] = byte('0' + part%10)
	}
	return dst
}

func trimZeros(dst []byte, digits int) []byte {
	if digits == 0 {
		return dst
	}
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
