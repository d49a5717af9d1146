package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

func TestStripHeaders(t *testing.T) {
	for name, c := range map[string]struct{ in, want http.Header }{
		"ok/others stay": {
			http.Header{"Accept": {"a"}, "X-Custom_Thing": {"b"}, "Mfamous": {"c"}, "Mfa": {"d"}, "Proxy-Authorization": {"e"}},
			http.Header{"Accept": {"a"}, "X-Custom_Thing": {"b"}, "Mfamous": {"c"}, "Proxy-Authorization": {"e"}},
		},
		"fail/the gate's own, in every spelling": {
			http.Header{"Mfa-User": {"a"}, "Mfa_user": {"a"}, "Mfa.user": {"a"}, "mfa-status": {"a"}, "MFA_Tenant": {"a"}, "Mfa-A-Name-Longer-Than-Any-Of-The-Others": {"a"}},
			http.Header{},
		},
		"fail/another path or method than the request line's": {
			http.Header{"X-Original-Url": {"/documents"}, "X_original.url": {"/d"}, "X-Rewrite-Url": {"/d"}, "X-Http-Method-Override": {"DELETE"}, "X-Method-Override": {"PUT"}, "Proxy": {"http://evil"}, "Http2-Settings": {"x"}},
			http.Header{},
		},
		"ok/a POST that is a GET": {
			http.Header{"X-Payload-Http-Method-Override": {"GET"}},
			http.Header{"X-Payload-Http-Method-Override": {"GET"}},
		},
		"fail/one that is more, or is said otherwise": {
			http.Header{"X-Payload-Http-Method-Override": {"GET", "PUT"}, "X-Payload_http-Method-Override": {"GET"}, "X-Http-Method-Override": {"GET"}},
			http.Header{},
		},
		"fail/named in a hop-by-hop list": {
			http.Header{"Connection": {"close, Mfa-Status", "mfa_user", "authorization,Cookie", "Remote-User"}},
			http.Header{"Connection": {"close"}},
		},
		"fail/taken away with its name": {
			http.Header{"Connection": {"keep-alive,  X-Thing, authorization", "cookie, connection"}, "X-Thing": {"a"}, "Authorization": {"b"}, "Cookie": {"c"}, "Accept": {"d"}},
			http.Header{"Connection": {"keep-alive"}, "Accept": {"d"}},
		},
		"ok/HTTP's own words are left as they are": {
			http.Header{"Connection": {"keep-alive,  Upgrade"}, "Upgrade": {"websocket"}, "Te": {"trailers"}},
			http.Header{"Connection": {"keep-alive,  Upgrade"}, "Upgrade": {"websocket"}, "Te": {"trailers"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			stripHeaders(c.in, new(newFieldSet(nil)))
			if !reflect.DeepEqual(c.in, c.want) {
				t.Errorf("got %v, want %v", c.in, c.want)
			}
		})
	}
}

func TestStripCookies(t *testing.T) {
	names := namesAfter("__Host-mfa")
	for name, c := range map[string]struct{ in, want []string }{
		"ok/others byte for byte":       {[]string{"a=1;b=2;  c=\"x\"", "mfamily=3"}, []string{"a=1;b=2;  c=\"x\"", "mfamily=3"}},
		"ok/ours between others":        {[]string{"a=1; __Host-mfa=x; b=2"}, []string{"a=1; b=2"}},
		"ok/only ours":                  {[]string{"__Host-mfa=x; __Host-mfa-ticket=y; __Host-mfa-visit=z; __Host-mfa-ask=a; __Host-mfa-trip=b; mfa-lng=de"}, nil},
		"ok/in the second field":        {[]string{"a=1", "__Host-mfa=x", "b=2"}, []string{"a=1", "b=2"}},
		"fail/plain name on https":      {[]string{"mfa=x; mfa-ticket=y; a=1"}, []string{"a=1"}},
		"fail/other case":               {[]string{"__host-MFA=x; a=1"}, []string{"a=1"}},
		"fail/white space some trim":    {[]string{"\u2000__Host-mfa=x; a=1"}, []string{"a=1"}},
		"fail/without a value":          {[]string{"a=1; __Host-mfa"}, []string{"a=1"}},
		"fail/__Secure- prefix":         {[]string{"__Secure-mfa=1; a=1"}, []string{"a=1"}},
		"ok/a value that looks like it": {[]string{"a=__Host-mfa; b=mfa"}, []string{"a=__Host-mfa; b=mfa"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Cookie": c.in}
			before := append([]string(nil), c.in...)
			names.stripCookies(h, new([1]string))
			if !reflect.DeepEqual([]string(h["Cookie"]), c.want) {
				t.Errorf("got %q, want %q", h["Cookie"], c.want)
			}
			if !reflect.DeepEqual(before, c.in) {
				t.Errorf("the fields as they came were changed: %q", c.in)
			}
		})
	}
}

// Where the directive gives the flag another name, the gate's cookies are named
// after that; the language keeps its own.
func TestStripCookies_OfAnotherName(t *testing.T) {
	names := namesAfter("Portal")
	for in, want := range map[string]string{
		"a=1; Portal=x; b=2": "a=1; b=2", "a=1; portal-ticket=x": "a=1", "a=1; mfa-lng=de": "a=1", "a=1; mfa=x": "a=1; mfa=x", "a=1; b=2": "a=1; b=2",
	} {
		if got := names.without(in); got != want {
			t.Errorf("of %q stays %q, want %q", in, got, want)
		}
	}
}

func TestCookieValue(t *testing.T) {
	for name, c := range map[string]struct {
		in   []string
		want string
	}{
		"ok/one":                         {[]string{"a=1; __Host-mfa=x"}, "x"},
		"fail/none":                      {[]string{"a=1"}, ""},
		"fail/two in one field":          {[]string{"__Host-mfa=x; __Host-mfa=y"}, ""},
		"fail/two in two fields":         {[]string{"__Host-mfa=x", "__Host-mfa=x"}, ""},
		"fail/unicode space is not ours": {[]string{"\u2000__Host-mfa=x"}, ""},
		"fail/another case is not ours":  {[]string{"__host-mfa=x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cookieValue(c.in, "__Host-mfa"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A granted h2c is a tunnel past the gate: only a whole WebSocket handshake
// keeps its Upgrade.
func TestDesign_C5_UpgradeOnlyForWebSocket(t *testing.T) {
	handshake := http.Header{
		"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"13"},
	}
	without := func(change func(http.Header)) http.Header {
		h := handshake.Clone()
		change(h)
		return h
	}
	for name, c := range map[string]struct {
		method string
		h      http.Header
		keeps  bool
	}{
		"ok/whole handshake":     {"GET", handshake, true},
		"fail/h2c":               {"GET", without(func(h http.Header) { h["Upgrade"] = []string{"h2c"} }), false},
		"fail/websocket and h2c": {"GET", without(func(h http.Header) { h["Upgrade"] = []string{"websocket", "h2c"} }), false},
		"fail/list":              {"GET", without(func(h http.Header) { h["Upgrade"] = []string{"websocket, h2c"} }), false},
		"fail/no key":            {"GET", without(func(h http.Header) { delete(h, "Sec-Websocket-Key") }), false},
		"fail/other version":     {"GET", without(func(h http.Header) { h["Sec-Websocket-Version"] = []string{"8"} }), false},
		"fail/not in Connection": {"GET", without(func(h http.Header) { h["Connection"] = []string{"keep-alive"} }), false},
		"fail/POST":              {"POST", handshake, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", nil)
			r.Header = c.h.Clone()
			stripUpgrade(r)
			if got := r.Header["Upgrade"] != nil; got != c.keeps {
				t.Errorf("Upgrade kept: %v, want %v", got, c.keeps)
			}
			if !c.keeps && hasToken(r.Header["Connection"], "upgrade") {
				t.Errorf("Connection still asks for it: %q", r.Header["Connection"])
			}
		})
	}
}
