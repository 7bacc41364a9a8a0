package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"shapan/layers"

	"golang.org/x/text/unicode/norm"
)

// MaxQuery bounds what may be typed, in characters; maxParts what is looked for at once.
const (
	MaxQuery = 100
	maxParts = 12
)

// plain brings a text to the form that is compared: one form of each character, small letters, one word for a building.
func plain(s string) string {
	return oneWord.Replace(strings.ToLower(norm.NFKC.String(s)))
}

// building follows the number of a building.
const building = "栋"

// oneWord makes one word of those that mean the same after the number of a building.
var oneWord = strings.NewReplacer("号楼", building, "幢", building, "號樓", building, "棟", building)

// areaWords stand apart from what is before and after them, so that 四清里网格5 is 四清里005网格.
var areaWords = strings.NewReplacer("网格", " 网格 ", "社区", " 社区 ", "片区", " 片区 ", "街道", " 街道 ")

// word is what stands between spaces: found as a whole in a code, or by all of its parts.
type word struct {
	whole string
	parts []part
}

// part is a run of letters, of digits or of other characters.
type part struct {
	text   string
	number string // of a run of digits: without leading zeros, with the word for a building where it follows
	spoken bool   // Latin letters: pinyin, perhaps
}

// parse reads what was typed. It fails with layers.ErrInvalid where that is too long or nothing that can be found.
func parse(q string) ([]word, error) {
	if n := utf8.RuneCountInString(q); n > MaxQuery {
		return nil, layers.Invalid("q", "parameter q has %d characters: expected at most %d", n, MaxQuery)
	}
	if !utf8.ValidString(q) {
		return nil, layers.Invalid("q", "parameter q is not UTF-8")
	}
	var words []word
	n := 0
	for whole := range strings.FieldsSeq(plain(q)) {
		w := word{whole: whole, parts: parts(areaWords.Replace(whole))}
		if len(w.parts) == 0 {
			continue
		}
		if n += len(w.parts); n > maxParts {
			return nil, layers.Invalid("q", "parameter q has more than %d parts: expected fewer words", maxParts)
		}
		words = append(words, w)
	}
	if len(words) == 0 {
		return nil, layers.Invalid("q", "parameter q holds no letter and no digit: expected a code, a name, pinyin or an address such as 沙湖社区 3栋")
	}
	return words, nil
}

// kinds of characters.
const (
	other = iota // spaces and signs, which part words
	digit
	letter // Latin
	script // Han and every other script
)

func kindOf(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return digit
	case r >= 'a' && r <= 'z':
		return letter
	case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
		return script
	}
	return other
}

// parts splits a plain text where the kind of its characters changes.
func parts(s string) (out []part) {
	begin, kind := 0, other
	end := func(at int) {
		if kind != other {
			out = append(out, newPart(s[begin:at], kind))
		}
		begin = at
	}
	for i, r := range s {
		if k := kindOf(r); k != kind && !(kind == digit && strings.HasPrefix(s[i:], building)) {
			end(i)
			kind = k
		}
	}
	end(len(s))
	return out
}

func newPart(s string, kind int) part {
	p := part{text: s, spoken: kind == letter && len(s) < maxSpoken}
	if kind == digit {
		p.number = unpadded(s)
	}
	return p
}

// unpadded takes leading zeros away, so that 网格5 is 网格005.
func unpadded(digits string) string {
	if s := strings.TrimLeft(digits, "0"); s != "" {
		return s
	}
	return "0"
}
