package exchange

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shapan/layers"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// dbf is the table of a shapefile (dBASE III and what ESRI and GDAL add).
type dbf struct {
	open    func() (io.ReadCloser, error)
	fields  []dbfField
	columns []column
	names   []string
	header  int // bytes before the first record
	record  int // bytes of a record, its deletion mark included
	enc     encoding.Encoding
}

type dbfField struct {
	kind          byte
	start, length int
}

// openDBF reads the header of a bundle's .dbf; nil where there is none.
func openDBF(b *bundle, o Options) (*dbf, error) {
	open, ok := b.open[".dbf"]
	if !ok {
		return nil, nil
	}
	d := &dbf{open: open}
	in, err := open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var head [32]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, layers.Invalid("", "the .dbf file ends in its header")
	}
	d.header, d.record = int(binary.LittleEndian.Uint16(head[8:])), int(binary.LittleEndian.Uint16(head[10:]))
	if d.header < 33 || d.record < 1 {
		return nil, layers.Invalid("", "the .dbf file does not begin as a dBASE table does")
	}
	rest := make([]byte, d.header-32)
	if _, err := io.ReadFull(in, rest); err != nil {
		return nil, layers.Invalid("", "the .dbf file ends in its header")
	}
	if d.enc, err = d.encoding(b, head[29], io.MultiReader(strings.NewReader(string(rest)), in), o); err != nil {
		return nil, err
	}
	return d, d.describe(rest)
}

// encoding decides on the encoding of texts: the options', the .cpg's, the header's mark, or what the bytes look like.
func (d *dbf) encoding(b *bundle, mark byte, all io.Reader, o Options) (encoding.Encoding, error) {
	if o.Encoding != "" && !strings.EqualFold(o.Encoding, "auto") {
		return encodingOf(o.Encoding)
	}
	cpg, has, err := b.text(".cpg")
	if err != nil {
		return nil, err
	}
	if has && strings.TrimSpace(cpg) != "" {
		enc, err := encodingOf(cpg)
		if err != nil {
			return nil, layers.Invalid("encoding", "the .cpg file states the text encoding %q, which is not known here; give it with --encoding: utf-8, gbk or gb18030", short(strings.TrimSpace(cpg)))
		}
		return enc, nil
	}
	if mark == 0x4d { // code page 936
		return simplifiedchinese.GB18030, nil
	}
	return sniff(all)
}

// describe reads the descriptions of the fields.
func (d *dbf) describe(rest []byte) error {
	at := 1
	for ; len(rest) >= 32 && rest[0] != 0x0d; rest = rest[32:] {
		name, _, _ := strings.Cut(string(rest[:11]), "\x00")
		f := dbfField{kind: rest[11], start: at, length: int(rest[16])}
		decimals := int(rest[17])
		if f.kind == 'C' { // long texts use the second byte
			f.length += decimals << 8
		}
		at += f.length
		if at > d.record {
			return layers.Invalid("", "the .dbf file's fields are longer than its records")
		}
		d.fields = append(d.fields, f)
		d.names = append(d.names, d.text([]byte(name)))
		d.columns = append(d.columns, column{name: d.names[len(d.names)-1], kind: dbfType(f, decimals)})
	}
	if len(d.fields) > 2*layers.MaxFields {
		return layers.Invalid("", "the .dbf file has %d fields: at most %d are allowed", len(d.fields), layers.MaxFields)
	}
	return nil
}

// dbfType returns a field's type. Numbers without decimals and of more than 18 digits may not fit a whole number.
func dbfType(f dbfField, decimals int) layers.FieldType {
	switch f.kind {
	case 'N', 'F', 'I':
		if decimals == 0 && f.length <= 18 {
			return layers.Int
		}
		return layers.Float
	case 'L':
		return layers.Bool
	case 'D':
		return layers.Date
	}
	return layers.String
}

// text decodes a text and takes its padding off; a character that the field's end cuts is left out.
func (d *dbf) text(b []byte) string {
	s := strings.TrimRight(string(b), " \x00")
	if d.enc == nil {
		for range utf8.UTFMax {
			if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
				break
			}
			s = s[:len(s)-1]
		}
		return s
	}
	out, err := d.enc.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return strings.TrimSuffix(out, "\uFFFD")
}

// dbfRows reads records.
type dbfRows struct {
	table *dbf
	in    io.ReadCloser
	r     *bufio.Reader
	buf   []byte
}

func (d *dbf) rows() (*dbfRows, error) {
	in, err := d.open()
	if err != nil {
		return nil, err
	}
	r := &dbfRows{table: d, in: in, r: bufio.NewReaderSize(in, 256<<10), buf: make([]byte, d.record)}
	if _, err := r.r.Discard(d.header); err != nil {
		in.Close()
		return nil, layers.Invalid("", "the .dbf file ends in its header")
	}
	return r, nil
}

// next reads the record that belongs to r; deleted tells that it is marked as deleted.
func (t *dbfRows) next(r *raw) (deleted bool, err error) {
	if _, err := io.ReadFull(t.r, t.buf); err != nil {
		return false, layers.Invalid("", "the .dbf file ends before record %d of the .shp file: one of them was cut short", r.line)
	}
	r.names, r.values = t.table.names, make([]any, len(t.table.fields))
	for i, f := range t.table.fields {
		if r.values[i], err = t.table.value(f, t.buf[f.start:f.start+f.length]); err != nil {
			r.err = fmt.Errorf("column %s: %w", t.table.names[i], err)
			break
		}
	}
	return t.buf[0] == '*', nil
}

// value reads one cell; blanks and stars, which stand for a number that did not fit, are null.
func (d *dbf) value(f dbfField, cell []byte) (any, error) {
	if f.kind == 'I' && len(cell) == 4 {
		return int64(int32(binary.LittleEndian.Uint32(cell))), nil
	}
	if f.kind != 'N' && f.kind != 'F' && f.kind != 'L' && f.kind != 'D' {
		if s := d.text(cell); s != "" {
			return s, nil
		}
		return nil, nil
	}
	s := strings.Trim(string(cell), " \x00")
	if s == "" || strings.Trim(s, "*") == "" {
		return nil, nil
	}
	switch f.kind {
	case 'L':
		switch s[0] {
		case 'T', 't', 'Y', 'y':
			return true, nil
		case 'F', 'f', 'N', 'n':
			return false, nil
		}
		return nil, nil
	case 'D':
		if strings.Trim(s, "0") == "" {
			return nil, nil
		}
		t, err := time.Parse("20060102", s)
		if err != nil {
			return nil, fmt.Errorf("expected a date such as 20171204, %q came", short(s))
		}
		return t, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("expected a number, %q came", short(s))
	}
	return x, nil
}
