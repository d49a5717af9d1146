package enroll

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// maxNumber bounds what is read of a typed number, in bytes.
const maxNumber = 64

// ErrBadNumber refuses what was typed as a mobile number. Its details say what is
// wrong with it.
var ErrBadNumber = &Error{Reason: "bad-request", Status: 400, Detail: "number"}

func badNumber(detail string) error {
	return &Error{Reason: ErrBadNumber.Reason, Status: ErrBadNumber.Status, Detail: detail}
}

// readNumber reads a mobile number in international form, as a person types it,
// and gives it in E.164. A number without its country is refused: there is no
// country that could be taken for granted. So is one that a text does not reach,
// that costs whoever sends to it, or that is not bound to one person's phone
// (virtual, personal, toll-free, premium: the attacks are a number rented for an
// hour, and one whose owner is paid for each text).
func readNumber(typed string) (string, error) {
	if len(typed) > maxNumber || !utf8.ValidString(typed) {
		return "", badNumber("number")
	}
	var b strings.Builder
	for _, r := range typed {
		switch d, ok := digit(r); {
		case ok:
			b.WriteByte('0' + d)
		case r == '+' || r == '＋':
			if b.Len() > 0 {
				return "", badNumber("number")
			}
			b.WriteByte('+')
		case skipped(r), r == '(', r == ')', r == '.', r == '/':
		default:
			return "", badNumber("number")
		}
	}
	text := b.String()
	if rest, ok := strings.CutPrefix(text, "00"); ok {
		text = "+" + rest
	}
	if !strings.HasPrefix(text, "+") {
		return "", badNumber("number-country")
	}
	n, err := phonenumbers.Parse(text, "ZZ")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", badNumber("number")
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return phonenumbers.Format(n, phonenumbers.E164), nil
	}
	return "", badNumber("number-kind")
}

// maskedNumber shows enough of a number to know one's own: +31 •••78.
func maskedNumber(number string) string {
	n, err := phonenumbers.Parse(number, "ZZ")
	if err != nil || len(number) < 4 {
		return ""
	}
	return "+" + strconv.Itoa(int(n.GetCountryCode())) + " •••" + number[len(number)-2:]
}
