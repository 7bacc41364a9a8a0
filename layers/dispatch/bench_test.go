package dispatch_test

import (
	"testing"

	"shapan/layers/dispatch"
)

func BenchmarkRank(b *testing.B) {
	v, s := sampleTown(b).view(), new(dispatch.Streets)
	for _, side := range []struct {
		name    string
		streets *dispatch.Streets
	}{{"network", s}, {"straight line", nil}} {
		b.Run(side.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rank(b, v, side.streets, dispatch.Question{At: crossing, Category: "debris"})
			}
		})
	}
}
