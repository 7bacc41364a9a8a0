// Package layers owns what is on the map and how one state of it becomes the next: layer schemas, columnar feature
// tables, immutable snapshots, views limited to what a caller may see, filters, and the one writer that follows the
// record.
//
// The flow has one direction. A [Store] keeps the record. [Live] loads it, follows it and publishes a [Snapshot] after
// each batch of changes. A caller's [Scope] turns a snapshot into a [View], and everything that draws or answers takes a
// view: there is no other way to reach a feature. A write goes to the record through [Live.Put] and comes back to memory
// as any other change does.
package layers
