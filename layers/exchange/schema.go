package exchange

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// guess is what a column's values may be: a bit for each type that no value has contradicted.
type guess struct {
	name string
	kind layers.FieldType // declared; empty: none
	may  uint8
	any  bool // whether a value came
}

// The types in the order in which they are tried.
const (
	mayBool uint8 = 1 << iota
	mayInt
	mayFloat
	mayDate
	mayTime
	mayList
)

// tileFields is how many of a new layer's fields its vector tiles carry.
const tileFields = 10

// Schema reads the whole file and returns the schema of a layer that fits it: the kind of its geometries, and a field for
// each column or property with the narrowest type that holds all its values, unless the file declares one. Names are
// made legal, titles are the file's own names. The layer is internal and takes no writes; whoever makes it decides
// otherwise. Digits that begin with 0 or are more than ten are codes, not numbers, in files of text.
func (s *Source) Schema() (layers.Layer, error) {
	b := schemaOf(s)
	for r, fatal := range s.file.records {
		if fatal != nil {
			return layers.Layer{}, fatal
		}
		if r.err != nil {
			continue
		}
		if err := b.add(&r); err != nil {
			return layers.Layer{}, err
		}
	}
	return b.layer()
}

// schemaBuilder gathers what a file holds.
type schemaBuilder struct {
	source  *Source
	columns []*guess
	index   map[string]*guess
	ids     bool // whether every value of a column "id" is an id
	kinds   map[layers.GeometryKind]bool
}

func schemaOf(s *Source) *schemaBuilder {
	b := &schemaBuilder{source: s, index: map[string]*guess{}, ids: true, kinds: map[layers.GeometryKind]bool{}}
	for _, c := range s.file.columns {
		b.column(c.name).kind = c.kind
	}
	return b
}

func (b *schemaBuilder) column(name string) *guess {
	g := b.index[name]
	if g == nil {
		g = &guess{name: name, may: 1<<6 - 1}
		b.index[name] = g
		b.columns = append(b.columns, g)
	}
	return g
}

func (b *schemaBuilder) add(r *raw) error {
	for i, name := range r.names {
		g := b.column(name)
		if r.values[i] == nil || g.kind != "" && !strings.EqualFold(name, "id") {
			continue
		}
		if strings.EqualFold(name, "id") {
			_, ok := wholeID(r.values[i])
			b.ids = b.ids && ok
		}
		g.learn(r.values[i], b.source.file.text, b.source.options.Zone)
	}
	if len(b.columns) > layers.MaxFields+len(b.source.file.place)+1 {
		return layers.Invalid("fields", "the file has more than %d columns", layers.MaxFields)
	}
	switch g := r.geometry.(type) {
	case orb.Point:
		b.kinds[layers.Point] = true
	case orb.MultiPoint:
		if len(g) == 1 {
			b.kinds[layers.Point] = true
		} else {
			b.kinds[layers.Mixed] = true
		}
	case orb.LineString, orb.MultiLineString:
		b.kinds[layers.Line] = true
	case orb.Polygon, orb.MultiPolygon:
		b.kinds[layers.Polygon] = true
	}
	return nil
}

// learn takes off what a value cannot be.
func (g *guess) learn(x any, text bool, zone *time.Location) {
	switch x := x.(type) {
	case bool:
		g.may &= mayBool
	case int64:
		g.may &= mayInt | mayFloat
	case float64:
		g.may &= mayFloat
	case json.Number:
		g.may &= mayInt | mayFloat
		if _, err := strconv.ParseInt(string(x), 10, 64); err != nil {
			g.may &= mayFloat
		}
	case time.Time:
		g.may &= mayTime
	case []any:
		g.may &= mayList
		for _, m := range x {
			if _, ok := m.(string); !ok {
				g.may = 0
			}
		}
	case string:
		g.learnText(strings.TrimSpace(x), text, zone)
		if text && strings.TrimSpace(x) == "" {
			return
		}
	default:
		g.may = 0
	}
	g.any = true
}

func (g *guess) learnText(s string, text bool, zone *time.Location) {
	if s == "" && text {
		return
	}
	g.may &^= mayList
	if !text {
		g.may &= mayDate | mayTime
	}
	if g.may&mayBool != 0 && !isTruth(s) {
		g.may &^= mayBool
	}
	if g.may&mayFloat != 0 && !isNumber(s) {
		g.may &^= mayFloat
	}
	if g.may&mayInt != 0 && !isWhole(s) {
		g.may &^= mayInt
	}
	if g.may&mayDate != 0 {
		if _, ok := dateOf(s); !ok {
			g.may &^= mayDate
		}
	}
	if g.may&mayTime != 0 {
		if _, ok := timeOf(s, zone); !ok {
			g.may &^= mayTime
		}
	}
}

func isTruth(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "是", "否":
		return true
	}
	return false
}

// isCode tells whether digits are a name rather than an amount: house number 007, telephone, identity card, area code.
func isCode(s string) bool {
	whole, _, _ := strings.Cut(strings.TrimLeft(s, "+-"), ".")
	return len(whole) > 1 && whole[0] == '0' || len(whole) > 10
}

func isWhole(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil && !isCode(s) && s[0] != '+'
}

func isNumber(s string) bool {
	x, err := strconv.ParseFloat(s, 64)
	return err == nil && x-x == 0 && !isCode(s) && s[0] != '+' && !strings.ContainsAny(s, "xX_")
}

// fieldType returns the type of a column.
func (g *guess) fieldType() layers.FieldType {
	if g.kind != "" {
		return g.kind
	}
	if !g.any {
		return layers.String
	}
	for i, t := range []layers.FieldType{layers.Bool, layers.Int, layers.Float, layers.Date, layers.Time, layers.Strings} {
		if g.may&(1<<i) != 0 {
			return t
		}
	}
	return layers.String
}

// layer returns the schema.
func (b *schemaBuilder) layer() (layers.Layer, error) {
	s := b.source
	l := layers.Layer{Name: s.name, Title: layers.Text{layers.Chinese: s.title}, Kind: b.geometry(), Audience: layers.Internal, MaxZoom: 18}
	isPlace, used := map[string]bool{}, map[string]bool{"id": true, "geometry": true}
	for _, name := range s.file.place {
		isPlace[name] = true
	}
	for _, g := range b.columns {
		if isPlace[g.name] || b.ids && strings.EqualFold(g.name, "id") {
			continue
		}
		l.Fields = append(l.Fields, layers.Field{
			Name:     unique(legal(g.name, "field"), used),
			Title:    layers.Text{layers.Chinese: g.name},
			Type:     g.fieldType(),
			Audience: layers.Internal,
			InTiles:  len(l.Fields) < tileFields,
		})
	}
	return l, l.Validate()
}

func (b *schemaBuilder) geometry() layers.GeometryKind {
	switch len(b.kinds) {
	case 0:
		return layers.None
	case 1:
		for k := range b.kinds {
			return k
		}
	}
	return layers.Mixed
}

// maxName is how many characters a name may have, with room for a number that tells it from others.
const maxName = 58

// legal returns a name as layers take it: lower-case letters, digits and _, beginning with a letter; prefix where nothing
// is left or a digit comes first.
func legal(name, prefix string) string {
	var out []rune
	for _, r := range strings.ToLower(name) {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			r = '_'
		}
		if r == '_' && (len(out) == 0 || out[len(out)-1] == '_') {
			continue
		}
		if len(out) < maxName {
			out = append(out, r)
		}
	}
	s := strings.TrimRight(string(out), "_")
	switch {
	case s == "":
		return prefix
	case !unicode.IsLetter([]rune(s)[0]):
		return prefix + "_" + string(out[:min(len(out), maxName-len(prefix)-1)])
	}
	return s
}

func unique(name string, used map[string]bool) string {
	candidate := name
	for i := 2; used[candidate]; i++ {
		candidate = name + "_" + strconv.Itoa(i)
	}
	used[candidate] = true
	return candidate
}
