package caddymodule

import (
	"net/http"
	"strings"
	"unicode"
)

// cookieNames are the names of the gate's own cookies at one site: the flag's,
// those named after it, and the language.
type cookieNames struct {
	flag     string // "__Host-mfa", or "mfa" on plain http
	ticket   string
	device   string // of a trusted browser
	seen     string // of a session that was seen where nothing was required
	language string
	first    byte // of the flag's name without its prefix, in lower case
}

func namesAfter(flag string) *cookieNames {
	first := strings.TrimPrefix(flag, "__Host-")[0] | 0x20
	return &cookieNames{first: first, flag: flag, ticket: flag + "-ticket", device: flag + "-device", seen: flag + "-seen", language: "mfa-lng"}
}

// mayHold reports whether a Cookie field may hold any of them, by how the names in
// it begin: those of most apps all begin otherwise.
func (n *cookieNames) mayHold(field string) bool {
	for {
		for field != "" && field[0] == ' ' {
			field = field[1:]
		}
		if field != "" && n.mayBegin(field[0]) {
			return true
		}
		end := strings.IndexByte(field, ';')
		if end < 0 {
			return false
		}
		field = field[end+1:]
	}
}

// mayBegin reports whether a name that begins so may be one of them, prefixes and
// what is trimmed included.
func (n *cookieNames) mayBegin(c byte) bool {
	return !isGraphic(c) || c == '_' || c|0x20 == n.first || c|0x20 == n.language[0]
}

// own reports whether name is one of the gate's, with or without a __Host- or
// __Secure- prefix, in any case and with any white space around it: some
// servers fold case, and some trim characters that browsers let a sibling
// domain put in front of "__Host-".
func (n *cookieNames) own(name string) bool {
	name = strings.TrimLeft(name, " ")
	if name == "" {
		return false
	}
	if name == n.flag {
		return true
	}
	if !n.mayBegin(name[0]) {
		return false
	}
	if !isGraphic(name[0]) || !isGraphic(name[len(name)-1]) {
		name = strings.TrimFunc(name, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) || c == 0xFEFF })
	}
	if len(name) < 3 {
		return false
	}
	for _, p := range []string{"__Host-", "__Secure-"} {
		if len(name) > len(p) && strings.EqualFold(name[:len(p)], p) {
			name = name[len(p):]
			break
		}
	}
	bare := strings.TrimPrefix(n.flag, "__Host-")
	if strings.EqualFold(name, n.language) {
		return true
	}
	if len(name) < len(bare) || !strings.EqualFold(name[:len(bare)], bare) {
		return false
	}
	switch strings.ToLower(name[len(bare):]) {
	case "", "-ticket", "-device", "-visit", "-known", "-seen", "-ask", "-trip":
		return true
	}
	return false
}

// isGraphic reports whether a byte is an ASCII character that is seen.
func isGraphic(c byte) bool { return ' ' < c && c < 0x7f }

// stripCookies removes the gate's own cookies from the request's Cookie
// fields, and reports whether there were any. Every other byte of them stays as
// the client sent it. Where there is but one field, what stays of it is put in
// room.
func (n *cookieNames) stripCookies(h http.Header, room *[1]string) (own bool) {
	fields := h["Cookie"]
	for i, f := range fields {
		kept := n.without(f)
		if kept == f {
			continue
		}
		out := room[:0]
		if len(fields) > 1 {
			out = append(make([]string, 0, len(fields)), fields[:i]...)
		}
		if kept != "" {
			out = append(out, kept)
		}
		for _, g := range fields[i+1:] {
			if g = n.without(g); g != "" {
				out = append(out, g)
			}
		}
		setCookies(h, out)
		return true
	}
	return false
}

func setCookies(h http.Header, fields []string) {
	if len(fields) == 0 || len(fields) == 1 && fields[0] == "" {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = fields
}

// without returns the field without the gate's cookies. Where what stays lies
// in one piece, as it does unless another cookie was set after ours, it is a
// part of the field and costs nothing.
func (n *cookieNames) without(field string) string {
	if !n.mayHold(field) {
		return field
	}
	kept, piece := "", "" // what stays: pieces joined already, and the one being read
	for rest, more := field, true; more; {
		var pair string
		start := len(field) - len(rest)
		pair, rest, more = strings.Cut(rest, ";")
		end := len(field) - len(rest) // past the separator, if there is one
		if name, _, _ := strings.Cut(pair, "="); n.own(name) {
			kept, piece = kept+piece, ""
			continue
		}
		piece = field[start-len(piece) : end]
	}
	if kept += piece; kept == field {
		return field
	}
	return strings.Trim(kept, "; ")
}

// cookieValue returns the one value of the named cookie. Two of one name count as
// none: which of them a sibling domain tossed in cannot be told.
func cookieValue(fields []string, name string) string {
	value, seen := "", 0
	for _, f := range fields {
		for p := range strings.SplitSeq(f, ";") {
			n, v, ok := strings.Cut(strings.Trim(p, " \t"), "=")
			if ok && n == name {
				value, seen = v, seen+1
			}
		}
	}
	if seen != 1 {
		return ""
	}
	return value
}
