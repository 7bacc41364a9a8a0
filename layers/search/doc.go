// Package search finds features by what people type: a code or a part of one, a name, its pinyin in full or by first letters, or
// words in the manner of an address ("沙湖社区 3栋", "四清里 网格5").
//
// Everything goes through a layers.View, so that nobody finds what is not theirs: layers that hold persons are not searched, nor
// are those without geometry, for what is found is shown on a map.
package search
