package policy

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestAllowByMethod(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/], allow: [{path: /login, method: [GET, POST]}, /assets]}}")
	for request, open := range map[string]bool{
		"GET /login": true, "POST /login": true, "HEAD /login": true, "PUT /login": false, "post /login": false, "DELETE /login": false,
		"GET /LOGIN": true, "GET /login/": true, "GET /login/x": true, "GET /login.json": false, "GET /login;x": false, "GET /%6cogin": true,
		"GET /assets/My%20File.css": true, "GET /assets/a;b": true, "GET /aſsets/x": false, "GET /assets//x": true, "GET //assets/x": false,
		"GET /assets/caf%e9.png": true, "GET /assets%2fx": false, "GET /assets/..": false, "GET http://h/login": true, "GET /assets/x.php/y": false,
		"GET /": false, "DELETE /assets/x": true,
	} {
		method, path, _ := strings.Cut(request, " ")
		f := known("h", path)
		f.Method = method
		if got := p.Decide(&f).Reason == ReasonOpen; got != open {
			t.Errorf("%s: open %v, want %v", request, got, open)
		}
	}
}

// A form may say that its POST is another method, and a query that a GET is one.
func TestAllowByMethodHeedsOverrides(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/], allow: [{path: /post, method: [POST]}, {path: /all, method: [GET, POST, PUT, PATCH, DELETE]}, {path: /get, method: [GET]}, /any]}}")
	broken := func() (url.Values, error) { return nil, errors.New("too long") }
	form := func(s string) func() (url.Values, error) {
		return func() (url.Values, error) { return url.ParseQuery(s) }
	}
	for _, c := range []struct {
		method, path, query string
		form                func() (url.Values, error)
		open                bool
	}{
		{"POST", "/post", "", nil, true}, {"POST", "/post", "", form("a=b"), true}, {"POST", "/post", "_method=POST", form("_method="), true}, {"POST", "/post", "_method=post", nil, true},
		{"POST", "/post", "_method=DELETE", nil, false}, {"POST", "/post", "_METHOD=delete", nil, false}, {"POST", "/post", "%5Fmethod=put", nil, false}, {"POST", "/post", "_method[]=PUT", nil, false},
		{"POST", "/post", "", form("_method=PATCH"), false}, {"POST", "/post", "", broken, false}, {"POST", "/all", "_method=DELETE", broken, true}, {"POST", "/any", "_method=DELETE", broken, true},
		{"GET", "/get", "_method=DELETE", nil, false}, {"HEAD", "/get", "_method=DELETE", nil, false}, {"GET", "/get", "_method=POST", nil, false}, {"GET", "/get", "_method=get", broken, true}, {"GET", "/any", "_method=DELETE", nil, true},
		{"POST", "/post", "", form("X-HTTP-Method-Override=PUT"), false}, {"POST", "/post", "x-tunneled-method=DELETE", nil, false}, {"POST", "/post", "method=PUT", nil, false}, {"POST", "/post", "", form("method=paypal"), true},
	} {
		f := known("h", c.path)
		f.Method, f.Sent.RawQuery, f.Form = c.method, c.query, c.form
		if got := p.Decide(&f).Reason == ReasonOpen; got != c.open {
			t.Errorf("%s %s?%s: open %v, want %v", c.method, c.path, c.query, got, c.open)
		}
	}
}
