package policy

import "strings"

// What a byte may be in a target that every server reads alike.
const (
	odd   = iota // anything that some server treats specially
	name         // part of a name
	sign         // part of a name that has a letter or a digit beside it
	dot          // part of a name, unless it stands at the end of a segment
	slash        // ends a segment
)

var classes = func() (c [256]uint8) {
	for _, b := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") {
		c[b] = name
	}
	for _, b := range []byte("-_&')*,=@") {
		c[b] = sign
	}
	c['.'], c['/'] = dot, slash
	return c
}()

// isPlain reports whether a target has only one meaning: it starts with "/",
// its segments are plain ASCII names, none is empty (but for a final slash), of
// signs alone or ends in a dot, none but the last is a script, or a folder of twins
// or of JSF, whose rest is a path of its own.
func isPlain(path string) bool {
	if path[0] != '/' {
		return false
	}
	start, before := 1, uint8(slash) // of the segment; class of the byte before
	dots := false
	for i := 1; i < len(path); i++ {
		class := classes[path[i]]
		switch {
		case class == name: // most bytes
		case class == odd:
			return false
		case class == dot:
			dots = true
		case class == slash:
			segment := path[start:i]
			if before != name && (before != sign || !hasName(segment)) ||
				(dots || len(segment) == len(cgiBin)) && isScript(segment) || isAnother(path[:i+1]) {
				return false
			}
			start, dots = i+1, false
		}
		before = class
	}
	return before != dot
}

// isAnother reports whether a path up to a slash ends in a folder where what follows
// is the path of another page.
func isAnother(path string) bool {
	switch path[len(path)-2] { // most do not end so
	case 'a', 'x':
		return hasTwin(path)
	case 's':
		return strings.HasSuffix(path, faces)
	}
	return false
}

func hasName(segment string) bool {
	for i := range len(segment) {
		if classes[segment[i]] == name {
			return true
		}
	}
	return false
}

const cgiBin = "cgi-bin"

// isScript reports whether servers run a file of this name and hand it the rest
// of the path (PATH_INFO, RFC 3875, 4.1.5): /index.php/documents is /documents
// to the app behind it.
func isScript(segment string) bool {
	i := strings.LastIndexByte(segment, '.')
	if i < 0 {
		return strings.EqualFold(segment, cgiBin)
	}
	var buf [8]byte
	ext := segment[i+1:]
	if len(ext) > len(buf) {
		return false
	}
	for j := range len(ext) {
		buf[j] = lowerByte(ext[j])
	}
	return scripts[string(buf[:len(ext)])]
}

var scripts = map[string]bool{
	"php": true, "php3": true, "php4": true, "php5": true, "php7": true, "php8": true, "phtml": true, "phar": true,
	"cgi": true, "fcgi": true, "fpl": true, "pl": true, "py": true, "wsgi": true, "rb": true, "lua": true, "sh": true,
	"asp": true, "aspx": true, "ashx": true, "asmx": true, "axd": true, "svc": true, "cshtml": true,
	"jsp": true, "jspx": true, "jsf": true, "do": true, "action": true,
	"cfm": true, "cfml": true, "cfc": true, "dll": true, "exe": true, "nsf": true,
}
