package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"shapan/layers"
)

// grouped is the answer of /analytics/groups/{layer}.
type grouped struct {
	Layer   string     `json:"layer"`
	Matched int        `json:"matched"`
	Seq     layers.Seq `json:"seq"`
	By      []string   `json:"by"`
	Weight  string     `json:"weight,omitempty"`
	Groups  []oneGroup `json:"groups"`
}

// oneGroup is a group. Its key is what its fields are asked for by in the grammar of filters.
type oneGroup struct {
	Key   []string      `json:"key"`
	Title []layers.Text `json:"title"`
	Count int           `json:"count"`
	Sum   *float64      `json:"sum,omitempty"`
	Mean  *float64      `json:"mean,omitempty"`
}

// groups answers /analytics/groups/{layer}: how many features there are of each kind.
func (s *Server) groups(w http.ResponseWriter, c *call) error {
	t, err := c.table()
	if err != nil {
		return err
	}
	names, keys := c.params.groupKeys(t)
	q := layers.GroupQuery{By: keys, Weight: -1}
	weight := c.params.text("weight")
	if weight != "" {
		if q.Weight = t.Layer.Index(weight); q.Weight < 0 {
			return layers.Unknown("field", weight, t.Layer.Names())
		}
	}
	c.params.lang() // titles come in both languages
	q.Filter = c.params.filter(t)
	if err := c.params.done(); err != nil {
		return err
	}
	rev := revisionOf(c.view, t.Layer.Name, "communities", "zones", "grids")
	weakTag(w, rev, c.view.Key(), c.URL.Path, c.URL.RawQuery, keyOf(q.Filter))
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, "application/json", nil)
	}
	found, err := inTurn(s, c, func(ctx context.Context) ([]layers.Group, error) { return t.Group(ctx, q) })
	if err != nil {
		return err
	}
	out := grouped{Layer: t.Layer.Name, Seq: rev, By: names, Weight: weight, Groups: []oneGroup{}}
	titles := make([]func(layers.Value) (string, layers.Text), len(keys))
	for i, k := range keys {
		titles[i] = titlesOf(c.view, t, k)
	}
	for _, g := range found {
		out.Matched += g.Count
		one := oneGroup{Count: g.Count}
		for i, v := range g.Key {
			key, title := titles[i](v)
			one.Key, one.Title = append(one.Key, key), append(one.Title, title)
		}
		if weight != "" {
			one.Sum = finite(g.Sum)
			one.Mean = finite(g.Sum / float64(g.Weighed)) // 0/0 is NaN: no mean
		}
		out.Groups = append(out.Groups, one)
	}
	return writeJSON(w, c, http.StatusOK, out)
}

// groupKeys reads by: fields, or parts of the layer's time, with commas between.
func (p *params) groupKeys(t *layers.Table) (names []string, keys []layers.GroupKey) {
	s := p.text("by")
	steps := []layers.Step{layers.ByDay, layers.ByWeek, layers.ByMonth, layers.ByHour, layers.Weekday}
	known := t.Layer.Names()
	if t.Layer.TimeField != "" {
		for _, step := range steps {
			known = append(known, string(step))
		}
	}
	if s == "" {
		p.fail(layers.Invalid("by", "by is needed: a field, or several with commas between; known are %q", known))
		return nil, nil
	}
	names = strings.Split(s, ",")
	for _, name := range names {
		k := layers.GroupKey{Field: t.Layer.Index(name)}
		if k.Field < 0 && slices.Contains(known, name) {
			k.Field, k.Step = t.Layer.Index(t.Layer.TimeField), layers.Step(name)
		}
		if k.Field < 0 {
			p.fail(layers.Unknown("field", name, known))
			return nil, nil
		}
		keys = append(keys, k)
	}
	return names, keys
}

// titlesOf returns what writes a part of a key, and its title.
func titlesOf(v *layers.View, t *layers.Table, k layers.GroupKey) func(layers.Value) (string, layers.Text) {
	f := &t.Layer.Fields[k.Field]
	title := func(v layers.Value) layers.Text { return plainTitle(f, v) }
	switch layer := map[string]string{"community": "communities", "zone": "zones", "grid": "grids"}[f.Name]; {
	case k.Step != layers.Whole:
		title = func(v layers.Value) layers.Text { return stepTitle(k.Step, v) }
	case layer != "":
		names := areaNames(v, layer)
		title = func(v layers.Value) layers.Text {
			name := names[v.Text()]
			if name == "" {
				name = v.Text()
			}
			return layers.Text{layers.Chinese: name, layers.English: name}
		}
	}
	return func(v layers.Value) (string, layers.Text) {
		switch {
		case v.IsNull():
			return "null()", layers.Text{layers.Chinese: "未填", layers.English: "None"}
		case k.Step == layers.ByMonth:
			return v.Time().Format("2006-01"), title(v)
		}
		return v.String(), title(v)
	}
}

// plainTitle is the title of a value of a field.
func plainTitle(f *layers.Field, v layers.Value) layers.Text {
	text := v.String()
	switch {
	case f.Type == layers.Enum:
		return layers.Text{layers.Chinese: f.CodeTitle(text, layers.Chinese), layers.English: f.CodeTitle(text, layers.English)}
	case f.Type == layers.Bool && v.Bool():
		return layers.Text{layers.Chinese: "是", layers.English: "Yes"}
	case f.Type == layers.Bool:
		return layers.Text{layers.Chinese: "否", layers.English: "No"}
	case f.Type == layers.Time:
		text = v.Time().In(chinaTime).Format("2006-01-02 15:04:05")
	}
	if f.Unit != "" {
		text += " " + f.Unit
	}
	return layers.Text{layers.Chinese: text, layers.English: text}
}

// stepTitle is the title of a part of time.
func stepTitle(s layers.Step, v layers.Value) layers.Text {
	at := v.Time()
	switch s {
	case layers.ByMonth:
		return layers.Text{layers.Chinese: at.Format("2006年1月"), layers.English: at.Format("Jan 2006")}
	case layers.ByWeek:
		return layers.Text{layers.Chinese: at.Format("2006-01-02 起一周"), layers.English: at.Format("week of 2006-01-02")}
	case layers.ByHour:
		return layers.Text{layers.Chinese: fmt.Sprintf("%d时", v.Int()), layers.English: fmt.Sprintf("%02d:00", v.Int())}
	case layers.Weekday:
		n := (v.Int() + 6) % 7
		return layers.Text{layers.Chinese: "周" + string([]rune("一二三四五六日")[n]), layers.English: [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}[n]}
	}
	return layers.Text{layers.Chinese: v.String(), layers.English: v.String()}
}
