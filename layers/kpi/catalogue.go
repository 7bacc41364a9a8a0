package kpi

import "shapan/layers"

// The groups. What is due is what the deadline falls in the window of, closed or not: not all that was filed in it.
func reported() group { return group{at: "reported_at"} }
func filed() group    { return group{at: "filed_at"} }
func due() group {
	return group{at: "deadline_at", terms: []layers.Term{null("cancelled_at")}}
}
func open() group {
	return group{at: "filed_at", standing: true, terms: []layers.Term{notYet("closed_at"), notYet("cancelled_at")}}
}

// The terms.
func is(field string, values ...string) layers.Term {
	return layers.Term{Field: field, Op: layers.In, Values: values}
}
func null(field string) layers.Term  { return layers.Term{Field: field, Op: layers.IsNull} }
func known(field string) layers.Term { return layers.Term{Field: field, Op: layers.NotNull} }
func some(field string) layers.Term {
	return layers.Term{Field: field, Op: layers.More, Values: []string{"0"}}
}
func none(field string) layers.Term {
	return layers.Term{Field: field, Op: layers.AtMost, Values: []string{"0"}, OrNull: true}
}
func by(field string) layers.Term { // by the end of the window
	return layers.Term{Field: field, Op: layers.Less, Values: []string{until}}
}
func notYet(field string) layers.Term { // at the end of the window
	return layers.Term{Field: field, Op: layers.AtLeast, Values: []string{until}, OrNull: true}
}
func inTime(field, limit string) layers.Term {
	return layers.Term{Field: field, Op: layers.AtMost, Than: limit}
}
func late(field, limit string) layers.Term {
	return layers.Term{Field: field, Op: layers.More, Than: limit}
}

// Definitions returns every figure, in the order in which they are shown. The caller owns the slice.
func Definitions() []Definition {
	var all []Definition
	for _, part := range [][]Definition{counts(), quality(), ofDue(), redLights(), handling(), rhythm()} {
		all = append(all, part...)
	}
	return all
}

func counts() []Definition {
	foundBy := is("source", "patrol", "auto_match", "video")
	return []Definition{
		{ID: "reported", Title: words("上报数", "Reported"), Unit: Count, group: reported(), value: value{kind: number},
			Formula: words("期内上报的事件数（上报时间在期内）", "events reported in the period (reported_at)")},
		{ID: "filed", Title: words("立案数", "Filed"), Unit: Count, group: filed(), value: value{kind: number},
			Formula: words("期内立案的事件数（立案时间在期内）", "events filed in the period (filed_at)")},
		{ID: "complaints_filed", Title: words("投诉立案数", "Complaints filed"), Unit: Count, group: filed(), hit: []layers.Term{is("request", "complaint")}, value: value{kind: number},
			Formula: words("期内立案且诉求类型为投诉的事件数；增长 =（本期 − 基期）÷ 基期；分母列为立案数", "events filed in the period whose request is a complaint; growth = (period − baseline) / baseline; the denominator shown is all filed")},
		{ID: "active_discoveries", Title: words("主动发现数", "Found by ourselves"), Unit: Count, Better: Up, group: filed(), hit: []layers.Term{foundBy}, value: value{kind: number},
			Formula: words("期内立案且来源为网格巡查、数据库自动匹配或视频监控的事件数；增长 =（本期 − 基期）÷ 基期；分母列为立案数",
				"events filed in the period that came of patrols, database matches or video; growth = (period − baseline) / baseline; the denominator shown is all filed")},
		{ID: "active_share", Title: words("主动发现率", "Share found by ourselves"), Unit: Percent, Better: Up, group: filed(), hit: []layers.Term{foundBy},
			Formula: words("主动发现数 ÷ 立案数", "found by ourselves / filed")},
		{ID: "on_spot_rate", Title: words("即时办结率", "Solved on the spot"), Unit: Percent, Better: Up, group: filed(), hit: []layers.Term{is("solved_on_spot", "true")},
			Formula: words("即时办结数 ÷ 立案数；变化同时给出百分点与相对变化", "solved on the spot / filed; the change is given both in points and as a part of the baseline")},
	}
}

func quality() []Definition {
	sent := []layers.Term{known("dispatched_at")}
	return []Definition{
		{ID: "valid_reports", Title: words("有效上报率", "Valid reports"), Unit: Percent, Better: Up, group: reported(), hit: []layers.Term{known("filed_at")},
			Formula: words("期内上报且已立案的事件数 ÷ 期内上报数", "reported in the period and filed / reported in the period")},
		{ID: "filing_accurate", Title: words("准确立案率", "Filed rightly"), Unit: Percent, Better: Up, group: filed(), hit: []layers.Term{null("cancelled_at")},
			Formula: words("立案后未作废的事件数 ÷ 立案数", "filed and not cancelled since / filed")},
		{ID: "filing_on_time", Title: words("按时立案率", "Filed in time"), Unit: Percent, Better: Up, group: filed(), hit: []layers.Term{inTime("filed_at", "filing_deadline_at")},
			Formula: words("立案时间不晚于立案时限的事件数 ÷ 立案数", "filed not later than the limit for filing / filed")},
		{ID: "dispatch_accurate", Title: words("准确派遣率", "Dispatched rightly"), Unit: Percent, Better: Up, group: filed(), of: sent, hit: []layers.Term{none("returned_count")},
			Formula: words("期内立案、已派遣且未被回退的事件数 ÷ 期内立案且已派遣的事件数（现场办结和派遣前作废的不需派遣）",
				"dispatched and never returned / dispatched, of those filed in the period (what is solved on the spot or cancelled before needs no dispatch)")},
		{ID: "dispatch_on_time", Title: words("按期派遣率", "Dispatched in time"), Unit: Percent, Better: Up, group: filed(), of: sent,
			hit:     []layers.Term{inTime("dispatched_at", "dispatch_deadline_at")},
			Formula: words("派遣时间不晚于派遣时限的事件数 ÷ 期内立案且已派遣的事件数", "dispatched not later than the limit for dispatch / dispatched, of those filed in the period")},
		{ID: "verify_on_time", Title: words("按期核实率", "Verified in time"), Unit: Percent, Better: Up, group: group{at: "verify_deadline_at"},
			hit:     []layers.Term{inTime("verified_at", "verify_deadline_at")},
			Formula: words("按时核实数 ÷ 应核实数（核实时限在期内）", "verified in time / due for it (the limit falls in the period)")},
		{ID: "check_on_time", Title: words("按期核查率", "Checked in time"), Unit: Percent, Better: Up, group: group{at: "check_deadline_at"},
			hit:     []layers.Term{inTime("checked_at", "check_deadline_at")},
			Formula: words("按时核查数 ÷ 应核查数（核查时限在期内）", "checked in time / due for it (the limit falls in the period)")},
		{ID: "satisfaction", Title: words("满意率", "Satisfied"), Unit: Percent, Better: Up, group: filed(), of: []layers.Term{known("satisfied")}, hit: []layers.Term{is("satisfied", "true")},
			Formula: words("回访满意数 ÷ 回访已答数", "satisfied / answered")},
	}
}

func ofDue() []Definition {
	const (
		zh = "；应处置、应结案 = 时限在期内且未作废的事件，不论是否已结；截至期末"
		en = "; due = the deadline falls in the period and the case is not cancelled, whether or not it is closed; as of the period's end"
	)
	share := func(id, titleZH, titleEN string, better Better, zhOf, enOf string, hit ...layers.Term) Definition {
		return Definition{ID: id, Title: words(titleZH, titleEN), Unit: Percent, Better: better, group: due(), hit: hit, Formula: words(zhOf+zh, enOf+en)}
	}
	return []Definition{
		share("disposal_rate", "处置率", "Disposed", Up, "处置数 ÷ 应处置数", "disposed / due", by("disposed_at")),
		share("disposal_on_time", "按期处置率", "Disposed in time", Up, "时限内处置数 ÷ 应处置数", "disposed by the deadline / due", inTime("disposed_at", "deadline_at")),
		share("disposal_overdue", "超期待处置率", "Overdue, not disposed", Down, "超期未处置数 ÷ 应处置数", "not disposed / due", notYet("disposed_at")),
		share("closing_rate", "结案率", "Closed", Up, "结案数 ÷ 应结案数", "closed / due", by("closed_at")),
		share("closing_on_time", "按期结案率", "Closed in time", Up, "时限内结案数 ÷ 应结案数", "closed by the deadline / due", inTime("closed_at", "deadline_at")),
		share("closing_late", "超期结案率", "Closed late", Down, "超过时限的结案数 ÷ 应结案数", "closed after the deadline / due", late("closed_at", "deadline_at"), by("closed_at")),
		share("rework_rate", "返工率", "Reworked", Down, "返工过的事件数 ÷ 应结案数", "reworked / due", some("reworked_count")),
		share("extension_rate", "延期率", "Extended", Down, "延期过的事件数 ÷ 应处置数", "extended / due", some("extended_count")),
	}
}

func redLights() []Definition {
	light := func(id, titleZH, titleEN, zh, en string, of ...layers.Term) Definition {
		return Definition{ID: id, Title: words(titleZH, titleEN), Unit: Count, Better: Down, group: open(), of: of,
			hit: []layers.Term{by("deadline_at"), notYet("disposed_at")}, value: value{kind: number},
			Formula: words("期末时超过时限而未处置"+zh+"的案件数；分母列为期末在办案件数", "cases past their deadline and not disposed at the period's end"+en+"; the denominator shown is what is open then")}
	}
	return []Definition{
		light("red_lights", "红灯", "Red lights", "", ""),
		light("red_lights_grid", "网格红灯", "Red lights, own finds", "、由主动发现", ", found by ourselves", is("self_found", "true")),
		light("red_lights_public", "公众红灯", "Red lights, public", "、由公众或上级提出", ", raised by others", is("self_found", "false")),
	}
}

func handling() []Definition {
	took := func(id, titleZH, titleEN, zh, en string, unit Unit, working bool, average func([]spell) float64) Definition {
		return Definition{ID: id, Title: words(titleZH, titleEN), Unit: unit, Better: Down, group: filed(), of: []layers.Term{known("dispatched_at")}, hit: []layers.Term{known("disposed_at")},
			value: value{kind: duration, from: "dispatched_at", to: "disposed_at", working: working, average: average}, Formula: words(zh, en)}
	}
	const (
		zhOf = "（处置时间 − 派遣时间），期内立案、已派遣且已处置的事件"
		enOf = " of disposed_at − dispatched_at over what was filed in the period, dispatched and disposed"
	)
	return []Definition{
		took("handling_mean", "平均处置时长", "Mean handling time", "平均"+zhOf+"，日历时间；均时提效 = 基期 − 本期；提速 =（基期 − 本期）÷ 基期；分母列为已派遣数",
			"mean"+enOf+", calendar time; time saved = baseline − period; speed-up = (baseline − period) / baseline; the denominator shown is what was dispatched", Days, false, mean),
		took("handling_median", "处置时长中位数", "Median handling time", "中位数"+zhOf+"，日历时间", "median"+enOf+", calendar time", Days, false, median),
		took("handling_survival_median", "处置时长中位数（含在办）", "Median handling time, open ones too",
			"Kaplan–Meier 中位数：期内立案且已派遣的事件，未处置的按截至最新事件已历时间计入，只办易件不会使其变好；派遣后作废的计至作废时",
			"Kaplan–Meier median over what was filed in the period and dispatched: what is not disposed counts for as long as it has lasted until the newest event, so that closing only the easy ones does not improve it; what was cancelled counts until then",
			Days, false, survivalMedian),
		took("handling_mean_working", "平均处置时长（工作时）", "Mean handling time, working hours", "平均"+zhOf+"，只计工作时（节假日与调休按国务院通知）",
			"mean"+enOf+", only working hours (holidays and days worked in return as the State Council announces)", Hours, true, mean),
		took("handling_median_working", "处置时长中位数（工作时）", "Median handling time, working hours", "中位数"+zhOf+"，只计工作时", "median"+enOf+", only working hours", Hours, true, median),
	}
}

func rhythm() []Definition {
	return []Definition{
		{ID: "peak_hour", Title: words("高发时段", "Peak hour"), Unit: Hours, group: reported(), value: value{kind: peak},
			Formula: words("期内上报最多的钟点（0–23 时，中国时间；并列取早）；分子为该钟点的上报数", "hour of the day (0–23, China time; the earlier of equals) in which most was reported in the period; the numerator is how many in that hour")},
		{ID: "per_1000_households", Title: words("每千户每周事件数", "Events per 1,000 households and week"), Unit: Count, group: reported(), value: value{kind: rate, per: perThousandHouseholds},
			Formula: words("期内上报数 ÷（户数 ÷ 1000）÷ 周数；分母列为户数", "reported in the period / (households / 1,000) / weeks; the denominator shown is the households")},
		{ID: "per_hectare", Title: words("每公顷每周事件数", "Events per hectare and week"), Unit: Count, group: reported(), value: value{kind: rate, per: perHectare},
			Formula: words("期内上报数 ÷ 公顷数 ÷ 周数；分母列为公顷数", "reported in the period / hectares / weeks; the denominator shown is the hectares")},
	}
}
