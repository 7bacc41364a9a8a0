package search

import "strings"

// What a code is worth when all of it, its end, its beginning or a piece of it was typed, and how long a piece must be.
const (
	codeBegins  = 65
	codeEnds    = 75
	codeInside  = 55
	leastOfCode = 3
)

// each calls fn with every feature that all words fit, and how well: at least one part must be in its own name or code, for
// everything in a community has the community's name.
func (x *index) each(words []word, fn func(e *entry, score int)) {
	m := matcher{words: words, known: make([][]int, x.texts)}
	for i := range x.entries {
		if score := m.score(&x.entries[i]); score > 0 {
			fn(&x.entries[i], score)
		}
	}
}

// matcher marks each text once, however many features have it.
type matcher struct {
	words []word
	known [][]int // by the number of the text; nil: not yet
}

// score is 0 where a word does not fit.
func (m *matcher) score(e *entry) int {
	names, areas := m.marks(e.name), m.marks(e.area)
	sum, n, own, at := 0, 0, false, 0
	for i := range m.words {
		w := &m.words[i]
		mark := codeMark(e.code, w.whole)
		if w.whole == e.name.plain {
			mark = same
		}
		if mark > 0 {
			sum, own, n, at = sum+mark*len(w.parts), true, n+len(w.parts), at+len(w.parts)
			continue
		}
		for range w.parts {
			mark := names[at]
			own = own || mark > 0
			if area := areas[at] / 2; area > mark {
				mark = area
			}
			if mark == 0 {
				return 0
			}
			sum, n, at = sum+mark, n+1, at+1
		}
	}
	if !own {
		return 0
	}
	score := sum / n
	if e.past {
		score -= 20
	}
	return max(score, 1)
}

// marks returns how well a text fits each part of the query.
func (m *matcher) marks(t *text) []int {
	if m.known[t.number] == nil {
		marks := []int{}
		for i := range m.words {
			for _, p := range m.words[i].parts {
				marks = append(marks, t.mark(p))
			}
		}
		m.known[t.number] = marks
	}
	return m.known[t.number]
}

// codeMark says how well a word fits a code.
func codeMark(code, word string) int {
	if len(word) < leastOfCode {
		return 0
	}
	switch at := strings.Index(code, word); {
	case at < 0:
		return 0
	case len(word) == len(code):
		return same
	case strings.HasSuffix(code, word):
		return codeEnds
	case at == 0:
		return codeBegins
	}
	return codeInside
}
