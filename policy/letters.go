package policy

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// plainLetters replaces letters by the plain ones they stand for (Unicode
// NFKC: full-width, ligatures, mathematical, decomposed), and leaves out what
// cannot be seen. Windows does the first when it narrows a name to a code page,
// HFS+ the second.
func plainLetters(s string) string {
	if isASCII(s) || !utf8.ValidString(s) {
		return s
	}
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		switch {
		case r == 0xad || 0x200b <= r && r <= 0x200f || 0x2060 <= r && r <= 0x2064 || r == 0xfeff || 0xfe00 <= r && r <= 0xfe0f:
			return -1
		case r == 0x2044 || r == 0x2215: // fraction and division slash
			return '/'
		case r == 0x2216 || r == 0x29f5: // set minus, reverse solidus operator
			return '\\'
		case r == 0x3002 || r == 0xff61: // ideographic full stops
			return '.'
		}
		return r
	}, s))
}

// overlong reads UTF-8 as decoders did before it was forbidden to write a
// character in more bytes than it needs (RFC 3629, 3): C0 AF is a slash.
func overlong(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		r, n := loose(s[i:])
		if r < 0 {
			out = append(out, s[i])
			i++
			continue
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out)
}

// loose decodes one character of up to six bytes, however long it is written.
func loose(s string) (rune, int) {
	c := s[0]
	if c < 0x80 {
		return rune(c), 1
	}
	n := bits.LeadingZeros8(^c)
	if n < 2 || n > 6 || len(s) < n {
		return -1, 1
	}
	r := rune(c & (0x7f >> n))
	for i := 1; i < n; i++ {
		if s[i]&0xc0 != 0x80 {
			return -1, 1
		}
		r = r<<6 | rune(s[i]&0x3f)
	}
	if r > unicode.MaxRune {
		return -1, 1
	}
	return r, n
}

// latin1 reads the bytes that are no UTF-8 as ISO 8859-1, the charset of many
// an older app: /relat%F3rios is /relatórios.
func latin1(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return eachInvalid(s, func(c byte) string { return string(rune(c)) })
}

// dropInvalid leaves out the bytes that are no UTF-8, as iconv's //IGNORE does.
func dropInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return eachInvalid(s, func(byte) string { return "" })
}

func eachInvalid(s string, do func(byte) string) string {
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				b.WriteString(do(s[i]))
				continue
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fold removes every difference that some comparison "without regard to case"
// overlooks: Unicode's simple folding (U+017F is s, U+212A is k), the two Turkish
// letters that become an i by way of the other case, and accents, which the usual
// collations of MySQL do not see when an app looks a page up by its name.
func fold(s string) string {
	return foldCase(plainAccents(s))
}

// plainAccents drops what stands over or under a letter of Latin, Greek and
// Cyrillic, and writes the letters plainly that no mark can be taken from; digits
// of every script are those of ASCII.
func plainAccents(s string) string {
	if isASCII(s) || !utf8.ValidString(s) {
		return s
	}
	return norm.NFC.String(withoutMarks.Replace(strings.Map(func(r rune) rune {
		switch {
		case 0x300 <= r && r <= 0x36f:
			return -1
		case r >= utf8.RuneSelf && unicode.IsDigit(r):
			return digit(r)
		}
		return r
	}, norm.NFD.String(withoutSigns(s)))))
}

// withoutSigns leaves out of names what is no letter and no digit beyond ASCII, as
// silent does within: signs, what cannot be seen, and marks that do not stand
// behind a letter of a script whose words need them. DokuWiki cuts it off,
// MediaWiki overlooks some of it, and most of MySQL's collations give it no weight.
// A name of nothing else stays.
func withoutSigns(s string) string {
	if isASCII(s) || !utf8.ValidString(s) {
		return s
	}
	return eachSegment(s, func(seg string) string {
		var before rune
		named := false
		plain := strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r) && r != 0x640 || unicode.IsNumber(r): // 0x640 but makes an Arabic word longer
				named, before = true, r
			case r >= utf8.RuneSelf && (r < 0x300 || r > 0x36f) && !(unicode.IsMark(r) && before >= 0x900):
				return -1
			}
			return r
		}, seg)
		if !named {
			return seg
		}
		return plain
	})
}

// digit is the digit of ASCII that one of another script stands for: each script
// has its ten in a row.
func digit(r rune) rune {
	n := rune(0)
	for unicode.IsDigit(r - 1 - n) {
		n++
	}
	return '0' + n%10
}

var withoutMarks = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "ł", "l", "ħ", "h", "ŧ", "t", "þ", "th", "ƒ", "f", "µ", "u",
	"ẞ", "ss", "Æ", "ae", "Œ", "oe", "Ø", "o", "Đ", "d", "Ð", "d", "Ł", "l", "Ħ", "h", "Ŧ", "t", "Þ", "th")

func foldCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return rune(lowerByte(byte(r))) // #nosec G115 -- ASCII
		case r == 0x130 || r == 0x131:
			return 'i'
		}
		least := r
		for n := unicode.SimpleFold(r); n != r; n = unicode.SimpleFold(n) {
			least = min(least, n)
		}
		if least < utf8.RuneSelf {
			return rune(lowerByte(byte(least)))
		}
		return least
	}, s)
}

// lower removes letter case alone: an ASCII letter equals only its own other
// case, a letter beyond ASCII never becomes one of ASCII. What it calls equal
// may be allowed; fold's wider net is for what must be protected.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return rune(lowerByte(byte(r))) // #nosec G115 -- ASCII
		}
		if l := unicode.ToLower(r); l >= utf8.RuneSelf {
			return l
		}
		return r
	}, s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
