package enroll

import (
	"net/url"
	"strings"
	"unicode"
)

// totpURI is what the QR code holds (Google Authenticator's key URI format).
// Neither issuer nor account may hold a colon there, not even an escaped one:
// apps split the label at the first. Long names would make a code that cannot
// be scanned from a small screen.
func totpURI(key secret, issuer, account string) string {
	issuer, account = label(issuer), label(account)
	if issuer == "" {
		issuer = "MFA"
	}
	q := "secret=" + base32Key.EncodeToString(key) + "&issuer=" + escape(issuer) +
		"&algorithm=SHA1&digits=6&period=30"
	return "otpauth://totp/" + escape(issuer) + ":" + escape(account) + "?" + q
}

// maxLabel is in characters.
const maxLabel = 64

// label is a name without what would break the URI or its display.
func label(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == ':':
			return '-'
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d': // joins emoji
			return -1
		case r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if r := []rune(name); len(r) > maxLabel {
		name = strings.TrimSpace(string(r[:maxLabel]))
	}
	return name
}

// escape percent-encodes all but letters, digits and -._~ . A space is %20: some
// apps show a + as it stands.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
