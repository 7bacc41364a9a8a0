package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
)

// serviceLayers are those that the service itself keeps about responders, besides the tokens.
func serviceLayers() []layers.Layer {
	kept := []string{fixtures.Assignments, fixtures.DispatchLog, fixtures.DispatchParameters}
	out := slices.DeleteFunc(fixtures.Catalogue(), func(l layers.Layer) bool { return !slices.Contains(kept, l.Name) })
	return append(out, dispatch.TrackSchema(), dispatch.ReadSchema())
}

// missing returns the schemas that a record with responders lacks, or has as an earlier program made them: with the fields and
// codes that are new. What a record has besides stays.
func missing(s *layers.Snapshot) (out []layers.Layer) {
	seen := append(everything(s).Tables(), s.Service().Tables()...)
	have := map[string]*layers.Layer{}
	for _, t := range seen {
		have[t.Layer.Name] = &t.Layer
	}
	responders := have[fixtures.Responders]
	if responders == nil {
		return nil
	}
	for _, l := range serviceLayers() {
		if old := have[l.Name]; old == nil {
			out = append(out, l)
		} else if grown, ok := grown(old, l.Fields); ok {
			out = append(out, grown)
		}
	}
	for _, l := range fixtures.Catalogue() {
		if since := l.Index("duty_since"); l.Name == fixtures.Responders && responders.Writable {
			if grown, ok := grown(responders, l.Fields[since:since+1]); ok {
				out = append(out, grown)
			}
		}
	}
	return out
}

// grown returns a schema with the fields, and the codes of fields, that it lacks; ok is false where it lacks none.
func grown(old *layers.Layer, fields []layers.Field) (out layers.Layer, ok bool) {
	out = *old
	out.Fields = slices.Clone(old.Fields)
	for _, f := range fields {
		i := out.Index(f.Name)
		if i < 0 {
			out.Fields, ok = append(out.Fields, f), true
			continue
		}
		for _, c := range f.Codes {
			if !slices.ContainsFunc(out.Fields[i].Codes, func(d layers.Code) bool { return d.Value == c.Value }) {
				out.Fields[i].Codes, ok = append(slices.Clone(out.Fields[i].Codes), c), true
			}
		}
	}
	return out, ok
}

// upgrade brings the service's layers of a record up to this program. It returns their names.
func upgrade(ctx context.Context, store record, s *layers.Snapshot) (names []string, err error) {
	var changes []layers.Change
	for _, l := range missing(s) {
		changes, names = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l}), append(names, l.Name)
	}
	if len(changes) == 0 {
		return nil, nil
	}
	_, err = store.Put(ctx, layers.Key{}, changes)
	return names, err
}

// upToDate upgrades the record before it is served. A service that may not says what to do, and serves what there is.
func (s serveCommand) upToDate(ctx context.Context, store record, live *layers.Live, log *slog.Logger) (*layers.Live, error) {
	if !live.Health().Copy.IsZero() {
		return live, nil
	}
	names, err := upgrade(ctx, store, live.Snapshot())
	if err != nil {
		log.Warn("the record lacks what dispatching needs: run 'shapan migrate up' as a user who may", "layers", strings.Join(names, " "), "error", err)
		return live, nil
	}
	if len(names) == 0 {
		return live, nil
	}
	log.Info("the record was brought up to date", "layers", strings.Join(names, " "))
	return layers.Open(ctx, store, layers.LiveConfig{Log: log, Fallback: s.fallback(store)})
}

// layersUp upgrades the layers of a record in a database, and says which.
func (d databaseFlag) layersUp(ctx context.Context, console console) error {
	at := recordFlags{DatabaseURL: d.DatabaseURL}
	store, snapshot, err := at.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	names, err := upgrade(ctx, store, snapshot)
	for _, name := range names {
		fmt.Fprintf(console.err, "layer %s\n", name)
	}
	return err
}
