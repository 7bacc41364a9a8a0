package main

import (
	"fmt"
	"strings"
	"testing"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// town makes a table as another program has it, with a row in a hundred places of the subdistrict, in a datum.
func town(t *testing.T, url string, crs geo.CRS) {
	t.Helper()
	psql(t, url, "CREATE SCHEMA town", `CREATE TABLE town.trees (id bigint PRIMARY KEY, species text, planted date, geom geometry(Point, 4326))`,
		"COMMENT ON TABLE town.trees IS '行道树'")
	var rows []string
	for i := range 100 {
		p := geo.FromWGS84Point(crs, orb.Point{114.3 + float64(i%10)*0.001, 30.56 + float64(i/10)*0.0008})
		rows = append(rows, fmt.Sprintf("(%d, '香樟', '2001-03-12', ST_SetSRID(ST_MakePoint(%.7f, %.7f), 4326))", i+1, p[0], p[1]))
	}
	psql(t, url, "INSERT INTO town.trees VALUES "+strings.Join(rows, ", "))
}

func TestATableOfAnotherProgramBecomesALayerAndIsLeftAgain(t *testing.T) {
	t.Parallel()
	dir := sampleDatabase(t)
	url := addressIn(t, dir)
	town(t, url, geo.WGS84)
	s := start(t, dir)
	adopt := []string{"layer", "adopt", "town.trees", "--audience", "public"}
	if r := shapan(t, dir, nil, append(adopt, "--dry-run")...); r.code != 0 || r.out != "" || !strings.Contains(r.err, "nothing was changed") || !strings.Contains(r.err, "species string") {
		t.Errorf("the dry run: exit %d:\n%s%s", r.code, r.out, r.err)
	}
	if n := asked(t, url, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'town.trees'::regclass"); n != 0 {
		t.Errorf("%d triggers after the dry run: expected none", n)
	}
	must(t, dir, adopt...)
	if list := must(t, dir, "layer", "list"); !strings.Contains(list, "trees\t行道树\tpoint\t100\tpublic\n") {
		t.Errorf("layer list:\n%s", list)
	}
	eventually(t, "the service has the layer", func() bool {
		code, _, _ := s.do(t, "GET", "/collections/trees", "", "")
		return code == 200
	})
	psql(t, url, "UPDATE town.trees SET species = '水杉' WHERE id = 7", "DELETE FROM town.trees WHERE id > 90")
	eventually(t, "the service has the edit", func() bool { return s.matched(t, "trees", "") == 90 })
	if code, _, body := s.do(t, "GET", "/collections/trees/items/7", "", ""); code != 200 || !strings.Contains(body, "水杉") {
		t.Errorf("the edited tree: %d %s", code, body)
	}
	t.Run("refused", func(t *testing.T) {
		fails(t, dir, map[string]wrong{
			"adopted twice":   {append(adopt, "--name", "other"), 1, "belongs to the record already"},
			"no such table":   {[]string{"layer", "adopt", "town.houses"}, 1, "there is no table town.houses"},
			"of the record":   {[]string{"layer", "adopt", "shapan.grids"}, 1, "belongs to the record already"},
			"split by month":  {[]string{"layer", "partition", "trees"}, 1, "another owner"},
			"without --yes":   {[]string{"layer", "drop", "trees"}, 2, "--yes"},
			"unknown system":  {append(adopt, "--crs", "wgs48"), 2, "--crs"},
			"unknown to view": {append(adopt, "--audience", "all"), 2, "--audience"},
		})
	})
	must(t, dir, "layer", "drop", "trees", "--yes")
	if n := asked(t, url, "SELECT count(*) FROM town.trees"); n != 90 {
		t.Errorf("%d rows stand in the table after the layer was dropped: expected 90", n)
	}
	if n := asked(t, url, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'town.trees'::regclass"); n != 0 {
		t.Errorf("%d triggers are left: expected none", n)
	}
}

func TestATableInAnotherDatumIsAdoptedOnlyKnowingly(t *testing.T) {
	t.Parallel()
	dir := sampleDatabase(t)
	town(t, addressIn(t, dir), geo.BD09)
	if r := shapan(t, dir, nil, "layer", "adopt", "town.trees"); r.code != 1 || !strings.Contains(r.err, "--crs bd09") || !strings.Contains(r.err, "nothing was changed") {
		t.Errorf("as it states: exit %d:\n%s", r.code, r.err)
	}
	must(t, dir, "layer", "adopt", "town.trees", "--crs", "bd09")
	if out := must(t, dir, "export", "trees", "--bbox", "114.29995,30.55995,114.30005,30.56005"); !strings.Contains(out, `"numberReturned":1`) {
		t.Errorf("within 5 m of where the first tree stands:\n%.500s", out)
	}
}

func TestALayerSplitByMonthIsAsBefore(t *testing.T) {
	t.Parallel()
	dir := sampleDatabase(t)
	token := admin(t, dir)
	before := must(t, dir, "export", "events")
	s := start(t, dir)
	n := s.matched(t, "events", token)
	r := shapan(t, dir, nil, "layer", "partition", "events")
	if r.code != 0 || r.out != "" || !strings.Contains(r.err, "layer events is split into ") {
		t.Fatalf("exit %d:\n%s%s", r.code, r.out, r.err)
	}
	if after := must(t, dir, "export", "events"); after != before {
		t.Error("the export after the split differs")
	}
	if code, _, body := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 201 {
		t.Errorf("a write after the split: %d %s", code, body)
	}
	if now := s.matched(t, "events", token); now != n+1 {
		t.Errorf("%d events: expected %d", now, n+1)
	}
	if r := shapan(t, dir, nil, "layer", "partition", "events"); r.code != 1 || !strings.Contains(r.err, "split by month already") {
		t.Errorf("splitting it again: exit %d:\n%s", r.code, r.err)
	}
	if months := asked(t, addressIn(t, dir), "SELECT count(*) FROM pg_partition_tree('shapan.events') WHERE isleaf"); months < 3 {
		t.Errorf("%d tables: expected one a month and the rest", months)
	}
}

func TestAFileAdoptsNothing(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	fails(t, dir, map[string]wrong{
		"adopt":     {[]string{"layer", "adopt", "town.trees"}, 2, "--database-url"},
		"partition": {[]string{"layer", "partition", "events"}, 2, "--database-url"},
		"migrate":   {[]string{"migrate", "up"}, 2, "--database-url is missing"},
	})
}
