package identity

import (
	"iter"
	"net/http"
	"strings"
)

// pair is one cookie as it stands in a Cookie header, byte for byte.
type pair struct{ name, value string }

// pairs yields the cookies of a request as sent, in their order, in all Cookie
// header lines. Nothing is unquoted, decoded or dropped: what the app may read
// is what is looked at. own names the gate's cookies, which are left out.
func pairs(h http.Header, own func(string) bool) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		for _, line := range h["Cookie"] {
			for line != "" {
				var one string
				one, line, _ = strings.Cut(line, ";")
				one = strings.Trim(one, " \t")
				if one == "" {
					continue
				}
				name, value, found := strings.Cut(one, "=")
				if !found || name == "" {
					name, value = "", one // "=sid=x" put back as "sid=x" would be another cookie
				}
				if own != nil && own(strings.TrimSpace(name)) {
					continue
				}
				if !yield(pair{name, value}) {
					return
				}
			}
		}
	}
}

// cookieName is a cookie's name as the most lenient app reads it: some decode
// percents, some ignore case and outer spaces, PHP turns dots, spaces and
// brackets into underscores. Two spellings of one name are two cookies of one
// name.
func cookieName(name string) string {
	plain := true
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
	}
	if plain {
		return name
	}
	name = strings.ToLower(strings.TrimSpace(unescape(name)))
	return strings.NewReplacer(".", "_", " ", "_", "[", "_", "+", "_").Replace(name)
}

// namedCookies returns the cookies of a request that some app may read under
// name, which is in the form of cookieName. Old servers also take a comma for
// a separator, so that "a=1,sid=bob" carries sid.
func namedCookies(h http.Header, own func(string) bool, name string) (value string, count int) {
	for p := range pairs(h, own) {
		if cookieName(p.name) == name {
			value = p.value
			count++
		}
		for rest := p.value; ; {
			_, after, found := strings.Cut(rest, ",")
			if !found {
				break
			}
			rest = after
			if inner, _, ok := strings.Cut(strings.TrimLeft(after, " \t"), "="); ok && cookieName(inner) == name {
				count++
			}
		}
	}
	return value, count
}

// twice returns the name of a cookie that stands in the request with two
// different values, "" where there is none. Apps disagree on which one they
// read, so such a request has no one identity.
func twice(h http.Header, own func(string) bool) string {
	seen := make(map[string]string)
	for p := range pairs(h, own) {
		name := cookieName(p.name)
		if before, ok := seen[name]; ok && before != p.value {
			return p.name
		}
		seen[name] = p.value
	}
	return ""
}
