package exchange

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shapan/fixtures"
	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zlib"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	_ "github.com/paulmach/osm" // its module brings the extract of Delaware
	"google.golang.org/protobuf/encoding/protowire"
)

// delaware returns the path of a real extract: Delaware in August 2016, © OpenStreetMap contributors, ODbL.
func delaware(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/paulmach/osm").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "testdata", "delaware-latest.osm.pbf")
}

// streets is the layer that extracts are for.
func streets(t testing.TB) *layers.Layer {
	t.Helper()
	for _, l := range fixtures.Catalogue() {
		if l.Name == "streets" {
			return &l
		}
	}
	t.Fatal("no layer streets")
	return nil
}

// bytesField appends a field of bytes.
func bytesField(b []byte, n protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
}

func numberField(b []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

// blobOf wraps a block as a file has it.
func blobOf(kind string, content []byte) []byte {
	body := bytesField(nil, 1, content)
	head := numberField(bytesField(nil, 1, []byte(kind)), 3, uint64(len(body)))
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head, body)
}

// packedBlob is blobOf with zlib.
func packedBlob(kind string, content []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(content)
	w.Close()
	body := bytesField(numberField(nil, 2, uint64(len(content))), 3, z.Bytes())
	head := numberField(bytesField(nil, 1, []byte(kind)), 3, uint64(len(body)))
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head, body)
}

// written is a way on its way into a file.
type written struct {
	id    int64
	nodes []int64
	tags  string // "highway=steps foot=no"
}

func zigzags(values []int64) (b []byte) {
	last := int64(0)
	for _, v := range values {
		b = protowire.AppendVarint(b, protowire.EncodeZigZag(v-last))
		last = v
	}
	return b
}

// extract makes a file in which node 100+k lies k·0.001 degrees east and k·0.0005 north of 114.3, 30.55, for k up to 9;
// dense tells how the nodes are kept.
func extract(dense bool, ways ...written) []byte {
	var ids, lats, lons []int64
	var nodes []byte
	for k := range int64(10) {
		ids, lats, lons = append(ids, 100+k), append(lats, 305500000+k*5000), append(lons, 1143000000+k*10000)
		one := numberField(nil, 1, protowire.EncodeZigZag(100+k))
		one = numberField(one, 8, protowire.EncodeZigZag(lats[k]))
		nodes = bytesField(nodes, 1, numberField(one, 9, protowire.EncodeZigZag(lons[k])))
	}
	if dense {
		nodes = bytesField(nil, 2, bytesField(bytesField(bytesField(nil, 1, zigzags(ids)), 8, zigzags(lats)), 9, zigzags(lons)))
	}
	table, group := bytesField(nil, 1, nil), []byte(nil)
	count := uint64(1)
	for _, w := range ways {
		var keys, values []byte
		for tag := range strings.FieldsSeq(w.tags) {
			k, v, _ := strings.Cut(tag, "=")
			table = bytesField(bytesField(table, 1, []byte(k)), 1, []byte(v))
			keys, values = protowire.AppendVarint(keys, count), protowire.AppendVarint(values, count+1)
			count += 2
		}
		way := bytesField(bytesField(numberField(nil, 1, uint64(w.id)), 2, keys), 3, values)
		group = bytesField(group, 3, bytesField(way, 8, zigzags(w.nodes)))
	}
	return slices.Concat(blobOf("OSMHeader", bytesField(bytesField(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes"))),
		packedBlob("OSMData", bytesField(bytesField(nil, 1, nil), 2, nodes)), blobOf("OSMData", bytesField(bytesField(nil, 1, table), 2, group)))
}

// readExtract reads a file into the layer streets.
func readExtract(t testing.TB, file []byte) []layers.Feature {
	t.Helper()
	records, bad := readAll(t, openText(t, "x.osm.pbf", string(file), Options{}), streets(t))
	if len(bad) > 0 {
		t.Fatalf("bad rows: %q", bad)
	}
	var out []layers.Feature
	for _, r := range records {
		out = append(out, r.Feature)
	}
	return out
}

func TestStreetsOfTags(t *testing.T) {
	t.Parallel()
	for tags, want := range map[string]string{
		"highway=residential name=三角路":                   "street none true 三角路",
		"highway=primary ref=G107":                       "trunk none true G107",
		"highway=trunk":                                  "trunk none true ",
		"highway=trunk foot=no":                          "trunk none false ",
		"highway=trunk motorroad=yes":                    "trunk none false ",
		"highway=motorway":                               "trunk none false ",
		"highway=motorway_link":                          "trunk none false ",
		"highway=motorway foot=yes":                      "trunk none true ",
		"highway=service access=private":                 "lane none false ",
		"highway=service access=private foot=designated": "lane none true ",
		"highway=service access=customers":               "lane none true ",
		"highway=track foot=private":                     "lane none false ",
		"highway=secondary foot=use_sidepath":            "street none false ",
		"highway=steps":                                  "footway none true ",
		"highway=footway footway=crossing":               "crossing none true ",
		"highway=footway bridge=yes layer=1":             "footway none true ",
		"railway=platform":                               "footway none true ",
		"railway=rail":                                   "barrier railway false ",
		"railway=rail tunnel=no bridge=no name=京广铁路":     "barrier railway false 京广铁路",
		"railway=light_rail":                             "barrier railway false ",
		"waterway=river":                                 "barrier river false ",
		"natural=water water=river":                      "barrier river false ",
		"barrier=fence":                                  "barrier fence false ",
		"barrier=retaining_wall":                         "barrier fence false ",
		"barrier=wall wall=flood_wall":                   "barrier levee false ",
		"railway=rail highway=service":                   "lane none true ",
		"railway=rail highway=proposed":                  "barrier railway false ",
		"highway=construction":                           "",
		"highway=proposed foot=yes":                      "",
		"railway=rail tunnel=yes":                        "",
		"railway=light_rail bridge=viaduct":              "",
		"railway=subway":                                 "",
		"railway=abandoned":                              "",
		"waterway=river tunnel=culvert":                  "",
		"waterway=stream":                                "",
		"barrier=gate":                                   "",
		"building=yes":                                   "",
		"barrier=wall location=underground building=apartments foo=x": "",
	} {
		m := map[string]string{}
		for tag := range strings.FieldsSeq(tags) {
			k, v, _ := strings.Cut(tag, "=")
			m[k] = v
		}
		got := ""
		if s, ok := streetOf(m); ok {
			got = fmt.Sprint(s.class, " ", s.barrier, " ", s.foot, " ", s.name)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", tags, got, want)
		}
	}
}

func TestExtractBecomesStreets(t *testing.T) {
	t.Parallel()
	ways := []written{
		{7, []int64{100, 101, 101, 102}, "highway=residential name=三角路"},
		{9, []int64{102, 103}, "building=yes"},
		{4_000_000_000, []int64{102, 101, 500, 104, 105, 501, 106}, "railway=rail"}, // 500 and 501 are not in the extract, so 106 stands alone
		{10, []int64{500, 501}, "highway=steps"},
	}
	var got []string
	features := readExtract(t, extract(true, ways...))
	for _, f := range features {
		got = append(got, fmt.Sprint(f.ID, f.Geometry, f.Values[:5], f.Values[6]))
	}
	want := []string{
		"7 [[114.3 30.55] [114.301 30.5505] [114.302 30.551]] [way/7 三角路 street true none] " + osmProvenance,
		"4000000000 [[[114.302 30.551] [114.301 30.5505]] [[114.304 30.552] [114.305 30.5525]]] [way/4000000000  barrier false railway] " + osmProvenance,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if plain := readExtract(t, extract(false, ways...)); !cmp.Equal(features, plain, cmp.AllowUnexported(layers.Value{})) {
		t.Error("nodes that are not packed densely give other streets")
	}
}

func TestExtractThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	good := extract(true, written{7, []int64{100, 101}, "highway=steps"})
	header := blobOf("OSMHeader", nil)
	group := func(b []byte) []byte { return slices.Concat(header, blobOf("OSMData", bytesField(nil, 2, b))) }
	for want, file := range map[string][]byte{
		"does not begin":              []byte("PK\x03\x04 this is something else"),
		"ends too early":              good[:len(good)-5],
		"HistoricalInformation":       slices.Concat(blobOf("OSMHeader", bytesField(nil, 4, []byte("HistoricalInformation"))), good),
		"packed in a way":             slices.Concat(header, []byte{0, 0, 0, 11}, numberField(bytesField(nil, 1, []byte("OSMData")), 3, 3), bytesField(nil, 7, []byte{1})),
		"not lie on the earth":        slices.Concat(group(bytesField(nil, 1, numberField(numberField(nil, 1, 2), 8, protowire.EncodeZigZag(910000000)))), good),
		"broken: a text":              group(bytesField(nil, 3, bytesField(bytesField(nil, 2, []byte{9}), 3, []byte{9}))),
		"broken: too few values":      group(bytesField(nil, 3, bytesField(nil, 2, []byte{0}))),
		"broken: half a number":       group(bytesField(nil, 3, bytesField(nil, 8, []byte{0x80}))),
		"broken: no latitudes":        group(bytesField(nil, 2, bytesField(nil, 1, []byte{2}))),
		"broken: size":                slices.Concat(header, []byte{0xff, 0, 0, 0}),
		"broken: unpacks to too much": slices.Concat(header, packedBlob("OSMData", make([]byte, maxBlob+1))),
	} {
		_, err := Open(writeFile(t, "x.osm.pbf", string(file)), Options{})
		said, _, _ := strings.Cut(want, ":")
		if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A file with wrong bytes is read or refused with a reason.
func TestExtractWithWrongBytes(t *testing.T) {
	t.Parallel()
	good := extract(false, written{7, []int64{100, 101, 104}, "highway=steps name=x"}, written{8, []int64{104, 102}, "railway=rail"})
	r := rand.New(rand.NewPCG(5, 8))
	refused := 0
	for range 1000 {
		file := slices.Clone(good)
		for range 1 + r.IntN(3) {
			file[r.IntN(len(file))] = byte(r.Uint32())
		}
		s, err := Open(writeFile(t, "x.osm.pbf", string(file)), Options{})
		if err == nil {
			err = fatal(s, streets(t))
		}
		if err != nil {
			refused++
		}
		if err != nil && !errors.Is(err, layers.ErrInvalid) {
			t.Fatalf("%x: %v", file, err)
		}
	}
	if refused == 0 || refused == 1000 {
		t.Errorf("%d of 1000 files are refused", refused)
	}
}

func TestExtractWithTooManyNodesIsRefused(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "x.osm.pbf", string(extract(true, written{1, []int64{100, 101, 102, 100}, "highway=steps"}, written{2, []int64{102, 103}, "highway=steps"})))
	if err := (&osmFile{path: path}).locate(Options{}, 4); err != nil {
		t.Error(err)
	}
	if err := (&osmFile{path: path}).locate(Options{}, 3); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("four nodes where three may be: %v", err)
	}
}

func TestProgressOfAnExtractEndsAtItsEnd(t *testing.T) {
	t.Parallel()
	last, of, back := 0, 0, false
	o := Options{Progress: func(done, total int) { back, last, of = back || done < last, done, total }}
	openText(t, "x.osm.pbf", string(extract(true, written{1, []int64{100, 101}, "highway=steps"})), o)
	if last == 0 || last != of || back {
		t.Errorf("ended at %d of %d; went back: %t", last, of, back)
	}
}

// A real extract has the lines that GDAL, which has a reader of its own, finds around Wilmington.
func TestDelawareIsAsGDALReadsIt(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("ogr2ogr is not installed")
	}
	path := delaware(t)
	out := filepath.Join(t.TempDir(), "lines.csv")
	if text, err := exec.Command(program, "-f", "CSV", out, path, "lines", "-select", "osm_id,highway,name", "-where", "highway IS NOT NULL", "-lco", "GEOMETRY=AS_WKT", "-spat", "-75.60", "39.70", "-75.50", "39.78").CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr: %v: %s", err, text)
	}
	file, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	records, bad := readAll(t, s, streets(t))
	if len(bad) > 0 {
		t.Errorf("%d bad rows, the first %s", len(bad), bad[0])
	}
	ours := map[int64]layers.Feature{}
	for _, r := range records {
		ours[r.Feature.ID] = r.Feature
	}
	compared := 0
	for _, row := range rows[1:] {
		id, err := strconv.ParseInt(row[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if streetClass(map[string]string{"highway": row[2]}) == "" {
			continue
		}
		compared++
		theirs, err := wkt.UnmarshalLineString(row[0])
		if err != nil {
			t.Fatal(err)
		}
		theirs = slices.CompactFunc(theirs, orb.Point.Equal)
		if f := ours[id]; len(theirs) > 1 && !orb.Equal(f.Geometry, theirs) || len(theirs) == 1 && f.Geometry != nil {
			t.Fatalf("way %d is %v, GDAL has %v", id, f.Geometry, theirs)
		}
	}
	if compared < 4_000 {
		t.Errorf("compared %d ways", compared)
	}
}
