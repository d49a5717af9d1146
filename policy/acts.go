package policy

import (
	"strings"
	"unicode/utf8"
)

// acts are the things that app servers, frameworks and file systems do to a
// path before they look it up. Each is done to a whole path and only ever makes
// it shorter or plainer, so that doing them in every order comes to an end.
var acts = [...]struct {
	do      func(string) string
	decodes bool
}{
	{decode, true},
	{decodeNames, true},
	{cutQuery, false},
	{cutParams, false},
	{dropParams, false},
	{turnBackslashes, false},
	{mergeSlashes, false},
	{resolveDots, false},
	{dropAuthority, false},
	{trimNames, false},
	{splitDots, false},
	{dropSession, false},
	{joinSession, false},
	{plusSpaces, false},
	{dropEntities, false},
	{dropTags, false},
	{dropInnerTags, false},
	{afterScript, false},
	{dropScript, false},
	{dropExtension, false},
	{dropTwin, false},
	{dropOutlets, false},
	{dropIntercepts, false},
	{dropControls, false},
	{plainLetters, false},
	{overlong, false},
	{latin1, false},
	{dropInvalid, false},
}

// decode replaces every escape, and IIS's %uXXXX. What is malformed stays.
func decode(s string) string { return unescape(s, func(byte) bool { return true }) }

// decodeNames replaces every escape but those of separators, as servers do that
// split a path first and decode its segments then.
func decodeNames(s string) string {
	return unescape(s, func(c byte) bool { return c != '/' && c != '\\' })
}

func unescape(s string, wanted func(byte) bool) string {
	first := strings.IndexByte(s, '%')
	if first < 0 {
		return s
	}
	out := append(make([]byte, 0, len(s)), s[:first]...)
	for i := first; i < len(s); {
		if s[i] == '%' {
			if n, ok := hexRun(s[i+1:], 2); ok && wanted(byte(n)) { // #nosec G115 -- of two digits
				out = append(out, byte(n)) // #nosec G115 -- of two digits
				i += 3
				continue
			}
			if len(s) > i+1 && s[i+1]|0x20 == 'u' {
				if n, ok := hexRun(s[i+2:], 4); ok && (n > 0x7f || wanted(byte(n))) { // #nosec G115 -- 0x7f at most
					out = utf8.AppendRune(out, rune(n)) // #nosec G115 -- of four digits
					i += 6
					continue
				}
			}
		}
		out = append(out, s[i])
		i++
	}
	return string(out)
}

func hexRun(s string, digits int) (n int, ok bool) {
	if len(s) < digits {
		return 0, false
	}
	for i := range digits {
		v := unhex(s[i])
		if v < 0 {
			return 0, false
		}
		n = n<<4 | v
	}
	return n, true
}

// cutQuery ends the path where a server that decodes first sees a query, a
// fragment or the end of a C string.
func cutQuery(s string) string {
	if i := strings.IndexAny(s, "?#\x00"); i > 0 {
		return s[:i]
	}
	return s
}

// cutParams ends the path at the first parameter, as code does that looks for
// ";jsessionid" and drops the rest.
func cutParams(s string) string {
	if i := strings.IndexByte(s, ';'); i > 0 {
		return s[:i]
	}
	return s
}

// dropParams drops the parameters of every segment (RFC 3986, 3.3), as servlet
// containers do: "..;x" is "..".
func dropParams(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	return eachSegment(s, func(seg string) string {
		seg, _, _ = strings.Cut(seg, ";")
		return seg
	})
}

func turnBackslashes(s string) string { return strings.ReplaceAll(s, `\`, "/") }

func mergeSlashes(s string) string {
	if !strings.Contains(s, "//") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != '/' || i == 0 || s[i-1] != '/' {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// resolveDots removes "." and ".." (RFC 3986, 5.2.4). An empty segment counts as
// one; where slashes are merged first, mergeSlashes is that other step.
func resolveDots(s string) string {
	if !strings.Contains(s, "/.") {
		return s
	}
	segs := strings.Split(s[1:], "/")
	out := segs[:0:0]
	for i, seg := range segs {
		last := i == len(segs)-1
		switch {
		case seg == ".." && len(out) > 0:
			out = out[:len(out)-1]
		case seg != "." && seg != "..":
			out = append(out, seg)
			continue
		}
		if last {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/")
}

// dropAuthority reads "//host/path" as a reference to another host, as URL
// parsers do, and keeps the path.
func dropAuthority(s string) string {
	if !strings.HasPrefix(s, "//") {
		return s
	}
	rest := strings.TrimLeft(s, "/")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// trimNames drops what Windows drops from a name: dots and spaces at its end,
// and the name of a stream ("documents::$DATA"); and spaces before it, as code
// does that trims what lies between two slashes.
func trimNames(s string) string {
	if !strings.ContainsAny(s, " .:") {
		return s
	}
	return eachSegment(s, func(seg string) string {
		if i := strings.IndexByte(seg, ':'); i >= 0 && strings.Contains(seg[i:], ":$") {
			seg = seg[:i]
		}
		seg = strings.TrimLeft(seg, " ")
		switch trimmed := strings.TrimRight(seg, ". "); {
		case trimmed != "":
			return trimmed
		case strings.HasPrefix(seg, ".."):
			return ".."
		case strings.HasPrefix(seg, "."):
			return "."
		default:
			return ""
		}
	})
}

// splitDots reads "/files../documents" as "/files/../documents", which is what an
// nginx location without its last slash makes of it by its alias.
func splitDots(s string) string {
	if !strings.Contains(s, "../") {
		return s
	}
	return eachSegment(s, func(seg string) string {
		if name := strings.TrimSuffix(seg, ".."); name != seg && strings.Trim(name, ".") != "" {
			return name + "/.."
		}
		return seg
	})
}

// plusSpaces reads a plus as a space, as code does that decodes a path like a form.
func plusSpaces(s string) string { return strings.ReplaceAll(s, "+", " ") }

// afterScript keeps what follows the first script's name; dropScript takes the
// name alone out, for scripts that live below the app's own root.
func afterScript(s string) string {
	if _, end := script(s); end > 0 {
		return s[end:]
	}
	return s
}

func dropScript(s string) string {
	if start, end := script(s); end > 0 {
		return s[:start] + s[end:]
	}
	return s
}

// script finds the first segment that is a script and has a path after it. Both
// ends stand on a slash.
func script(s string) (start, end int) {
	for start < len(s) {
		n := strings.IndexByte(s[start+1:], '/')
		if n < 0 {
			return 0, 0
		}
		end = start + 1 + n
		if seg := s[start+1 : end]; isScript(seg) {
			if strings.EqualFold(seg, cgiBin) { // the script is what stands in the folder
				n = strings.IndexByte(s[end+1:], '/')
				if n < 0 {
					return 0, 0
				}
				end += 1 + n
			}
			return start, end
		}
		start = end
	}
	return 0, 0
}

// dropExtension reads /admin.php/users as /admin/users, which is how Apache's
// MultiViews find the script under its shorter name.
func dropExtension(s string) string {
	if start, end := script(s); end > 0 {
		if i := strings.LastIndexByte(s[start:end], '.'); i >= 0 {
			return s[:start+i] + s[end:]
		}
	}
	return s
}

func dropControls(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] >= ' ' && s[i] != 0x7f {
			out = append(out, s[i])
		}
	}
	return string(out)
}

func eachSegment(s string, do func(string) string) string {
	segs := strings.Split(s, "/")
	for i, seg := range segs {
		segs[i] = do(seg)
	}
	return strings.Join(segs, "/")
}
