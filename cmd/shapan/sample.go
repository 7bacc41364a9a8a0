package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"shapan/api"
	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
)

// secrets are the tokens of a new record, shown once; the zero value shows nothing.
type secrets struct {
	admin, display string
}

// print shows the tokens.
func (s secrets) print(w io.Writer, address string) {
	if s.admin == "" {
		return
	}
	fmt.Fprintf(w, "A new record was made. These are shown only now; 'shapan token create' makes others.\n")
	fmt.Fprintf(w, "admin token: %s\n", s.admin)
	fmt.Fprintf(w, "wall: %s/ui/wall#token=%s\n", address, s.display)
}

// fill fills an empty record: the layer of tokens with an admin's and a display's, and the sample subdistrict where it
// is wanted. It is one write, so that a record is never half filled.
func (s serveCommand) fill(ctx context.Context, store record, console console) (secrets, error) {
	empty, err := store.Empty(ctx)
	if err != nil || !empty {
		return secrets{}, err
	}
	changes, made, err := firstTokens()
	if err != nil {
		return secrets{}, err
	}
	if s.Sample {
		sample, err := sampleChanges(ctx, console.err)
		if err != nil {
			return secrets{}, err
		}
		changes = append(changes, sample...)
	}
	_, err = store.Put(ctx, layers.Key{}, changes)
	return made, err
}

// firstTokens makes the layer of tokens and the two that a new record begins with.
func firstTokens() ([]layers.Change, secrets, error) {
	layer, now := api.TokenLayer(), time.Now()
	changes := []layers.Change{{Op: layers.Define, Layer: layer.Name, Schema: &layer}}
	add := func(name, role string) (string, error) {
		secret, f, err := api.NewToken(name, role, nil, time.Time{}, now)
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer.Name, Feature: &f})
		return secret, err
	}
	admin, err := add("first-admin", "admin")
	if err != nil {
		return nil, secrets{}, err
	}
	display, err := add("first-wall", "display")
	return changes, secrets{admin, display}, err
}

// sampleChanges makes the sample subdistrict as changes to an empty record.
func sampleChanges(ctx context.Context, w io.Writer) ([]layers.Change, error) {
	bar := newProgress(w, -1, "making the sample subdistrict")
	defer bar.done()
	changes := defineAll()
	err := fixtures.Generate(ctx, fixtures.Options{Progress: bar.set}, func(layer string, f layers.Feature) error {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer, Feature: &f})
		return nil
	})
	return changes, err
}

// defineAll defines the layers of the sample, and those that the service keeps.
func defineAll() []layers.Change {
	var changes []layers.Change
	for _, l := range append(fixtures.Catalogue(), dispatch.TrackSchema(), dispatch.ReadSchema()) {
		changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	}
	return changes
}
