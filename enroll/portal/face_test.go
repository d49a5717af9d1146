package portal

import (
	"regexp"
	"strings"
	"testing"
)

// colours are the custom properties of a style sheet: those of the light theme,
// and those with the dark theme's over them.
func colours(t *testing.T, sheet string) (light, dark map[string]rgb) {
	t.Helper()
	light, dark = map[string]rgb{}, map[string]rgb{}
	before, after, found := strings.Cut(sheet, "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("mfa.css has no dark theme")
	}
	after, _, _ = strings.Cut(after, "*,")
	property := regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]+);`)
	for _, m := range property.FindAllStringSubmatch(before, -1) {
		light[m[1]], _ = parseColor(m[2])
		dark[m[1]] = light[m[1]]
	}
	for _, m := range property.FindAllStringSubmatch(after, -1) {
		dark[m[1]], _ = parseColor(m[2])
	}
	return light, dark
}

// TestFace_Contrast: in both themes text has 4.5 to 1 on every surface it stands
// on (WCAG 2.2, 1.4.3), and what can be used or tells something 3 to 1 (1.4.11);
// with a tenant's colour as with the gate's own.
func TestFace_Contrast(t *testing.T) {
	light, dark := colours(t, string(assets[assetNames["mfa.css"]].body))
	check := func(theme string, c map[string]rgb) {
		t.Helper()
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "card", 4.5}, {"ink", "page", 4.5}, {"muted", "card", 4.5}, {"muted", "page", 4.5},
			{"accent", "card", 4.5}, {"accent", "page", 4.5}, {"brand-ink", "brand", 4.5},
			{"ink", "good-tint", 4.5}, {"good", "good-tint", 4.5}, {"ink", "bad-tint", 4.5}, {"ink", "warn-tint", 4.5},
			{"bad", "card", 4.5}, {"card", "bad", 4.5}, {"good", "card", 3}, {"edge", "card", 3}, {"edge", "page", 3}, {"edge", "warn-tint", 3},
		} {
			front, there := c[pair.front]
			back, here := c[pair.back]
			if got := contrast(front, back); !there || !here || got < pair.least {
				t.Errorf("%s: --%s on --%s is %.2f, want %.1f", theme, pair.front, pair.back, got, pair.least)
			}
		}
	}
	check("light", light)
	check("dark", dark)
	for _, brand := range []string{"#ffffff", "#000000", "#ffeb3b", "#0b57d0", "#777777", "#e4002b", "#00ff00", "#101418", "#f5f5f5", "#7fabeb"} {
		c, _ := parseColor(brand)
		own := brandSheet(c)
		lightSheet, darkSheet, _ := strings.Cut(own, "@media")
		for theme, sheet := range map[string]string{"light": lightSheet, "dark": darkSheet} {
			all := map[string]rgb{}
			for name, value := range map[string]map[string]rgb{"light": light, "dark": dark}[theme] {
				all[name] = value
			}
			for _, m := range regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]+)`).FindAllStringSubmatch(sheet, -1) {
				all[m[1]], _ = parseColor(m[2])
			}
			check(theme+" with "+brand, all)
			if got := contrast(all["brand-edge"], all["card"]); got < 3 {
				t.Errorf("%s with %s: a button stands out from the card by %.2f, want 3", theme, brand, got)
			}
		}
	}
}

// TestFace_WrittenForOldBrowsers: one word that a browser of 2017 cannot read
// stops a whole script, and one selector drops its whole rule.
func TestFace_WrittenForOldBrowsers(t *testing.T) {
	scripts := regexp.MustCompile("=>|\\bconst\\b|\\blet\\b|\\bclass\\b|\\basync\\b|\\bawait\\b|\\?\\.|\\?\\?|`|\\.\\.\\.|\\bfor \\(var \\w+ of\\b|\\.replaceAll\\(|\\.at\\(|\\.flat")
	styles := regexp.MustCompile(`:has\(|:is\(|:where\(|@layer|@container|@scope|@import|color-mix|oklch|light-dark|\bdvh\b|\bsvh\b|&`)
	comment := regexp.MustCompile(`(?s)/\*.*?\*/|(?m)^\s*//.*$`)
	for name, a := range assets {
		plain := comment.ReplaceAllString(string(a.body), "")
		if found := scripts.FindString(plain); strings.HasSuffix(name, ".js") && found != "" {
			t.Errorf("%s: %s", name, found)
		}
		if found := styles.FindString(plain); strings.HasSuffix(name, ".css") && found != "" {
			t.Errorf("%s: %s", name, found)
		}
	}
	for _, newer := range []string{"a => a", "const a = 1", "a?.b", "`x`", "async function f() {}"} {
		if !scripts.MatchString(newer) {
			t.Errorf("%s is not found", newer)
		}
	}
}
