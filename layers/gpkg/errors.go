package gpkg

import (
	"context"
	"errors"
	"fmt"

	"shapan/layers"

	"modernc.org/sqlite"
)

// SQLite's result codes that are told apart (https://www.sqlite.org/rescode.html).
const (
	codeBusy         = 5
	codeLocked       = 6
	codeReadOnly     = 8
	codeIO           = 10
	codeCorrupt      = 11
	codeFull         = 13
	codeCannotOpen   = 14
	codeConstraint   = 19
	codeNotADatabase = 26
	codePrimaryKey   = codeConstraint | 6<<8
	codeSync         = codeIO | 4<<8
)

// code returns SQLite's extended result code, or 0.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// unavailable turns an error of the file into ErrUnavailable with a sentence. Errors that have a sentence already, and
// those of a context, stay as they are.
func unavailable(err error) error {
	var known *layers.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	why := "the record cannot be read or written now"
	switch code(err) & 0xff {
	case codeBusy, codeLocked:
		why = fmt.Sprintf("another program has kept the record locked for longer than %v: nothing was written", patience)
	case codeReadOnly:
		why = "the record is read-only: nothing was written"
	case codeIO:
		why = "the disk that holds the record reports an error: nothing was written"
	case codeCorrupt, codeNotADatabase:
		why = "the record's file is damaged: restore it from a copy"
	case codeFull:
		why = "the disk that holds the record is full: nothing was written"
	case codeCannotOpen:
		why = "the record's file, or a file beside it, cannot be opened"
	}
	return &layers.Error{Kind: layers.ErrUnavailable, Detail: why, Cause: err}
}

// uncommitted is unavailable for a commit that failed.
func uncommitted(err error) error {
	if code(err) == codeSync {
		return &layers.Error{Kind: layers.ErrUnavailable,
			Detail: "the disk failed while the write was being made durable: whether it is kept is not known", Cause: err}
	}
	return unavailable(err)
}
