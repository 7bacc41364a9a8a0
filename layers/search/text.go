package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// maxSpoken bounds pinyin: places in it are bits of a word.
const maxSpoken = 64

// maxSyllables bounds how much of a name can be found by pinyin.
const maxSyllables = 60

// text is a name, ready to be compared.
type text struct {
	number    int // in its names, from 0
	plain     string
	length    int
	numbers   []string   // the runs of digits in it, unpadded; of buildings with and without their word
	syllables [][]string // how each character may be read; a Latin letter or a digit as itself
}

func newText(s string) *text {
	t := &text{plain: plain(s)}
	t.length = utf8.RuneCountInString(t.plain)
	for _, p := range parts(t.plain) {
		if p.number == "" {
			continue
		}
		t.numbers = append(t.numbers, p.number)
		if n, ok := strings.CutSuffix(p.number, building); ok {
			t.numbers = append(t.numbers, n)
		}
	}
	args := pinyin.NewArgs()
	args.Heteronym = true
	for _, r := range t.plain {
		if len(t.syllables) == maxSyllables {
			break
		}
		switch {
		case unicode.Is(unicode.Han, r):
			t.syllables = append(t.syllables, slices.DeleteFunc(pinyin.SinglePinyin(r, args), func(s string) bool { return s == "" }))
		case kindOf(r) == letter || kindOf(r) == digit:
			t.syllables = append(t.syllables, []string{string(r)})
		}
	}
	return t
}

// The marks of a part in a name, of 100.
const (
	same     = 100
	numbered = 85 // a whole number, such as that of a building
	begins   = 80
	inside   = 60
	spoken   = 75 // pinyin, from the first character on
	spokenIn = 50 // from a later one
)

// mark says how well a part fits the name; 0 for not at all.
func (t *text) mark(p part) int {
	switch at := strings.Index(t.plain, p.text); {
	case at == 0 && len(p.text) == len(t.plain):
		return same
	case p.number != "":
		if slices.Contains(t.numbers, p.number) {
			return numbered
		}
		return 0 // 3 is not in 13
	case at == 0:
		return begins + t.share(p.text, 10)
	case at > 0:
		return inside + t.share(p.text, 10)
	}
	if p.spoken {
		return t.said(p.text)
	}
	return 0
}

// share is how much of the name a part is, of most.
func (t *text) share(part string, most int) int {
	return most * utf8.RuneCountInString(part) / max(t.length, 1)
}

// said says how well Latin letters fit the name's pinyin: from its first syllable on, or from a later one.
func (t *text) said(letters string) int {
	for i := range t.syllables {
		switch {
		case !say(t.syllables[i:], letters):
		case i == 0:
			return spoken
		default:
			return spokenIn
		}
	}
	return 0
}

// say tells whether the letters can be said to their end by the syllables, from the first on.
// A syllable is said in full or by its first letter, as one likes, and the last one up to where the letters end. Bit i of
// places is set where the first i letters may end before the syllable.
func say(syllables [][]string, letters string) bool {
	places := uint64(1)
	for _, readings := range syllables {
		var next uint64
		for at := range len(letters) {
			if places>>at&1 == 0 {
				continue
			}
			rest := letters[at:]
			for _, reading := range readings {
				if strings.HasPrefix(reading, rest) {
					return true
				}
				if strings.HasPrefix(rest, reading) {
					next |= 1 << (at + len(reading))
				}
				if rest[0] == reading[0] {
					next |= 1 << (at + 1)
				}
			}
		}
		if next == 0 {
			return false
		}
		places = next
	}
	return false
}
