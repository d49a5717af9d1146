package portal

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxReturnTo is the longest way back that is kept, in bytes. Longer ones are
// cut to "/": they would not fit beside a cookie in many servers' header limit.
const maxReturnTo = 2048

// maxDecodings bounds how often a path is percent-decoded while looking for a
// second meaning. What is still changing after that is not trusted.
const maxDecodings = 5

// ReturnTo reads a way back: a path and query on this host, with its fragment
// cut off, never one of the gate's own pages under mount. Anything else gives
// "/", so the answer can be written into a Location header, a link and a
// script without a second look. ReturnTo(ReturnTo(x)) is ReturnTo(x).
//
// The attack is an open redirect: browsers read "//host", "/\host",
// "/<tab>/host" and "/%0a/host" more kindly than servers do (WHATWG URL,
// "relative slash state"), and some apps decode a path once more before they
// redirect to it. So the path is refused if any of its decodings starts with
// two slashes, and whatever a browser would drop or change is refused or
// encoded.
func ReturnTo(raw, mount string) string {
	if isPlainWay(raw) && !(len(raw) >= len(mount) && strings.EqualFold(raw[:len(mount)], mount)) {
		return raw
	}
	return returnTo(raw, mount)
}

// isPlainWay reports whether a way back has one reading, the same to everybody:
// ASCII letters, digits, "-" and "_" in segments between single slashes, and
// dots inside them.
func isPlainWay(raw string) bool {
	if len(raw) < 2 || len(raw) > maxReturnTo || raw[0] != '/' {
		return false
	}
	apart := true // after a slash or a dot, only something else may follow
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			apart = false
		case (c == '/' || c == '.') && !apart:
			apart = true
		default:
			return false
		}
	}
	return !apart || raw[len(raw)-1] == '/'
}

func returnTo(raw, mount string) string {
	raw, _, _ = strings.Cut(raw, "#")
	if raw == "" || len(raw) > maxReturnTo || raw[0] != '/' || !utf8.ValidString(raw) {
		return "/"
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] == 0x7f {
			return "/"
		}
	}
	p, query, hasQuery := strings.Cut(raw, "?")
	if strings.Contains(p, `\`) || !safePath(p, mount) {
		return "/"
	}
	out := escapeLoose(p)
	if hasQuery {
		out += "?" + escapeLoose(query)
	}
	if len(out) > maxReturnTo {
		return "/"
	}
	return out
}

// safePath reports whether no decoding of p leaves the host or names a page
// of the gate.
func safePath(p, mount string) bool {
	for range maxDecodings {
		if !safeReading(p, mount) {
			return false
		}
		next := unescapeLoose(p)
		if next == p {
			return true
		}
		p = next
	}
	return false
}

// safeReading judges one decoding of a path as the most lenient server would
// read it: backslashes are slashes, ";params" are dropped, full-width letters
// are plain ones, case does not matter.
func safeReading(p, mount string) bool {
	p = strings.ToLower(norm.NFKC.String(p))
	p = strings.ReplaceAll(p, `\`, "/")
	for _, r := range p {
		if unicode.IsControl(r) {
			return false
		}
	}
	segments := strings.Split(p, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		segments[i] = strings.TrimRight(s, ". ")
		if s == "." || s == ".." {
			segments[i] = s
		}
	}
	p = strings.Join(segments, "/")
	if strings.HasPrefix(p, "//") || strings.HasPrefix(withoutDots(segments), "//") {
		return false
	}
	mount = strings.ToLower(path.Clean("/" + mount))
	clean := path.Clean(p)
	return mount == "/" || clean != mount && !strings.HasPrefix(clean, mount+"/")
}

// withoutDots removes dot segments without merging slashes, as a browser does
// (RFC 3986 section 5.2.4): "/.//host" is "//host". One at the end leaves the
// slash before it: "/.//." is "//".
func withoutDots(segments []string) string {
	var out []string
	if last := segments[len(segments)-1]; last == "." || last == ".." {
		segments = append(slices.Clone(segments), "")
	}
	for _, s := range segments {
		switch s {
		case ".":
		case "..":
			if len(out) > 1 {
				out = out[:len(out)-1]
			}
		default:
			out = append(out, s)
		}
	}
	return strings.Join(out, "/")
}

// unescapeLoose percent-decodes what can be decoded and leaves the rest, as
// lenient servers do; url.PathUnescape would give up at the first bad escape.
func unescapeLoose(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if d, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(d)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// escapeLoose encodes the bytes that browsers encode or change on the way
// (and the quotes, so that the result is safe in any attribute).
func escapeLoose(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || strings.IndexByte("\"'<>\\^`{|}", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
