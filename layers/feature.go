package layers

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
)

// Seq numbers the states of the record: it grows by every committed change and is never used twice.
type Seq uint64

// Feature is one thing on the map, whole, as it crosses an edge: file, record or request. Inside, features are rows of
// columns.
type Feature struct {
	ID       int64        // positive, unique in its layer, kept for ever; 0 asks the record for the next free one
	Geometry orb.Geometry // WGS-84, lon/lat degrees; nil where the layer's kind is None. Not edited after it is handed over
	Values   []Value      // one for each field of the layer, in its order
}

// ETag is a short digest of the feature's whole content: two features of a layer have the same ETag when, and only
// when, they have the same id, geometry and values. It is the same in memory, in every record and after a restart.
func (f *Feature) ETag() string {
	h := sha256.New()
	buf := Value{kind: kindInt, n: f.ID}.AppendJSON(nil)
	for _, v := range f.Values {
		buf = v.AppendJSON(append(buf, byte(v.kind)))
	}
	h.Write(buf)
	if f.Geometry != nil {
		if b, err := wkb.Marshal(f.Geometry); err == nil {
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Op is what a change does.
type Op uint8

// The operations. Insert fails with ErrConflict where the id exists, Update and Delete with ErrNotFound where it does
// not; Upsert takes either. Define makes a layer, or replaces its schema where the layer has no features yet or keeps
// the fields it had; Drop removes a layer with all its features.
const (
	Insert Op = iota + 1
	Update
	Upsert
	Delete
	Define
	Drop
)

// String returns the operation's name.
func (o Op) String() string {
	if o < Insert || o > Drop {
		return "none"
	}
	return [...]string{"insert", "update", "upsert", "delete", "define", "drop"}[o-1]
}

// Change is one step of the record.
type Change struct {
	Seq     Seq      // set by the record on what it reports; ignored in Put
	Op      Op       // in what a record reports: Update (the feature is there, new or changed) or Delete
	Layer   string   // the layer's name
	ID      int64    // the feature's id; in Put it may be 0 with an Insert
	Feature *Feature // the whole feature after the change; nil for Delete, Define and Drop
	IfMatch string   // in Put: the ETag that the feature must have now, else ErrConflict; empty: any
	Schema  *Layer   // of Define
}

// Target returns the id that a change of Put is about: 0 where the record is to give one. It fails with ErrInvalid where
// the change and its feature name different ones, or none where one is needed.
func (c *Change) Target() (int64, error) {
	id := c.ID
	if c.Op != Delete {
		if c.Feature == nil {
			return 0, Invalid("", "an %s without a feature", c.Op)
		}
		if id == 0 {
			id = c.Feature.ID
		}
		if c.Feature.ID != 0 && c.Feature.ID != id {
			return 0, Invalid("id", "the change is about id %d, its feature has id %d", id, c.Feature.ID)
		}
	}
	if id < 0 || id > MaxID || id == 0 && (c.Op == Update || c.Op == Delete) {
		return 0, Invalid("id", "id %d: expected a number from 1 to %d", id, int64(MaxID))
	}
	return id, nil
}

// CheckSchema says what is wrong with the schema of a Define, or nil.
func (c *Change) CheckSchema() error {
	if c.Schema == nil {
		return Invalid("schema", "a define without a schema")
	}
	if c.Layer != "" && c.Layer != c.Schema.Name {
		return Invalid("name", "the change is about layer %q, its schema is named %q", c.Layer, c.Schema.Name)
	}
	return c.Schema.Validate()
}
