package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"shapan/layers"
)

// openGeoJSON opens a FeatureCollection, a Feature or a geometry.
func openGeoJSON(path string, o Options) (f format, err error) {
	open, file, _, err := textFile(path, o)
	if err != nil {
		return f, err
	}
	d := &document{open: open, limit: o.recordLimit(), checked: o.CRS != ""}
	crs, err := d.head()
	if err != nil {
		return f, errors.Join(err, file.Close())
	}
	return format{unit: "feature", crs: crs, records: d.records, close: file.Close}, nil
}

// document is an opened GeoJSON file.
type document struct {
	open    func() (io.Reader, error)
	limit   int  // bytes of a record
	checked bool // whether a `crs` member after the features matters no more
}

// errFound ends a reading early.
var errFound = errors.New("found")

// head returns the system that the file states before its features.
func (d *document) head() (crs string, err error) {
	w, err := d.walk()
	if err != nil {
		return "", err
	}
	err = w.members(func() error { return errFound })
	if err != nil && err != errFound {
		return "", err
	}
	return crsOf(w.top["crs"])
}

// crsOf reads a `crs` member; empty where there is none or it is null.
func crsOf(text []byte) (string, error) {
	if isNull(text) {
		return "", nil
	}
	var m struct {
		Properties struct {
			Name string `json:"name"`
			Code any    `json:"code"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(text, &m); err != nil || m.Properties.Name == "" && m.Properties.Code == nil {
		return "", layers.Invalid("crs", "the crs member of the file cannot be read; say which system it is with --crs")
	}
	if m.Properties.Name == "" {
		return fmt.Sprint(m.Properties.Code), nil
	}
	return m.Properties.Name, nil
}

// walk is one reading of a document.
type walk struct {
	dec    *json.Decoder
	budget *budget
	top    map[string]json.RawMessage // those of the top level but "features"
	count  int
}

func (d *document) walk() (*walk, error) {
	in, err := d.open()
	if err != nil {
		return nil, err
	}
	b := newBudget(in, d.limit)
	return &walk{dec: json.NewDecoder(b), budget: b, top: map[string]json.RawMessage{}}, nil
}

// members reads the members of the top level and calls features where their array begins.
func (w *walk) members(features func() error) error {
	t, err := w.dec.Token()
	if err != nil {
		return broken(err, 0)
	}
	if t != json.Delim('{') {
		return layers.Invalid("", "expected a GeoJSON object, %v came", t)
	}
	for w.dec.More() {
		key, err := w.dec.Token()
		if err != nil {
			return broken(err, w.count)
		}
		if key == "features" {
			if err := features(); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := w.dec.Decode(&value); err != nil {
			return broken(err, w.count)
		}
		if name, _ := key.(string); len(w.top) < 64 {
			w.top[name] = value
		}
	}
	_, err = w.dec.Token()
	return broken(err, w.count)
}

// broken explains why JSON cannot be read on.
func broken(err error, after int) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return layers.Invalid("", "the file ends too early, after %d features: it was cut short, or is no GeoJSON", after)
	case errors.As(err, &syntax):
		return layers.Invalid("", "the file is not JSON after %d features: %v", after, syntax)
	}
	return fmt.Errorf("read GeoJSON after %d features: %w", after, err)
}

// records yields the features.
func (d *document) records(yield func(raw, error) bool) {
	w, err := d.walk()
	if err != nil {
		yield(raw{}, err)
		return
	}
	seen := false
	err = w.members(func() error {
		seen = true
		return w.features(yield)
	})
	switch {
	case err == errFound:
	case err != nil:
		yield(raw{}, err)
	case !seen:
		text, err := json.Marshal(w.top)
		if err != nil {
			yield(raw{}, err)
			return
		}
		yield(record(text, 1), nil)
	case !d.checked && !isNull(w.top["crs"]):
		d.late(w, yield)
	}
}

// late fails where a `crs` member came only after the features, which were read without it.
func (d *document) late(w *walk, yield func(raw, error) bool) {
	crs, err := d.head()
	if err == nil && crs == "" {
		err = layers.Invalid("crs", "the crs member stands after the features, which cannot be read with it; give the system with --crs")
	}
	if err != nil {
		yield(raw{}, err)
	}
}

// features reads the array of features; errFound where the caller wants no more.
func (w *walk) features(yield func(raw, error) bool) error {
	t, err := w.dec.Token()
	if err != nil {
		return broken(err, 0)
	}
	if t != json.Delim('[') {
		return layers.Invalid("features", `"features": expected an array, %v came`, t)
	}
	for w.dec.More() {
		w.budget.reset()
		var text json.RawMessage
		if err := w.dec.Decode(&text); err != nil {
			return broken(err, w.count)
		}
		w.count++
		if !yield(record(text, w.count), nil) {
			return errFound
		}
	}
	w.budget.reset()
	_, err = w.dec.Token()
	return broken(err, w.count)
}

// record reads a Feature, or a geometry alone, of valid JSON.
func record(text []byte, line int) raw {
	r := raw{line: line}
	if r.err = r.read(text); r.err != nil {
		r.names, r.values = nil, nil
	}
	return r
}

func (r *raw) read(text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("the feature is not UTF-8 text")
	}
	p, err := split(text)
	if err != nil {
		return err
	}
	if p.kind != "Feature" {
		if r.geometry, err = geometryOf(text); err != nil {
			return fmt.Errorf("expected a GeoJSON Feature: %w", err)
		}
		return nil
	}
	if p.id != nil {
		r.id, _ = wholeID(strings.Trim(string(p.id), `"`)) // an id that is no number is not ours
	}
	if r.geometry, err = geometryOf(p.geometry); err != nil {
		return err
	}
	if isNull(p.properties) {
		return nil
	}
	err = members(p.properties, func(key string, value []byte) error {
		x, err := scalar(value)
		r.names, r.values = append(r.names, key), append(r.values, x)
		return err
	})
	if err != nil {
		return fmt.Errorf("properties: %w", err)
	}
	return nil
}

// openLines opens GeoJSON with a feature on each line, with or without the record separators of RFC 8142.
func openLines(path string, o Options) (f format, err error) {
	open, file, _, err := textFile(path, o)
	if err != nil {
		return f, err
	}
	records := func(yield func(raw, error) bool) {
		in, err := open()
		if err != nil {
			yield(raw{}, err)
			return
		}
		readLines(in, o.recordLimit(), yield)
	}
	return format{unit: "line", records: records, close: file.Close}, nil
}

func readLines(in io.Reader, limit int, yield func(raw, error) bool) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, min(limit, 64<<10)), limit)
	n := 0
	for lines.Scan() {
		n++
		text := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte{0x1e}))
		if len(text) == 0 {
			continue
		}
		r := raw{line: n}
		if json.Valid(text) {
			r = record(bytes.Clone(text), n)
		} else {
			r.err = fmt.Errorf("the line is not JSON: %s", syntax(text))
		}
		if !yield(r, nil) {
			return
		}
	}
	if err := lines.Err(); err != nil {
		yield(raw{}, fmt.Errorf("read line %d: %w", n+1, err))
	}
}
