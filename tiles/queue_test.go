package tiles

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func never(string) bool { return false }

func emptyQueue(perClient, most int) *queue {
	return &queue{perClient: perClient, most: most, lines: map[string]*lane{}}
}

// The law of the queue: between a wish and its turn no other client has more turns than one for each turn of its own.
func TestClientsTakeTurnsHoweverManyWishesOneHas(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(51, 1))
	q := emptyQueue(1000, 10_000)
	type wish struct{ before map[string]int }
	taken := map[string]int{} // turns so far, by client
	wishes := map[*ticket]wish{}
	wait := map[string]int{} // tickets in line, by client
	for range 5000 {
		if client := fmt.Sprint(rnd.IntN(6)); rnd.IntN(8) < 5 {
			for range 1 + rnd.IntN(3)*(rnd.IntN(2)*int(client[0]-'0')) { // the last ones are greedy
				tk := &ticket{client: client}
				if lost, err := q.add(tk); err != nil || lost != nil {
					continue
				}
				before := map[string]int{"ahead": wait[client]}
				for c, n := range taken {
					before[c] = n
				}
				wishes[tk] = wish{before}
				wait[client]++
			}
			continue
		}
		tk := q.next(never)
		if tk == nil {
			continue
		}
		w := wishes[tk]
		own := w.before["ahead"] + 1 // turns of its client from the wish on, this one included
		for c, n := range taken {
			if c != tk.client && n-w.before[c] > own {
				t.Fatalf("client %s waited %d turns of %s for %d of its own", tk.client, n-w.before[c], c, own)
			}
		}
		taken[tk.client]++
		wait[tk.client]--
	}
	total := 0
	for _, n := range wait {
		total += n
	}
	if q.waiting != total || len(taken) != 6 {
		t.Errorf("%d wait and %d should, of %d clients", q.waiting, total, len(taken))
	}
}

func TestAWishIsFoundInItsLineAndNowhereAfter(t *testing.T) {
	t.Parallel()
	q := emptyQueue(10, 100)
	var all []*ticket
	for i := range 12 {
		tk := &ticket{client: fmt.Sprint(i % 4)}
		if _, err := q.add(tk); err != nil {
			t.Fatal(err)
		}
		all = append(all, tk)
	}
	for _, i := range []int{0, 4, 8, 1, 6} { // client 0 goes altogether
		q.remove(all[i])
		q.remove(all[i]) // once more is nothing
	}
	var got []int
	for tk := q.next(never); tk != nil; tk = q.next(never) {
		got = append(got, slices.Index(all, tk))
	}
	if want := []int{5, 2, 3, 9, 10, 7, 11}; !slices.Equal(got, want) {
		t.Errorf("turns of %v, want %v", got, want)
	}
	if q.waiting != 0 || len(q.lines) != 0 || len(q.turns) != 0 {
		t.Errorf("%+v is left", q)
	}
}

func TestPlacesAreBoundedAndTheLongestLineGivesWay(t *testing.T) {
	t.Parallel()
	q := emptyQueue(4, 6)
	add := func(client string) (*ticket, error) { return q.add(&ticket{client: client}) }
	for range 4 {
		if _, err := add("greedy"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := add("greedy"); !errors.Is(err, ErrTooMany) {
		t.Errorf("a fifth of four: %v", err)
	}
	for _, client := range []string{"a", "b"} {
		if lost, err := add(client); err != nil || lost != nil {
			t.Errorf("%s: %v", client, err)
		}
	}
	for _, client := range []string{"c", "a"} { // all places are taken: greedy has 4, then 3
		if lost, err := add(client); err != nil || lost == nil || lost.client != "greedy" {
			t.Errorf("%s: %v, in place of %+v", client, err, lost)
		}
	}
	if _, err := add("greedy"); !errors.Is(err, ErrBusy) { // 2 greedy, 2 a, b, c: it would have more than any
		t.Errorf("greedy in a full queue: %v", err)
	}
	if q.waiting != 6 {
		t.Errorf("%d wait, want 6", q.waiting)
	}
}

// blocked returns a cache all of whose places are taken until the returned function is called.
func blocked(t *testing.T, config CacheConfig) (*Cache, func()) {
	t.Helper()
	config.Drawings = 1
	c := cache(t, config)
	release := make(chan struct{})
	var ended sync.WaitGroup
	for _, client := range []string{"blocker", "another"} {
		ended.Go(func() {
			if err := c.Do(context.Background(), client, func(context.Context) error { <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	synctest.Wait()
	return c, func() { close(release); ended.Wait() }
}

func TestOneClientDoesNotTakeAllPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := cache(t, CacheConfig{Drawings: 3})
		release := make(chan struct{})
		var slow sync.WaitGroup
		for i := range 20 {
			slow.Go(func() {
				_, err := c.Get(t.Context(), order("slow", fmt.Sprint(i), func(context.Context) ([]byte, error) { <-release; return nil, nil }))
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if s := c.Stats(); s.Drawing != 3 || s.Waiting != 17 {
			t.Errorf("%+v", s)
		}
		for i := range 5 { // it need not wait for any of the slow ones
			if _, err := c.Get(t.Context(), order("quick", fmt.Sprint("quick ", i), gives(nil))); err != nil {
				t.Error(err)
			}
		}
		close(release)
		slow.Wait()
		if s := c.Stats(); s.Drawing != 0 || len(c.busy) != 0 {
			t.Errorf("%+v, %v", s, c.busy)
		}
	})
}

func TestAClientIsServedAmongTheManyWishesOfAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, release := blocked(t, CacheConfig{})
		var mu sync.Mutex
		var drawn []string
		ask := func(client, name string) {
			draw := func(context.Context) ([]byte, error) {
				time.Sleep(time.Millisecond) // so that what began together is drawn together, whoever runs first
				mu.Lock()
				defer mu.Unlock()
				drawn = append(drawn, name)
				return []byte(name), nil
			}
			if _, err := c.Get(t.Context(), order(client, name, draw)); err != nil {
				t.Error(err)
			}
		}
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() { ask("hostile", fmt.Sprint("random ", i)) })
		}
		synctest.Wait()
		for i := range 5 {
			all.Go(func() { ask("good", fmt.Sprint("good ", i)) })
		}
		all.Go(func() { ask("good", "random 199") }) // also in the other's line
		synctest.Wait()
		if s := c.Stats(); s.Waiting != 206 {
			t.Errorf("%d wait, want 206", s.Waiting)
		}
		release()
		all.Wait()
		for i := range 5 {
			if at := slices.Index(drawn, fmt.Sprint("good ", i)); at < 0 || at > 12 {
				t.Errorf("good %d was drawn as number %d of %d", i, at+1, len(drawn))
			}
		}
		if at := slices.Index(drawn, "random 199"); at > 12 || len(drawn) != 205 {
			t.Errorf("what both want was drawn as number %d of %d", at+1, len(drawn))
		}
	})
}

func TestWhoGoesLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, release := blocked(t, CacheConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				_, err := c.Get(ctx, order("a", fmt.Sprint(i), func(context.Context) ([]byte, error) {
					t.Error("it is drawn though all have gone")
					return nil, nil
				}))
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		shared := make(chan error, 1)
		go func() { _, err := c.Get(ctx, order("a", "shared", gives([]byte("x")))); shared <- err }()
		synctest.Wait()
		other := make(chan error, 1)
		go func() { _, err := c.Get(t.Context(), order("b", "shared", gives([]byte("x")))); other <- err }()
		synctest.Wait()
		if s := c.Stats(); s.Waiting != 12 {
			t.Errorf("%d wait, want 12", s.Waiting)
		}
		cancel()
		all.Wait()
		<-shared
		if s := c.Stats(); s.Waiting != 1 {
			t.Errorf("%d wait, want the one whose caller is there", s.Waiting)
		}
		release()
		if err := <-other; err != nil {
			t.Error(err)
		}
		if s := c.Stats(); s.Draws != 1 || s.Waiting != 0 || len(c.flights) != 0 {
			t.Errorf("%+v, %d flights", s, len(c.flights))
		}
	})
}

func TestWhoIsRefusedIsToldWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, release := blocked(t, CacheConfig{PerClient: 3, Waiting: 4, Patience: time.Minute})
		ask := func(client, name string) <-chan error {
			done := make(chan error, 1)
			go func() { _, err := c.Get(t.Context(), order(client, name, gives([]byte(name)))); done <- err }()
			synctest.Wait()
			return done
		}
		var greedy []<-chan error
		for i := range 3 {
			greedy = append(greedy, ask("greedy", fmt.Sprint(i)))
		}
		if err := <-ask("greedy", "3"); !errors.Is(err, ErrTooMany) {
			t.Error(err)
		}
		same := ask("greedy", "0") // asked for already: takes no place
		a := ask("a", "a")
		b := ask("b", "b")
		if err := <-greedy[2]; !errors.Is(err, ErrBusy) {
			t.Errorf("the last of the longest line: %v", err)
		}
		if err := <-ask("greedy", "4"); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute) // of the bubble: the patience of all is over
		for _, done := range []<-chan error{greedy[0], greedy[1], same, a, b} {
			if err := <-done; !errors.Is(err, ErrBusy) {
				t.Error(err)
			}
		}
		if s := c.Stats(); s.Waiting != 0 || s.TooMany != 1 || s.Busy != 7 {
			t.Errorf("%+v", s)
		}
		release()
		if err := <-ask("a", "a"); err != nil {
			t.Error(err)
		}
	})
}

func TestADrawingThatHasBegunIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := cache(t, CacheConfig{Drawings: 1, Patience: time.Second})
		a, err := c.Get(t.Context(), order("a", "slow", func(context.Context) ([]byte, error) {
			time.Sleep(time.Hour)
			return []byte("slow"), nil
		}))
		if err != nil || string(a.Bytes) != "slow" {
			t.Error(err, a)
		}
	})
}

// Who is given its turn in the moment in which it goes must neither keep the place nor leave the others without.
func TestManyComeAndGoAndNoPlaceIsLost(t *testing.T) {
	t.Parallel()
	c := cache(t, CacheConfig{Drawings: 3, PerClient: 8, Waiting: 20})
	var all sync.WaitGroup
	for client := range 12 {
		rnd := rand.New(rand.NewPCG(52, uint64(client)))
		for range 4 {
			seed := rnd.Uint64()
			all.Go(func() {
				rnd := rand.New(rand.NewPCG(seed, 2))
				for range 100 {
					ctx, cancel := context.WithCancel(t.Context())
					if rnd.IntN(2) == 0 {
						go cancel()
					}
					_, err := c.Get(ctx, order(fmt.Sprint(client), fmt.Sprint(rnd.IntN(400)), func(ctx context.Context) ([]byte, error) {
						return []byte("tile"), ctx.Err()
					}))
					cancel()
					if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrTooMany) {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	for range 3 { // all three places are free again, once those who went have ended
		if err := c.Do(t.Context(), "last", func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue.waiting != 0 || len(c.queue.turns) != 0 {
		t.Errorf("%d wait", c.queue.waiting)
	}
	for key, f := range c.flights {
		if len(f.tickets) > 0 {
			t.Errorf("a flight of %v is left", key)
		}
	}
}
