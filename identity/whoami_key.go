package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// part is one credential of a request: all its cookies, or one header. The
// zero part is the cookies.
type part struct{ header string } // in canonical form

// parts returns the credentials that a request shows the app, in buf.
func (w *whoami) parts(v *Visit, buf []part) []part {
	for range pairs(v.R.Header, v.Own) {
		buf = append(buf, part{})
		break
	}
	if filled(v.R.Header["Authorization"]) {
		buf = append(buf, part{"Authorization"})
	}
	for i := range w.headers {
		for _, name := range w.headers[i].from {
			p := part{name}
			if filled(v.R.Header[p.header]) && !slices.Contains(buf, p) {
				buf = append(buf, p)
			}
		}
	}
	return buf
}

func filled(values []string) bool {
	return slices.ContainsFunc(values, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// key names what an answer may be remembered by: site, host, scheme and, of
// the credential asked about, the Authorization or the key cookies with the
// names of all others, so that a "remember me" cookie that joins them is asked
// about. One that looks like that counts with its value: beside a session that
// the app does not know, it is the one that signs in. Where none of the key
// cookies is there, any other may: all of them count.
func (w *whoami) key(v *Visit, p part) digest {
	var space [1024]byte
	b := space[:0]
	b = appendText(b, v.Site, v.R.Host)
	b = appendTexts(b, v.R.Header["X-Forwarded-Host"])
	b = appendTexts(b, v.R.Header["X-Forwarded-Proto"])
	if v.R.TLS != nil {
		b = append(b, 's')
	}
	b = appendText(b, p.header)
	switch {
	case p.header != "":
		b = appendTexts(b, v.R.Header[p.header])
	case !w.hasKey(v):
		for c := range pairs(v.R.Header, v.Own) {
			b = appendText(b, c.name, c.value)
		}
	default:
		for c := range pairs(v.R.Header, v.Own) {
			b = appendText(b, c.name)
			if w.isKey(c.name) || remembers(cookieName(c.name)) {
				b = appendText(b, c.value)
			}
		}
	}
	if len(w.headers) > 0 {
		b = w.appendHeaders(b, v, p)
	}
	return sha256.Sum256(b)
}

// appendHeaders adds what the header_ups make of this visit.
func (w *whoami) appendHeaders(b []byte, v *Visit, p part) []byte {
	for i := range w.headers {
		if parts, ok := w.headers[i].expand(v, p.leaves); ok {
			b = appendTexts(b, parts)
		}
	}
	return b
}

// leaves reports whether a header is left out when p alone is asked about: all
// other credentials are.
func (p part) leaves(header string) bool {
	return p.header != header && !keptHeaders[header]
}

// isKey reports whether a cookie keys the cache.
func (w *whoami) isKey(name string) bool {
	return w.cookies == nil || slices.Contains(w.cookies, cookieName(name))
}

// remembers reports whether a cookie, by its name in the form of cookieName,
// looks like one that signs in where the session does not. Such cookies hardly
// change from answer to answer, other than those against forged forms.
func remembers(name string) bool {
	for i := range len(name) {
		for _, word := range rememberWords[name[i]] {
			if strings.HasPrefix(name[i:], word) {
				return !slices.ContainsFunc(forgeryWords, func(w string) bool { return strings.Contains(name, w) })
			}
		}
	}
	return false
}

var (
	rememberWords = [256][]string{ // by their first letter
		'a': {"auth"}, 'j': {"jwt"}, 'k': {"keep"}, 'l': {"login", "logged"}, 'p': {"persist", "pass"},
		'r': {"remember"}, 's': {"stay"}, 't': {"token"}, 'u': {"user"},
	}
	forgeryWords = []string{"csrf", "xsrf", "forgery", "verification", "authenticity", "nonce"}
)

// hasKey reports whether the visit carries one of the named cookies.
func (w *whoami) hasKey(v *Visit) bool {
	if w.cookies == nil {
		return false
	}
	for c := range pairs(v.R.Header, v.Own) {
		if w.isKey(c.name) {
			return true
		}
	}
	return false
}

// appendText adds texts with their lengths, so that no two lists look alike.
func appendText(b []byte, texts ...string) []byte { return appendTexts(b, texts) }

func appendTexts(b []byte, texts []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, s := range texts {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// marks are what an answer about p depends on, the key itself first: as it is to
// those who only look on, and fill no placeholders.
func (w *whoami) marks(v *Visit, p part, key digest) []mark {
	if v.Placeholder != nil && len(w.headers) > 0 {
		look := *v
		look.Placeholder = nil
		key = w.key(&look, p)
	}
	list := []mark{markOfKey(key)}
	if p.header != "" {
		return append(list, markOf(p.header, strings.Join(v.R.Header[p.header], ",")))
	}
	named := w.hasKey(v)
	for c := range pairs(v.R.Header, v.Own) {
		if name := cookieName(c.name); w.marksVisitor(name, c.value, named) {
			list = append(list, markOf(name, c.value))
		}
	}
	return list
}

// marksVisitor reports whether a cookie is of one visitor: a named one, one
// that remembers him and is not a mere "yes", or, where none of the named is
// there and all cookies key the cache, one that looks like a session. Without
// that every form sent in English would drop everybody who reads English.
func (w *whoami) marksVisitor(name, value string, named bool) bool {
	if named {
		return slices.Contains(w.cookies, name) || len(value) >= 16 && remembers(name)
	}
	if len(value) >= 16 {
		return true
	}
	for _, s := range [...]string{"sess", "sid", "auth", "token", "login", "user", "jwt", "id"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

// visitorMarks are all marks that a request touches. Session ids may also
// stand in its target: a sign-in by "POST /login;jsessionid=1" changes who the
// cookie of that value is.
func (w *whoami) visitorMarks(v *Visit) []mark {
	var list []mark
	for _, p := range w.parts(v, nil) {
		list = append(list, w.marks(v, p, w.key(v, p))...)
	}
	for _, target := range targets(v.R) {
		if !mayNameIn(target) {
			continue
		}
		for piece := range strings.FieldsFuncSeq(target, func(c rune) bool { return strings.ContainsRune("/;?&,", c) }) {
			name, value, found := strings.Cut(piece, "=")
			if !found {
				continue
			}
			if name = cookieName(name); w.marksVisitor(name, value, w.cookies != nil) {
				list = append(list, markOf(name, value))
				if plain, err := url.QueryUnescape(value); err == nil && plain != value {
					list = append(list, markOf(name, plain))
				}
			}
		}
	}
	return list
}

// targets are what a request asks for as Caddy's routes left it, and as it was sent.
func targets(r *http.Request) [2]string { return [...]string{r.URL.RequestURI(), r.RequestURI} }

// mayName reports whether a request's target may name a session.
func mayName(r *http.Request) bool {
	t := targets(r)
	return mayNameIn(t[0]) || mayNameIn(t[1])
}

func mayNameIn(target string) bool { return strings.ContainsAny(target, "=;") }

// visitor is who waits for whom: one credential from one address.
func (w *whoami) visitor(v *Visit, key digest) flightKey {
	host, _, err := net.SplitHostPort(v.R.RemoteAddr)
	if err != nil {
		host = v.R.RemoteAddr
	}
	return flightKey{key, host}
}
