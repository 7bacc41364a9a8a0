package dispatch

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// The reasons why a fix is not taken, besides OffDuty and OnLeave.
const (
	Unreadable       = "unreadable"        // not a fix at all
	UnknownResponder = "unknown_responder" // nobody whom the sender sees has this id or code
	BadActivity      = "bad_activity"      // not a code of the field activity
	BadPosition      = "bad_position"      // no place on Earth
	BadAccuracy      = "bad_accuracy"      // negative, or worse than worst_accuracy_m
	FutureFix        = "future"            // further ahead of the service's clock than clock_skew_s
	OldFix           = "old"               // not newer than the fix that is kept
	Jump             = "jump"              // faster than jump_mps since the last good fix
	Unwritable       = "unwritable"        // the responder's row breaks a rule of its layer, whatever the fix
)

// Fix is where somebody was at a moment.
type Fix struct {
	At        orb.Point // lon, lat, WGS-84
	When      time.Time // to the microsecond
	AccuracyM float64   // metres
}

// same tells whether two fixes are one that was sent twice.
func (f Fix) same(o Fix) bool {
	return f.At == o.At && f.When.Equal(o.When) && f.AccuracyM == o.AccuracyM
}

// Judge says why a fix cannot follow the last good one of the same person, nil for none; "" where it can. A fix that is the
// last one once more can.
func (p *Parameters) Judge(last *Fix, f Fix, now time.Time) string {
	switch {
	case geo.Validate(f.At) != nil:
		return BadPosition
	case !(f.AccuracyM >= 0 && f.AccuracyM <= p.WorstAccuracyM): // also what is no number
		return BadAccuracy
	case f.When.Sub(now).Seconds() > p.ClockSkewS:
		return FutureFix
	case last == nil || f.same(*last):
		return ""
	case !f.When.After(last.When):
		return OldFix
	case geo.Distance(last.At, f.At) > p.JumpMps*f.When.Sub(last.When).Seconds():
		return Jump
	}
	return ""
}

// Newest judges the fixes of one person in the order of their times, each after the last good one before it, whatever their
// order in the list. It returns the position of the newest good one, -1 for none, and why each other is not taken.
func (p *Parameters) Newest(last *Fix, fixes []Fix, now time.Time) (newest int, reasons []string) {
	order := make([]int, len(fixes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return fixes[a].When.Compare(fixes[b].When) })
	newest, reasons = -1, make([]string, len(fixes))
	for _, i := range order {
		if reasons[i] = p.Judge(last, fixes[i], now); reasons[i] == "" {
			newest, last = i, &fixes[i]
		}
	}
	return newest, reasons
}

// Report is a fix as it was sent.
type Report struct {
	Responder string // id or code
	Fix
	Activity string // what they do from then on; empty: as before
}

// Move judges reports by what the view knows of the responders, and returns the changes that keep the newest good fix of each,
// by id, and for each report why it is not taken, "" where it is. A change is refused where its responder has changed since
// (IfMatch). Good fixes also go to the tracks, where there is such a layer (nil: none). Nobody's place is kept while they are not
// on duty, nor of the time before: it is nobody's business then. It fails where the layer responders cannot hold fixes.
func Move(v *layers.View, tracks *layers.Table, p *Parameters, reports []Report, now time.Time) (changes []layers.Change, reasons []string, err error) {
	g, err := newRegister(v, p, &Question{Now: now})
	if err != nil {
		return nil, nil, err
	}
	if i := g.field[theFixAt]; i < 0 || g.table.Layer.Fields[i].Type != layers.Time {
		return nil, nil, layers.NotFound("layer responders has no field fix_at of type time, which positions need")
	}
	reasons = make([]string, len(reports))
	people := g.named(reports)
	byPerson := map[int64][]int{}
	for i := range reports {
		r, ok := people[reports[i].Responder]
		if !ok {
			reasons[i] = UnknownResponder
		} else if reasons[i] = g.idle(r); reasons[i] == "" {
			reasons[i] = g.doing(reports[i].Activity)
		}
		if reasons[i] == "" && reports[i].When.Before(r.Get("duty_since").Time()) {
			reasons[i] = OffDuty
		}
		if reasons[i] == "" {
			byPerson[r.ID()] = append(byPerson[r.ID()], i)
		}
	}
	for id, theirs := range byPerson {
		fixes := make([]Fix, len(theirs))
		for k, i := range theirs {
			fixes[k] = reports[i].Fix
		}
		r := people[reports[theirs[0]].Responder]
		last := g.lastGood(r)
		newest, why := p.Newest(last, fixes, now)
		for k, i := range theirs {
			reasons[i] = why[k]
		}
		if newest < 0 || last != nil && fixes[newest].same(*last) {
			continue
		}
		change := g.moved(id, r, &reports[theirs[newest]])
		if g.table.Layer.Check(change.Feature) == nil {
			changes = append(changes, change)
			if tracks != nil {
				changes = append(changes, trace(tracks, p, id, good(fixes, why), now)...)
			}
			continue
		}
		for k, i := range theirs { // one row that is wrong does not stop the others
			reasons[i] = cmp.Or(why[k], Unwritable)
		}
	}
	slices.SortFunc(changes, func(a, b layers.Change) int { return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.ID, b.ID)) })
	return changes, reasons, nil
}

// good returns the fixes that have no reason against them.
func good(fixes []Fix, reasons []string) (out []Fix) {
	for i, f := range fixes {
		if reasons[i] == "" {
			out = append(out, f)
		}
	}
	return out
}

// named finds the responders of reports by id or code, all codes in one pass.
func (g *register) named(reports []Report) map[string]layers.Row {
	out, codes := map[string]layers.Row{}, map[string]bool{}
	for i := range reports {
		name := reports[i].Responder
		if id, err := strconv.ParseInt(name, 10, 64); err == nil {
			if r, ok := g.table.Get(id); ok {
				out[name] = r
				continue
			}
		}
		codes[name] = name != ""
	}
	if code := g.field[theCode]; code >= 0 && len(codes) > 0 {
		g.table.Each(nil, func(r layers.Row) bool {
			name := r.Value(code).Text()
			if _, twice := out[name]; codes[name] && !twice {
				out[name] = r
			}
			return true
		})
	}
	return out
}

// idle says why somebody's place is not to be known now; "" where it may be.
func (g *register) idle(r layers.Row) string {
	switch g.get(r, theDuty).Text() {
	case onDuty:
		return ""
	case OnLeave:
		return OnLeave
	}
	return OffDuty
}

// doing says what is wrong with an activity, or "".
func (g *register) doing(activity string) string {
	i := g.field[theActivity]
	if activity == "" || i < 0 {
		return ""
	}
	if _, err := g.table.Layer.Fields[i].ParseText(activity); err != nil {
		return BadActivity
	}
	return ""
}

// lastGood returns the fix that is kept of somebody; nil where there is none, or one that could not be taken today.
func (g *register) lastGood(r layers.Row) *Fix {
	at, has := r.Point()
	when := g.get(r, theFixAt)
	if !has || when.IsNull() {
		return nil
	}
	f := &Fix{At: at, When: when.Time(), AccuracyM: g.params.AccuracyM}
	if m, said := g.get(r, theAccuracyM).Number(); said {
		f.AccuracyM = m
	}
	if g.params.Judge(nil, *f, g.now) != "" {
		return nil
	}
	return f
}

// moved is the change that a report makes.
func (g *register) moved(id int64, r layers.Row, to *Report) layers.Change {
	f := r.Feature()
	tag := f.ETag()
	f.Geometry, f.Values = to.At, slices.Clone(f.Values)
	f.Values[g.field[theFixAt]] = layers.TimeValue(to.When)
	if i := g.field[theAccuracyM]; i >= 0 {
		f.Values[i] = layers.FloatValue(to.AccuracyM)
	}
	if i := g.field[theActivity]; i >= 0 && to.Activity != "" {
		f.Values[i], _ = g.table.Layer.Fields[i].ParseText(to.Activity) // doing has read it before
	}
	return layers.Change{Op: layers.Update, Layer: g.table.Layer.Name, ID: id, Feature: &f, IfMatch: tag}
}

// BeginDuty notes in a feature of the layer responders that duty begins, where it was not so before (the zero Row for nothing)
// and the layer has the field duty_since: fixes from before are nobody's business. The feature's values are edited.
func BeginDuty(l *layers.Layer, f *layers.Feature, was layers.Row, now time.Time) {
	duty, since := l.Index("duty"), l.Index("duty_since")
	if max(duty, since) >= len(f.Values) || min(duty, since) < 0 || f.Values[duty].Text() != onDuty {
		return
	}
	if was.IsZero() || was.Get("duty").Text() != onDuty {
		f.Values[since] = layers.TimeValue(now)
	}
}

// EndDuty takes the fix from a feature of the layer responders that is not on duty, where it, or what it was before (the zero
// Row for nothing), has one: its time and accuracy are emptied, and the place, which the layer must have, becomes that of
// their home grid or community, else it is rounded to a hundredth of a degree, about a kilometre. The feature's values are
// edited. It returns whether there was a fix.
func EndDuty(v *layers.View, l *layers.Layer, f *layers.Feature, was layers.Row) bool {
	value := func(name string) layers.Value {
		if i := l.Index(name); i >= 0 && i < len(f.Values) {
			return f.Values[i]
		}
		return layers.Null()
	}
	fixed := !value("fix_at").IsNull() || !was.IsZero() && !was.Get("fix_at").IsNull()
	if l.Index("duty") < 0 || value("duty").Text() == onDuty || !fixed {
		return false
	}
	for _, name := range []string{"fix_at", "accuracy_m"} {
		if i := l.Index(name); i >= 0 && i < len(f.Values) {
			f.Values[i] = layers.Null()
		}
	}
	at, ok := f.Geometry.(orb.Point)
	if !ok {
		return true
	}
	g := &register{view: v, homes: map[string]home{}}
	if h := g.home(&person{grid: gridsIn(value("grid")), community: value("community").Text()}); h.ok {
		f.Geometry = h.at
	} else {
		f.Geometry = orb.Point{round(at[0], 2), round(at[1], 2)}
	}
	return true
}

// Refusal says in words why a fix is not taken.
func Refusal(code string) layers.Text {
	switch code {
	case Unreadable:
		return say("无法读取", "cannot be read")
	case UnknownResponder:
		return say("没有此处置人员", "there is no such responder")
	case BadActivity:
		return say("当前活动不在代码表内", "the activity is not one of the codes")
	case BadPosition:
		return say("坐标不可能", "the coordinates are impossible")
	case BadAccuracy:
		return say("定位精度过差", "the accuracy is too poor")
	case FutureFix:
		return say("定位时间在未来", "the time is in the future")
	case OldFix:
		return say("已有更新的定位", "a newer position is kept already")
	case Jump:
		return say("移动速度不可能", "the speed since the last good position is impossible")
	case Unwritable:
		return say("此人的记录不合规则, 无法写入", "the record of this responder breaks a rule, so it cannot be written")
	}
	return why(code)
}
