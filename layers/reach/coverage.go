package reach

import (
	"cmp"
	"context"
	"math"
	"slices"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Coverage is for how many households each category of facilities is within its walking time.
type Coverage struct {
	Speed      float64 // metres in a second
	Categories []Category
	Areas      []AreaCoverage // by code
	Households int            // of all buildings that are looked at
	Apart      int            // of those from which no street is reached: they count as not covered
}

// Category is a kind of facility.
type Category struct {
	Code     string
	Minutes  float64 // within which it should be
	Number   int     // facilities that a street reaches
	Covered  int     // households within reach
	Uncover  int     // households that are not
	P50, P95 float64 // minutes that half, and 19 of 20, of the households that reach one at all need at most; NaN: none does
}

// AreaCoverage is the same for the buildings of a community or a grid.
type AreaCoverage struct {
	Code       string
	Households int
	Covered    []int // households within reach, by category
}

// Cover answers for all buildings that match (nil: all), area by area as the field area of buildings says: "community" or
// "grid". A category's time is the tier of its facilities, the one that most of them have. It fails with ErrInvalid for
// another field or a speed out of range, with ErrNotFound where the caller does not see buildings, facilities or streets,
// and with ctx's error.
func Cover(ctx context.Context, v *layers.View, n *geo.Network, area string, match layers.Filter, speed float64) (*Coverage, error) {
	q := Question{Speed: speed, Minutes: []float64{1}}
	if err := q.check(); err != nil {
		return nil, err
	}
	if area != "community" && area != "grid" {
		return nil, layers.Unknown("area", area, []string{"community", "grid"})
	}
	if n == nil || n.Len() == 0 {
		return nil, layers.NotFound("there are no streets on the map: coverage is along them")
	}
	buildings, err := v.Table("buildings")
	if err != nil {
		return nil, err
	}
	facilities, err := v.Table("facilities")
	if err != nil {
		return nil, err
	}
	c := &coverage{Coverage: Coverage{Speed: q.Speed}, at: map[string]int{}}
	if err := c.homes(ctx, buildings, n, area, match); err != nil {
		return nil, err
	}
	kinds, err := kindsOf(ctx, facilities, n)
	if err != nil {
		return nil, err
	}
	for i := range c.Areas {
		c.Areas[i].Covered = make([]int, len(kinds))
	}
	for i, k := range kinds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.category(n, i, k)
	}
	slices.SortFunc(c.Areas, func(a, b AreaCoverage) int { return cmp.Compare(a.Code, b.Code) })
	return &c.Coverage, nil
}

// coverage is a Coverage in the making.
type coverage struct {
	Coverage
	at     map[string]int // areas by code
	stands []geo.Stand    // of buildings
	home   []home
}

// home is what is known of a building that stands on a street.
type home struct{ area, households int }

// homes gathers the buildings.
func (c *coverage) homes(ctx context.Context, t *layers.Table, n *geo.Network, area string, match layers.Filter) (err error) {
	looked := 0
	t.Each(match, func(r layers.Row) bool {
		if looked++; looked%64 == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		households := int(r.Get("households").Int())
		if households <= 0 {
			return true
		}
		code := r.Get(area).Text()
		i, known := c.at[code]
		if !known {
			i = len(c.Areas)
			c.at[code] = i
			c.Areas = append(c.Areas, AreaCoverage{Code: code})
		}
		c.Households += households
		c.Areas[i].Households += households
		g := r.Geometry()
		if g != nil {
			if s, ok := stand(n, g.Bound().Center()); ok {
				c.stands, c.home = append(c.stands, s), append(c.home, home{i, households})
				return true
			}
		}
		c.Apart += households
		return true
	})
	return err
}

// kind is a category with where its facilities stand.
type kind struct {
	code   string
	tiers  map[int64]int
	stands []geo.Stand
}

// kindsOf returns the categories, by code.
func kindsOf(ctx context.Context, t *layers.Table, n *geo.Network) ([]*kind, error) {
	whole := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	rows, stands, err := stood(ctx, t, n, whole)
	if err != nil {
		return nil, err
	}
	byCode := map[string]*kind{}
	var kinds []*kind
	for i, r := range rows {
		code := r.Get("category").Text()
		k := byCode[code]
		if k == nil {
			k = &kind{code: code, tiers: map[int64]int{}}
			byCode[code] = k
			kinds = append(kinds, k)
		}
		k.tiers[r.Get("tier").Int()]++
		k.stands = append(k.stands, stands[i])
	}
	slices.SortFunc(kinds, func(a, b *kind) int { return cmp.Compare(a.code, b.code) })
	return kinds, nil
}

// minutes returns the time of the category: 15 where its facilities tell none.
func (k *kind) minutes() float64 {
	best, most := int64(0), 0
	for tier, n := range k.tiers {
		if tier > 0 && (n > most || n == most && tier < best) {
			best, most = tier, n
		}
	}
	if best == 0 {
		return 15
	}
	return float64(best)
}

// category walks from all facilities of a category at once to the buildings.
func (c *coverage) category(n *geo.Network, at int, k *kind) {
	out := Category{Code: k.code, Minutes: k.minutes(), Number: len(k.stands), P50: math.NaN(), P95: math.NaN()}
	type share struct {
		minutes float64
		until   int // households, this one and those before
	}
	var shares []share
	total := 0
	n.Walk(k.stands...).To(c.stands, math.Inf(1), func(f geo.Found) bool {
		h := c.home[f.Target]
		minutes := f.Metres / c.Speed / 60
		total += h.households
		shares = append(shares, share{minutes, total})
		if minutes <= out.Minutes {
			out.Covered += h.households
			c.Areas[h.area].Covered[at] += h.households
		}
		return true
	})
	out.Uncover = c.Households - out.Covered
	for _, s := range shares {
		if math.IsNaN(out.P50) && 2*s.until >= total {
			out.P50 = s.minutes
		}
		if math.IsNaN(out.P95) && 20*s.until >= 19*total {
			out.P95 = s.minutes
		}
	}
	c.Categories = append(c.Categories, out)
}
