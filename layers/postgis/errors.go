package postgis

import (
	"context"
	"errors"
	"io"
	"net"

	"shapan/layers"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL's error codes that are told apart (https://www.postgresql.org/docs/15/errcodes-appendix.html).
const (
	codeNotNull          = "23502"
	codeUnique           = "23505"
	codeReadOnly         = "25006"
	codeDeadlock         = "40P01"
	codeSerialization    = "40001"
	codePrivilege        = "42501"
	codeNoColumn         = "42703"
	codeNoTable          = "42P01"
	codeNoSchema         = "3F000"
	codeNoFunction       = "42883"
	codePlanChanged      = "0A000"
	codeUnsupported      = "0A000" // the same code: the table cannot be copied into
	codeLockTimeout      = "55P03"
	codeQueryCancelled   = "57014"
	codeAdminShutdown    = "57P01"
	codeCrashShutdown    = "57P02"
	codeCannotConnectNow = "57P03"
	codeIdleTimeout      = "25P03"
	codeWrongPassword    = "28P01"
	codeNotAuthorised    = "28000"
	codeNoDatabase       = "3D000"
	codeTooMany          = "53300"
	codeDiskFull         = "53100"
	codeInternal         = "XX000" // PostGIS throws it for geometries that it does not take
)

// code returns the server's error code, or "".
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// class returns the first two characters of the server's error code, or "".
func class(err error) string {
	if c := code(err); len(c) >= 2 {
		return c[:2]
	}
	return ""
}

// unavailable turns an error of the database into ErrUnavailable with a sentence. Errors that have a sentence already, and
// a context that was cancelled by the caller, stay as they are.
func unavailable(err error) error {
	var known *layers.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	return &layers.Error{Kind: layers.ErrUnavailable, Detail: "the record's database " + why(err), Cause: err}
}

// why says what an error of the database means, as the end of a sentence that begins with "the database".
func why(err error) string {
	var connect *pgconn.ConnectError
	var network net.Error
	switch code(err) {
	case codeAdminShutdown, codeCrashShutdown, codeCannotConnectNow:
		return "is being stopped or started"
	case codeWrongPassword, codeNotAuthorised:
		return "refuses this user or password"
	case codeNoDatabase:
		return "does not exist on that server"
	case codeTooMany:
		return "has no connection free"
	case codeDiskFull:
		return "has a full disk: nothing was written"
	case codeReadOnly:
		return "takes no writes now: it is a standby, or set to read only"
	case codeLockTimeout:
		return "was kept locked by another program for too long: nothing was written"
	case codeQueryCancelled, codeIdleTimeout:
		return "took too long and was interrupted"
	case codePrivilege:
		return "does not let this user do that: 'shapan doctor' says which right is missing"
	case codeNoTable, codeNoColumn, codeNoSchema, codeNoFunction, codePlanChanged:
		return "has been altered by another program"
	case codeDeadlock, codeSerialization:
		return "was busy with writes that exclude this one: nothing was written"
	}
	switch {
	case errors.Is(err, pgconn.ErrReadOnlyConnection):
		return "takes no writes now: of its servers none that can be reached does"
	case errors.As(err, &connect):
		return "cannot be reached"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "does not answer in time"
	case code(err) != "":
		return "reports an error"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network), pgconn.SafeToRetry(err):
		return "closed the connection"
	}
	return "answers what was not expected"
}

// altered tells whether an error means that tables are not as the catalogue has them.
func altered(err error) bool {
	switch code(err) {
	case codeNoTable, codeNoColumn, codeNoSchema, codePlanChanged, codeNoFunction:
		return true
	}
	return false
}
