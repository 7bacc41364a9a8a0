package dispatch

import (
	"cmp"
	"slices"
	"time"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// TrackLayer is the name of the layer of where responders were while on duty, and ReadLayer that of who asked. Tracks are the
// service's own: no view shows them, and whoever is told of one is written down first.
const (
	TrackLayer = "tracks"
	ReadLayer  = "track_reads"
)

// TrackSchema is the layer of tracks. A row is where somebody was in a minute, or after a day in which cell in a quarter hour.
// Its id is made of both, so that the record itself keeps anybody from having two rows in a minute; see trackID.
func TrackSchema() layers.Layer {
	return layers.Layer{Name: TrackLayer, Title: say("行踪轨迹", "Tracks"), Kind: layers.Point, MinZoom: 13, MaxZoom: 18, Audience: layers.System, Personal: true,
		TimeField: "at", Fields: []layers.Field{{Name: "responder", Title: say("处置人员", "Responder id"), Type: layers.Int, Required: true},
			{Name: "at", Title: say("时间", "At"), Type: layers.Time, Required: true}, {Name: "coarse", Title: say("已模糊", "Coarse"), Type: layers.Bool}}}
}

// ReadSchema is the layer of who asked for whose track, when, and what for: everybody who works with the map may see it.
func ReadSchema() layers.Layer {
	text := func(name, zh, en string) layers.Field {
		return layers.Field{Name: name, Title: say(zh, en), Type: layers.String, Required: name != "community"}
	}
	at := func(name, zh, en string) layers.Field {
		return layers.Field{Name: name, Title: say(zh, en), Type: layers.Time, Required: true}
	}
	return layers.Layer{Name: ReadLayer, Title: say("轨迹查阅记录", "Who looked at tracks"), Kind: layers.None, Audience: layers.Internal, TimeField: "at",
		Fields: []layers.Field{at("at", "查阅时间", "At"), text("responder", "处置人员编码", "Responder"), text("community", "所属社区", "Community"),
			text("by", "查阅人", "By"), text("purpose", "目的", "Purpose"), at("from", "起", "From"), at("to", "止", "To")}}
}

// A track is kept by quarter hours: that is how exact its times are after a day, and there is room for as many cells.
const (
	quarterMinutes = 15
	minuteBits     = 26 // minutes since 1970 up to the year 2097; what is left of layers.MaxID is for the responder
	cellDecimals   = 3  // of degrees: about 111 m north to south, and 50 m east to west up to 63 degrees north or south
)

// trackID is the id of a row: of the responder and the minute since 1970, in UTC. ok is false where they are too large for it.
func trackID(responder, minute int64) (id int64, ok bool) {
	const most = layers.MaxID >> minuteBits
	return responder<<minuteBits | minute, responder > 0 && responder < most && minute >= 0 && minute < 1<<minuteBits
}

func minuteOf(t time.Time) int64      { return t.Unix() / 60 }
func momentOf(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }
func quarterOf(minute int64) int64    { return minute - minute%quarterMinutes }
func snapped(p orb.Point) orb.Point {
	return orb.Point{round(p[0], cellDecimals), round(p[1], cellDecimals)}
}
func (p *Parameters) exact() int64         { return int64(p.TrackExactH * 60) } // minutes
func (p *Parameters) kept() int64          { return int64(p.TrackDays * 24 * 60) }
func (p *Parameters) aged(q, m int64) bool { return q <= m-p.exact() } // a quarter, at a minute
func (p *Parameters) gone(q, m int64) bool { return q <= m-p.kept() }

// trace returns the changes that add good fixes of a responder to the track: the first of each interval, none that would have to
// be coarse already.
func trace(tracks *layers.Table, p *Parameters, responder int64, fixes []Fix, now time.Time) (out []layers.Change) {
	every, taken := max(1, int64(p.TrackIntervalS/60)), map[int64]bool{}
	slices.SortFunc(fixes, func(a, b Fix) int { return a.When.Compare(b.When) })
	for _, f := range fixes {
		minute := minuteOf(f.When)
		minute -= minute % every
		id, ok := trackID(responder, minute)
		if _, there := tracks.Get(id); !ok || there || taken[id] || p.aged(quarterOf(minute), minuteOf(now)) || p.gone(quarterOf(minute), minuteOf(now)) {
			continue
		}
		taken[id] = true
		out = append(out, layers.Change{Op: layers.Insert, Layer: TrackLayer, ID: id, Feature: trackRow(&tracks.Layer, id, responder, f.At, f.When, false)})
	}
	return out
}

func trackRow(l *layers.Layer, id, responder int64, at orb.Point, when time.Time, coarse bool) *layers.Feature {
	f := values{"responder": layers.IntValue(responder), "at": layers.TimeValue(when), "coarse": layers.BoolValue(coarse)}
	return &layers.Feature{ID: id, Geometry: at, Values: f.in(l)}
}

// Spot is where somebody was: exactly, or after a day in which cell during which quarter hour.
type Spot struct {
	At     orb.Point // lon, lat
	When   time.Time // of a coarse place: when the quarter hour began
	Coarse bool
}

// Track returns where a responder was from one moment to another, in order. What has had its day is coarse, and what has had its
// month is gone, whether or not the record has been swept yet.
func Track(tracks *layers.Table, p *Parameters, responder int64, from, to, now time.Time) (out []Spot) {
	present := minuteOf(now)
	first, last := max(quarterOf(minuteOf(from)), quarterOf(present-p.kept())), min(minuteOf(to), present+quarterMinutes)
	for q := first; q <= last; q += quarterMinutes {
		places := quarter(tracks, responder, q)
		if p.gone(q, present) {
			continue
		}
		if p.aged(q, present) {
			places = coarse(places, q)
		}
		for _, at := range places {
			if at.Coarse || !at.When.Before(from) && !at.When.After(to) {
				out = append(out, at)
			}
		}
	}
	return out
}

// quarter returns the places of somebody in the quarter hour that begins with a minute, in order.
func quarter(tracks *layers.Table, responder, q int64) (out []Spot) {
	for m := q; m < q+quarterMinutes; m++ {
		id, ok := trackID(responder, m)
		if !ok {
			continue
		}
		if r, there := tracks.Get(id); there {
			at, _ := r.Point()
			out = append(out, Spot{at, r.Get("at").Time(), r.Get("coarse").Bool()})
		}
	}
	return out
}

// coarse returns the cells of places of one quarter hour, each once.
func coarse(places []Spot, q int64) (out []Spot) {
	for _, p := range places {
		out = append(out, Spot{snapped(p.At), momentOf(q), true})
	}
	slices.SortFunc(out, func(a, b Spot) int { return cmp.Or(cmp.Compare(a.At[0], b.At[0]), cmp.Compare(a.At[1], b.At[1])) })
	return slices.Compact(out)
}

// Sweep returns the changes that make coarse what is a day old, a quarter hour at once, and remove what is a month old: no more
// than about so many, so that it is to be asked until there are none. Equal states give equal changes: where two servers sweep
// one record, the second write changes nothing or is refused.
func Sweep(tracks *layers.Table, p *Parameters, now time.Time, most int) (changes []layers.Change) {
	type group struct{ responder, q int64 }
	present := minuteOf(now)
	old, found := map[group]bool{}, 0
	responder, at, isCoarse := tracks.Layer.Index("responder"), tracks.Layer.Index("at"), tracks.Layer.Index("coarse")
	tracks.Each(nil, func(r layers.Row) bool {
		q := quarterOf(minuteOf(r.Value(at).Time()))
		switch {
		case p.gone(q, present):
			changes = append(changes, layers.Change{Op: layers.Delete, Layer: TrackLayer, ID: r.ID()})
		case p.aged(q, present) && !r.Value(isCoarse).Bool():
			if g := (group{r.Value(responder).Int(), q}); !old[g] {
				old[g] = true
				found += quarterMinutes
			}
		}
		return found+len(changes) < most
	})
	groups := make([]group, 0, len(old))
	for g := range old {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Or(cmp.Compare(a.responder, b.responder), cmp.Compare(a.q, b.q)) })
	for _, g := range groups {
		changes = append(changes, aging(tracks, g.responder, g.q)...)
	}
	slices.SortFunc(changes, func(a, b layers.Change) int { return cmp.Compare(a.ID, b.ID) })
	return changes
}

// aging is the changes that make a quarter hour coarse. The cells take the ids from its first minute on, so that no id tells
// the minute any more.
func aging(tracks *layers.Table, responder, q int64) (changes []layers.Change) {
	cells := coarse(quarter(tracks, responder, q), q)
	for i := range int64(quarterMinutes) {
		id, _ := trackID(responder, q+i)
		_, there := tracks.Get(id)
		switch {
		case i < int64(len(cells)):
			changes = append(changes, layers.Change{Op: layers.Upsert, Layer: TrackLayer, ID: id, Feature: trackRow(&tracks.Layer, id, responder, cells[i].At, cells[i].When, true)})
		case there:
			changes = append(changes, layers.Change{Op: layers.Delete, Layer: TrackLayer, ID: id})
		}
	}
	return changes
}
