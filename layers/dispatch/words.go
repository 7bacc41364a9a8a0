package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shapan/layers"
)

func minutesOf(m float64) time.Duration { return time.Duration(m * float64(time.Minute)) }

// say makes a text in both languages.
func say(zh, en string) layers.Text { return layers.Text{layers.Chinese: zh, layers.English: en} }

// titles are the names of roles.
type titles struct {
	names  []string
	titles map[string]layers.Text
}

// titlesOf returns the roles that the responders may have: the codes of the field role, or, where it is plain text, any.
func titlesOf(t *layers.Table) titles {
	out := titles{titles: map[string]layers.Text{}}
	for _, c := range t.Layer.Fields[t.Layer.Index("role")].Codes {
		out.names = append(out.names, c.Value)
		out.titles[c.Value] = c.Title
	}
	return out
}

func (t *titles) has(role string) bool { return len(t.names) == 0 || slices.Contains(t.names, role) }

func (t *titles) of(role string) layers.Text {
	if title, ok := t.titles[role]; ok && title.In(layers.Chinese) != "" {
		return say(title.In(layers.Chinese), title.In(layers.English))
	}
	return say(role, role)
}

// why says in words why somebody cannot be sent.
func why(code string) layers.Text {
	switch code {
	case OffDuty:
		return say("不在岗", "is not on duty")
	case OnLeave:
		return say("请假", "is on leave")
	case AlreadyRefused:
		return say("已拒绝本事件", "has refused this event")
	case Held:
		return say("已被预留或派遣", "is reserved or sent already")
	case Elsewhere:
		return say("已推荐给同时的另一事件", "is proposed for another event at this moment")
	case RoleMissing:
		return say("缺少所需技能", "lacks a skill that is required")
	case CapacityFull:
		return say("在办任务已满", "has as many open tasks as one may have")
	case NotAlone:
		return say("高级别事件中不得单独前往", "must not go alone to an event of this level")
	case OutOfArea:
		return say("位置超出服务范围", "is too far away")
	case NoPosition:
		return say("没有可用的位置, 也没有网格", "has no position that can be used, and no grid")
	}
	return say(code, code)
}

// standing says in words what somebody's tier is.
func standing(tier int, stands string) layers.Text {
	switch stands {
	case "partner":
		return say("B角代岗", "stands in as partner")
	case zoneLeader:
		return say("片长代岗", "stands in as zone leader")
	}
	return [Tiers]layers.Text{
		say("责任网格长", "leads the grid"),
		say("责任网格长的AB角", "is partner of the grid's leader"),
		say("同片区", "is of the same zone"),
		say("同社区", "is of the same community"),
		say("属相邻社区", "is of an adjoining community"),
		say("属街道其他社区", "is of another community of the street"),
	}[tier]
}

// reason tells the terms of a cost in words.
func (r *ranking) reason(p *person) layers.Text {
	var zh, en []string
	add := func(z, e string, args ...any) {
		zh, en = append(zh, fmt.Sprintf(z, args...)), append(en, fmt.Sprintf(e, args...))
	}
	s := standing(p.tier, p.stands)
	add("%[1]s", "%[2]s", s[layers.Chinese], s[layers.English])
	if p.method == network {
		add("步行 %.0f 米, %.1f 分钟到", "%.0f m on foot, there in %.1f min", p.metres, p.eta)
	} else {
		add("估算 %.0f 米, 约 %.1f 分钟到 (非路线)", "about %.0f m, there in about %.1f min (an estimate, not a route)", p.metres, p.eta)
	}
	if p.barriers > 0 {
		add("直线上有 %d 处阻隔", "%d barriers on the straight line", p.barriers)
	}
	for _, t := range []struct {
		minutes float64
		zh, en  string
	}{{p.far, "属地", "responsibility"}, {p.load, "在办任务", "open tasks"}, {p.fair, "近期跨格较多", "often sent outside lately"},
		{p.cover, "所属片区仅剩此人", "the last of the own zone"}} {
		if tenths(t.minutes) > 0 {
			add(t.zh+"加 %.1f 分钟", t.en+" adds %.1f min", t.minutes)
		}
	}
	switch p.state {
	case anchor:
		add("定位过期, 按所属网格计, 误差约 %.0f 米", "the position is stale: taken to be in the home grid, within about %.0f m", p.uncertain)
	case ageing:
		add("定位 %.0f 分钟前, 误差约 %.0f 米", "position of %.0f min ago, within about %.0f m", p.age/60, p.uncertain)
	}
	if p.skill > 0 {
		add("有相关技能, 减 %.1f 分钟", "has skills that help, less %.1f min", p.skill)
	}
	return say(strings.Join(zh, "; "), strings.Join(en, "; "))
}

// summary says who is proposed and why, and, where the nearest is not first, why not.
func (r *ranking) summary(ranked, kept []*person, nearest *person) (said, notNearest layers.Text) {
	if len(ranked) == 0 {
		return say("没有可派人员", "nobody can be sent"), nil
	}
	first := ranked[0]
	zh, en := "推荐 "+first.name, first.name+" should go"
	out := slices.IndexFunc(kept, func(p *person) bool { return p.tier == 0 })
	if out >= 0 && first.stands != "" {
		w, s := why(kept[out].lacks), standing(0, first.stands)
		zh += fmt.Sprintf(": 责任网格长%s, %s", w[layers.Chinese], s[layers.Chinese])
		en += fmt.Sprintf(": the grid's leader %s, and %s", w[layers.English], s[layers.English])
	} else {
		s := standing(first.tier, first.stands)
		zh, en = zh+": "+s[layers.Chinese], en+": "+s[layers.English]
	}
	said = say(zh, en)
	if nearest == first {
		return said, nil
	}
	place, placed := "不在前列", "is not among the first"
	if i := slices.Index(ranked, nearest); i < r.question.K {
		place, placed = fmt.Sprintf("排第 %d", i+1), fmt.Sprintf("is number %d", i+1)
	}
	s := standing(nearest.tier, nearest.stands)
	extra := nearest.cost - nearest.eta
	zh = fmt.Sprintf("最近的是 %s (%.0f 米): %s, 另加 %.1f 分钟, %s", nearest.name, nearest.direct, s[layers.Chinese], extra, place)
	en = fmt.Sprintf("the nearest is %s (%.0f m): %s, which with the rest adds %.1f min, and %s", nearest.name, nearest.direct, s[layers.English], extra, placed)
	return said, say(zh, en)
}
