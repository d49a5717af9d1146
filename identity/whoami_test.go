package identity

import (
	"strings"
	"testing"
	"time"
)

func TestNewWhoAmIErrors(t *testing.T) {
	json := func(s string) Expression { return Expression{Kind: "json", Text: s} }
	for name, tc := range map[string]struct {
		change func(*WhoAmI)
		says   string
	}{
		"fail/no user":            {func(c *WhoAmI) { c.Facts.User = Expression{} }, "user json login"},
		"fail/method":             {func(c *WhoAmI) { c.Method = "PUT" }, "GET or POST"},
		"fail/path":               {func(c *WhoAmI) { c.Path = "api/me" }, "write a path"},
		"fail/other host":         {func(c *WhoAmI) { c.Path = "//evil/me" }, "write a path"},
		"fail/url":                {func(c *WhoAmI) { c.Path = "http://x/me" }, "write a path"},
		"fail/placeholder path":   {func(c *WhoAmI) { c.Path = "/{http.request.uri}" }, "placeholder"},
		"fail/email":              {func(c *WhoAmI) { c.Facts.Email = Expression{Kind: "xml", Text: "a"} }, "email: "},
		"fail/cache":              {func(c *WhoAmI) { d := 2 * time.Hour; c.Cache = &d }, "cache is"},
		"fail/time-out":           {func(c *WhoAmI) { c.Timeout = 2 * time.Minute }, "at most 1m"},
		"fail/cookies":            {func(c *WhoAmI) { c.Cookies = []string{"a,b"} }, "cookies sid office"},
		"fail/login":              {func(c *WhoAmI) { c.Login = []string{"login"} }, "login: "},
		"fail/logout *":           {func(c *WhoAmI) { c.Logout = []string{"/logout*"} }, "plain path"},
		"fail/password /":         {func(c *WhoAmI) { c.Password = []string{"/"} }, "plain path"},
		"fail/host up":            {func(c *WhoAmI) { c.HeaderUp = []Header{{"Host", "x"}} }, "set by the gate alone"},
		"fail/override up":        {func(c *WhoAmI) { c.HeaderUp = []Header{{"x_http_method_override", "DELETE"}} }, "set by the gate alone"},
		"fail/bad up":             {func(c *WhoAmI) { c.HeaderUp = []Header{{"X Y", "x"}} }, "header_up X-"},
		"fail/before unused":      {func(c *WhoAmI) { c.Before = &Before{"/f", "t", json("t")} }, "{mfa.before.t}"},
		"fail/before name":        {func(c *WhoAmI) { c.Before = &Before{"/f", "t}", json("t")} }, "no name"},
		"fail/before expression":  {func(c *WhoAmI) { c.Before = &Before{"/f", "t", Expression{}} }, "needs an expression"},
		"fail/before path":        {func(c *WhoAmI) { c.Path = "/m?{mfa.before.t}"; c.Before = &Before{"f", "t", json("t")} }, "before: path"},
		"fail/before of no block": {func(c *WhoAmI) { c.Path = "/m?{mfa.before.t}" }, "placeholder"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := WhoAmI{Path: "/api/me", Facts: Expressions{User: json("login")}}
			tc.change(&cfg)
			if _, err := NewWhoAmI(cfg); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q in it", err, tc.says)
			}
		})
	}
}

func TestFactSet(t *testing.T) {
	f := mustWhoAmI(t, func(c *WhoAmI) { c.Facts.Tenant = Expression{Kind: "json", Text: "t"} }).Facts()
	if !f.Has(FactUser|FactTenant) || f.Has(FactEmail) || f.Has(FactUser|FactTime) {
		t.Errorf("got %b", f)
	}
}
