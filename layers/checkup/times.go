package checkup

import (
	"time"

	"shapan/layers"
)

// times looks for what is reported from the future, and what ended before it began.
func (e *exam) times() error {
	var ahead, order []layers.LayerTally
	limit := e.now.Add(clockReach)
	for _, t := range e.view.Tables() {
		at := t.Layer.Index(t.Layer.TimeField)
		if at < 0 {
			continue
		}
		future, reversed := layers.Tally{Looked: t.Len()}, layers.Tally{Looked: t.Len()}
		stages := ends(&t.Layer)
		err := e.each(t, func(r layers.Row) {
			began := r.Value(at).Time()
			if began.After(limit) {
				future.Add(layers.Both("%[1]d 的时间是 %[2]s。", "%[1]d is of %[2]s.", r.ID(), began.Format(time.RFC3339)), r.ID())
			}
			for _, s := range stages {
				if end := r.Value(s).Time(); !end.IsZero() && end.Before(began) {
					name := t.Layer.Fields[s].Name
					reversed.Add(layers.Both("%[1]d 的 %[2]s 是 %[3]s，早于 %[4]s。", "%[1]d has %[2]s %[3]s, before %[4]s.", r.ID(), name, end.Format(time.RFC3339), began.Format(time.RFC3339)), r.ID())
					return
				}
			}
		})
		if err != nil {
			return err
		}
		ahead = append(ahead, layers.LayerTally{Layer: t.Layer.Name, Tally: future})
		if len(stages) > 0 {
			order = append(order, layers.LayerTally{Layer: t.Layer.Name, Tally: reversed})
		}
	}
	e.add(layers.Rule{
		Check: "times.future", Level: layers.LevelWarning, Title: layers.Both("将来的时间", "No future times"),
		Kept:   layers.Both("{of} 个要素的时间都不在将来。", "None of {of} features is of the future."),
		Broken: layers.Both("{of} 个要素中有 {n} 个的时间在 5 分钟以后。", "{n} of {of} features are of more than 5 minutes from now."),
		Remedy: layers.Both("核对上报终端和本机的时钟与时区。", "Check the clock and the time zone of what reported them, and of this machine."),
	}.Findings(ahead)...)
	if len(order) > 0 {
		e.add(layers.Rule{
			Check: "times.order", Level: layers.LevelError, Title: layers.Both("先后顺序", "Order of times"),
			Kept:   layers.Both("{of} 个事件的各环节都不早于上报。", "No stage of {of} events is before their report."),
			Broken: layers.Both("{of} 个事件中有 {n} 个的后续环节早于上报：用时会算成负数。", "{n} of {of} events have a stage before their report: their durations are negative."),
			Remedy: layers.Both("更正这些时间。", "Correct these times."),
		}.Findings(order)...)
	}
	return nil
}

// ends returns the positions of the time fields that cannot be before the report of an event.
func ends(l *layers.Layer) (fields []int) {
	for _, name := range []string{"accepted_at", "filed_at", "dispatched_at", "ack_at", "arrived_at", "disposed_at", "checked_at", "closed_at", "cancelled_at"} {
		if i := l.Index(name); i >= 0 && l.Fields[i].Type == layers.Time && l.TimeField == "reported_at" {
			fields = append(fields, i)
		}
	}
	return fields
}
