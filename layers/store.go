package layers

import "context"

// Store keeps the record: the truth about what is on the map. It has two implementations, layers/gpkg and
// layers/postgis; layers/storetest states these promises as tests. All methods may be called at the same time.
type Store interface {
	// Load adds every layer and feature to b, as they are in one state of the record, and returns that state's number.
	// A row that cannot be a feature is noted in b and left out; it does not fail the load.
	Load(ctx context.Context, b *Builder) (Seq, error)

	// Watch calls fn with the changes committed after the given state, in the order of their commits, from one
	// goroutine, until ctx ends (then it returns ctx's error), fn fails (it returns that), or the record fails. A change
	// carries the feature as it is now: where one feature changed again before the reader came to it, the reader is told
	// once, with the last number. While nothing changes, fn is called with no changes at least once a second: the
	// record was asked, and the reader is up to date. ErrStale: the changes after that state are no longer kept, or the
	// catalogue changed; load again. fn may keep the slice.
	Watch(ctx context.Context, after Seq, fn func([]Change) error) error

	// Put commits the changes, all or none, and returns the state's number when they are durable: they survive the loss
	// of power. It checks every feature against its layer (Layer.Check) and fails with ErrInvalid, ErrNotFound,
	// ErrConflict (an id that exists, an IfMatch that differs), or ErrUnavailable (nothing was written, or, when the
	// connection was lost during commit, it is not known: the message says which). It sets the ID of features that came
	// with 0, in the caller's slice. Audience and Writable are the caller's to judge.
	Put(ctx context.Context, changes []Change) (Seq, error)
}
