package layers

import (
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Defaults fills the empty fields of a new feature as the layer's schema says: a literal, now(), serial() (the moment as digits), or the code of the
// area that the feature's position lies in: grid(), zone(), community(). A position outside every area leaves them
// empty. The view must see the area layers.
func (l *Layer) Defaults(v *View, f *Feature, now time.Time) error {
	if len(f.Values) != len(l.Fields) {
		return Invalid("", "layer %s has %d fields, the feature has %d values", l.Name, len(l.Fields), len(f.Values))
	}
	var place *Place
	for i := range l.Fields {
		field := &l.Fields[i]
		if field.Default == "" || !f.Values[i].IsNull() {
			continue
		}
		switch field.Default {
		case "now()":
			if field.Type == Date {
				f.Values[i] = DateValue(now)
			} else {
				f.Values[i] = TimeValue(now)
			}
		case "serial()":
			f.Values[i] = TextValue(serial(now))
		case "grid()", "zone()", "community()":
			if place == nil {
				place = placeOf(v, f)
			}
			f.Values[i] = place.area(field.Default)
		default:
			value, err := field.ParseText(field.Default)
			if err != nil {
				return err
			}
			f.Values[i] = value
		}
	}
	return nil
}

// serial returns the digits of a moment in China's time, to the microsecond: a code for what is written by hand, which
// sorts by time.
func serial(now time.Time) string {
	return strings.Replace(now.In(time.FixedZone("Asia/Shanghai", 8*3600)).Format("20060102150405.000000"), ".", "", 1)
}

// placeOf locates a feature by its point, or by the middle of its bound.
func placeOf(v *View, f *Feature) *Place {
	if f.Geometry == nil {
		return new(Place)
	}
	p, ok := f.Geometry.(orb.Point)
	if !ok {
		p = f.Geometry.Bound().Center()
	}
	place := NewLocator(v, time.Time{}).areas(p)
	return &place
}

// area returns the code that a default names; null where the place has none.
func (p *Place) area(name string) Value {
	row := map[string]Row{"grid()": p.Grid, "zone()": p.Zone, "community()": p.Community}[name]
	if row.IsZero() {
		return Value{}
	}
	return row.Get("code")
}
