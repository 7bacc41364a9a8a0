package checkup

import (
	"testing"

	"shapan/fixtures"
	"shapan/layers"
)

// made returns the sample at a scale, everything of it.
func made(t testing.TB, o fixtures.Options) *layers.View {
	t.Helper()
	b := layers.NewBuilder()
	into := map[string]*layers.TableBuilder{}
	for _, l := range fixtures.Catalogue() {
		table, err := b.Layer(l)
		if err != nil {
			t.Fatal(err)
		}
		into[l.Name] = table
	}
	err := fixtures.Generate(t.Context(), o, func(layer string, f layers.Feature) error {
		into[layer].Add(f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Snapshot(1).View(layers.Scope{Audience: layers.Restricted})
}

func BenchmarkExamine(b *testing.B) {
	for _, scale := range []fixtures.Scale{fixtures.Subdistrict, fixtures.District} {
		b.Run(string(scale), func(b *testing.B) {
			v := made(b, fixtures.Options{Scale: scale})
			for b.Loop() {
				if _, err := Examine(b.Context(), v, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
