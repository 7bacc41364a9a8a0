package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// members calls fn with the members of a JSON object, in order. The text must be valid JSON (json.Valid). It fails where
// the text is no object or has a key twice.
func members(text []byte, fn func(key string, value []byte) error) error {
	i := blank(text, 0)
	if i == len(text) || text[i] != '{' {
		return fmt.Errorf("expected a JSON object, %s came", describe(text[i:]))
	}
	seen := map[string]bool{}
	for i = blank(text, i+1); text[i] != '}'; {
		end := skip(text, i)
		key, err := unquote(text[i:end])
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("the key %q stands twice", short(key))
		}
		seen[key] = true
		i = blank(text, blank(text, end)+1) // over the colon
		end = skip(text, i)
		if err := fn(key, text[i:end]); err != nil {
			return err
		}
		if i = blank(text, end); text[i] == ',' {
			i = blank(text, i+1)
		}
	}
	return nil
}

// elements calls fn with the elements of a JSON array, in order. The text must be valid JSON.
func elements(text []byte, fn func(value []byte) error) error {
	i := blank(text, 0)
	if i == len(text) || text[i] != '[' {
		return fmt.Errorf("expected a JSON array, %s came", describe(text[i:]))
	}
	for i = blank(text, i+1); text[i] != ']'; {
		end := skip(text, i)
		if err := fn(text[i:end]); err != nil {
			return err
		}
		if i = blank(text, end); text[i] == ',' {
			i = blank(text, i+1)
		}
	}
	return nil
}

// blank returns the position of the first character from i on that is no white space.
func blank(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// skip returns where the value that begins at i ends.
func skip(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
		if depth == 0 && (text[i] == '"' || text[i] == '}' || text[i] == ']') {
			return i + 1
		}
	}
	return len(text)
}

func unquote(text []byte) (string, error) {
	if !utf8.Valid(text) {
		return "", fmt.Errorf("the text %q is not UTF-8", short(string(text)))
	}
	if len(text) >= 2 && text[0] == '"' && bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1]), nil
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return "", fmt.Errorf("expected a text, %s came", describe(text))
	}
	return s, nil
}

func isNull(text []byte) bool { return len(text) == 0 || text[0] == 'n' }

// describe names the kind of a JSON value, for a message.
func describe(text []byte) string {
	if len(text) == 0 {
		return "nothing"
	}
	switch text[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "the text " + short(string(text))
	}
	return short(string(text))
}

// short cuts a word from outside so that a message stays a sentence.
func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// scalar returns a JSON value as layers.Field.Parse knows it: nil, bool, string, json.Number or []any; an object as its
// text, which no field takes.
func scalar(text []byte) (any, error) {
	switch {
	case isNull(text):
		return nil, nil
	case text[0] == '"':
		return unquote(text)
	case text[0] == 't', text[0] == 'f':
		return text[0] == 't', nil
	case text[0] == '{':
		return json.RawMessage(text), nil
	case text[0] != '[':
		return json.Number(text), nil
	}
	list := []any{}
	err := elements(text, func(value []byte) error {
		if value[0] == '[' || value[0] == '{' {
			list = append(list, json.RawMessage(value))
			return nil
		}
		x, err := scalar(value)
		list = append(list, x)
		return err
	})
	return list, err
}

// geometryOf reads a GeoJSON geometry object, null as nil. Positions beyond the second number (heights) are dropped.
func geometryOf(text []byte) (orb.Geometry, error) {
	kind, coordinates, err := geometryParts(text)
	if err != nil || kind == "" {
		return nil, err
	}
	return assemble(kind, coordinates)
}

// geometryParts returns the type and the coordinates of a geometry object; both empty of null.
func geometryParts(text []byte) (kind string, coordinates []byte, err error) {
	if isNull(text) {
		return "", nil, nil
	}
	hasKind := false
	err = members(text, func(key string, value []byte) (err error) {
		switch key {
		case "type":
			hasKind = true
			kind, err = unquote(value)
		case "coordinates":
			coordinates = value
		}
		return err
	})
	if err == nil && !hasKind {
		err = fmt.Errorf(`the geometry has no "type"`)
	}
	return kind, coordinates, err
}

// assemble makes a geometry of a type's name and its coordinates.
func assemble(kind string, coordinates []byte) (orb.Geometry, error) {
	c := coords{text: coordinates, left: geo.MaxPositions}
	if coordinates == nil && kind != "GeometryCollection" {
		return nil, fmt.Errorf(`the geometry has no "coordinates"`)
	}
	switch kind {
	case "Point":
		p := c.position()
		return p, c.err
	case "MultiPoint":
		return orb.MultiPoint(list(&c, c.position)), c.err
	case "LineString":
		return orb.LineString(list(&c, c.position)), c.err
	case "MultiLineString":
		return orb.MultiLineString(list(&c, c.line)), c.err
	case "Polygon":
		return c.polygon(), c.err
	case "MultiPolygon":
		return orb.MultiPolygon(list(&c, c.polygon)), c.err
	case "GeometryCollection":
		return nil, fmt.Errorf("a GeometryCollection came: a feature has one geometry; give each part its own feature")
	}
	return nil, fmt.Errorf("geometry type %q: expected Point, MultiPoint, LineString, MultiLineString, Polygon or MultiPolygon", short(kind))
}

// coords reads coordinates from valid JSON: the depth is that of the caller's functions, never that of the text.
type coords struct {
	text []byte
	i    int
	left int // positions that may still come
	err  error
}

// fail keeps the first failure.
func (c *coords) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// peek returns the next character that is no white space; 0 at the end or after a failure.
func (c *coords) peek() byte {
	if c.i = blank(c.text, c.i); c.err != nil || c.i >= len(c.text) {
		return 0
	}
	return c.text[c.i]
}

func list[T any](c *coords, one func() T) []T {
	if c.peek() != '[' {
		c.fail("coordinates: expected an array, %s came", describe(c.text[c.i:min(len(c.text), c.i+70)]))
		return nil
	}
	var out []T
	for c.i++; c.err == nil && c.peek() != ']'; {
		out = append(out, one())
		if c.left--; c.left < 0 {
			c.fail("the geometry has more than %d positions", geo.MaxPositions)
		}
		if c.peek() == ',' {
			c.i++
		}
	}
	c.i++
	return out
}

func (c *coords) line() orb.LineString { return list(c, c.position) }
func (c *coords) ring() orb.Ring       { return list(c, c.position) }
func (c *coords) polygon() orb.Polygon { return list(c, c.ring) }

// position reads [x, y, ...].
func (c *coords) position() (p orb.Point) {
	if c.peek() != '[' {
		c.fail("coordinates: expected a position [longitude, latitude], %s came", describe(c.text[c.i:min(len(c.text), c.i+70)]))
		return p
	}
	n := 0
	for c.i++; c.err == nil && c.peek() != ']'; n++ {
		x := c.number()
		if n < 2 {
			p[n] = x
		}
		if c.peek() == ',' {
			c.i++
		}
	}
	c.i++
	if n < 2 {
		c.fail("coordinates: a position needs two numbers, %d came", n)
	}
	return p
}

func (c *coords) number() float64 {
	end := skip(c.text, c.i)
	word := c.text[c.i:end]
	if b := word[0]; b != '-' && (b < '0' || b > '9') {
		c.fail("coordinates: expected a number, %s came", describe(word))
		return 0
	}
	x, err := strconv.ParseFloat(string(word), 64)
	if err != nil {
		c.fail("coordinates: the number %s is out of range", short(string(word)))
	}
	c.i = end
	return x
}
