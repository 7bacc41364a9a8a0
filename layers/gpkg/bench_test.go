package gpkg

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/storetest"
)

func benchStore(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "record.gpkg"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	mustPut(b, s, trial())
	return s
}

// BenchmarkLoad loads 15,000 features.
func BenchmarkLoad(b *testing.B) {
	s := benchStore(b)
	mustPut(b, s, bulk(15_000)...)
	for b.Loop() {
		if _, err := s.Load(b.Context(), layers.NewBuilder()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPutMany puts 50,000 features at once.
func BenchmarkPutMany(b *testing.B) {
	const n = 50_000
	s := benchStore(b)
	var spent time.Duration
	for b.Loop() {
		changes := bulk(n)
		begun := time.Now()
		mustPut(b, s, changes...)
		spent += time.Since(begun)
	}
	b.ReportMetric(float64(n)*float64(b.N)/spent.Seconds(), "features/s")
}

// BenchmarkPutOne puts single features, each durable.
func BenchmarkPutOne(b *testing.B) {
	s := benchStore(b)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		mustPut(b, s, layers.Change{Op: layers.Insert, Layer: "trial", Feature: storetest.Feature(0, i)})
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
}
