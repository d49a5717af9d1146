package identity

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const jsonType = "application/json; charset=utf-8"

// H2: what says nothing about the visitor is never taken for "nobody".
func TestWhoAmIAnswers(t *testing.T) {
	me := `{"login":"bob"}`
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   State
		retry  time.Duration
	}{
		"ok/known":              {says(200, jsonType, me), Known, 0},
		"ok/private":            {says(200, jsonType, me, "Cache-Control", "private, max-age=9"), Known, 0},
		"ok/byte order mark":    {says(200, jsonType, "\ufeff"+me), Known, 0},
		"ok/no match":           {says(200, jsonType, `{}`), Nobody, 0},
		"ok/401":                {says(401, "text/plain", "no"), Nobody, 0},
		"ok/403":                {says(403, "text/plain", "no"), Nobody, 0},
		"ok/redirect":           {says(302, "text/html", "", "Location", "/login"), Nobody, 0},
		"ok/see other":          {says(303, "text/html", "", "Location", "/login"), Nobody, 0},
		"fail/201":              {says(201, jsonType, me), Down, 0},
		"fail/204":              {says(204, jsonType, ""), Down, 0},
		"fail/206":              {says(206, jsonType, me, "Content-Range", "bytes 0-1/9"), Down, 0},
		"fail/200 of a part":    {says(200, jsonType, me, "Content-Range", "bytes 0-14/900"), Down, 0},
		"fail/300":              {says(300, jsonType, me), Down, 0},
		"fail/304":              {says(304, jsonType, ""), Down, 0},
		"fail/404":              {says(404, jsonType, `{}`), Down, 0},
		"fail/429":              {says(429, jsonType, `{}`, "Retry-After", "120"), Down, 2 * time.Minute},
		"fail/429 by date":      {says(429, jsonType, `{}`, "Retry-After", theTime.Add(30*time.Second).Format(http.TimeFormat)), Down, 30 * time.Second},
		"fail/429 silent":       {says(429, jsonType, `{}`), Down, time.Second},
		"fail/429 for years":    {says(429, jsonType, `{}`, "Retry-After", "99999999"), Down, maxRetry},
		"fail/500":              {says(500, jsonType, me), Down, 0},
		"fail/503":              {says(503, jsonType, `{}`, "Retry-After", "7"), Down, 7 * time.Second},
		"fail/wrong type":       {says(200, "text/html", me), Down, 0},
		"fail/no type":          {says(200, "", me), Down, 0},
		"fail/two types":        {says(200, jsonType, me, "Content-Type", "text/html"), Down, 0},
		"fail/compressed":       {says(200, jsonType, me, "Content-Encoding", "gzip"), Down, 0},
		"fail/from a cache":     {says(200, jsonType, me, "Age", "0"), Down, 0},
		"fail/public":           {says(200, jsonType, me, "Cache-Control", "max-age=9, PUBLIC"), Down, 0},
		"fail/shared cache":     {says(200, jsonType, me, "Cache-Control", "s-maxage=9"), Down, 0},
		"fail/cut":              {says(200, jsonType, me, "Content-Length", "900"), Down, 0},
		"fail/half":             {says(200, jsonType, `{"login":"bob"`), Down, 0},
		"fail/two values":       {says(200, jsonType, me+me), Down, 0},
		"fail/duplicate member": {says(200, jsonType, `{"login":"bob","login":"mallory"}`), Down, 0},
		"fail/not UTF-8":        {says(200, jsonType, "{\"login\":\"b\xff\"}"), Down, 0},
		"fail/half a surrogate": {says(200, jsonType, `{"login":"b\ud800"}`), Down, 0},
		"fail/over-long":        {says(200, jsonType, `{"login":"bob","x":"`+strings.Repeat("x", MaxAnswer)+`"}`), Down, 0},
		"fail/object":           {says(200, jsonType, `{"login":{"bob":1}}`), Down, 0},
		"fail/true":             {says(200, jsonType, `{"login":true}`), Down, 0},
		"fail/control":          {says(200, jsonType, `{"login":"bob\r\nX: 1"}`), Down, 0},
		"fail/endless":          {says(200, jsonType, `{"login":"`+strings.Repeat("b", maxUser+1)+`"}`), Down, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, mustWhoAmI(t, nil), visitTo(&fakeApp{answer: tc.answer}, "/", "Cookie: sid=b"))
			if a.State != tc.want || a.RetryAfter != tc.retry {
				t.Errorf("got %v, retry after %v (%v); want %v, %v", a.State, a.RetryAfter, a.Err, tc.want, tc.retry)
			}
		})
	}
}

func TestWhoAmICallFails(t *testing.T) {
	src := mustWhoAmI(t, nil)
	v := visitTo(nil, "/", "Cookie: sid=b")
	v.Call = func(*http.Request) (*http.Response, error) { return nil, errors.New("cut") }
	wantState(t, ask(t, src, v), Down, "")
	v.Call = func(*http.Request) (*http.Response, error) {
		body := io.NopCloser(io.MultiReader(strings.NewReader(`{"login":"bob"}`), failed{errors.New("cut")}))
		return &http.Response{StatusCode: 200, ContentLength: -1, Body: body, Header: http.Header{"Content-Type": {"application/json"}}}, nil
	}
	wantState(t, ask(t, src, v), Down, "")
}

// The bound holds where the beginning of an answer would do for the expression.
func TestWhoAmIOverLongText(t *testing.T) {
	src := mustWhoAmI(t, func(c *WhoAmI) { c.Facts.User = Expression{Kind: "regexp", Text: `^user=(\w+)`} })
	body := "user=bob " + strings.Repeat("x", MaxAnswer-9)
	wantState(t, ask(t, src, visitTo(&fakeApp{answer: says(200, "text/plain", body)}, "/", "Cookie: sid=a")), Known, "bob")
	wantState(t, ask(t, src, visitTo(&fakeApp{answer: says(200, "text/plain", body+"x")}, "/", "Cookie: sid=b")), Down, "")
}

// M8: values that stand for nobody, and numbers that a float cannot tell apart.
func TestWhoAmIUser(t *testing.T) {
	for value, want := range map[string]string{
		`"bob"`: "bob", `" bob"`: " bob", `"José"`: "José", `7`: "7", `9007199254740993`: "9007199254740993", `9007199254740992`: "9007199254740992",
		`null`: "", `false`: "", `0`: "", `-0`: "", `0.00`: "", `0e5`: "", `""`: "", `" "`: "", `"0"`: "", `"guest"`: "", `"null"`: "",
		`"Guest"`: "Guest", `"0x"`: "0x", `"00a"`: "00a", `1e0`: "1e0",
	} {
		state := Known
		if want == "" {
			state = Nobody
		}
		src := mustWhoAmI(t, func(c *WhoAmI) { c.Nobody = []string{"guest"} })
		a := ask(t, src, visitTo(&fakeApp{answer: says(200, jsonType, `{"login":`+value+`}`)}, "/", "Cookie: sid=b"))
		if a.State != state || a.Person.User != want {
			t.Errorf("%s: got %v %q, want %v %q", value, a.State, a.Person.User, state, want)
		}
	}
}

func TestWhoAmIFacts(t *testing.T) {
	e := func(path string) Expression { return Expression{Kind: "json", Text: path} }
	src := mustWhoAmI(t, func(c *WhoAmI) {
		c.Facts = Expressions{e("u.id"), e("u.mail"), e("u.name"), e("u.office"), e("roles"), e("sid"), e("amr"), e("acr"), e("at")}
	})
	for body, check := range map[string]func(Person) bool{
		`{"u":{"id":7,"mail":"b@x","name":"Bob","office":3},"roles":["a",2],"sid":9,"amr":["mfa"],"acr":"gold","at":1772366000}`: func(p Person) bool {
			return p.Email == "b@x" && p.Name == "Bob" && p.Tenant == "3" && strings.Join(p.Roles, " ") == "a 2" && p.Session == "9" &&
				strings.Join(p.Methods, " ") == "mfa" && p.ACR == "gold" && p.Time.Equal(time.Unix(1772366000, 0))
		},
		`{"u":{"id":7,"office":null},"roles":"a,b","at":"2026-03-01T11:00:00Z"}`: func(p Person) bool {
			return p.Tenant == "" && strings.Join(p.Roles, "|") == "a,b" && p.Time.Equal(theTime.Add(-time.Hour))
		},
		`{"u":{"id":7,"office":["x"]},"roles":[["a"]],"at":1772369999}`: func(p Person) bool {
			return p.Tenant == WrongTenant && p.Roles == nil && p.Time.IsZero()
		},
		`{"u":{"id":7,"office":"a\nb","name":"x\r\ny"},"at":-1}`: func(p Person) bool {
			return p.Tenant == WrongTenant && p.Name == "" && p.Time.IsZero()
		},
	} {
		v := visitTo(&fakeApp{answer: says(200, jsonType, body)}, "/", "Cookie: sid=b")
		v.Fresh = true
		a := ask(t, src, v)
		if a.State != Known || a.Person.User != "7" || !check(a.Person) {
			t.Errorf("%s: got %v %+v", body, a.State, a.Person)
		}
	}
}
