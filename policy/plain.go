package policy

import "strings"

// What a byte may be in a target that every server reads alike.
const (
	odd    = iota // anything that some server treats specially
	name          // a letter or a digit
	hyphen        // between two of them
	low           // an underscore: part of a name, left out by who looks at words alone
	dot           // part of a name, unless it stands at the end of a segment
	slash         // ends a segment
)

var classes = func() (c [256]uint8) {
	for _, b := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") {
		c[b] = name
	}
	c['-'], c['_'], c['.'], c['/'] = hyphen, low, dot, slash
	return c
}()

// isPlain reports whether a target is written plainly: it starts with "/", its
// segments are plain ASCII names, none is empty (but for a final slash) or ends in
// a dot, none but the last is a script whose rest is a path of its own. Such a
// target has one reading, and where other is true those of alike as well.
func isPlain(path string) (plain, other bool) {
	if path[0] != '/' {
		return false, false
	}
	start, before := 1, uint8(slash) // of the segment; class of the byte before
	dots, lows, apart := false, false, false
	for i := 1; i < len(path); i++ {
		class := classes[path[i]]
		switch class {
		case name: // most bytes
		case odd:
			return false, false
		case hyphen:
			apart = apart || before != name || i+1 == len(path) || classes[path[i+1]] != name
		case low:
			lows = true
		case dot:
			dots = true
		case slash:
			if before == dot || before == slash || dots && lows {
				return false, false
			}
			if dots || lows || apart || i-start == len(cgiBin) {
				if isScript(path[start:i]) || isLetters(path[start:i], "cgibin") {
					return false, false
				}
				other = other || dots || lows || apart
			}
			start, dots, lows, apart = i+1, false, false, false
		}
		before = class
	}
	if before == dot || dots && before == low {
		return false, false
	}
	return true, other || dots || lows || apart
}

// isSteady reports whether all readings of a path that isPlain begin with the same
// four bytes.
func isSteady(path string) bool {
	for i := 1; i < 4 && i < len(path); i++ {
		switch classes[path[i]] {
		case name, slash:
		case hyphen:
			if classes[path[i-1]] != name || i+1 == len(path) || classes[path[i+1]] != name {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isLetters reports whether these, small, are the letters and digits of a name.
func isLetters(segment, letters string) bool {
	n := 0
	for i := range len(segment) {
		if classes[segment[i]] != name {
			continue
		}
		if n == len(letters) || lowerByte(segment[i]) != letters[n] {
			return false
		}
		n++
	}
	return n == len(letters)
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
