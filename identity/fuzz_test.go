package identity

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// A token that nobody signed never yields a person, whatever its text.
func FuzzTokenReader(f *testing.F) {
	good := hs256(f, claimsOf(nil))
	for _, s := range []string{good, "", "..", good + ".", b64(`{"alg":"none"}`) + "." + b64(claimsOf(nil)) + ".", "e30.e30.e30", strings.Repeat("A", 99)} {
		f.Add(s)
	}
	src := mustJWT(f, func(c *JWT) { c.Cookie, c.Header = "", "X-Token" })
	f.Fuzz(func(t *testing.T, text string) {
		v := &Visit{R: &http.Request{Header: http.Header{"X-Token": {text}}}, Now: theTime}
		a := ask(t, src, v)
		if a.State == Known && strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "Bearer")) != good {
			t.Errorf("%q is %q", text, a.Person.User)
		}
		if (a.State == Known) != (a.Person.User != "") {
			t.Errorf("%q: %v with user %q", text, a.State, a.Person.User)
		}
	})
}

// A signed payload never yields a person without a user, or one who has
// expired.
func FuzzTokenClaims(f *testing.F) {
	for _, s := range []string{claimsOf(nil), `{"sub":"a","exp":9e9}`, `{"sub":1,"exp":1}`, `{"sub":"a","sub":"b","exp":9e9}`, `{"exp":9e9,"sub":" "}`} {
		f.Add(s)
	}
	src := mustJWT(f, func(c *JWT) { c.Cookie, c.Header = "", "X-Token" }).(*token)
	f.Fuzz(func(t *testing.T, payload string) {
		b, err := src.believe(t.Context(), hs256(t, payload), theTime)
		if err != nil {
			return
		}
		if isNobody(b.person.User) || !clean(b.person.User) || !b.expires.After(theTime) {
			t.Errorf("%q is %q until %v", payload, b.person.User, b.expires)
		}
	})
}

// A cookie that stands in a header twice is never read as one, and no cookie is
// made of what is none.
func FuzzCookieReader(f *testing.F) {
	for _, s := range []string{"sid=a", "a=1; sid=b;; sid=c", "sid", "=sid", `sid="a;b"`, "s%69d=x", "a=1,sid=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Cookie": {line}}
		value, count := namedCookies(h, nil, "sid")
		if count == 0 && value != "" || !strings.Contains(line, value) {
			t.Errorf("%q: %d of value %q", line, count, value)
		}
		h["Cookie"] = []string{line, "sid=another"}
		if _, more := namedCookies(h, nil, "sid"); more != count+1 {
			t.Errorf("%q: a second one makes %d of %d", line, more, count)
		}
		r := &http.Request{Header: http.Header{"Cookie": {line}}, URL: visitTo(nil, "/").R.URL}
		MergeSetCookie(r, []string{"sid=new; Path=/"})
		seen := 0
		for p := range pairs(r.Header, nil) {
			if p.name == "sid" {
				seen++
				if p.value != "new" {
					t.Errorf("%q: after the merge sid is %q", line, p.value)
				}
			}
		}
		if seen != 1 {
			t.Errorf("%q: after the merge there are %d", line, seen)
		}
	})
}

// An extractor gives one value, valid UTF-8 of the page's own, or none; and
// what it gives is never a user together with an error.
func FuzzExtractors(f *testing.F) {
	for _, s := range []string{`{"user":{"id":7}}`, `<p id="u"> bob </p>`, "user=bob", `{"user":{"id":1},"user.id":2}`, "<p id=u><p id=u>", "\xff\xfe", "<svg><p id=u>"} {
		f.Add(s)
	}
	var all []extractor
	for _, e := range []Expression{{"json", "user.id", ""}, {"html", "#u", ""}, {"html", "#u", "data-id"}, {"regexp", `user=(\w+)`, ""}, {"header", "X-User", ""}} {
		x, err := e.compile()
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, x)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, x := range all {
			p := pageOf("text/html; charset=utf-8", body)
			v, err := x.find(p)
			if err != nil && v != nil {
				t.Errorf("%T: %v beside %v", x, v, err)
			}
			if s, ok := v.(string); ok && !utf8.ValidString(s) {
				t.Errorf("%T: %q is no UTF-8", x, s)
			}
			person, err := (&reading{lenient: true, now: theTime}).person([9]any{v})
			if (err == nil) == isNobody(person.User) || err != nil && person.User != "" {
				t.Errorf("%T: user %q beside %v", x, person.User, err)
			}
			if re, ok := x.(*pattern); ok && err == nil && len(re.FindAllString(body, -1)) != 1 {
				t.Errorf("%q matches more than once", body)
			}
			if errors.Is(err, errTwoMatches) && v != nil {
				t.Errorf("%T: two answers", x)
			}
		}
	})
}

// However a form is cut into pieces, the same is found in it.
func FuzzFormWatch(f *testing.F) {
	f.Add("x=1&u=bob", "u=", uint8(3))
	f.Add(multi(part1("u"), "bob"), "", uint8(9))
	c, err := NewCredentials([]string{"u"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, head, tail string, at uint8) {
		for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=" + boundary, "multipart/form-data"} {
			h := http.Header{"Content-Type": {contentType}}
			body := []byte(head + tail)
			whole := newWatch(c, formKind(h), h)
			whole.feed(body)
			whole.end()
			cut := newWatch(c, formKind(h), h)
			i := min(int(at), len(body))
			cut.feed(body[:i])
			cut.feed(body[i:])
			cut.end()
			if whole.found != cut.found {
				t.Errorf("%s: found %q in one piece and %q in two", contentType, whole.found, cut.found)
			}
		}
	})
}

// What a reader of JSON finds in the outermost object is found, however it is spelled,
// and nothing is found in an object that has no such member.
func FuzzJSONWatch(f *testing.F) {
	for _, s := range []string{`{"u":"bob"}`, `{"\u0075":1,"x":{"u":2}}`, `{"u":null,"a":"\\\"","u":[0]}`, `[{"u":1}]`, `{"u":""}`, `{"a":{"u":1},"b":[1,{"u":2}],"c":"\"u\":1"}`, ` {"u" : true }`} {
		f.Add(s)
	}
	c, err := NewCredentials([]string{"u"})
	if err != nil {
		f.Fatal(err)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	f.Fuzz(func(t *testing.T, body string) {
		w := newWatch(c, formKind(h), h)
		w.feed([]byte(body))
		var in map[string]any
		if json.Unmarshal([]byte(body), &in) != nil {
			return
		}
		if v := in["u"]; v != nil && v != "" && v != false && w.found == "" {
			t.Errorf("%q: nothing is found", body)
		}
		for name := range in {
			for n := range fieldNames(name) {
				if c.inJSON[n] || len(name) >= maxFieldName/6 {
					return
				}
			}
		}
		if w.found != "" {
			t.Errorf("%q: found %q", body, w.found)
		}
	})
}
