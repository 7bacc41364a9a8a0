package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
)

func TestWithoutATokenOnlyPublicLayersAreThere(t *testing.T) {
	t.Parallel()
	s := reading(t)
	list := decode[struct {
		Collections []struct{ ID, Audience string }
	}](t, s.get(t, "", "/collections", 200))
	if len(list.Collections) != 8 {
		t.Errorf("the public sees %d layers, want 8", len(list.Collections))
	}
	for _, c := range list.Collections {
		if c.Audience != "public" {
			t.Errorf("the public sees %s, which is %s", c.ID, c.Audience)
		}
	}
	for _, path := range []string{
		"/collections/events", "/collections/events/items", "/collections/responders/items", "/xyz/events/14/13391/6728.mvt", "/xyz/grids,events/14/13391/6728.mvt",
		"/heat/events/14/13391/6728.png", "/heat/events/cells", "/nearest/responders?lon=114.3&lat=30.56", "/export/events.geojson",
		"/collections/tokens/items", "/export/tokens.geojson", "/xyz/tokens.json",
	} {
		s.get(t, "", path, 404)
	}
	for _, path := range []string{"/collections/tokens/items", "/export/tokens.geojson"} {
		s.get(t, "admin", path, 404)
	}
}

func TestAWrongTokenIsRefusedAndNotThePublic(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for _, header := range []string{"Bearer nonsense", "Basic YTpi", "Bearer "} {
		r := s.do(t, "", http.MethodGet, "/collections", "", "Authorization", header)
		if r.StatusCode != 401 || r.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("Authorization %q: status %d, want 401 with WWW-Authenticate", header, r.StatusCode)
		}
	}
}

func TestFieldsBeyondTheAudienceAreNeitherShownNorAskedFor(t *testing.T) {
	t.Parallel()
	s := reading(t)
	shown := decode[featureCollection](t, s.get(t, "dispatcher", "/collections/responders/items?limit=1", 200))
	if _, ok := shown.Features[0].Properties["phone"]; !ok {
		t.Fatal("a dispatcher does not see the phone")
	}
	hidden := decode[featureCollection](t, s.get(t, "viewer", "/collections/responders/items?limit=1", 200))
	if _, ok := hidden.Features[0].Properties["phone"]; ok {
		t.Error("a viewer sees the phone")
	}
	for _, q := range []string{"phone=000", "sortby=phone", "properties=phone"} {
		s.get(t, "viewer", "/collections/responders/items?"+q, 400)
	}
}

func TestUnknownParametersAreRefusedWithTheNearestName(t *testing.T) {
	t.Parallel()
	s := reading(t)
	r := s.get(t, "", "/collections/grids/items?limt=5", 400)
	if !strings.Contains(string(r.body), `did you mean \"limit\"`) {
		t.Errorf("no hint in %s", r.body)
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
}

func TestPagesTogetherAreAllFeaturesInOrder(t *testing.T) {
	t.Parallel()
	s := reading(t)
	seen := map[int64]bool{}
	last := ""
	for path := "/collections/grids/items?limit=25&sortby=-households,code"; path != ""; {
		page := decode[featureCollection](t, s.get(t, "", path, 200))
		if page.NumberMatched != 119 {
			t.Fatalf("numberMatched %d, want 119", page.NumberMatched)
		}
		for _, f := range page.Features {
			seen[f.ID] = true
			key := fmt.Sprintf("%06d %s", 999999-int(f.Properties["households"].(float64)), f.Properties["code"])
			if key <= last {
				t.Errorf("%s comes after %s", key, last)
			}
			last = key
		}
		path = ""
		for _, l := range page.Links {
			if l.Rel == "next" {
				path = strings.TrimPrefix(l.Href, s.URL)
			}
		}
	}
	if len(seen) != 119 {
		t.Errorf("%d different grids on all pages, want 119", len(seen))
	}
}

func TestFiltersChooseWhatTheySay(t *testing.T) {
	t.Parallel()
	s := reading(t)
	count := func(query string) int {
		return decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&"+query, 200)).NumberMatched
	}
	all := count("")
	levels := 0
	for level := 1; level <= 5; level++ {
		levels += count(fmt.Sprint("level=", level))
	}
	if levels != all {
		t.Errorf("the five levels add up to %d, all are %d", levels, all)
	}
	if got := count("level=1,2") + count("level=>=3"); got != all {
		t.Errorf("levels 1,2 and >=3 add up to %d, all are %d", got, all)
	}
	if got := count("datetime=../2016-12-31") + count("datetime=2017-01-01/.."); got != all {
		t.Errorf("the two years add up to %d, all are %d", got, all)
	}
	inArea := count("scope=" + limitedTo)
	if inArea == 0 || inArea >= all {
		t.Errorf("%d events in one community of %d", inArea, all)
	}
	if got := count("closed_at=null()") + count("closed_at=>=1970-01-01T00:00:00Z"); got != all {
		t.Errorf("open and closed add up to %d, all are %d", got, all)
	}
}

// tilesOf returns the addresses of a zoom that cover the sample.
func tilesOf(z maptile.Zoom) []maptile.Tile {
	lo, hi := geo.Tile(orb.Point{114.25, 30.62}, z), geo.Tile(orb.Point{114.36, 30.52}, z)
	var out []maptile.Tile
	for y := lo.Y; y <= hi.Y; y++ {
		for x := lo.X; x <= hi.X; x++ {
			out = append(out, maptile.New(x, y, z))
		}
	}
	return out
}

func TestClustersAndHeatAddUpToTheCount(t *testing.T) {
	t.Parallel()
	s := reading(t)
	want := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&bbox=114.25,30.52,114.36,30.62", 200)).NumberMatched
	for _, z := range []maptile.Zoom{9, 12, 14} {
		points, heat := 0.0, 0.0
		for _, tile := range tilesOf(z) {
			points += sumOf(t, s.do(t, "viewer", "GET", fmt.Sprintf("/xyz/events/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y), ""), "events", "point_count")
			heat += sumOf(t, s.do(t, "viewer", "GET", fmt.Sprintf("/heat/events/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y), ""), "heat", "count")
		}
		if int(points) < want || int(heat) < want || points != heat {
			t.Errorf("zoom %d: clusters stand for %v, heat for %v; %d events lie in the area", z, points, heat, want)
		}
	}
}

// sumOf adds up a property over the features of a tile; a feature without it counts as one.
func sumOf(t *testing.T, r reply, layer, property string) float64 {
	t.Helper()
	if r.StatusCode == http.StatusNoContent {
		return 0
	}
	tile, err := mvt.Unmarshal(r.body)
	if err != nil {
		t.Fatalf("status %d: %v", r.StatusCode, err)
	}
	sum := 0.0
	for _, l := range tile {
		if l.Name != layer {
			continue
		}
		for _, f := range l.Features {
			switch n := f.Properties[property].(type) {
			case nil:
				sum++
			case float64:
				sum += n
			default:
				t.Fatalf("%s is a %T", property, n)
			}
		}
	}
	return sum
}

func TestATileIsRevalidatedWithoutBeingSentAgain(t *testing.T) {
	t.Parallel()
	s := reading(t)
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 14)
	path := fmt.Sprintf("/xyz/communities,grids/14/%d/%d.mvt", tile.X, tile.Y)
	first := s.get(t, "", path, 200)
	r := s.do(t, "", "GET", path, "", "If-None-Match", first.Header.Get("ETag"))
	if r.StatusCode != http.StatusNotModified || len(r.body) != 0 {
		t.Errorf("status %d with %d bytes, want 304 with none", r.StatusCode, len(r.body))
	}
	s.get(t, "", "/xyz/grids/14/0/0.mvt", 204)
	for _, bad := range []string{"/xyz/grids/23/0/0.mvt", "/xyz/grids/3/8/0.mvt", "/xyz/grids/3/-1/0.mvt", "/xyz/grids/a/b/c.mvt", "/xyz/nowhere/3/1/1.mvt"} {
		s.get(t, "", bad, 404)
	}
}

const newEvent = `{"type":"Feature","geometry":{"type":"Point","coordinates":[114.3105,30.5767]},
	"properties":{"title":"测试事件","domain":"urban","category":"exposed_garbage","level":2,"source":"patrol"}}`

func TestAWriteIsOnTheStreamInTheNextTileAndFilledIn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 18)
	path := fmt.Sprintf("/xyz/events/18/%d/%d.mvt", tile.X, tile.Y)
	before := s.do(t, "viewer", "GET", path, "")
	events := s.follow(t, "viewer")
	next(t, events, "hello")
	made := s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent)
	if made.StatusCode != 201 || made.Header.Get("Location") == "" {
		t.Fatalf("status %d: %s", made.StatusCode, made.body)
	}
	f := decode[struct {
		ID         int64
		Properties map[string]any
	}](t, made)
	if community, _ := f.Properties["community"].(string); community != limitedTo {
		t.Errorf("the event's community was filled in as %q, want %s", community, limitedTo)
	}
	if code, _ := f.Properties["code"].(string); len(code) != 20 {
		t.Errorf("the event's code was filled in as %q, want the 20 digits of the moment", code)
	}
	if f.Properties["reported_at"] == nil || f.Properties["grid"] == nil {
		t.Errorf("reported_at and grid were not filled in: %v", f.Properties)
	}
	if e := next(t, events, "changes"); !strings.Contains(e.data, fmt.Sprintf(`"id":%d`, f.ID)) {
		t.Errorf("the stream told %s", e.data)
	}
	after := s.do(t, "viewer", "GET", path, "", "If-None-Match", before.Header.Get("ETag"))
	if after.StatusCode != 200 {
		t.Fatalf("the tile answered %d after the write", after.StatusCode)
	}
	was, is := sumOf(t, before, "events", "point_count"), sumOf(t, after, "events", "point_count")
	if is != was+1 {
		t.Errorf("the tile held %v events before the write and %v after", was, is)
	}
}

func TestWritesNeedARightAndTheStateThatWasRead(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for role, status := range map[string]int{"": 401, "viewer": 403, "display": 403, "analyst": 403} {
		if r := s.do(t, role, "POST", "/collections/events/items", newEvent); r.StatusCode != status {
			t.Errorf("POST as %q: status %d, want %d", role, r.StatusCode, status)
		}
	}
	if r := s.do(t, "admin", "POST", "/collections/grids/items", newEvent); r.StatusCode != 403 {
		t.Errorf("POST to a layer that takes no writes: %d", r.StatusCode)
	}
	made := s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent)
	at := strings.TrimPrefix(made.Header.Get("Location"), s.URL)
	tag := made.Header.Get("ETag")
	patch := func(body, ifMatch string) reply {
		return s.do(t, "dispatcher", "PATCH", at, body, "If-Match", ifMatch, "Content-Type", "application/merge-patch+json")
	}
	first := patch(`{"properties":{"stage":"dispatched"}}`, tag)
	if first.StatusCode != 200 || first.Header.Get("ETag") == tag {
		t.Fatalf("status %d, ETag %s: %s", first.StatusCode, first.Header.Get("ETag"), first.body)
	}
	if r := patch(`{"properties":{"stage":"closed"}}`, tag); r.StatusCode != 412 {
		t.Errorf("a patch of a state that is past: %d, want 412", r.StatusCode)
	}
	if r := s.do(t, "dispatcher", "DELETE", at, "", "If-Match", tag); r.StatusCode != 412 {
		t.Errorf("a delete of a state that is past: %d, want 412", r.StatusCode)
	}
	if r := s.do(t, "dispatcher", "DELETE", at, "", "If-Match", first.Header.Get("ETag")); r.StatusCode != 204 {
		t.Errorf("delete: %d, want 204: %s", r.StatusCode, r.body)
	}
	s.get(t, "dispatcher", at, 404)
}

func TestATokenOfOneCommunitySeesAndWritesNoOther(t *testing.T) {
	t.Parallel()
	s := newService(t)
	page := decode[featureCollection](t, s.get(t, "limited", "/collections/events/items?limit=10000&properties=community", 200))
	if page.NumberMatched == 0 {
		t.Fatal("it sees nothing")
	}
	for _, f := range page.Features {
		if f.Properties["community"] != limitedTo {
			t.Fatalf("it sees event %d of %v", f.ID, f.Properties["community"])
		}
	}
	sum := 0.0
	for _, tile := range tilesOf(12) {
		sum += sumOf(t, s.do(t, "limited", "GET", fmt.Sprintf("/heat/events/12/%d/%d.mvt", tile.X, tile.Y), ""), "heat", "count")
	}
	if int(sum) > page.NumberMatched {
		t.Errorf("its heat counts %v events, it may see %d", sum, page.NumberMatched)
	}
	elsewhere := strings.Replace(newEvent, "114.3105,30.5767", "114.2980,30.5597", 1)
	if r := s.do(t, "limited", "POST", "/collections/events/items", elsewhere); r.StatusCode != 403 {
		t.Errorf("it writes in another community: %d", r.StatusCode)
	}
	if r := s.do(t, "limited", "POST", "/collections/events/items", newEvent); r.StatusCode != 201 {
		t.Errorf("it cannot write in its own: %d %s", r.StatusCode, r.body)
	}
	events := s.follow(t, "limited")
	next(t, events, "hello")
	s.do(t, "dispatcher", "POST", "/collections/events/items", elsewhere)
	s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent)
	e := next(t, events, "changes")
	if strings.Contains(e.data, "114.298") || !strings.Contains(e.data, "114.3105") {
		t.Errorf("it was told of %s", e.data)
	}
}

func TestAStreamResumesAfterTheLastNumberSeen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	seen := next(t, s.follow(t, "viewer"), "hello").id
	made := s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent)
	f := decode[struct{ ID int64 }](t, made)
	e := next(t, s.follow(t, "viewer", "Last-Event-ID", seen), "changes")
	if !strings.Contains(e.data, fmt.Sprintf(`"id":%d`, f.ID)) {
		t.Errorf("resumed after %s it was told %s", seen, e.data)
	}
	next(t, s.follow(t, "viewer", "Last-Event-ID", "1"), "reload")
	next(t, s.follow(t, "viewer"), "heartbeat")
}

func TestNearestIsInOrderAndInMetres(t *testing.T) {
	t.Parallel()
	s := reading(t)
	at := orb.Point{114.3036, 30.5637}
	got := decode[featureCollection](t, s.get(t, "viewer", fmt.Sprintf("/nearest/responders?lon=%v&lat=%v&k=7&role=grid_leader", at[0], at[1]), 200))
	table, err := s.live.Snapshot().View(layers.Scope{Audience: layers.Internal}).Table("responders")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Features) != 7 {
		t.Fatalf("%d features, want 7", len(got.Features))
	}
	farther := 0
	table.Each(nil, func(r layers.Row) bool {
		if p, ok := r.Point(); ok && r.Get("role").Text() == "grid_leader" && geo.Distance(at, p) > got.Features[6].Distance+0.001 {
			farther++
		}
		return true
	})
	if farther != 119-7 {
		t.Errorf("%d of 119 leaders are farther than the seventh answered, want 112", farther)
	}
	for i := 1; i < len(got.Features); i++ {
		if got.Features[i].Distance < got.Features[i-1].Distance {
			t.Errorf("answer %d is nearer than the one before", i)
		}
	}
}

func TestLocateNamesTheGridItsLeaderAndWhatIsOutside(t *testing.T) {
	t.Parallel()
	s := reading(t)
	type card struct{ Code string }
	type place struct {
		Outside         bool
		Community, Grid *card
		Leader          *card
		Nearest         *struct{ Metres float64 }
	}
	in := decode[place](t, s.get(t, "viewer", "/locate?lon=114.3105&lat=30.5767", 200))
	if in.Outside || in.Community == nil || in.Community.Code != limitedTo || in.Leader == nil || !strings.HasPrefix(in.Grid.Code, limitedTo) {
		t.Errorf("located as %+v", in)
	}
	if public := decode[place](t, s.get(t, "", "/locate?lon=114.3105&lat=30.5767", 200)); public.Leader != nil {
		t.Error("the public is told the leader")
	}
	out := decode[place](t, s.get(t, "viewer", "/locate?lon=114.29&lat=30.575", 200))
	if !out.Outside || out.Nearest == nil || out.Nearest.Metres <= 0 {
		t.Errorf("in the river: %+v", out)
	}
	s.get(t, "", "/locate?lon=30.57&lat=114.31", 400)
}

func TestAnExportIsWholeAndOfOneState(t *testing.T) {
	t.Parallel()
	s := reading(t)
	r := s.get(t, "viewer", "/export/events.geojson", 200)
	c := decode[featureCollection](t, r)
	want := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1", 200)).NumberMatched
	if len(c.Features) != want {
		t.Errorf("%d features exported, %d are there", len(c.Features), want)
	}
	if !strings.Contains(r.Header.Get("Content-Disposition"), "events.geojson") {
		t.Errorf("Content-Disposition %q", r.Header.Get("Content-Disposition"))
	}
}

func TestHostileRequestsGetASentenceAndNever500(t *testing.T) {
	t.Parallel()
	s := reading(t) // none of its writes is taken
	for _, path := range []string{
		"/collections/events/items?bbox=1,2,3", "/collections/events/items?bbox=NaN,1,2,3", "/collections/events/items?bbox=1,50,2,40",
		"/collections/events/items?datetime=yesterday", "/collections/events/items?limit=-1", "/collections/events/items?limit=99999999999999999999",
		"/collections/events/items?after=%00", "/collections/events/items?level=%27%3B+DROP+TABLE", "/collections/events/items?scope=../../etc",
		"/collections/events/items/abc", "/collections/events/items?sortby=,,,", "/collections/events/items?x=%zz",
		"/nearest/events?lon=1e999&lat=0", "/nearest/events?lon=NaN&lat=NaN", "/nearest/events?lon=114&lat=30&k=0", "/nearest/events?lon=114&lat=91",
		"/heat/events/cells?zoom=23", "/heat/events/14/13391/6728.png?cells=7", "/heat/events/14/13391/6728.mvt?weight=title",
		"/stream?after=-1", "/locate", "/locate?lon=114", "/style.json?lang=fr", "/collections/events/items?lang=" + strings.Repeat("x", 20000),
	} {
		r := s.do(t, "viewer", "GET", path, "")
		if r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Errorf("GET %.80s: status %d: %.200s", path, r.StatusCode, r.body)
		}
	}
	for _, body := range []string{
		"", "{", "null", "[]", `{"type":"Feature"}`, strings.Repeat("[", 100000), `{"type":"Feature","geometry":{"type":"Point","coordinates":[1e999,0]},"properties":{}}`,
		strings.Replace(newEvent, "114.3105,30.5767", "30.5767,114.3105", 1), strings.Replace(newEvent, `"level":2`, `"level":"two"`, 1),
		strings.Replace(newEvent, `"title"`, `"tilte"`, 1), strings.Replace(newEvent, `"urban"`, `"nonsense"`, 1), strings.Repeat(" ", 9<<20) + newEvent,
	} {
		r := s.do(t, "dispatcher", "POST", "/collections/events/items", body)
		if r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Errorf("POST %.60q: status %d: %.200s", body, r.StatusCode, r.body)
		}
	}
}

func TestTheStyleNamesOnlyWhatTheCallerSees(t *testing.T) {
	t.Parallel()
	s := reading(t)
	public, internal := string(s.get(t, "", "/style.json", 200).body), string(s.get(t, "viewer", "/style.json?lang=en", 200).body)
	if strings.Contains(public, `"source-layer":"events"`) || strings.Contains(public, "/heat/") || strings.Contains(public, "responders") {
		t.Error("the public's style names internal layers")
	}
	if !strings.Contains(internal, `"source-layer":"events"`) || !strings.Contains(internal, "Events") {
		t.Error("the viewer's style lacks the events")
	}
	if strings.Contains(internal, "http") {
		t.Error("the style names a host")
	}
}

func TestHealthMetricsAndHeaders(t *testing.T) {
	t.Parallel()
	s := reading(t)
	s.get(t, "", "/healthz", 200)
	if r := s.get(t, "", "/readyz", 200); !strings.Contains(string(r.body), `"status":"ready"`) {
		t.Errorf("readyz: %s", r.body)
	}
	r := s.get(t, "", "/metrics", 200)
	for _, name := range []string{"shapan_seq", "shapan_features", "shapan_http_request_seconds", "shapan_tile_cache_bytes"} {
		if !strings.Contains(string(r.body), name) {
			t.Errorf("metrics lack %s", name)
		}
	}
	if csp := s.get(t, "", "/collections", 200).Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
	s.get(t, "", "/nothing", 404)
	if r := s.do(t, "", "PUT", "/collections", ""); r.StatusCode != 405 {
		t.Errorf("PUT /collections: %d, want 405", r.StatusCode)
	}
}
