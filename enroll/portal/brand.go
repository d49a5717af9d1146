package portal

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
)

// rgb is a colour in sRGB, 0 to 255 each.
type rgb [3]float64

// The surfaces that a tenant's colour has to be seen on; assets/mfa.css names
// the same two as --card.
var cardLight, cardDark = rgb{255, 255, 255}, rgb{29, 32, 38}

const brandPrefix, brandSuffix = "brand-", ".css"

// brandAsset names the style sheet of a colour written as #rgb or #rrggbb, or
// "" where it is not one: the gate's own colours stand then.
func brandAsset(color string) string {
	c, ok := parseColor(color)
	if !ok {
		return ""
	}
	return brandPrefix + strings.TrimPrefix(c.String(), "#") + brandSuffix
}

func brandColorOf(name string) (rgb, bool) {
	hex, ok := strings.CutPrefix(name, brandPrefix)
	hex, css := strings.CutSuffix(hex, brandSuffix)
	if !ok || !css || len(hex) != 6 {
		return rgb{}, false
	}
	return parseColor("#" + hex)
}

// brandSheet is a tenant's colour as custom properties: the colour itself for
// filled surfaces, the ink that reads on it, and one accent for each theme that
// has more than the contrast of text (WCAG 2.2, 1.4.3: 4.5 to 1) on the card, so that no
// choice of colour makes a page hard to read. A filled surface that does not
// stand out from the card (1.4.11: 3 to 1) gets an edge that does.
func brandSheet(c rgb) string {
	light, dark := readable(c, cardLight, rgb{}), readable(c, cardDark, rgb{255, 255, 255})
	edge := c
	if contrast(c, cardLight) < 3 {
		edge = light
	}
	return fmt.Sprintf(`:root{--brand:%s;--brand-ink:%s;--brand-edge:%s;--accent:%s}
@media (prefers-color-scheme:dark){:root{--brand:%s;--brand-ink:%s;--brand-edge:%[5]s;--accent:%[7]s}}
`, c, ink(c), edge, light, darkFill(c), ink(darkFill(c)), dark)
}

// ink is black or white, whichever reads better on c.
func ink(c rgb) rgb {
	white, black := rgb{255, 255, 255}, rgb{0, 0, 0}
	if contrast(c, white) >= contrast(c, black) {
		return white
	}
	return black
}

// darkFill is c, lightened until a filled button stands out from the dark card
// (WCAG 2.2, 1.4.11: 3 to 1).
func darkFill(c rgb) rgb {
	for step := 0.0; step <= 1; step += 0.05 {
		if m := mix(c, rgb{255, 255, 255}, step); contrast(m, cardDark) >= 3 {
			return m
		}
	}
	return rgb{255, 255, 255}
}

// readable mixes c towards another colour until text in it reads on a surface.
func readable(c, surface, towards rgb) rgb {
	for step := 0.0; step <= 1; step += 0.05 {
		if m := mix(c, towards, step); contrast(m, surface) >= 5.5 {
			return m
		}
	}
	return towards
}

func mix(a, b rgb, t float64) rgb {
	var m rgb
	for i := range m {
		m[i] = math.Round(a[i]*(1-t) + b[i]*t)
	}
	return m
}

// contrast is the contrast ratio of two colours (WCAG 2.2, 1 to 21).
func contrast(a, b rgb) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c rgb) float64 {
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := c[i] / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

func parseColor(s string) (rgb, bool) {
	hex, ok := strings.CutPrefix(s, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	if !ok || len(hex) != 6 {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		return rgb{}, false
	}
	return rgb{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, true
}

// String writes the colour as #rrggbb.
func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(c[0]), int(c[1]), int(c[2]))
}

// brandLogo returns a tenant's logo if a page may show it: a path on this host,
// an https address, or a data: URL of an image. Anything else gives "". The
// answer goes into the CSP, so its host may hold nothing but host characters.
func brandLogo(logo string) string {
	if data, ok := strings.CutPrefix(logo, "data:image/"); ok {
		kind, body, ok := strings.Cut(data, ";base64,")
		if _, err := base64.StdEncoding.DecodeString(body); !ok || err != nil || len(logo) > 64<<10 {
			return ""
		}
		switch kind {
		case "png", "jpeg", "webp", "svg+xml":
			return logo
		}
		return ""
	}
	u, err := url.Parse(logo)
	if err != nil || logo == "" || u.User != nil {
		return ""
	}
	if u.Scheme == "" && u.Host == "" {
		if ReturnTo(logo, "/.") == logo && logo != "/" {
			return logo
		}
		return ""
	}
	if u.Scheme != "https" || strings.Trim(u.Host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") != "" || u.Host == "" {
		return ""
	}
	return u.String()
}

// brandLink returns an address that a page may link to: https, http, mailto,
// tel, or a path on this host.
func brandLink(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "https", "http", "mailto":
		return link
	case "":
		if u.Host == "" && strings.HasPrefix(link, "/") {
			return link
		}
	}
	return ""
}
