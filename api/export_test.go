package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// rowsOf reads a CSV as spreadsheets do: after its byte order mark.
func rowsOf(t *testing.T, r reply) [][]string {
	t.Helper()
	text, ok := bytes.CutPrefix(r.body, []byte("\ufeff"))
	if !ok {
		t.Fatal("no byte order mark")
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestCSVHasWhatItemsHave(t *testing.T) {
	t.Parallel()
	s := reading(t)
	const some = "scope=" + limitedTo + "&level=%3E%3D4&datetime=2017-01-01/2017-12-31"
	items := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=10000&"+some, 200))
	r := s.get(t, "viewer", "/export/events.csv?header=name&"+some, 200)
	rows := rowsOf(t, r)
	if len(rows)-1 != items.NumberMatched || r.Header.Get("Shapan-Count") != strconv.Itoa(items.NumberMatched) || items.NumberMatched == 0 {
		t.Fatalf("%d rows, Shapan-Count %s, items %d", len(rows)-1, r.Header.Get("Shapan-Count"), items.NumberMatched)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	for i, f := range items.Features {
		row := rows[i+1]
		for name, v := range f.Properties {
			got := row[at[name]]
			switch v := v.(type) {
			case nil:
				if got != "" {
					t.Errorf("%s of %d is %q, want nothing", name, f.ID, got)
				}
			case string:
				if strings.HasSuffix(name, "_at") { // another zone, the same moment
					continue
				}
				if got != v {
					t.Errorf("%s of %d is %q, want %q", name, f.ID, got, v)
				}
			default:
				if got != fmt.Sprint(v) {
					t.Errorf("%s of %d is %q, want %v", name, f.ID, got, v)
				}
			}
		}
		if row[at["id"]] != fmt.Sprint(f.ID) || row[at["lon"]] == "" || row[at["lat"]] == "" {
			t.Errorf("row %d is %q", i, row)
		}
	}
	if !strings.HasSuffix(rows[1][at["reported_at"]], "+08:00") {
		t.Errorf("the time is %q, want China's", rows[1][at["reported_at"]])
	}
}

func TestCSVForPeopleHasTitles(t *testing.T) {
	t.Parallel()
	s := reading(t)
	r := s.get(t, "viewer", "/export/events.csv?level=5&properties=code,domain,self_found,reported_at,grid&sortby=-reported_at", 200)
	rows := rowsOf(t, r)
	if got := strings.Join(rows[0], " "); got != "记录号 编码 领域 主动发现 所属网格 上报时间 经度 纬度" {
		t.Errorf("the header is %s", got)
	}
	if r.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(r.Header.Get("Content-Disposition"), "events.csv") || !bytes.Contains(r.body, []byte("\r\n")) {
		t.Errorf("headers %v", r.Header)
	}
	for i, row := range rows[1:] {
		if row[3] != "是" && row[3] != "否" || len(row[5]) != len("2017-12-04 08:30:00") || row[4] != "" && !strings.HasPrefix(row[4], "\t420106") {
			t.Errorf("row %d is %q", i, row)
		}
		if i > 0 && row[5] > rows[i][5] {
			t.Errorf("%s comes after %s", row[5], rows[i][5])
		}
	}
	if got := rowsOf(t, s.get(t, "", "/export/grids.csv?lang=en&properties=households", 200))[0]; strings.Join(got, " ") != "Id Households (户) Geometry" {
		t.Errorf("the English header is %s", got)
	}
}

func TestTextsThatSpreadsheetsWouldRunAreHarmless(t *testing.T) {
	t.Parallel()
	s := newService(t)
	l := layers.Layer{Name: "notes", Kind: layers.Point, MaxZoom: 18, Fields: []layers.Field{{Name: "text", Type: layers.String}, {Name: "n", Type: layers.Float}}}
	texts := []string{`=cmd|' /C calc'!A0`, "+1+1", "-2+3", "@SUM(1)", "\t=1", "＝1+1", "-5", "+86", "a,b", `say "hi"`, "two\nlines", "'quoted", "平常", "", "￥5"}
	want := []string{`'=cmd|' /C calc'!A0`, "'+1+1", "'-2+3", "'@SUM(1)", "'\t=1", "'＝1+1", "-5", "+86", "a,b", `say "hi"`, "two\nlines", "'quoted", "平常", "", "￥5"}
	changes := []layers.Change{{Op: layers.Define, Layer: l.Name, Schema: &l}}
	for i, text := range texts {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: l.Name, ID: int64(i + 1), Feature: &layers.Feature{ID: int64(i + 1), Geometry: orb.Point{114.3, 30.5},
			Values: []layers.Value{layers.TextValue(text), layers.FloatValue(-1.5)}}})
	}
	if _, err := s.live.Put(context.Background(), layers.Key{}, changes); err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"name", "title"} {
		for i, row := range rowsOf(t, s.get(t, "", "/export/notes.csv?header="+header, 200))[1:] {
			if row[1] != want[i] || row[2] != "-1.5" || row[3] != "114.3" || row[4] != "30.5" {
				t.Errorf("%s: %q came as %q", header, texts[i], row)
			}
		}
	}
}

func TestCSVOfAreasHasWellKnownText(t *testing.T) {
	t.Parallel()
	s := reading(t)
	rows := rowsOf(t, s.get(t, "", "/export/grids.csv?header=name&properties=code", 200))
	if len(rows) != 120 || rows[0][2] != "wkt" {
		t.Fatalf("%d rows, header %q", len(rows), rows[0])
	}
	row := rows[1]
	if n := decode[featureCollection](t, s.get(t, "", "/collections/grids/items?limit=1&within="+url.QueryEscape(row[2]), 200)).NumberMatched; n != 1 {
		t.Errorf("%d grids are within the outline of one: %s", n, row[2])
	}
}

func TestManifestIsOfTheSameBytes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"events.csv?header=name&level=1,2&scope=" + limitedTo, "events.csv?sortby=-level", "events.geojson?properties=code&crs=EPSG:4547", "grids.csv?within=" + limitedTo} {
		role := "viewer"
		file, query, _ := strings.Cut(path, "?")
		layer, format, _ := strings.Cut(file, ".")
		m := decode[struct {
			Layer, Format, Filter, Href, SHA256, By string
			Count, Bytes, Seq                       int
		}](t, s.get(t, role, "/export/"+layer+".manifest.json?format="+format+"&"+query, 200))
		r := s.get(t, role, "/export/"+path, 200)
		sum := sha256.Sum256(r.body)
		if m.SHA256 != hex.EncodeToString(sum[:]) || m.Bytes != len(r.body) || strconv.Itoa(m.Count) != r.Header.Get("Shapan-Count") || m.Layer != layer || m.By == "" {
			t.Errorf("%s: %d bytes, the manifest says %+v", path, len(r.body), m)
		}
		if again := s.get(t, role, m.Href, 200); !bytes.Equal(again.body, r.body) {
			t.Errorf("%s has other bytes than %s", m.Href, path)
		}
	}
}

func TestManifestOfAnEarlierStateIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const path = "/export/facilities.manifest.json?format=csv"
	before := s.get(t, "admin", path, 200)
	m := decode[struct{ Seq int }](t, before)
	asOf := fmt.Sprint(path, "&seq=", m.Seq)
	s.get(t, "admin", asOf, 200)
	s.get(t, "admin", path+"&seq="+before.Header.Get("Shapan-Seq"), 200)
	write := func(layer string) {
		id := decode[featureCollection](t, s.get(t, "admin", "/collections/"+layer+"/items?limit=1", 200)).Features[0].ID
		r := s.do(t, "admin", http.MethodPatch, fmt.Sprintf("/collections/%s/items/%d", layer, id), `{"properties":{"provenance":"edited"}}`, "Content-Type", "application/merge-patch+json")
		if r.StatusCode != 200 {
			t.Fatalf("%d %s", r.StatusCode, r.body)
		}
	}
	write("screens") // another layer: the bytes stay
	s.get(t, "admin", asOf, 200)
	write("facilities")
	if r := s.get(t, "admin", asOf, 409); !strings.Contains(string(r.body), "would not have the same bytes") {
		t.Errorf("%s", r.body)
	}
	s.get(t, "admin", "/export/facilities.csv?seq="+fmt.Sprint(m.Seq), 409)
	s.get(t, "admin", path+"&seq=99999999", 409)
}

func TestWithinIsPartOfEveryFilter(t *testing.T) {
	t.Parallel()
	s := reading(t)
	const polygon = "POLYGON((114.300 30.560,114.310 30.560,114.310 30.570,114.300 30.570,114.300 30.560))"
	for _, area := range []string{limitedTo, polygon} {
		q := "within=" + url.QueryEscape(area)
		n := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&"+q, 200)).NumberMatched
		if n == 0 || n > 8000 {
			t.Errorf("%d events within %s", n, area)
		}
		if got := len(rowsOf(t, s.get(t, "viewer", "/export/events.csv?"+q, 200))) - 1; got != n {
			t.Errorf("%d rows of the export, want %d", got, n)
		}
		if got := decode[groupsAnswer](t, s.get(t, "viewer", "/analytics/groups/events?by=level&"+q, 200)).Matched; got != n {
			t.Errorf("the groups have %d, want %d", got, n)
		}
		a := decode[kpiAnswer](t, s.get(t, "viewer", "/analytics/kpi?period=2016-01-01/2017-12-31&id=reported&"+q, 200))
		if got := figure(t, a.KPIs, "reported").Numerator; got != float64(n) {
			t.Errorf("the figures have %g, want %d", got, n)
		}
		s.get(t, "viewer", "/xyz/events/14/13394/6729.mvt?"+q, 200)
	}
	s.get(t, "", "/collections/grids/items?within=420106001099", 404)
	s.get(t, "", "/collections/grids/items?within=POINT(1%202)", 400)
}
