// Command bench measures Shapan beside a naive twin and prints a table. It judges nothing: machines are noisy, so read
// the ratios, which come from alternating rounds of one run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"text/tabwriter"
	"time"
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
	events  int           // of the large layer
	million int           // of the layer whose memory is measured
	writes  int
	only    string // the one to measure; empty: all
}

func main() {
	s := setting{rounds: 5, round: time.Second, events: 200_000, million: 1_000_000, writes: 300}
	quick := flag.Bool("quick", false, "few and short rounds, to see that it runs")
	only := flag.String("only", "", "measure one alone, such as B1")
	profile := flag.String("profile", "", "write a CPU profile into this file")
	flag.StringVar(&s.program, "shapan", "bin/shapan", "path of the program")
	flag.Parse()
	if *quick {
		s = setting{program: s.program, rounds: 1, round: 200 * time.Millisecond, events: 20_000, million: 50_000, writes: 20}
	}
	s.only = *only
	if err := profiled(*profile, func() error { return run(context.Background(), s) }); err != nil {
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
	}{{"B1", hotTiles}, {"B2", coldTiles}, {"B3", nearest}, {"B6", writeToStream}, {"B9", memory}, {"B11", startToReady}}
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
	fmt.Println("Medians of alternating rounds in one run, seeded data. PostGIS as a peer (B2, B3, B6) is not measured yet: the naive twin stands there.")
	return nil
}

// median returns the middle of some numbers; it sorts them.
func median[N int | float64 | time.Duration](all []N) N { return quantile(all, 0.5) }

// quantile returns the number below which a share q of all lies; it sorts them.
func quantile[N int | float64 | time.Duration](all []N, q float64) N {
	slices.Sort(all)
	return all[min(len(all)-1, int(q*float64(len(all))))]
}
