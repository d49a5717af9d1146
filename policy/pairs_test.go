package policy

import (
	"fmt"
	"strings"
	"testing"
)

// Routers that part pairs take /x/page/messages for /x?page=messages: a rule of a
// query is met there, and what a query opens, a pair in the path does not say otherwise.
func TestAPathThatSetsKeys(t *testing.T) {
	p := mustParse(t, `version: 1
tenants:
  a:
    require: mfa
    protect: [{path: /x, query: {page: messages}}, {path: /y, query: {a: 1, b: [2, "3"]}}, /z]
    allow: [{path: /z/list, query: {show: public}}]
`)
	for request, hit := range map[string]bool{
		"/x/page/messages": true, "/x/list/page/messages": true, "/x/PAGE/Messages/": true, "/x/a/b/page/messages/c/d": true, "/x//page/messages": true, "/x/%70age/mess%61ges": true, "/x/page%2fmessages": true, "/x/page[]/messages": true, "/x/page/home/page/messages": true, "/x/page/messages.html": true, "/x/index.php/page/messages": true,
		"/x/page:messages": true, "/x/list/page:messages/sort:date": true, "/x/page[0]:messages": true, "/x/page=messages": true, "/x/page%3Amessages": true, "/x/page/home?page=messages": true,
		"/y/a/1/b/3": true, "/y/a/01?b=2": true, "/y/a/1": false, "/y/a/1/b/4": false, "/y/b/3/1": false,
		"/x/page": false, "/x/page/": false, "/x/page/home": false, "/x/page/home/messages": false, "/x/messages": false, "/x/messages/page": false, "/x/pages/messages": false, "/x/page-messages": false, "/w/page/messages": false, "/x/page:home": false, "/x/homepage:messages": false,
		"/z/list?show=public": false, "/z/list/id/7?show=public": false, "/z/list/show/public?show=public": false, "/z/list/show/all?show=public": true, "/z/list/show:all?show=public": true, "/z/list/show/public": true,
	} {
		f := known("h", request)
		f.Sent.Path, f.Sent.RawQuery, _ = strings.Cut(request, "?")
		if d := p.Decide(&f); (d.Reason != ReasonOpen) != hit {
			t.Errorf("%s: %+v", request, d)
		}
		if hit && p.Spares(&f.Place, &f.Sent) {
			t.Errorf("%s is spared", request)
		}
	}
}

// However many rules look for a value, a path is taken apart once.
func TestAPathThatSetsKeys_OncePerRequest(t *testing.T) {
	allocs := func(rules int) float64 {
		text := "version: 1\ntenants: {a: {require: mfa, protect: [/z"
		for i := range rules {
			text += fmt.Sprintf(", {path: /, query: {page%d: messages}}", i)
		}
		p := mustParse(t, text+"]}}")
		f := known("h", "/"+strings.Repeat("a:/", 100))
		return testing.AllocsPerRun(5, func() { p.Decide(&f) })
	}
	if one, many := allocs(1), allocs(20); many > one+20 {
		t.Errorf("%v allocations for one rule, %v for twenty", one, many)
	}
}
