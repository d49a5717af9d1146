package policy

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// What a framework serves of a page a second time is the page, and a picture that it
// fetches is the picture: whoever may not see the one, may not see the other.
func TestTwins(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/documents, /shop/orders], allow: [/documents/help]}}")
	for request, hit := range map[string]bool{
		"/_next/data/B1/documents.json": true, "/_next/data/B1/documents/1.json?id=1": true, "/_next/data/B1/Docu_ments.json": true, "/%5Fnext/data/x/%64ocuments.json": true, "/_next/data/B1//documents.json": true, "/_next/data/B1/x/../documents.json": true, "/_next/x/../data/B1/documents%2ejson": true,
		"/shop/_next/data/B1/orders.json": true, "/page-data/documents/page-data.json": true, "/page-data/documents/1/page-data.json": true, "/shop/page-data/orders/page-data.json": true,
		"/_next/data/B1/documents/help.json": false, "/_next/data/B1/index.json": false, "/_next/data/B1/documents-public.json": false, "/_next/data/documents.json": false, "/_next/static/chunks/pages/documents-1.js": false, "/_next/data/": false, "/_next/data/B1": false,
		"/page-data/app-data.json": false, "/page-data/index/page-data.json": false, "/data/x/documents.json": false, "/page-data/documents/x": false,

		"/_next/image?url=%2Fdocuments%2F1.png&w=64&q=75": true, "/_next/image?w=64&url=/documents/1.png": true, "/_next/image/?url=/%2564ocuments/1.png": true, "/%5fnext/image?%75rl=/documents/1.png": true, "/_next/image%3furl=/documents/1.png": true, "/shop/_next/image?url=/shop/orders/1.png": true, "/_next/image?url=/a.png&url=/x/../documents/1.png": true,
		"/_next/image?url=/logo.png": false, "/_next/image?url=https%3A%2F%2Fcdn.example%2Fdocuments%2F1.png": false, "/_next/image": false, "/_next/image?w=/documents": false, "/image?url=/documents/1.png": false, "/login?url=/documents": false, "/_next/image?url=/documents/help/1.png": false,
		"/_next/image?url=/_next/image%3Furl%3D%252Fdocuments%252F1.png": true, "/_next/image?url=/%255fnext/image": true,

		"/_image?href=/documents/1.png&f=png": true, "/_image/?f=png&href=%2Fdocuments%2F1.png": true, "/%5fimage?%68ref=/x/../%2564ocuments/1.png": true, "/_image?href=%09/documents/1.png": true, "/_image?href=%5Cdocuments/1.png": true, "/_image?href=documents/1.png": true,
		"/shop/_image?href=/shop/orders/1.png": true, "/shop/_image?href=/xxxx/orders/1.png": true, "/shop/_image?href=/a%5Cbc/orders/1.png": true,
		"/_image?href=/_astro/logo.a1.png": false, "/_image?href=https%3A%2F%2Fcdn.example%2Fdocuments%2F1.png": false, "/_image?url=/documents/1.png": false, "/image?href=/documents/1.png": false, "/my_image?href=/documents/1.png": false, "/_image": false, "/shop/_image?href=/shop/logo.png": false, "/_image?href=": false,

		"/_ipx/_/documents/1.png": true, "/_ipx/w_200&f_webp/documents/1.png": true, "/_ipx/%5f/%64ocuments/1.png": true, "/%5fipx/a%2fb/documents/1.png": true, "/_ipx/../documents/1.png": true, "/_ipx/_/x/../documents/1.png": true, "/_ipx/_/documents%5c1.png": true, "/shop/_ipx/_/orders/1.png": true,
		"/_ipx/w?x/documents/1.png": true, "/_ipx/w?x=/%64ocuments/1.png": true, "/_ipx/a%2fb?/documents/1.png": true, "/shop/_ipx/w?x/orders/1.png": true,
		"/_ipx/w_200/logo.png": false, "/_ipx/_/documents-public/1.png": false, "/_ipx/_/documents/help/1.png": false, "/_ipx/documents": false, "/_ipx/": false, "/_ipx/_/logo.png?x=/documents": false, "/_ipx/_/https://cdn.example/1.png": false, "/box/documents": false,
	} {
		f := known("h", request)
		f.Sent = Target{Path: request}
		for i := range request {
			if request[i] == '?' {
				f.Sent = Target{request[:i], request[i+1:]}
				break
			}
		}
		if d := p.Decide(&f); (d.Reason != ReasonOpen) != hit {
			t.Errorf("%s: %+v", request, d)
		}
		if p.Spares(&f.Place, &f.Sent) && hit {
			t.Errorf("%s is spared", request)
		}
	}
}

// Where all but a few pages is protected, their data is open as they are.
func TestTwinsOfOpenPages(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/], allow: [/login, /_next, /logo.png]}}")
	for path, open := range map[string]bool{"/_next/data/B1/login.json": true, "/_next/data/B1/documents.json": false, "/_next/static/x.js": true} {
		f := known("h", path)
		if got := p.Decide(&f).Reason == ReasonOpen; got != open {
			t.Errorf("%s is open: %v", path, got)
		}
	}
}

// WordPress takes a route of its API from the query or form of any request.
func TestARouteThatAQueryNames(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/wp-json/wp/v2/users, /blog/wp-json], allow: [/login]}}")
	for _, c := range []struct {
		path, query, form string
		hit               bool
	}{
		{"/wp-json/wp/v2/users", "", "", true}, {"/", "rest_route=/wp/v2/users", "", true}, {"/any/post", "a=b&rest%5Froute=%2Fwp%2Fv2%2FUsers%2F1", "", true}, {"/index.php", "rest.route[]=/wp/v2/users/", "", true}, {"/", "", "rest_route=/wp/v2/users/me", true},
		{"/login", "rest_route=/wp/v2/users", "", true}, {"/blog/", "rest_route=/x", "", true}, {"/blog/2026/x", "rest_route=%2F", "", true},
		{"/", "", "", false}, {"/", "rest_route=/wp/v2/posts", "", false}, {"/", "rest_route=/wp/v2/users-list", "", false}, {"/", "route=/wp/v2/users", "", false}, {"/", "", "a=/wp/v2/users", false}, {"/blog/", "", "", false},
	} {
		f := known("h", c.path)
		f.Sent.RawQuery = c.query
		f.Form = func() (url.Values, error) { return url.ParseQuery(c.form) }
		if got := p.Decide(&f).Reason != ReasonOpen; got != c.hit {
			t.Errorf("%s?%s with %q is protected: %v", c.path, c.query, c.form, got)
		}
		if p.Spares(&f.Place, &f.Sent) && c.hit {
			t.Errorf("%s?%s is spared", c.path, c.query)
		}
	}
}

// TestPictures_TheirWorkIsBounded: what one picture costs to read, a query cannot ask
// for again and again, and one that names hundreds is not read at all.
func TestPictures_TheirWorkIsBounded(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/documents]}}")
	f := known("h", "/_next/image")
	cost := func(query string) float64 {
		f.Sent.RawQuery = query
		return testing.AllocsPerRun(3, func() { p.Decide(&f) })
	}
	const costly = "url=/%252e/%2561;x//b/..;/%255cc.php/d/%2e%252fe&"
	if once, often := cost(costly), cost(strings.Repeat(costly, 30)); often > 5*once {
		t.Errorf("%v allocations for one, %v for the same 30 times", once, often)
	}
	many := ""
	for i := range maxReadings + 1 {
		many += fmt.Sprint("url=/", i, "&")
	}
	f.Sent.RawQuery = many
	if d := p.Decide(&f); d.Reason != ReasonBadTarget {
		t.Errorf("so many pictures: %+v", d)
	}
}
