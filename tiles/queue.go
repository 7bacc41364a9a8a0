package tiles

import (
	"errors"
	"slices"
)

// Why a drawing is refused. Both pass with time.
var (
	ErrTooMany = errors.New("too many drawings wait for this client") // the client's own doing
	ErrBusy    = errors.New("too many drawings wait")                 // everybody's, or the client's turn took too long to come
)

// queue says whose drawing is next. Clients take turns, each with its oldest wish: between two drawings of one client
// there is at most one of each other, however many these ask for. Wishes are bounded for each client and in all; when all
// places are taken, the client with the longest line gives way to one with a shorter one. The queue's owner locks.
type queue struct {
	perClient, most int
	waiting         int              // tickets in all lines
	lines           map[string]*lane // of the clients that wait
	turns           []*lane          // the same, whose turn it is first
}

// lane is what one client waits for, oldest first.
type lane struct {
	client  string
	tickets []*ticket
}

// ticket is the wish of one client for a drawing.
type ticket struct {
	client  string
	flight  *flight
	callers int           // of this client, who wait for the drawing
	out     chan struct{} // closed when the ticket has lost its place to another client's
}

// add gives a ticket a place. It fails with ErrTooMany or ErrBusy; where another ticket lost its place, it returns that.
func (q *queue) add(t *ticket) (lost *ticket, err error) {
	l := q.lines[t.client]
	have := 0
	if l != nil {
		have = len(l.tickets)
	}
	if have >= q.perClient {
		return nil, ErrTooMany
	}
	if q.waiting >= q.most {
		longest := slices.MaxFunc(q.turns, func(a, b *lane) int { return len(a.tickets) - len(b.tickets) })
		if len(longest.tickets) <= have+1 {
			return nil, ErrBusy
		}
		lost = longest.tickets[len(longest.tickets)-1]
		q.remove(lost)
	}
	if l == nil {
		l = &lane{client: t.client}
		q.lines[t.client] = l
		q.turns = append(q.turns, l)
	}
	l.tickets = append(l.tickets, t)
	q.waiting++
	return lost, nil
}

// next takes the ticket whose turn it is, or returns nil. Clients that are busy keep their turn for later.
func (q *queue) next(busy func(client string) bool) *ticket {
	for i, l := range q.turns {
		if busy(l.client) {
			continue
		}
		q.turns = append(slices.Delete(q.turns, i, i+1), l)
		t := l.tickets[0]
		q.remove(t)
		return t
	}
	return nil
}

// remove takes a ticket out of its line, if it is in one.
func (q *queue) remove(t *ticket) {
	l := q.lines[t.client]
	if l == nil {
		return
	}
	i := slices.Index(l.tickets, t)
	if i < 0 {
		return
	}
	l.tickets = slices.Delete(l.tickets, i, i+1)
	q.waiting--
	if len(l.tickets) == 0 {
		delete(q.lines, t.client)
		at := slices.Index(q.turns, l)
		q.turns = slices.Delete(q.turns, at, at+1)
	}
}
