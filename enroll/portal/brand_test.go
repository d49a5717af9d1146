package portal

import (
	"strings"
	"testing"
)

// TestBrandSheet_ReadsOnEveryColour walks through all colours in coarse steps:
// whatever a tenant chooses, text on it and text in it can be read.
func TestBrandSheet_ReadsOnEveryColour(t *testing.T) {
	for r := 0.0; r <= 255; r += 51 {
		for g := 0.0; g <= 255; g += 51 {
			for b := 0.0; b <= 255; b += 51 {
				c := rgb{r, g, b}
				for name, ratio := range map[string][2]float64{
					"ink on the colour":          {contrast(ink(c), c), 4.5},
					"ink on it in the dark":      {contrast(ink(darkFill(c)), darkFill(c)), 4.5},
					"accent on the light card":   {contrast(readable(c, cardLight, rgb{}), cardLight), 4.5},
					"accent on the dark card":    {contrast(readable(c, cardDark, rgb{255, 255, 255}), cardDark), 4.5},
					"button beside the dark one": {contrast(darkFill(c), cardDark), 3},
				} {
					if ratio[0] < ratio[1] {
						t.Errorf("%s: %s %.2f, want %.1f", c, name, ratio[0], ratio[1])
					}
				}
			}
		}
	}
}

func TestBrandAsset(t *testing.T) {
	for color, want := range map[string]string{
		"#0b57d0": "brand-0b57d0.css", "#ABC": "brand-aabbcc.css", "": "", "blue": "", "#12": "", "#zzzzzz": "", "#0b57d0;}": "",
	} {
		if got := brandAsset(color); got != want {
			t.Errorf("%q = %q, want %q", color, got, want)
		}
	}
	if c, ok := brandColorOf("brand-0b57d0.css"); !ok || !strings.Contains(brandSheet(c), "--brand:#0b57d0") {
		t.Errorf("the sheet does not hold its colour")
	}
	for _, name := range []string{"brand-.css", "brand-0b57d.css", "brand-0b57d0.js", "brand-0b57dg.css", "mfa.css"} {
		if _, ok := brandColorOf(name); ok {
			t.Errorf("%q names a colour", name)
		}
	}
}

// TestBrandSheet_CardsAreThoseOfTheStyleSheet keeps the two places that name
// the card's colours together.
func TestBrandSheet_CardsAreThoseOfTheStyleSheet(t *testing.T) {
	sheet := string(assets[assetNames["mfa.css"]].body)
	for _, c := range []rgb{cardLight, cardDark} {
		if !strings.Contains(sheet, "--card: "+c.String()+";") {
			t.Errorf("mfa.css has no --card: %s", c)
		}
	}
}

func TestBrandLogo(t *testing.T) {
	for logo, want := range map[string]string{
		"":                                  "",
		"/static/logo.svg":                  "/static/logo.svg",
		"https://cdn.example/logo.png":      "https://cdn.example/logo.png",
		"data:image/png;base64,aGk=":        "data:image/png;base64,aGk=",
		"data:image/svg+xml;base64,aGk=":    "data:image/svg+xml;base64,aGk=",
		"data:text/html;base64,aGk=":        "",
		"data:image/png;base64,###":         "",
		"data:image/gif;base64,aGk=":        "",
		"http://cdn.example/logo.png":       "",
		"//cdn.example/logo.png":            "",
		"javascript:alert(1)":               "",
		"https://a;script-src *.example/x":  "",
		"https://u:p@cdn.example/logo.png":  "",
		`/\cdn.example/logo.png`:            "",
		"https:///logo.png":                 "",
		"https://cdn.example 'unsafe'/logo": "",
	} {
		if got := brandLogo(logo); got != want {
			t.Errorf("%q = %q, want %q", logo, got, want)
		}
	}
}
