// Command bench measures Shapan beside a naive twin and prints a table. It judges nothing: machines are noisy, so read
// the ratios, which come from alternating rounds of one run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"text/tabwriter"
	"time"

	"shapan/fixtures"
)

// row is one line of the table.
type row struct {
	id, what, shapan, beside, ratio, goal string
}

// setting is how long and against what is measured.
type setting struct {
	program string        // path of the program, for the start
	rounds  int           // of which the median is taken
	round   time.Duration // of one side
	large   int           // events of the record that tiles and searches are measured on
	scale   fixtures.Scale
	city    fixtures.Scale // that heat is measured on
	events  int            // of the record whose load and memory are measured
	writes  int
	server  *server
	only    string // the one to measure; empty: all
}

func main() {
	s := setting{rounds: 5, round: time.Second, large: 200_000, scale: fixtures.District, city: fixtures.City, writes: 300, server: new(server)}
	quick := flag.Bool("quick", false, "few and short rounds, to see that it runs")
	only := flag.String("only", "", "measure one alone, such as B1")
	profile := flag.String("profile", "", "write a CPU profile into this file")
	flag.IntVar(&s.events, "events", 1_000_000, "how many events are loaded from PostGIS (B8, B9)")
	flag.StringVar(&s.program, "shapan", "bin/shapan", "path of the program")
	flag.Parse()
	if *quick {
		s.rounds, s.round, s.large, s.events, s.writes, s.scale, s.city = 1, 100*time.Millisecond, 2_000, 4_000, 20, fixtures.Subdistrict, fixtures.Subdistrict
	}
	s.only = *only
	err := profiled(*profile, func() error { return run(context.Background(), s) })
	if err = errors.Join(err, s.server.close()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// profiled runs f, with a CPU profile into a file where one is named.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}

// run measures one after the other and prints the table at the end.
func run(ctx context.Context, s setting) error {
	steps := []struct {
		id      string
		measure func(context.Context, setting) ([]row, error)
	}{{"B1", hotTiles}, {"B2", coldTiles}, {"B3", nearest}, {"B4", ranking}, {"B5", heat}, {"B6", writeToStream}, {"B7", positions}, {"B8", loadAndFill}, {"B9", memory}, {"B11", startToReady}, {"REPLAY", replay}}
	table := tabwriter.NewWriter(os.Stdout, 2, 4, 2, ' ', 0)
	fmt.Fprintln(table, "#\twhat\tShapan\tbeside\tratio\tgoal")
	for _, step := range steps {
		if s.only != "" && s.only != step.id {
			continue
		}
		rows, err := step.measure(ctx, s)
		if err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Fprintf(os.Stderr, "%s %s: %s | %s | %s\n", r.id, r.what, r.shapan, r.beside, r.ratio)
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", r.id, r.what, r.shapan, r.beside, r.ratio, r.goal)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	said, err := s.server.said(ctx)
	fmt.Println("Medians of alternating rounds in one run, seeded data.", said)
	return err
}

// median returns the middle of some numbers; it sorts them.
func median[N int | float64 | time.Duration](all []N) N { return quantile(all, 0.5) }

// quantile returns the number below which a share q of all lies; it sorts them.
func quantile[N int | float64 | time.Duration](all []N, q float64) N {
	slices.Sort(all)
	return all[min(len(all)-1, int(q*float64(len(all))))]
}
