package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// claim is one order of a history: whoever reserves somebody holds them until they release them.
type claim struct {
	who     int64
	by      string
	release bool
}

// holding is the model of a history: each person is held by nobody or by one. An order that was refused changes nothing.
var holding = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[int64][]porcupine.Operation{}
		for _, o := range history {
			who := o.Input.(claim).who
			parts[who] = append(parts[who], o)
		}
		var out [][]porcupine.Operation
		for _, p := range parts {
			out = append(out, p)
		}
		return out
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		c, holder := input.(claim), state.(string)
		switch {
		case !output.(bool):
			return true, state
		case c.release:
			return holder == c.by, ""
		}
		return holder == "", c.by
	},
}

// post sends an order and returns the status.
func post(s *server, token, body string) (int, error) {
	req, err := http.NewRequest(http.MethodPost, s.url+"/dispatch", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// dispatchers are some at work at two servers of one record.
type dispatchers struct {
	servers []*server
	tokens  []string // of each
	people  []int64  // whom they all want
	begun   time.Time

	mu      sync.Mutex // guards what follows
	history []porcupine.Operation
	taken   int
}

// order sends an order and notes it in the history; it tells whether it was taken.
func (d *dispatchers) order(n int, c claim, body string) (bool, error) {
	call := time.Since(d.begun).Nanoseconds()
	status, err := post(d.servers[n%len(d.servers)], d.tokens[n], body)
	returned := time.Since(d.begun).Nanoseconds()
	ok := status == http.StatusOK
	if err == nil && !ok && status != http.StatusConflict && status != http.StatusUnprocessableEntity {
		err = fmt.Errorf("%s: status %d", body, status)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.history = append(d.history, porcupine.Operation{ClientId: n, Input: c, Call: call, Output: ok, Return: returned})
	if ok {
		d.taken++
	}
	return ok, err
}

// work is one dispatcher who reserves and lets go.
func (d *dispatchers) work(n, orders int) error {
	r := rand.New(rand.NewPCG(uint64(n), 9))
	for range orders {
		c := claim{who: d.people[r.IntN(len(d.people))], by: fmt.Sprint(n)}
		ok, err := d.order(n, c, fmt.Sprintf(`{"action":"reserve","responder":%d,"lon":114.3085,"lat":30.5582,"level":3,"reason":"test","lease_s":3600}`, c.who))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		c.release = true
		ok, err = d.order(n, c, fmt.Sprintf(`{"action":"release","responder":%d}`, c.who))
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("dispatcher %d cannot let go of %d, whom they hold", n, c.who)
		}
	}
	return nil
}

// Four dispatchers at two servers of one record want the same three people.
func TestNoTwoDispatchersHoldTheSamePerson(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		d := &dispatchers{begun: time.Now()}
		for n := range 4 {
			d.tokens = append(d.tokens, strings.TrimSpace(must(t, dir, "token", "create", "--role", "dispatcher", "--name", fmt.Sprint("desk", n))))
		}
		d.servers = []*server{start(t, dir), start(t, dir)}
		code, _, body := d.servers[0].do(t, "GET", "/dispatch?level=3&k=3&lon=114.3085&lat=30.5582", d.tokens[0], "")
		var answer struct {
			Lists []struct{ Candidates []struct{ ID int64 } }
		}
		if err := json.Unmarshal([]byte(body), &answer); code != 200 || err != nil || len(answer.Lists[0].Candidates) != 3 {
			t.Fatalf("status %d: %v in %.300s", code, err, body)
		}
		for _, c := range answer.Lists[0].Candidates {
			d.people = append(d.people, c.ID)
		}
		var working sync.WaitGroup
		for n := range d.tokens {
			working.Go(func() {
				if err := d.work(n, 20); err != nil {
					t.Error(err)
				}
			})
		}
		working.Wait()
		if !porcupine.CheckOperations(holding, d.history) {
			t.Errorf("two held the same person, in a history of %d orders", len(d.history))
		}
		if d.taken < 10 || d.taken == len(d.history) {
			t.Errorf("%d of %d orders were taken: the dispatchers were not in each other's way", d.taken, len(d.history))
		}
	})
}

// told returns the steps of the escalation in the log.
func told(t *testing.T, s *server, token string) (steps []string) {
	t.Helper()
	code, _, body := s.do(t, "GET", "/collections/dispatch_log/items?by=escalation&sortby=at&limit=100", token, "")
	var log struct {
		Features []struct{ Properties struct{ Step string } }
	}
	if err := json.Unmarshal([]byte(body), &log); code != 200 || err != nil {
		t.Fatalf("status %d: %v in %.300s", code, err, body)
	}
	for _, f := range log.Features {
		steps = append(steps, f.Properties.Step)
	}
	return steps
}

// Nobody acknowledges: two services of one record tell each once, though one of them dies in the middle, and then both.
func TestAnEscalationGoesOnAfterAKill(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		token := admin(t, dir)
		a, b := start(t, dir), start(t, dir)
		quick := `{"type":"Feature","geometry":null,"properties":{"version":"quick","parameters":"{\"ack_min\":[0.01,0.01,0.01,0.01,0.01]}"}}`
		if code, _, body := a.do(t, "POST", "/collections/dispatch_parameters/items", token, quick); code != 201 {
			t.Fatalf("%d %s", code, body)
		}
		_, _, body := a.do(t, "GET", "/dispatch?level=3&k=1&roles=grid_leader&lon=114.3085&lat=30.5582", token, "")
		var answer struct {
			Lists []struct{ Candidates []struct{ ID int64 } }
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Lists) == 0 || len(answer.Lists[0].Candidates) == 0 {
			t.Fatalf("%v in %.300s", err, body)
		}
		who := answer.Lists[0].Candidates[0].ID
		for _, order := range []string{`{"action":"reserve","responder":%d,"lon":114.3085,"lat":30.5582,"level":3}`, `{"action":"assign","responder":%d}`} {
			if status, err := post(a, token, fmt.Sprintf(order, who)); err != nil || status != 200 {
				t.Fatalf("%s: %d, %v", order, status, err)
			}
		}
		eventually(t, "somebody else is sent", func() bool { return len(told(t, b, token)) > 0 })
		a.kill()
		n := len(told(t, b, token))
		b.kill()
		a, b = start(t, dir), start(t, dir)
		eventually(t, "the command centre is told", func() bool { return slices.Contains(told(t, a, token), "command_centre") })
		steps := told(t, b, token)
		if once := slices.Compact(slices.Sorted(slices.Values(steps))); len(once) != len(steps) || len(steps) < n {
			t.Errorf("the steps are %q", steps)
		}
	})
}
