package api

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestALightThemeIsTheDarkOneTurned(t *testing.T) {
	t.Parallel()
	var style map[string]any
	light := inLight(wallTheme)
	if err := json.Unmarshal(light, &style); err != nil {
		t.Fatal(err)
	}
	if len(light) != len(wallTheme) {
		t.Errorf("%d bytes, the dark one has %d: only colours may differ", len(light), len(wallTheme))
	}
	if hexColor.ReplaceAllString(string(light), "") != hexColor.ReplaceAllString(string(wallTheme), "") {
		t.Error("something besides the colours differs")
	}
	if strings.Contains(string(light), "#06111f") {
		t.Error("the ground of the dark theme is left")
	}
}

// A sign means the same in either look, and so does its entry in a legend.
func TestFilledSignsKeepTheirColours(t *testing.T) {
	t.Parallel()
	dark, light := filledSign.FindAllString(string(wallTheme), -1), filledSign.FindAllString(string(inLight(wallTheme)), -1)
	if len(dark) < 24 || !slices.Equal(dark, light) {
		t.Errorf("filled signs of the dark look %v, of the light one %v", dark, light)
	}
	if line := "#b9a6ff"; !strings.Contains(string(wallTheme), line) || strings.Contains(string(inLight(wallTheme)), line) {
		t.Errorf("the line of zones is %s in the light look too: a bare line would be too pale", line)
	}
}

func TestTurnedKeepsContrast(t *testing.T) {
	t.Parallel()
	luminance := func(hex string) float64 {
		var c [3]float64
		for i := range c {
			var v uint8
			for _, d := range hex[1+2*i : 3+2*i] {
				v = v<<4 | uint8(strings.IndexRune("0123456789abcdef", d))
			}
			c[i] = linear(v)
		}
		return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
	}
	ground, text := luminance(turned(0x06, 0x11, 0x1f)), luminance(turned(0xf2, 0xfb, 0xff))
	if ratio := (ground + 0.05) / (text + 0.05); ratio < 4.5 {
		t.Errorf("the labels have contrast %.1f on the ground: expected 4.5 (WCAG AA)", ratio)
	}
	if grey := luminance(turned(0x80, 0x80, 0x80)); math.IsNaN(grey) || grey <= text || grey >= ground {
		t.Errorf("grey has luminance %.2f: expected it between %.2f and %.2f", grey, text, ground)
	}
}
