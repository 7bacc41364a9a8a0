package gpkg

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// session is one connection with its prepared statements, for one goroutine. Statements go to the driver directly:
// database/sql's conversions cost more than SQLite's own work on a row.
type session struct {
	conn  *sql.Conn
	raw   driver.Conn // conn's own; the session is its only user until close
	stmts map[string]driver.Stmt
	args  []driver.NamedValue
}

// session takes a connection from the pool.
func (s *Store) session(ctx context.Context) (*session, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	n := &session{conn: conn, stmts: map[string]driver.Stmt{}}
	err = conn.Raw(func(c any) error {
		raw, ok := c.(driver.Conn)
		if !ok {
			return errors.New("the driver's connection is of an unknown kind")
		}
		n.raw = raw
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return n, nil
}

// close gives the connection back.
func (n *session) close() {
	n.forget()
	n.conn.Close()
}

// forget closes the prepared statements.
func (n *session) forget() {
	for _, st := range n.stmts {
		st.Close()
	}
	clear(n.stmts)
}

func (n *session) stmt(query string) (driver.Stmt, error) {
	if st := n.stmts[query]; st != nil {
		return st, nil
	}
	st, err := n.raw.Prepare(query)
	if err != nil {
		return nil, err
	}
	n.stmts[query] = st
	return st, nil
}

// bind numbers the arguments; the slice is reused by the next call.
func (n *session) bind(args []driver.Value) []driver.NamedValue {
	n.args = n.args[:0]
	for i, a := range args {
		n.args = append(n.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return n.args
}

// exec runs a statement. Its wait for a lock ends with ctx; once it has begun it is not broken off.
func (n *session) exec(ctx context.Context, query string, args ...driver.Value) (driver.Result, error) {
	st, err := n.stmt(query)
	if err != nil {
		return nil, err
	}
	x, ok := st.(driver.StmtExecContext)
	if !ok {
		return nil, errors.New("the driver's statement is of an unknown kind")
	}
	return x.ExecContext(ctx, n.bind(args))
}

// run runs a statement whose result does not matter.
func (n *session) run(query string, args ...driver.Value) error {
	_, err := n.exec(context.Background(), query, args...)
	return err
}

// script runs statements one after another.
func (n *session) script(statements []string) error {
	for _, q := range statements {
		if err := n.once(q); err != nil {
			return err
		}
	}
	return nil
}

// once runs a statement that will not come again.
func (n *session) once(query string, args ...driver.Value) error {
	x, ok := n.raw.(driver.ExecerContext)
	if !ok {
		return errors.New("the driver's connection is of an unknown kind")
	}
	_, err := x.ExecContext(context.Background(), query, n.bind(args))
	return err
}

// each calls fn with the rows of a query. The slice is reused for the next row.
func (n *session) each(query string, args []driver.Value, fn func(row []driver.Value) error) error {
	st, err := n.stmt(query)
	if err != nil {
		return err
	}
	q, ok := st.(driver.StmtQueryContext)
	if !ok {
		return errors.New("the driver's statement is of an unknown kind")
	}
	rows, err := q.QueryContext(context.Background(), n.bind(args))
	if err != nil {
		return err
	}
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err = rows.Next(row); err != nil {
			break
		}
		if err = fn(row); err != nil {
			break
		}
	}
	if err == io.EOF {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// number returns the first column of a query's last row as a whole number; 0 where there is none.
func (n *session) number(query string, args ...driver.Value) (number int64, err error) {
	err = n.each(query, args, func(row []driver.Value) error {
		number, _ = row[0].(int64)
		return nil
	})
	return number, err
}

// read calls fn in one read transaction, which sees one state of the file.
func (n *session) read(fn func() error) error {
	if err := n.run("BEGIN"); err != nil {
		return err
	}
	return errors.Join(fn(), n.run("ROLLBACK"))
}
