package policy

import (
	"math"
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
// script to Java and Python, "-42" to absint() of WordPress, 4294967338 to C's atoi
// and JavaScript's |0, which keep 32 bits. What is no number is 0 to many.
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
		return slices.Contains(whole, 0)
	}
	same := func(n int64) bool {
		return slices.ContainsFunc(whole, func(w int64) bool {
			return w == n || w == -n || w == int64(int32(n)) || w == int64(int32(-n)) // #nosec G115 -- as those languages cut it
		})
	}
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
	if err != nil {
		return slices.Contains(whole, 0)
	}
	if x >= 1<<53 {
		x = math.Mod(x, 1<<32)
	}
	return same(int64(x))
}
