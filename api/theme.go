package api

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"shapan/layers"
)

// themes are the looks of the map; the first is the one that the theme's file has.
var themes = []string{"dark", "light"}

// theme reads which look is wanted.
func (p *params) theme() string {
	s := p.text("theme")
	if s == "" {
		return themes[0]
	}
	for _, t := range themes {
		if s == t {
			return t
		}
	}
	p.fail(layers.Unknown("theme", s, themes))
	return themes[0]
}

var (
	hexColor = regexp.MustCompile(`#[0-9a-fA-F]{6}\b`)
	// filledSign is the name of a sign that is filled, or its entry in a legend.
	filledSign = regexp.MustCompile(`shapan:(?:` + filled + `):#[0-9a-fA-F]{6}\b|"color": "#[0-9a-fA-F]{6}",\s+"shape": "(?:` + filled + `)"`)
	painted    = regexp.MustCompile(filledSign.String() + `|` + hexColor.String())
)

// filled are the shapes of signs that have a dark rim and a light line inside it: they stand off from any ground.
const filled = `circle|square|triangle|star|diamond|hexagon|cross|dot|person|screen`

// inLight turns every colour of a dark theme into one that does the same work on white: hue and chroma stay, and what was
// light is dark. So the two looks cannot differ in anything else, and legends follow. Filled signs keep their colours:
// yellow is moderate in either look, and would be brown.
func inLight(theme []byte) []byte {
	return painted.ReplaceAllFunc(theme, func(hex []byte) []byte {
		if hex[0] != '#' {
			return hex
		}
		n, err := strconv.ParseUint(string(hex[1:]), 16, 32)
		if err != nil {
			return hex // unreachable: the expression takes hexadecimal digits only
		}
		return []byte(turned(uint8(n>>16), uint8(n>>8), uint8(n)))
	})
}

// turned mirrors the lightness of a colour in OKLab (Björn Ottosson, "A perceptual color space for image processing",
// 2020), from 0.15..1 to 0.97..0.35, which keeps text on the ground at AA.
func turned(r, g, b uint8) string {
	lr, lg, lb := linear(r), linear(g), linear(b)
	l := math.Cbrt(0.4122214708*lr + 0.5363325363*lg + 0.0514459929*lb)
	m := math.Cbrt(0.2119034982*lr + 0.6806995451*lg + 0.1073969566*lb)
	s := math.Cbrt(0.0883024619*lr + 0.2817188376*lg + 0.6299787005*lb)
	light := 0.2104542553*l + 0.7936177850*m - 0.0040720468*s
	a := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	c := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s

	light = 0.97 - (max(light, 0.15)-0.15)*(0.62/0.85)
	l = light + 0.3963377774*a + 0.2158037573*c
	m = light - 0.1055613458*a - 0.0638541728*c
	s = light - 0.0894841775*a - 1.2914855480*c
	l, m, s = l*l*l, m*m*m, s*s*s
	return fmt.Sprintf("#%02x%02x%02x",
		standard(4.0767416621*l-3.3077115913*m+0.2309699292*s),
		standard(-1.2684380046*l+2.6097574011*m-0.3413193965*s),
		standard(-0.0041960863*l-0.7034186147*m+1.7076147010*s))
}

// linear is an sRGB channel as light (IEC 61966-2-1), 0 to 1.
func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// standard is linear's reverse; what lies outside of the gamut is cut.
func standard(x float64) uint8 {
	x = min(1, max(0, x))
	if x <= 0.0031308 {
		x *= 12.92
	} else {
		x = 1.055*math.Pow(x, 1/2.4) - 0.055
	}
	return uint8(math.Round(x * 255))
}
