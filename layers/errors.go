package layers

import (
	"errors"
	"fmt"

	"github.com/agnivade/levenshtein"
)

// The kinds of failure that callers tell apart, by errors.Is. The text around them is written for the person who asked:
// it says what was expected and what came, and holds nothing of the record's own error text.
var (
	ErrNotFound    = errors.New("not found")            // no such layer or feature, or none that this caller may see
	ErrInvalid     = errors.New("invalid")              // the input breaks a rule that the message names
	ErrConflict    = errors.New("conflict")             // the feature is not in the state that the caller expected
	ErrStale       = errors.New("no longer kept")       // the changes after the given number are gone: load again
	ErrUnavailable = errors.New("record unavailable")   // the record cannot be reached or written now; trying later may work
	ErrForbidden   = errors.New("not allowed to write") // the layer takes no writes from the outside

	// The input is well-formed but breaks a rule of its layer or its record, which the message names; it is ErrInvalid too.
	ErrConstraint = fmt.Errorf("breaks a rule: %w", ErrInvalid)
)

// Error is a failure of one of the kinds above with a sentence for the person and, where it is about one field or
// parameter, its name.
type Error struct {
	Kind   error  // one of the sentinels
	Field  string // the field or parameter at fault; empty where none is
	Detail string // a sentence: what was expected, what came
	Cause  error  // what the log is told besides, in the words of a file or a database; nil where there is none
}

// Error returns the sentence, without the cause, which is not for everybody's eyes.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns the kind, so that errors.Is finds the sentinel, and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// Because returns the error with this cause, for the log; nil leaves it as it is.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// Cause returns the cause that an error has for the log, or nil.
func Cause(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e.Cause
	}
	return nil
}

// Invalid makes an ErrInvalid about a field or parameter ("" where none is meant).
func Invalid(field, format string, args ...any) error {
	return &Error{Kind: ErrInvalid, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// Constraint makes an ErrConstraint about a field ("" where none is meant).
func Constraint(field, format string, args ...any) error {
	return &Error{Kind: ErrConstraint, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// NotFound makes an ErrNotFound.
func NotFound(format string, args ...any) error {
	return &Error{Kind: ErrNotFound, Detail: fmt.Sprintf(format, args...)}
}

// Conflict makes an ErrConflict.
func Conflict(format string, args ...any) error {
	return &Error{Kind: ErrConflict, Detail: fmt.Sprintf(format, args...)}
}

// Stale makes an ErrStale.
func Stale(format string, args ...any) error {
	return &Error{Kind: ErrStale, Detail: fmt.Sprintf(format, args...)}
}

// Unknown makes an ErrInvalid that says that name is none of the known words of this kind ("field", "parameter"), and
// offers the nearest of them, or all when they are few and none is near.
func Unknown(kind, name string, known []string) error {
	best, far := "", 1<<30
	for _, k := range known {
		if d := levenshtein.ComputeDistance(name, k); d < far {
			best, far = k, d
		}
	}
	switch {
	case best != "" && far <= 1+len(best)/3:
		return Invalid(name, "unknown %s %q: did you mean %q?", kind, clip(name), best)
	case len(known) == 0:
		return Invalid(name, "unknown %s %q: none is known here", kind, clip(name))
	default:
		return Invalid(name, "unknown %s %q: known are %q", kind, clip(name), known)
	}
}

// clip shortens a caller's word so that a message stays a sentence.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
