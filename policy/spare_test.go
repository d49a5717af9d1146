package policy

import (
	"strings"
	"testing"
)

// mustSpareRightly reports whether a glance spares the request, and sees to it
// that Decide then finds it open, whoever asks.
func mustSpareRightly(t *testing.T, p *Policy, f *Facts) bool {
	t.Helper()
	if !p.Spares(&f.Place, &f.Sent) {
		return false
	}
	asked := *f
	for _, who := range []Who{NotAsked, Known, Nobody, Conflict, Down, Mixed} {
		asked.Who = who
		if d := p.Decide(&asked); d != (Decision{Verdict: Allow, Reason: ReasonOpen}) {
			t.Fatalf("%s%s?%s is spared, and decided %+v for %d", f.Host, f.Sent.Path, f.Sent.RawQuery, d, who)
		}
	}
	return true
}

// A glance never spares what Decide would not find open.
func TestSpares_WhatDecideFindsOpen(t *testing.T) {
	own, err := NewPrefixes([]string{"/finance"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		offices,
		"version: 1\ntenants:\n  only: {require: mfa, protect: [/documents]}\n",
		"version: 1\ntenants:\n  only: {require: mfa, protect: [/], allow: [/finance]}\n",
		"version: 1\ntenants:\n  only: {require: none, protect: [/documents]}\n",
	} {
		p := mustParse(t, text)
		everyFacts(func(f Facts) {
			mustSpareRightly(t, p, &f)
			f.Protect = own
			mustSpareRightly(t, p, &f)
		})
	}
}

func TestSpares(t *testing.T) {
	own, err := NewPrefixes([]string{"/private"}, "")
	if err != nil {
		t.Fatal(err)
	}
	p := mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, hosts: [a.example], protect: [/documents, {path: /mail/inbox, query: {page: inbox}}]}\n"+
		"  b: {require: mfa, hosts: [b.example], protect: [/reports]}\n")
	one := mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, protect: [/documents]}\n")
	for name, c := range map[string]struct {
		p      *Policy
		change func(*Facts)
		want   bool
	}{
		"ok/a page that is open":                {p, func(*Facts) {}, true},
		"ok/of the only tenant":                 {one, func(*Facts) {}, true},
		"ok/with a query":                       {p, func(f *Facts) { f.Sent.RawQuery = "page=inbox" }, true},
		"ok/beside the directive's own":         {p, func(f *Facts) { f.Protect = own }, true},
		"fail/protected":                        {p, func(f *Facts) { f.Sent.Path = "/documents/1" }, false},
		"fail/in other letters":                 {p, func(f *Facts) { f.Sent.Path = "/DOCUMENTS" }, false},
		"fail/of the only tenant":               {one, func(f *Facts) { f.Sent.Path = "/documents/1" }, false},
		"fail/by the directive":                 {p, func(f *Facts) { f.Protect = own; f.Sent.Path = "/private" }, false},
		"fail/not written plainly":              {p, func(f *Facts) { f.Sent.Path = "/%64ocuments" }, false},
		"fail/an empty segment":                 {p, func(f *Facts) { f.Sent.Path = "//documents" }, false},
		"fail/a dot segment":                    {p, func(f *Facts) { f.Sent.Path = "/open/../documents" }, false},
		"fail/a script's own path":              {p, func(f *Facts) { f.Sent.Path = "/open.php/documents" }, false},
		"fail/a query that is a path":           {p, func(f *Facts) { f.Sent.RawQuery = "/documents" }, false},
		"fail/no path":                          {p, func(f *Facts) { f.Sent.Path = "" }, false},
		"fail/too long":                         {p, func(f *Facts) { f.Sent.RawQuery = strings.Repeat("q", maxTarget) }, false},
		"fail/under the mount":                  {p, func(f *Facts) { f.Sent.Path, f.Mount = "/app/.mfa/enroll", "/app/.mfa" }, false},
		"fail/under the usual mount":            {p, func(f *Facts) { f.Sent.Path = "/.mfa/enroll" }, false},
		"ok/without a mount":                    {p, func(f *Facts) { f.Mount = "" }, true},
		"ok/of no tenant's host":                {p, func(f *Facts) { f.Host = "x.example" }, true},
		"ok/whatever tenant it turns out to be": {p, func(f *Facts) { f.TenantMapped = true }, true},
		"ok/another tenant's":                   {p, func(f *Facts) { f.Sent.Path = "/reports" }, true},
		"fail/another tenant's, of no host":     {p, func(f *Facts) { f.Sent.Path, f.Host = "/reports", "x.example" }, false},
		"fail/another's that may be the one":    {p, func(f *Facts) { f.Sent.Path, f.TenantMapped = "/reports", true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := Facts{Place: Place{Host: "a.example", Mount: DefaultMount}, Method: "GET", Sent: Target{Path: "/open/1"}, Now: now}
			c.change(&f)
			if got := mustSpareRightly(t, c.p, &f); got != c.want {
				t.Errorf("spared %v", got)
			}
		})
	}
}
