package enroll

import (
	"strings"
	"unicode"
)

// maxTyped bounds what is read of a typed code, in bytes.
const maxTyped = 256

// digits reads a typed code of n digits: spaces of every kind, dashes, and
// characters that cannot be seen are left out, digits of every script are read
// (full-width, Arabic-Indic, Persian, Devanagari…). False: it is no such code.
func digits(typed string, n int) (string, bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	var b strings.Builder
	for _, r := range typed {
		if skipped(r) {
			continue
		}
		d, ok := digit(r)
		if !ok {
			return "", false
		}
		b.WriteByte('0' + d)
	}
	return b.String(), b.Len() == n
}

// skipped tells whether a character only groups a code: a space (also no-break
// ones), a dash, a minus, or one that is not seen (zero-width, direction marks,
// soft hyphens).
func skipped(r rune) bool {
	return unicode.IsSpace(r) || r == '\u2212' || r == '\ufeff' ||
		unicode.In(r, unicode.Z, unicode.Pd, unicode.Cf)
}

// digit is the value of a decimal digit of any script. Unicode lays the ten of a
// script side by side, and its table of them (Nd) in runs of whole tens.
func digit(r rune) (byte, bool) {
	if '0' <= r && r <= '9' {
		return byte(r - '0'), true
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) { // #nosec G115 -- of the Unicode tables
			return byte((r - rune(t.Lo)) % 10), true // #nosec G115 -- 0 to 9
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) { // #nosec G115 -- of the Unicode tables
			return byte((r - rune(t.Lo)) % 10), true // #nosec G115 -- 0 to 9
		}
	}
	return 0, false
}
