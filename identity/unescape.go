package identity

import "strings"

// unescape decodes percents until nothing changes, three times at most, and
// leaves what is no percent sequence as it is. It reads a name as any app may:
// "access%255ftoken" and IIS's "%u0061" are names too.
func unescape(s string) string {
	for range 3 {
		if !strings.Contains(s, "%") {
			return s
		}
		next := unescapeOnce(s)
		if next == s {
			return s
		}
		s = next
	}
	return s
}

func unescapeOnce(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if c, ok := hexByte(s, i+1); ok {
			b.WriteByte(c)
			i += 2
			continue
		}
		if i+1 < len(s) && (s[i+1] == 'u' || s[i+1] == 'U') {
			hi, ok1 := hexByte(s, i+2)
			lo, ok2 := hexByte(s, i+4)
			if ok1 && ok2 {
				b.WriteRune(rune(hi)<<8 | rune(lo))
				i += 5
				continue
			}
		}
		b.WriteByte('%')
	}
	return b.String()
}

// hexByte reads two hexadecimal digits at i.
func hexByte(s string, i int) (byte, bool) {
	if i+1 >= len(s) {
		return 0, false
	}
	hi, ok1 := hexDigit(s[i])
	lo, ok2 := hexDigit(s[i+1])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
