package layers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb"
)

var copiedAt = time.Date(2026, 11, 26, 21, 0, 0, 123456789, time.FixedZone("", 8*3600))

// copyOf writes a snapshot.
func copyOf(t testing.TB, s *Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCopy(&b, s, "the record", copiedAt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// etags returns the ETag of every feature of a snapshot by layer and id, the service's own included.
func etags(s *Snapshot) map[string]string {
	all := map[string]string{}
	for _, t := range s.tables {
		for _, c := range t.chunks {
			for _, id := range c.ids {
				if id > 0 {
					row, _ := t.ids.Get(id)
					f := Feature{ID: id, Geometry: t.geometry(row)}
					for i := range t.kinds {
						f.Values = append(f.Values, t.value(row, i))
					}
					all[fmt.Sprint(t.layer.Name, " ", id)] = f.ETag()
				}
			}
		}
	}
	return all
}

func schemas(s *Snapshot) []Layer {
	var all []Layer
	for _, t := range s.tables {
		all = append(all, *t.layer)
	}
	return all
}

// someWorld is a snapshot of all kinds of layers, some of them changed after they were loaded.
func someWorld(t testing.TB, r *rand.Rand, features int) *Snapshot {
	t.Helper()
	var all []Layer
	content := map[string][]Feature{}
	for i, kind := range []GeometryKind{Point, Line, Polygon, Mixed, None, Point} {
		l := things(fmt.Sprint("layer", i), kind, Audience(i%4))
		l.Fields[0].Title = Text{Chinese: "编号"}
		l.Fields[1].Unit, l.Fields[1].InTiles, l.Fields[1].Default = "m", true, "7"
		l.Fields[2].Required = i == 1 // younger than the rows
		l.Fields[6].Codes[0] = Code{Value: "a", Title: Text{English: "A"}, Color: "#00ff00"}
		l.ColorBy, l.Precision, l.Writable, l.Cluster, l.Personal = "kind", 6, true, i == 0, i == 5
		all = append(all, l)
		for id := int64(1); id <= int64(features*(i%3)); id++ { // layers without a feature too
			content[l.Name] = append(content[l.Name], anyFeature(r, &l, id*id))
		}
	}
	s := load(t, 40, all, content)
	var changes []Change
	for i := range features {
		l := &all[r.IntN(len(all))]
		c := Change{Seq: Seq(41 + i), Op: Delete, Layer: l.Name, ID: int64(1 + r.IntN(20))}
		if r.IntN(2) == 0 {
			f := anyFeature(r, l, c.ID)
			c.Op, c.Feature = Update, &f
		}
		changes = append(changes, c)
	}
	s, _, notes := s.apply(changes)
	if len(notes) > 0 {
		t.Fatal(notes)
	}
	return s
}

// Whatever is in a snapshot, its copy has the same.
func TestACopyIsTheSnapshot(t *testing.T) {
	t.Parallel()
	for _, features := range []int{0, 1, 40, chunkRows, 1300} {
		r := seeded(70 + uint64(features))
		s := someWorld(t, r, features)
		b := NewBuilder()
		about, err := ReadCopy(bytes.NewReader(copyOf(t, s)), b)
		if err != nil {
			t.Fatal(err, Cause(err))
		}
		if about.Origin != "the record" || about.Seq != s.Seq || !about.At.Equal(copiedAt) || about.At.Format(time.RFC3339) != copiedAt.Format(time.RFC3339) {
			t.Errorf("the copy is of %+v", about)
		}
		again := b.Snapshot(about.Seq)
		if notes := b.Notes(); len(notes) > 0 || again.Features() != s.Features() || !reflect.DeepEqual(etags(again), etags(s)) {
			t.Errorf("%d features, %d in the copy, notes %v: their ETags are not the same", s.Features(), again.Features(), notes)
		}
		if !reflect.DeepEqual(schemas(again), schemas(s)) {
			t.Errorf("the schemas are %+v, want %+v", schemas(again), schemas(s))
		}
		if !bytes.Equal(copyOf(t, again), copyOf(t, s)) {
			t.Error("a copy of the copy is another")
		}
	}
}

// A snapshot from a copy goes on as any does: the laws of history hold after it.
func TestHistoryGoesOnFromACopy(t *testing.T) {
	t.Parallel()
	for _, kind := range []GeometryKind{Point, Polygon} {
		r := seeded(80)
		before := history(t, r, kind, 6)
		last := before[len(before)-1]
		b := NewBuilder()
		about, err := ReadCopy(bytes.NewReader(copyOf(t, last.snapshot)), b)
		if err != nil {
			t.Fatal(err)
		}
		now := state{b.Snapshot(about.Seq), last.model}
		now.check(t, r)
		l := things("things", kind, Public)
		var changes []Change
		for i := range 200 {
			f := anyFeature(r, &l, int64(1+r.IntN(1500)))
			now.model[f.ID] = f
			changes = append(changes, Change{Seq: about.Seq + Seq(i) + 1, Op: Update, Layer: "things", ID: f.ID, Feature: &f})
		}
		now.snapshot, _, _ = now.snapshot.apply(changes)
		now.check(t, r)
	}
}

// readFails wants that something is not taken for a copy.
func readFails(t *testing.T, what string, data []byte) {
	t.Helper()
	_, err := ReadCopy(bytes.NewReader(data), NewBuilder())
	wantKind(t, what, err, ErrInvalid)
}

func TestOnlyAWholeCopyIsRead(t *testing.T) {
	t.Parallel()
	good := copyOf(t, someWorld(t, seeded(81), 8))
	for n := range good {
		readFails(t, fmt.Sprintf("the first %d of %d bytes", n, len(good)), good[:n])
	}
	r := seeded(82)
	for range 400 {
		i, bit := r.IntN(len(good)), byte(1)<<r.IntN(8)
		bad := slices.Clone(good)
		bad[i] ^= bit
		b := NewBuilder()
		about, err := ReadCopy(bytes.NewReader(bad), b)
		if errors.Is(err, ErrInvalid) {
			continue
		}
		if err != nil || !bytes.Equal(copyOf(t, b.Snapshot(about.Seq)), good) { // bits that say nothing are few
			t.Errorf("bit %08b of byte %d flipped: %v", bit, i, err)
		}
	}
	readFails(t, "more after it", append(slices.Clone(good), good...))
	readFails(t, "another byte after it", append(slices.Clone(good), 0))
	readFails(t, "a picture", []byte("\x89PNG\r\n\x1a\n and so on, for long enough"))
	readFails(t, "zeros", make([]byte, 1000))
	if err := errors.New("disk"); !errors.Is(WriteCopy(failing{err}, someWorld(t, seeded(83), 600), "", copiedAt), err) {
		t.Error("a copy that cannot be written is no error")
	}
}

// failing is a disk that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// unpacked returns what is in a copy; packer makes a copy of that, whether it makes sense or not.
func unpacked(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(data[len(copyMagic):]))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	inside, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return inside
}

func packer(t testing.TB) func(inside []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return func(inside []byte) []byte { return z.EncodeAll(inside, []byte(copyMagic)) }
}

// A copy that was made by somebody else, checksum and all, may be refused or read, but what is read keeps the rules.
func TestAForgedCopyKeepsTheRules(t *testing.T) {
	t.Parallel()
	inside := unpacked(t, copyOf(t, someWorld(t, seeded(84), 12)))
	r, packed := seeded(85), packer(t)
	read := 0
	for range 400 {
		bad := slices.Clone(inside)
		for range 1 + r.IntN(3) {
			bad[r.IntN(len(bad))] = byte(r.IntN(256))
		}
		if checkRead(t, packed(bad)) {
			read++
		}
	}
	if read == 0 {
		t.Error("none was read: nothing was tested")
	}
}

// checkRead reads what may be a copy and tells whether it is; then every feature must keep its layer's rules.
func checkRead(t *testing.T, data []byte) bool {
	t.Helper()
	b := NewBuilder()
	about, err := ReadCopy(bytes.NewReader(data), b)
	if err != nil {
		wantKind(t, "what is no copy", err, ErrInvalid)
		return false
	}
	s := b.Snapshot(about.Seq)
	for _, t2 := range s.tables {
		rules := t2.layer.relaxed()
		t2.ids.Scan(func(id int64, row uint32) bool {
			f := Feature{ID: id, Geometry: t2.geometry(row)}
			for i := range t2.kinds {
				f.Values = append(f.Values, t2.value(row, i))
			}
			if f.Geometry == nil {
				rules.Kind = None
			} else {
				rules.Kind = t2.layer.Kind
			}
			if err := rules.Check(&f); err != nil {
				t.Errorf("layer %s, feature %d: %v", t2.layer.Name, id, err)
			}
			return true
		})
		t2.index.Search(orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, func(row uint32) bool {
			if _, ok := t2.bound(row); !ok {
				t.Errorf("layer %s: row %d has no geometry", t2.layer.Name, row)
			}
			return true
		})
	}
	return true
}

// A length alone takes no memory. Not parallel, so that the memory it counts is its own.
func TestReadCopyTakesNoMemoryForWhatIsNotThere(t *testing.T) {
	packed := packer(t)
	var w copyWriter
	w.out = io.Discard
	w.text(`{"origin":"","seq":1,"at":"2026-11-26T21:00:00Z"}`)
	w.uvarint(1)
	schema := `{"name":"lines","kind":"line","fields":[{"name":"a","type":"string"}],"audience":"public","max_zoom":18}`
	w.text(schema)
	w.uvarint(1)
	w.varint(1)
	w.code(codeLine)
	line := slices.Clone(w.buf)
	w.uvarint(MaxVertices)
	bad := packed(w.buf)
	w.buf = line
	w.uvarint(2)
	for _, x := range []float64{114, 30, 115, 31} {
		w.bits(x)
	}
	w.uvarint(0)
	w.uvarint(MaxText)
	worse := packed(w.buf)
	for _, data := range [][]byte{bad, worse} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		readFails(t, "a length and nothing after it", data)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%d bytes were taken for %d", took, len(data))
		}
	}
}

func FuzzReadCopy(f *testing.F) {
	good := copyOf(f, someWorld(f, seeded(86), 3))
	f.Add(good, false)
	f.Add(good[:len(good)/2], false)
	f.Add(unpacked(f, good), true)
	f.Add(unpacked(f, copyOf(f, someWorld(f, seeded(87), 0))), true)
	packed := packer(f)
	f.Fuzz(func(t *testing.T, data []byte, inside bool) {
		if inside {
			data = packed(data)
		}
		checkRead(t, data)
	})
}

// BenchmarkWriteCopyOfAMillion reports the size of the copy, too.
func BenchmarkWriteCopyOfAMillion(b *testing.B) {
	s := loadEvents(b, 1_000_000)
	var size counter
	b.ResetTimer()
	for b.Loop() {
		size = 0
		if err := WriteCopy(&size, s, "", copiedAt); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)/1e6, "bytes/event")
}

// counter counts what is written.
type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

func BenchmarkReadCopyOfAMillion(b *testing.B) {
	data := copyOf(b, loadEvents(b, 1_000_000))
	runtime.GC()
	b.ResetTimer()
	for b.Loop() {
		builder := NewBuilder()
		about, err := ReadCopy(bytes.NewReader(data), builder)
		if err != nil {
			b.Fatal(err)
		}
		if s := builder.Snapshot(about.Seq); s.Features() != 1_000_000 {
			b.Fatal(s.Features())
		}
	}
}
