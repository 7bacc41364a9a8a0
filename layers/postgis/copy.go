package postgis

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"shapan/layers"

	"github.com/jackc/pgx/v5/pgtype"
)

// worthCopying is how many features are written by COPY, which begins more slowly and then goes faster than INSERT.
const worthCopying = 100

// copies tells whether a run can be written by COPY: the table is one of ours, whose columns hold the fields as they are.
func (r *run) copies() bool {
	if len(r.ids) < worthCopying || r.adopted || r.whole {
		return false
	}
	for i, name := range r.columns {
		if r.types[name] != columnType(r.layer.Fields[i].Type) {
			return false
		}
	}
	return true
}

// copy inserts features by COPY. Where the database refuses one, it undoes all, and done is false: COPY does not say as
// INSERT does which ids are taken.
func (p *put) copy(ctx context.Context, r *run) (done bool, err error) {
	rows, err := r.encode()
	if err != nil {
		return false, err
	}
	sub, err := p.tx.Begin(ctx) // a savepoint
	if err != nil {
		return false, err
	}
	tag, err := p.tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(rows),
		fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary)", r.relation(), strings.Join(r.written(), ", ")))
	if err == nil && tag.RowsAffected() == int64(len(r.ids)) {
		return true, sub.Commit(ctx)
	}
	if rolled := sub.Rollback(ctx); rolled != nil {
		return false, errors.Join(err, rolled)
	}
	switch code(err) {
	case "", codeUnique, codeUnsupported:
		return false, nil
	}
	return false, err
}

// encode writes the features as COPY reads them in its binary form.
func (r *run) encode() ([]byte, error) {
	w := copyWriter{types: pgtype.NewMap()}
	w.b = append(w.b, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	columns := len(r.columns) + 1
	if r.layer.Kind != layers.None {
		columns++
	}
	for _, f := range r.features {
		w.b = binary.BigEndian.AppendUint16(w.b, uint16(columns))
		w.word(uint64(f.ID))
		if r.layer.Kind != layers.None {
			shape, err := encodeGeometry(f.Geometry)
			if err != nil {
				return nil, err
			}
			w.bytes(shape)
		}
		for i := range r.columns {
			if err := w.value(r.layer.Fields[i].Type, f.Values[i]); err != nil {
				return nil, err
			}
		}
	}
	return binary.BigEndian.AppendUint16(w.b, math.MaxUint16), nil // -1 ends it
}

// copyWriter writes values as COPY reads them: the length, the bytes.
type copyWriter struct {
	b     []byte
	types *pgtype.Map
}

func (w *copyWriter) null() { w.b = binary.BigEndian.AppendUint32(w.b, math.MaxUint32) }

func (w *copyWriter) word(x uint64) {
	w.b = binary.BigEndian.AppendUint32(w.b, 8)
	w.b = binary.BigEndian.AppendUint64(w.b, x)
}

// bytes writes bytes; nil is null.
func (w *copyWriter) bytes(b []byte) {
	if b == nil {
		w.null()
		return
	}
	w.b = binary.BigEndian.AppendUint32(w.b, uint32(len(b)))
	w.b = append(w.b, b...)
}

// value writes a value of a field as its column holds it.
func (w *copyWriter) value(t layers.FieldType, v layers.Value) error {
	if v.IsNull() {
		w.null()
		return nil
	}
	switch t {
	case layers.Int:
		w.word(uint64(v.Int()))
	case layers.Float:
		x, _ := v.Number()
		w.word(math.Float64bits(x))
	case layers.Bool:
		w.b = append(w.b, 0, 0, 0, 1, byte(v.Int()))
	case layers.Time:
		w.word(uint64(v.Time().UnixMicro() - epoch*1e6))
	case layers.Date:
		w.b = binary.BigEndian.AppendUint32(w.b, 4)
		w.b = binary.BigEndian.AppendUint32(w.b, uint32(int32(v.Time().Unix()/86400-epoch/86400))) // midnights: nothing is cut off
	case layers.Strings:
		list, err := w.types.Encode(pgtype.TextArrayOID, pgtype.BinaryFormatCode, append([]string{}, v.List()...), nil)
		if err != nil {
			return err
		}
		w.bytes(list)
	default:
		w.b = binary.BigEndian.AppendUint32(w.b, uint32(len(v.Text())))
		w.b = append(w.b, v.Text()...)
	}
	return nil
}
