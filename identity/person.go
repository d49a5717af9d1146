package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a source may say of a person, in bytes and items.
const (
	maxUser = 512
	maxText = 1024
	maxList = 512
)

// maxAhead is how far in the future a sign-in may lie before its time counts
// as unknown: the clocks of two machines differ a little.
const maxAhead = time.Minute

var errNobody = errors.New("the user's value stands for nobody")

// reading turns the values that a source found into a person.
type reading struct {
	nobody  []string // further values of user that stand for nobody
	lenient bool     // numbers are read by their text, and one method needs no list; a token is read strictly
	now     time.Time
}

// person builds a person of values in the order of the facts; nil is a value
// that is absent. The values are those of encoding/json with UseNumber, or
// text. errNobody says that the user's value stands for nobody; any other
// error, that it cannot be an id.
func (r *reading) person(values [9]any) (Person, error) {
	user, err := r.user(values[0])
	if err != nil {
		return Person{}, err
	}
	p := Person{User: user, Tenant: r.tenant(values[3])}
	p.Email, p.Name = r.plain(values[1]), r.plain(values[2])
	p.Session, p.ACR = r.session(values[5]), r.plain(values[7])
	p.Roles = r.list(values[4])
	if _, isList := values[6].([]any); isList || r.lenient {
		p.Methods = r.list(values[6])
	}
	p.Time = r.time(values[8])
	return p, nil
}

// user reads the id. What stands for nobody in one app or the other (null,
// false, 0, an empty text) does so in all: otherwise all strangers would be one
// user, whom anybody could enrol.
func (r *reading) user(v any) (string, error) {
	s, ok := r.text(v)
	switch {
	case v == nil || v == false:
		return "", errNobody
	case !ok:
		return "", fmt.Errorf("the user's value is %s: map a field that holds one id", kindOf(v))
	case isNobody(s):
		return "", errNobody
	}
	for _, n := range r.nobody {
		if s == n {
			return "", errNobody
		}
	}
	if len(s) > maxUser {
		return "", fmt.Errorf("the user's value is over %d bytes", maxUser)
	}
	if !clean(s) {
		return "", errors.New("the user's value holds control characters or is not UTF-8")
	}
	return s, nil
}

// isNobody is whether a text stands for nobody: blank, null, false, or a
// number that is zero however it is written.
func isNobody(s string) bool {
	switch strings.TrimSpace(s) {
	case "", "null", "false":
		return true
	}
	digits := strings.TrimLeft(strings.TrimSpace(s), "+-")
	mantissa, exp, _ := strings.Cut(strings.ToLower(digits), "e")
	return strings.Trim(mantissa, "0.") == "" && strings.ContainsRune(mantissa, '0') && strings.Trim(exp, "+-0123456789") == ""
}

// clean is whether a text is valid UTF-8 without control characters and
// without the sign that decoders put for what they could not read: two people
// must not become one by it.
func clean(s string) bool {
	for _, c := range s {
		if c == utf8.RuneError || unicode.IsControl(c) {
			return false
		}
	}
	return true
}

// text reads a text or, where allowed, a number by its text.
func (r *reading) text(v any) (string, bool) {
	s, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber && r.lenient {
		s, ok = n.String(), true
	}
	return s, ok && len(s) <= maxText
}

// plain is a text that can be shown, "" for anything else.
func (r *reading) plain(v any) string {
	s, ok := r.text(v)
	if !ok || !clean(s) {
		return ""
	}
	return s
}

// session reads what tells one sign-in from the next. A number does so by its
// text in a token too: iat is all that some tokens have.
func (r *reading) session(v any) string {
	if n, isNumber := v.(json.Number); isNumber {
		return r.plain(n.String())
	}
	return r.plain(v)
}

// tenant reads the tenant the identity names. One of the wrong type names none
// that exists, rather than none at all.
func (r *reading) tenant(v any) string {
	if v == nil {
		return ""
	}
	s, ok := r.text(v)
	if !ok || !clean(s) {
		return WrongTenant
	}
	return s
}

// list reads an array of texts; a single text is a list of one. Anything else
// in it makes the whole list empty.
func (r *reading) list(v any) []string {
	items, ok := v.([]any)
	if !ok {
		if s := r.plain(v); s != "" {
			return []string{s}
		}
		return nil
	}
	if len(items) > maxList {
		return nil
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := r.text(item)
		if !ok || !clean(s) {
			return nil
		}
		list = append(list, s)
	}
	return list
}

// split makes a list of a text: commas part items, outer spaces do not count.
func split(s string) []any {
	var list []any
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// time reads seconds since 1970 (RFC 7519 NumericDate), and from a text also
// RFC 3339. A time that lies ahead is not known: nothing is fresh by it.
func (r *reading) time(v any) time.Time {
	var t time.Time
	switch v := v.(type) {
	case json.Number:
		t = numericDate(v)
	case string:
		if !r.lenient {
			return time.Time{}
		}
		if t = numericDate(json.Number(v)); t.IsZero() {
			t, _ = time.Parse(time.RFC3339, v)
		}
	}
	if t.Unix() <= 0 || t.After(r.now.Add(maxAhead)) {
		return time.Time{}
	}
	return t
}

// maxSeconds is the end of the year 9999 in seconds since 1970.
const maxSeconds = 253402300799

// numericDate reads a NumericDate, zero where it is none.
func numericDate(n json.Number) time.Time {
	f, err := n.Float64()
	if err != nil || !(f >= 0 && f <= maxSeconds) {
		return time.Time{}
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(part*1e9)).UTC()
}

func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return "true"
	case json.Number:
		return "a number"
	}
	return "not a text"
}
