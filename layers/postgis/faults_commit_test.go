package postgis

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/postgis/cluster"
)

// crossing is what a tap does with a COMMIT that comes to it.
type crossing int

const (
	pass    crossing = iota
	swallow          // the COMMIT never arrives; the client's side is closed, the server's stays open
	sever            // the COMMIT never arrives; both sides are reset
	deafen           // the COMMIT arrives; the client's side is closed before the answer comes
	mute             // the COMMIT arrives and is answered; the client's side is reset in place of the answer
	late             // the COMMIT arrives when the client has given up
	crossings
)

// tap is a network between a store and its server that understands where a COMMIT passes, and cuts there; or, in chaos,
// anywhere. What it does follows from its seed and the order of connections.
type tap struct {
	t        *testing.T
	listener net.Listener
	upstream string
	decide   func(nth int64) crossing // of the nth COMMIT, from 0
	delay    time.Duration
	commits  atomic.Int64
	met      [crossings]atomic.Int64
	chaos    atomic.Bool
	seed     uint64
	conns    atomic.Uint64

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
	work   sync.WaitGroup
}

func newTap(t *testing.T, upstream string, decide func(int64) crossing) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{t: t, listener: l, upstream: upstream, decide: decide, open: map[net.Conn]bool{}}
	p.work.Go(p.serve)
	t.Cleanup(p.close)
	return p
}

func (p *tap) address() string { return p.listener.Addr().String() }

func (p *tap) close() {
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cut()
	p.work.Wait()
}

// cut ends all connections, those that one side thinks are open too.
func (p *tap) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
	clear(p.open)
}

// keep remembers a connection, to be closed at the latest when the test ends.
func (p *tap) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return false
	}
	p.open[c] = true
	return true
}

func (p *tap) drop(c net.Conn, reset bool) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	if tcp, ok := c.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

func (p *tap) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		remote, err := net.Dial("tcp", p.upstream)
		if err != nil {
			client.Close()
			continue
		}
		if !p.keep(client) || !p.keep(remote) {
			client.Close()
			remote.Close()
			return
		}
		k := &link{tap: p, client: client, server: remote}
		if p.chaos.Load() {
			k.spoil(rand.New(rand.NewPCG(p.seed, p.conns.Add(1))))
		}
		p.work.Go(k.up)
		p.work.Go(k.down)
	}
}

// link is one connection through a tap.
type link struct {
	*tap
	client, server net.Conn
	deaf           atomic.Bool // what the server says goes nowhere
	cut            atomic.Bool // the next answer is the end
	budget         [2]int64    // bytes up and down that pass before it is cut; 0: all
	stall          time.Duration
	how            int
}

// spoil decides where a connection is cut, and how.
func (k *link) spoil(r *rand.Rand) {
	k.budget[r.IntN(2)] = 1 + r.Int64N(8000)
	k.how = r.IntN(4)
	if r.IntN(3) == 0 {
		k.stall = time.Duration(r.IntN(600)) * time.Millisecond
	}
}

// end cuts the connection in one of four ways.
func (k *link) end() {
	time.Sleep(k.stall)
	switch k.how {
	case 0: // the server is not told
		k.deaf.Store(true)
		k.drop(k.client, true)
	case 1: // nor is the client, until it gives up
		k.drop(k.server, false)
	default:
		k.drop(k.client, k.how == 2)
		k.drop(k.server, k.how == 2)
	}
}

// spend returns how much of n bytes may pass in a direction; fewer than n: the connection is to be cut then.
func (k *link) spend(direction, n int) int {
	left := &k.budget[direction]
	if *left == 0 {
		return n
	}
	if int64(n) < *left {
		*left -= int64(n)
		return n
	}
	return int(*left)
}

// up carries the client's messages to the server, one by one.
func (k *link) up() {
	first := true
	for {
		message, commit, err := readMessage(k.client, first)
		first = false
		if err != nil {
			if !k.deaf.Load() {
				k.drop(k.server, false)
			}
			return
		}
		if commit && k.cross() {
			return
		}
		n := k.spend(0, len(message))
		if _, err := k.server.Write(message[:n]); err != nil {
			k.drop(k.client, false)
			return
		}
		if n < len(message) {
			k.end()
			return
		}
	}
}

// cross treats a COMMIT as was decided; it returns true where the connection is over.
func (k *link) cross() bool {
	commit := []byte("Q\x00\x00\x00\x0bcommit\x00")
	c := pass
	if k.decide != nil {
		c = k.decide(k.commits.Add(1) - 1)
	}
	k.met[c].Add(1)
	switch c {
	case swallow:
		k.deaf.Store(true)
		k.drop(k.client, false)
	case sever:
		k.drop(k.client, true)
		k.drop(k.server, true)
	case deafen:
		k.deaf.Store(true)
		_, _ = k.server.Write(commit)
		k.drop(k.client, false)
	case mute:
		k.cut.Store(true)
		_, _ = k.server.Write(commit)
	case late:
		k.deaf.Store(true)
		time.Sleep(k.delay)
		_, _ = k.server.Write(commit)
	default:
		return false
	}
	return true
}

// down carries the server's answers to the client.
func (k *link) down() {
	b := make([]byte, 4096)
	for {
		n, err := k.server.Read(b)
		if k.cut.Load() {
			k.drop(k.client, true)
			k.drop(k.server, false)
			return
		}
		if n > 0 && !k.deaf.Load() {
			m := k.spend(1, n)
			if _, werr := k.client.Write(b[:m]); werr != nil && !k.deaf.Load() {
				err = werr
			}
			if m < n {
				k.end()
				return
			}
		}
		if err != nil {
			k.drop(k.client, false)
			k.drop(k.server, false)
			return
		}
	}
}

// readMessage reads one message of the client; the first of a connection has no type.
func readMessage(r io.Reader, first bool) (message []byte, commit bool, err error) {
	head := make([]byte, 5)
	if first {
		head = head[:4]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, false, err
	}
	size := int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
	message = append(head, make([]byte, max(size, 0))...)
	if _, err := io.ReadFull(r, message[len(head):]); err != nil {
		return nil, false, err
	}
	return message, !first && message[0] == 'Q' && string(message[5:]) == "commit\x00", nil
}

// TestFaultLostCommits: whatever happens to a COMMIT or to its answer, Put says what became of the write, or that this is not
// known; and that stays so when the COMMIT arrives later.
func TestFaultLostCommits(t *testing.T) {
	fault(t)
	const seed = 42
	for name, c := range map[string]struct {
		puts   int
		decide func(r *rand.Rand) crossing
	}{
		"swallowed": {40, func(*rand.Rand) crossing { return swallow }},
		"severed":   {40, func(*rand.Rand) crossing { return sever }},
		"deafened":  {40, func(*rand.Rand) crossing { return deafen }},
		"muted":     {40, func(*rand.Rand) crossing { return mute }},
		"late":      {24, func(*rand.Rand) crossing { return late }},
		"anything":  {80, func(r *rand.Rand) crossing { return crossing(r.IntN(int(late))) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := database(t)
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 1))
			var at atomic.Bool
			tap := newTap(t, server.Cluster(t).Host(), func(int64) crossing {
				mu.Lock()
				defer mu.Unlock()
				if !at.Load() {
					return pass
				}
				return c.decide(random)
			})
			config := Config{Patience: 2 * time.Second}
			if name == "late" {
				config.Patience = 600 * time.Millisecond
			}
			tap.delay = 2 * config.Patience
			r := newRig(t, via(t, direct, tap.address()), direct, config)
			r.grown(1)
			at.Store(true)
			stop := r.writing(6)
			r.await(40*time.Second, "the commits are lost", func() bool { return tap.commits.Load() > int64(c.puts) })
			at.Store(false)
			stop()
			time.Sleep(tap.delay + 100*time.Millisecond) // what is late has arrived
			for c := range crossings {
				if n := tap.met[c].Load(); n > 0 {
					t.Logf("crossing %d: %d", c, n)
				}
			}
			if (name == "deafened" || name == "muted") && r.count(written) < 2 {
				t.Error("no commit that arrived was found again")
			}
			r.finish()
		})
	}
}

// TestFaultChaos: connections are cut at random bytes in both directions, in every way; at the end of each round all is well.
func TestFaultChaos(t *testing.T) {
	fault(t)
	for seed := range uint64(2) {
		t.Run(itoa(seed), func(t *testing.T) {
			t.Parallel()
			direct := database(t)
			tap := newTap(t, server.Cluster(t).Host(), nil)
			tap.seed = seed
			r := newRig(t, via(t, direct, tap.address()), direct, Config{Patience: 800 * time.Millisecond})
			r.grown(1)
			tap.chaos.Store(true)
			r.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" + r.name + "'")
			stop := r.writing(6)
			r.await(60*time.Second, "many connections were cut", func() bool { return tap.conns.Load() > 200 })
			stop()
			tap.chaos.Store(false)
			t.Logf("%d connections", tap.conns.Load())
			tap.cut()
			r.heals()
			r.finish()
		})
	}
}

// TestFaultCommitWaits: a commit that is done here and waits for another server that is away. The wait is ended when the
// patience is over, and the write is found.
func TestFaultCommitWaits(t *testing.T) {
	fault(t)
	_, url := ownRecord(t, cluster.Config{Durable: true})
	r := newRig(t, url, url, Config{})
	r.grown(3)
	r.exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	r.exec("SELECT pg_reload_conf()")
	r.await(5*time.Second, "commits wait", func() bool {
		return r.ask("SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = 'nobody'") == 1
	})
	for range 2 {
		if a := r.put(); a.said != written {
			t.Errorf("a write that the record has: %s, %v (cause: %v)", a.said, a.err, layers.Cause(a.err))
		}
	}
	r.exec("ALTER SYSTEM RESET synchronous_standby_names")
	r.exec("SELECT pg_reload_conf()")
	r.heals()
	r.finish()
}
