package layers

import (
	"context"
	"fmt"
	"slices"
)

// Examiner is a record that can examine itself.
type Examiner interface {
	// Examine looks for what is wrong with the record and returns its findings, always in the same order: the record's
	// own first, then those about its layers. s is what was loaded from it and is compared with it; nil where it could not
	// be loaded, which leaves out the comparison. It reads the whole record once or twice, so that it takes about as long
	// as Load, and keeps nobody from writing meanwhile. It changes nothing. What it finds wrong is a finding; its error
	// says that it could not go on looking.
	Examine(ctx context.Context, s *Snapshot) ([]Finding, error)
}

// CompareCounts compares the number of features in memory with those in the record, layer by layer: both must be of the
// state s.Seq but for the layers in changed, whose features changed since then and which are not judged.
func CompareCounts(s *Snapshot, record map[string]int, changed map[string]bool) []Finding {
	rule := Rule{
		Check: "layers.counts", Level: LevelError, Title: Both("数量一致", "Counts"),
		Kept:   Both("内存与记录库逐层数量一致，共 {of} 个要素。", "Memory holds as many features as the record in every layer: {of} in all."),
		Broken: Both("{n} 个图层内存与记录库数量不同。", "{n} layers have another number of features in memory than in the record."),
		Remedy: Both("见“可读”一项；没有读不出的行时，请重启服务重新加载并报告此问题。", "See the rows that cannot be read; where there are none, restart the service so that it loads again, and report this."),
	}
	var found Tally
	var moved []string
	have := map[string]int{}
	for _, t := range s.tables {
		have[t.layer.Name] = t.ids.Len()
	}
	for _, name := range unionKeys(have, record) {
		switch {
		case changed[name]:
			moved = append(moved, name)
		case have[name] == record[name]:
			found.Looked += have[name]
		default:
			found.Add(Both("%[1]s 内存 %[2]d 个，记录库 %[3]d 个。", "%s: %d in memory, %d in the record.", name, have[name], record[name]))
		}
	}
	findings := []Finding{rule.Finding("", found)}
	if len(moved) > 0 {
		findings = append(findings, Finding{
			Check: "layers.moving", Level: LevelNote, Title: Both("检查期间有写入", "Written meanwhile"), Count: len(moved),
			Detail: Both("检查期间 %v 有写入，未比较数量。", "%v were written to while they were examined: their counts were not compared.", moved),
			Remedy: Both("需要比较时，请在无人写入时再运行一次。", "Run it again at a quiet time to compare them."),
		})
	}
	return findings
}

// unionKeys returns the keys of both maps in order.
func unionKeys(a, b map[string]int) []string {
	var names []string
	for k := range a {
		names = append(names, k)
	}
	for k := range b {
		names = append(names, k)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Unreadable returns the findings about rows of the record that could not be loaded, or not as they stand: the notes of a
// Builder.
func Unreadable(notes []Note) []Finding {
	rule := Rule{
		Check: "layers.rows", Level: LevelError, Title: Both("可读", "Rows"),
		Kept:   Both("记录库的每一行都能显示在图上。", "Every row of the record is on the map."),
		Broken: Both("{n} 行读不出，不在图上。", "{n} rows cannot be read and are not on the map."),
		Remedy: Both("用 QGIS 或 SQL 修正这些行，或从备份恢复。", "Mend these rows with QGIS or SQL, or restore them from a copy."),
	}
	otherwise := Rule{
		Check: "layers.adjusted", Level: LevelWarning, Title: Both("有改动的行", "Adjusted rows"),
		Broken: Both("{n} 行显示的与记录库中的不同。", "{n} rows are shown otherwise than they stand in the record."),
		Remedy: rule.Remedy,
	}
	findings := rule.Findings(noted(notes, false))
	if shown := noted(notes, true); len(shown) > 0 {
		findings = append(findings, otherwise.Findings(shown)...)
	}
	if len(notes) >= maxNotes {
		findings = append(findings, Finding{Check: "layers.rows", Level: LevelWarning, Title: rule.Title, Count: len(notes),
			Detail: Both("只列出前 %d 行。", "Only the first %d rows are listed.", maxNotes)})
	}
	return findings
}

// noted counts the notes about rows that are on the map, or about those that are not, by layer.
func noted(notes []Note, shown bool) (tallies []LayerTally) {
	for _, n := range notes {
		if n.Shown != shown {
			continue
		}
		i := slices.IndexFunc(tallies, func(t LayerTally) bool { return t.Layer == n.Layer })
		if i < 0 {
			i, tallies = len(tallies), append(tallies, LayerTally{Layer: n.Layer})
		}
		if n.ID == 0 {
			tallies[i].Add(Text{Chinese: n.Reason + "。", English: n.Reason + "."})
			continue
		}
		about := fmt.Sprintf("%d: %s.", n.ID, n.Reason)
		tallies[i].Add(Text{Chinese: about, English: about}, n.ID)
	}
	return tallies
}
