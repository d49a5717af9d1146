package enroll

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestDigits(t *testing.T) {
	for name, tt := range map[string]struct {
		typed string
		want  string
		ok    bool
	}{
		"ok/plain":            {"123456", "123456", true},
		"ok/spaces":           {" 123 456\t\r\n", "123456", true},
		"ok/dashes":           {"12-34\u201056\u2212\u2013", "123456", true},
		"ok/no-break":         {"123\u00a0456\u202f\u2007", "123456", true},
		"ok/not seen":         {"\ufeff123\u200b456\u200e\u00ad\u2060", "123456", true},
		"ok/full-width":       {"１２３４５６", "123456", true},
		"ok/Arabic-Indic":     {"١٢٣٤٥٦", "123456", true},
		"ok/Persian":          {"۱۲۳۴۵۶", "123456", true},
		"ok/Devanagari":       {"१२३४५६", "123456", true},
		"ok/mathematical":     {"𝟏𝟐𝟑𝟺𝟻𝟼", "123456", true},
		"ok/mixed":            {"1٢۳４५६", "123456", true},
		"ok/leading zeros":    {"٠٠٠٠٠٧", "000007", true},
		"fail/empty":          {"", "", false},
		"fail/spaces only":    {"      ", "", false},
		"fail/short":          {"12345", "", false},
		"fail/long":           {"1234567", "", false},
		"fail/letter":         {"12345x", "", false},
		"fail/sign":           {"+123456", "", false},
		"fail/point":          {"1234.56", "", false},
		"fail/Roman numerals": {"ⅠⅡⅢⅣⅤⅥ", "", false},
		"fail/superscript":    {"¹²³⁴⁵⁶", "", false},
		"fail/not UTF-8":      {"12345\xff6", "", false},
		"fail/very long":      {strings.Repeat(" ", 300) + "123456", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := digits(tt.typed, 6)
			if ok != tt.ok || ok && got != tt.want {
				t.Fatalf("got %q, %v", got, ok)
			}
		})
	}
}

// Unicode lays every script's ten digits side by side from zero to nine.
func TestDigitsOfEveryScript(t *testing.T) {
	n := 0
	for r := range unicode.MaxRune {
		d, ok := digit(r)
		if ok != unicode.Is(unicode.Nd, r) {
			t.Fatalf("%U: %v", r, ok)
		}
		if !ok {
			continue
		}
		if n++; d > 9 || d > 0 && !unicode.Is(unicode.Nd, r-rune(d)) {
			t.Fatalf("%U is %d", r, d)
		}
	}
	for _, ranges := range [][]unicode.Range16{unicode.Nd.R16} {
		for _, x := range ranges {
			if x.Stride != 1 || (x.Hi-x.Lo+1)%10 != 0 {
				t.Fatalf("%v is not whole tens", x)
			}
		}
	}
	for _, x := range unicode.Nd.R32 {
		if x.Stride != 1 || (x.Hi-x.Lo+1)%10 != 0 {
			t.Fatalf("%v is not whole tens", x)
		}
	}
	if n < 600 {
		t.Fatalf("%d digits", n)
	}
}

// FuzzDigits: what is read is six ASCII digits, reads as itself, and does not
// change by what only groups it.
func FuzzDigits(f *testing.F) {
	for _, s := range []string{"123456", "١٢٣ ٤٥٦", "12-34-56", "\u200b1\u00a0２", "x", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, ok := digits(typed, 6)
		if !ok {
			return
		}
		if len(got) != 6 || strings.Trim(got, "0123456789") != "" || !utf8.ValidString(typed) {
			t.Fatalf("%q is read as %q", typed, got)
		}
		if again, ok := digits(got, 6); !ok || again != got {
			t.Fatalf("%q is read as %q", got, again)
		}
		if len(typed) < 200 {
			if again, ok := digits(" -\u200b"+typed+"\u00a0\u2212", 6); !ok || again != got {
				t.Fatalf("%q, grouped, is read as %q", typed, again)
			}
		}
	})
}
