package identity

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// setCookie is one Set-Cookie value, as far as it decides what is sent next.
type setCookie struct {
	pair
	path   string // "" where none is given
	domain string // lower case, without a dot before it; "" where none is given
	dead   bool   // it removes the cookie
}

// parseSetCookie reads one Set-Cookie value (RFC 6265 5.2) leniently: it is the
// app's own, and its value must arrive byte for byte. false: nothing to keep.
func parseSetCookie(raw string, now time.Time) (setCookie, bool) {
	one, rest, _ := strings.Cut(raw, ";")
	name, value, found := strings.Cut(one, "=")
	name = strings.TrimSpace(name)
	if !found || name == "" || strings.ContainsAny(one, "\r\n\x00") {
		return setCookie{}, false
	}
	c := setCookie{pair: pair{name, strings.TrimSpace(value)}}
	aged := false
	for rest != "" {
		var attr string
		attr, rest, _ = strings.Cut(rest, ";")
		key, val, _ := strings.Cut(attr, "=")
		key, val = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(val)
		switch key {
		case "path":
			c.path = ""
			if strings.HasPrefix(val, "/") {
				c.path = val
			}
		case "domain":
			c.domain = strings.ToLower(strings.TrimPrefix(val, "."))
		case "max-age":
			c.dead = val == "0" || strings.HasPrefix(val, "-")
			aged = true
		case "expires":
			if t, err := http.ParseTime(val); err == nil && !aged {
				c.dead = !t.After(now)
			}
		}
	}
	return c, true
}

// SameCookie reports whether two Set-Cookie values set one cookie: a browser
// tells cookies apart by name, domain and path (RFC 6265 5.3).
func SameCookie(a, b string) bool {
	x, ok := parseSetCookie(a, time.Time{})
	y, also := parseSetCookie(b, time.Time{})
	return ok && also && x.name == y.name && x.domain == y.domain && x.path == y.path
}

// MergeSetCookie puts the cookies that an answer sets into the Cookie header
// of r, as the browser would have: a pair of the same name is replaced where
// it stands, one that is expired is removed, all others stay byte for byte. A
// cookie of another path never replaces one of r, but is added where r has
// none of its name: who asks whether an answer signs somebody in must see all
// of it.
func MergeSetCookie(r *http.Request, set []string) {
	type key struct{ name, path string }
	last := make(map[key]setCookie, len(set))
	var order []key
	now := time.Now()
	for _, raw := range set {
		c, ok := parseSetCookie(raw, now)
		if !ok {
			continue
		}
		k := key{c.name, c.path}
		if _, ok := last[k]; !ok {
			order = append(order, k)
		}
		last[k] = c
	}
	if len(order) == 0 {
		return
	}
	var jar []pair
	for p := range pairs(r.Header, nil) {
		jar = append(jar, p)
	}
	for _, k := range order {
		jar = put(jar, last[k], pathMatches(r.URL.Path, k.path))
	}
	if len(jar) == 0 {
		delete(r.Header, "Cookie")
		return
	}
	var b strings.Builder
	for i, p := range jar {
		if i > 0 {
			b.WriteString("; ")
		}
		if p.name != "" {
			b.WriteString(p.name)
			b.WriteByte('=')
		}
		b.WriteString(p.value)
	}
	r.Header["Cookie"] = []string{b.String()}
}

// put sets one cookie in the jar, once. here says that it is of this path.
func put(jar []pair, c setCookie, here bool) []pair {
	has := slices.ContainsFunc(jar, func(p pair) bool { return p.name == c.name })
	switch {
	case !here && (c.dead || has):
		return jar
	case !has && c.dead:
		return jar
	case !has:
		return append(jar, c.pair)
	}
	out := make([]pair, 0, len(jar))
	placed := c.dead
	for _, p := range jar {
		if p.name != c.name {
			out = append(out, p)
		} else if !placed {
			out = append(out, c.pair)
			placed = true
		}
	}
	return out
}

// pathMatches is RFC 6265 5.1.4; an empty cookie path matches every path.
func pathMatches(path, cookiePath string) bool {
	if cookiePath == "" || path == cookiePath {
		return true
	}
	rest, ok := strings.CutPrefix(path, cookiePath)
	return ok && (strings.HasSuffix(cookiePath, "/") || strings.HasPrefix(rest, "/"))
}
