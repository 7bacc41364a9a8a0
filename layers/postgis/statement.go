package postgis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
)

// run is changes of one kind to one layer, of different features, from one position to another.
type run struct {
	*table
	from, to int
	ids      []int64
	features []*layers.Feature // copies, with the ids of the changes
}

// longest bounds the changes of one statement, and so the memory of its parameters.
const longest = 5000

// gather takes the changes that one statement can make. A feature stands in it once: its changes have an order.
func (p *put) gather(t *table, from int) (r *run, fault int, err error) {
	first := &p.changes[from]
	r = &run{table: t, from: from}
	seen := map[int64]bool{}
	for r.to = from; r.to < len(p.changes) && r.to-from < longest; r.to++ {
		c := &p.changes[r.to]
		if c.Op != first.Op || c.Layer != first.Layer || r.to > from && (c.IfMatch != "" || first.IfMatch != "") {
			break
		}
		id, err := c.Target()
		if err != nil {
			return nil, r.to, err
		}
		if r.to > from && (id == 0) != (r.ids[0] == 0) || id != 0 && seen[id] {
			break
		}
		seen[id] = true
		r.ids = append(r.ids, id)
		if c.Op == layers.Delete {
			continue
		}
		f := *c.Feature
		f.ID = id
		if err := t.layer.Check(&f); err != nil {
			return nil, r.to, err
		}
		r.features = append(r.features, &f)
	}
	return r, from, nil
}

// match fails unless the feature is as the caller saw it. It keeps the row from being changed by others until the end.
func (p *put) match(ctx context.Context, r *run, etag string, op layers.Op) error {
	id := r.ids[0]
	is := ""
	s := newSource(r.table, func(f layers.Feature, _ string) { is = f.ETag() }, func(int64, error) {})
	rows, err := p.tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s t WHERE t.%s = $1 FOR UPDATE OF t", r.read, r.relation(), quote(r.key)),
		pgx.QueryResultFormats{pgx.BinaryFormatCode}, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	exists := false
	for rows.Next() {
		exists = true
		s.accept(rows.RawValues())
	}
	switch {
	case rows.Err() != nil:
		return rows.Err()
	case !exists && (op == layers.Update || op == layers.Delete):
		return missing(r.table, id)
	case is != etag:
		return layers.Conflict("feature %d of layer %s has changed since it was read: read it again", id, r.layer.Name)
	}
	return nil
}

func missing(t *table, id int64) error {
	return layers.NotFound("layer %s has no feature %d", t.layer.Name, id)
}

// takenError says that an id that we gave is another program's already: the counter of ids is behind.
type takenError struct{ error }

func (t takenError) Unwrap() error { return t.error }

// insert adds features.
func (p *put) insert(ctx context.Context, r *run) error {
	given := r.ids[0] == 0
	if err := p.number(ctx, r); err != nil {
		return err
	}
	if r.copies() {
		if done, err := p.copy(ctx, r); done || err != nil {
			return err
		}
	}
	there, err := p.write(ctx, r, "")
	if err != nil {
		return err
	}
	if id, found := absent(r.ids, there); found {
		err := layers.Conflict("layer %s has a feature %d already", r.layer.Name, id)
		if given {
			return takenError{errors.Join(err, p.advance(ctx, r.table, 0))}
		}
		return err
	}
	return nil
}

// upsert adds features or replaces those that there are.
func (p *put) upsert(ctx context.Context, r *run) error {
	if err := p.number(ctx, r); err != nil {
		return err
	}
	if r.whole { // no index keeps the ids unique, so PostgreSQL cannot do it in one
		there, err := p.change(ctx, r)
		if err != nil {
			return err
		}
		fresh := &run{table: r.table}
		for i, id := range r.ids {
			if _, found := slices.BinarySearch(there, id); !found {
				fresh.ids, fresh.features = append(fresh.ids, id), append(fresh.features, r.features[i])
			}
		}
		if len(fresh.ids) == 0 {
			return nil
		}
		_, err = p.write(ctx, fresh, "")
		return err
	}
	var set []string
	for _, c := range r.written()[1:] {
		set = append(set, c+" = excluded."+c)
	}
	action := "DO NOTHING"
	if len(set) > 0 {
		action = "DO UPDATE SET " + strings.Join(set, ", ")
	}
	_, err := p.write(ctx, r, action)
	return err
}

// written returns the columns that a feature is written to: the key, the geometry where the layer has one, the fields.
func (t *table) written() []string {
	columns := []string{quote(t.key)}
	if t.layer.Kind != layers.None {
		columns = append(columns, quote(t.geometry))
	}
	for _, c := range t.columns {
		columns = append(columns, quote(c))
	}
	return columns
}

// parameters returns the features as arrays, a column each, and how a statement unpacks them: what it selects, from what.
func (r *run) parameters() (args []any, selects, from string, err error) {
	args = []any{r.ids}
	types, values := []string{"$1::bigint[]"}, []string{"u.c1"}
	add := func(arg any, kind, value string) {
		args = append(args, arg)
		types = append(types, fmt.Sprintf("$%d::%s[]", len(args), kind))
		values = append(values, strings.ReplaceAll(value, "?", fmt.Sprintf("u.c%d", len(args))))
	}
	if r.layer.Kind != layers.None {
		shapes := make([][]byte, len(r.features))
		for i, f := range r.features {
			if shapes[i], err = encodeGeometry(f.Geometry); err != nil {
				return nil, "", "", err
			}
		}
		value := "ST_GeomFromEWKB(?)"
		if r.crs == "EPSG:4490" {
			value = "ST_SetSRID(ST_GeomFromEWKB(?), 4490)"
		}
		add(shapes, "bytea", value)
	}
	for i, name := range r.columns {
		f := &r.layer.Fields[i]
		kind, value := columnType(f.Type), "?"
		if f.Type == layers.Strings {
			kind, value = "text", "?::text[]"
		}
		declared := r.types[name]
		switch declared {
		case "uuid", "json", "jsonb", "inet", "citext":
			value = "?::" + declared
		case "timestamp without time zone":
			value = "? AT TIME ZONE " + literal(r.zone)
		}
		add(arrays(f, i, r.features), kind, value)
	}
	names := make([]string, len(args))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	from = fmt.Sprintf("unnest(%s) AS u(%s)", strings.Join(types, ", "), strings.Join(names, ", "))
	return args, strings.Join(values, ", "), from, nil
}

// write inserts features and returns, sorted, the ids of those that were written: those whose ids are taken are left out,
// or treated by the action.
func (p *put) write(ctx context.Context, r *run, action string) ([]int64, error) {
	args, selects, from, err := r.parameters()
	if err != nil {
		return nil, err
	}
	key := quote(r.key)
	query := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", r.relation(), strings.Join(r.written(), ", "), selects, from)
	if err := p.claim(ctx, r.table); err != nil {
		return nil, err
	}
	if r.whole {
		query += fmt.Sprintf(" WHERE NOT EXISTS (SELECT FROM %s h WHERE h.%s = u.c1)", r.relation(), key)
	} else {
		if action == "" {
			action = "DO NOTHING"
		}
		query += fmt.Sprintf(" ON CONFLICT (%s) %s", key, action)
	}
	return p.returned(ctx, query+" RETURNING "+key+"::bigint", args...)
}

// claim makes the writes of this service to a layer that is split take turns, until the transaction ends: no index keeps its
// ids unique, and PostgreSQL breaks off an update that meets a row which moves to another month.
func (p *put) claim(ctx context.Context, t *table) error {
	if !t.whole {
		return nil
	}
	return p.exec(ctx, "SELECT pg_advisory_xact_lock(7237118, $1)", t.number)
}

// returned runs a statement and returns, sorted, the ids that it returns.
func (p *put) returned(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := p.tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	slices.Sort(ids)
	return ids, err
}

// absent returns the first id that a sorted list has not.
func absent(ids, sorted []int64) (int64, bool) {
	for _, id := range ids {
		if _, found := slices.BinarySearch(sorted, id); !found {
			return id, true
		}
	}
	return 0, false
}

// update replaces features.
func (p *put) update(ctx context.Context, r *run) error {
	there, err := p.change(ctx, r)
	if err != nil {
		return err
	}
	if id, found := absent(r.ids, there); found {
		return missing(r.table, id)
	}
	return nil
}

// change updates the features that there are and returns their ids, sorted.
func (p *put) change(ctx context.Context, r *run) ([]int64, error) {
	args, selects, from, err := r.parameters()
	if err != nil {
		return nil, err
	}
	if err := p.claim(ctx, r.table); err != nil {
		return nil, err
	}
	columns := r.written()
	set := fmt.Sprintf("(%s) = (SELECT %s)", strings.Join(columns, ", "), selects)
	return p.returned(ctx, fmt.Sprintf("UPDATE %s t SET %s FROM %s WHERE t.%s = u.c1 RETURNING t.%s::bigint",
		r.relation(), set, from, quote(r.key), quote(r.key)), args...)
}

// remove deletes features.
func (p *put) remove(ctx context.Context, r *run) error {
	there, err := p.returned(ctx, fmt.Sprintf("DELETE FROM %s WHERE %s = ANY ($1) RETURNING %s::bigint", r.relation(), quote(r.key), quote(r.key)), r.ids)
	if err != nil {
		return err
	}
	if id, found := absent(r.ids, there); found {
		return missing(r.table, id)
	}
	return nil
}

// number gives ids to the features that came without, and moves the counter past those that came with.
func (p *put) number(ctx context.Context, r *run) error {
	if r.ids[0] != 0 {
		return p.advance(ctx, r.table, slices.Max(r.ids))
	}
	if r.serial == "" {
		return layers.Invalid("id", "the table of layer %s gives no ids by itself: each new feature needs one", r.layer.Name)
	}
	rows, err := p.tx.Query(ctx, "SELECT nextval($1::regclass) FROM generate_series(1, $2)", r.serial, len(r.ids))
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	r.ids = ids
	for i, id := range ids {
		r.features[i].ID = id
		p.assigned[r.from+i] = id
	}
	return nil
}

// advance moves the counter of a layer's ids past an id, or, for 0, past the greatest that the table has. It does not
// wait for the transaction to end, as counters do not.
func (p *put) advance(ctx context.Context, t *table, past int64) error {
	if t.serial == "" {
		return nil
	}
	reached := "$1::bigint"
	if past == 0 {
		reached = fmt.Sprintf("greatest($1::bigint, (SELECT max(%s) FROM %s))", quote(t.key), t.relation())
	}
	_, err := p.tx.Exec(ctx, fmt.Sprintf("SELECT setval(%s::regclass, %s) FROM %s WHERE last_value < %s OR NOT is_called AND last_value = %s",
		literal(t.serial), reached, t.serial, reached, reached), past)
	return err
}
