package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// floatBegin is what C's strtod, and so PHP's casts, take of a text.
var floatBegin = regexp.MustCompile(`^[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,4})?`)

// isWhole reports whether some language makes one of the whole numbers of a text,
// as apps do with the id of a page: "042", "+42", "42abc" and "4.2e1" are 42 to
// PHP's (int), "4_2" to Python and Ruby, "0x2a" to JavaScript, digits of any
// script to Java and Python, "-42" to absint() of WordPress.
func isWhole(text string, whole []int64) bool {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '_':
			return -1
		case r >= 0x80 && unicode.IsDigit(r):
			v := rune(0)
			for v < 9 && unicode.IsDigit(r-v-1) {
				v++
			}
			return '0' + v
		}
		return r
	}, text)
	s = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(s), "+-"))
	if s == "" || (s[0] < '0' || s[0] > '9') && s[0] != '.' {
		return false
	}
	same := func(n int64) bool { return slices.Contains(whole, n) || slices.Contains(whole, -n) }
	if n, err := strconv.ParseInt(s, 0, 64); err == nil && same(n) {
		return true
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	if n, err := strconv.ParseInt(s[:end], 10, 64); err == nil && same(n) {
		return true
	}
	x, err := strconv.ParseFloat(floatBegin.FindString(s), 64)
	return err == nil && x < 1<<53 && same(int64(x))
}
