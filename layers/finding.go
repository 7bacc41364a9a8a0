package layers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Level is how grave a finding is.
type Level uint8

// The levels, each graver than those before it.
const (
	LevelOK      Level = iota // as expected
	LevelNote                 // worth knowing; nothing has to be done
	LevelWarning              // somebody should look at it; what the map answers is right but for the features named
	LevelError                // the map or the record is wrong until it is mended
)

// String returns the level's name.
func (l Level) String() string {
	return [...]string{"ok", "note", "warning", "error"}[min(l, LevelError)]
}

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(b []byte) error {
	for *l = LevelOK; *l <= LevelError; *l++ {
		if l.String() == string(b) {
			return nil
		}
	}
	return Unknown("level", string(b), []string{"ok", "note", "warning", "error"})
}

// Finding is what one check found. Its texts are whole sentences, written for the person who looks after the map.
type Finding struct {
	Check  string  `json:"check"` // a stable name: the group and the check, "grids.overlap"
	Level  Level   `json:"level"`
	Title  Text    `json:"title"`            // of the check, a few words
	Layer  string  `json:"layer,omitempty"`  // empty where it is about no layer, or about several
	Count  int     `json:"count"`            // how many breaches there are; 0 where all is as expected
	IDs    []int64 `json:"ids,omitempty"`    // of features, the first ten
	Detail Text    `json:"detail"`           // what is, and what was expected
	Remedy Text    `json:"remedy,omitempty"` // what to do, with a command where there is one
}

// Group returns the first part of the check's name.
func (f *Finding) Group() string {
	group, _, _ := strings.Cut(f.Check, ".")
	return group
}

// Worst returns the gravest level among findings.
func Worst(findings []Finding) Level {
	worst := LevelOK
	for _, f := range findings {
		worst = max(worst, f.Level)
	}
	return worst
}

// Both returns a text in Chinese and English, each written with the same arguments, as by fmt.Sprintf.
func Both(zh, en string, args ...any) Text {
	return Text{Chinese: fmt.Sprintf(zh, args...), English: fmt.Sprintf(en, args...)}
}

// Rule is what a check expects, in the words of its findings. In Kept and Broken, {of} stands for the number of things
// looked at and {n} for the number of breaches.
type Rule struct {
	Check  string
	Level  Level // of a breach
	Title  Text
	Kept   Text
	Broken Text
	Remedy Text
}

// shownIDs is how many ids a finding names.
const shownIDs = 10

// Tally counts what a check looked at and what breaks its rule. The zero Tally is ready.
type Tally struct {
	Looked int
	Count  int
	IDs    []int64
	First  Text // a sentence about the first breach
}

// Add counts a breach, with a sentence about it (nil: none) and the features that it is about.
func (t *Tally) Add(about Text, ids ...int64) {
	if t.Count == 0 {
		t.First = about
	}
	t.Count++
	for _, id := range ids {
		if len(t.IDs) < shownIDs && !slices.Contains(t.IDs, id) {
			t.IDs = append(t.IDs, id)
		}
	}
}

// Finding returns what the tally comes to under the rule; layer may be empty.
func (r Rule) Finding(layer string, t Tally) Finding {
	f := Finding{Check: r.Check, Title: r.Title, Layer: layer}
	words := strings.NewReplacer("{of}", strconv.Itoa(t.Looked), "{n}", strconv.Itoa(t.Count))
	if t.Count == 0 {
		f.Detail = Text{Chinese: words.Replace(r.Kept[Chinese]), English: words.Replace(r.Kept[English])}
		return f
	}
	f.Level, f.Count, f.IDs, f.Remedy = r.Level, t.Count, t.IDs, r.Remedy
	f.Detail = Text{Chinese: words.Replace(r.Broken[Chinese]), English: words.Replace(r.Broken[English])}
	if t.First != nil {
		f.Detail[Chinese] += "例如：" + t.First[Chinese]
		f.Detail[English] += " For example: " + t.First[English]
	}
	return f
}

// LayerTally is what a check found in one layer.
type LayerTally struct {
	Layer string
	Tally
}

// Findings returns one finding for each layer in which the rule is broken, or, where it is kept in all, one for them
// together.
func (r Rule) Findings(tallies []LayerTally) []Finding {
	var broken []Finding
	var whole Tally
	for _, t := range tallies {
		if t.Count > 0 {
			broken = append(broken, r.Finding(t.Layer, t.Tally))
		}
		whole.Looked += t.Looked
	}
	if len(broken) > 0 {
		return broken
	}
	return []Finding{r.Finding("", whole)}
}
