package layers

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// Store keeps the record: the truth about what is on the map. It has two implementations, layers/gpkg and
// layers/postgis; layers/storetest states these promises as tests. All methods may be called at the same time.
type Store interface {
	// Load adds every layer and feature to b, as they are in one state of the record, and returns that state's number.
	// A row that cannot be a feature is noted in b and left out; it does not fail the load.
	Load(ctx context.Context, b *Builder) (Seq, error)

	// Watch calls fn with the changes committed after the given state, in the order of their commits, from one
	// goroutine, until ctx ends (then it returns ctx's error), fn fails (it returns that), or the record fails. A change
	// carries the feature as it is now: where one feature changed again before the reader came to it, the reader is told
	// once, with the last number. more tells that the changes of this call and of those to come are, together, one step of
	// the record: what stands between is a state that the record never was in, and not for readers. While nothing
	// changes, fn is called with no changes at least once a second: the record was asked, and the reader is up to date.
	// ErrStale: the changes after that state are no longer kept, the catalogue changed, or the record is not the one that
	// was in that state; load again. fn may keep the slice.
	Watch(ctx context.Context, after Seq, fn func(changes []Change, more bool) error) error

	// Put commits the changes, all or none, and returns the state's number when they are durable: they survive the loss
	// of power. It checks every feature against its layer (Layer.Check) and fails with ErrInvalid, ErrConstraint (a rule
	// of the record itself), ErrNotFound, ErrConflict (an id that exists, an IfMatch that differs), or ErrUnavailable
	// (nothing was written, or, when the connection was lost during commit, it is not known: the message says which). It
	// sets the ID of features that came with 0, in the caller's slice. Audience and Writable are the caller's to judge.
	// A key that is not empty makes the write one that may be tried again: see Key.
	Put(ctx context.Context, key Key, changes []Change) (Seq, error)
}

// Key names a write, so that whoever does not know whether it was done may send it again. Where a write of the same name
// was committed before, within KeyLife, Put writes nothing, sets the ids that were given then and returns the state's
// number of then; with another digest it fails with ErrConflict. A write that failed leaves its name free. The zero Key
// names nothing: each such write is one of its own.
type Key struct {
	Name   string // unique to the write and its sender; at most MaxKey bytes
	Digest string // of what the sender sent: tells a second try from another write under the same name
}

// MaxKey bounds the name and the digest of a Key, in bytes.
const MaxKey = 400

// KeyLife is how long a record remembers the names of writes, at least.
const KeyLife = 24 * time.Hour

// Check says what is wrong with the key, or nil.
func (k Key) Check() error {
	if len(k.Name) > MaxKey || len(k.Digest) > MaxKey || !utf8.ValidString(k.Name+k.Digest) || strings.ContainsRune(k.Name+k.Digest, 0) {
		return Invalid("Idempotency-Key", "the key of a write: expected at most %d bytes of UTF-8", MaxKey)
	}
	return nil
}
