package attackflow

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// from are the marks of a request that another site's page makes the browser
// send.
var from = map[string][]string{
	"cross-site form":        {"Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"},
	"cross-site fetch":       {"Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty"},
	"same-site form":         {"Origin", "http://sub.localhost", "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"},
	"sandboxed frame":        {"Origin", "null", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
	"old browser":            {"Origin", "https://evil.test", "Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""},
	"old browser, no origin": {"Origin", "null", "Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""},
	"look-alike origin":      {"Origin", "http://localhost.evil.test", "Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""},
	"lying origin":           {"Origin", "%BASE%", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""},
}

// TestAdvisory_CS1_NoOtherSiteChangesAnything sends every change with the victim's
// cookies and another site's marks, as a form, as text/plain that reads as
// JSON, and as a GET (caddy-security #273, #274).
func TestAdvisory_CS1_NoOtherSiteChangesAnything(t *testing.T) {
	s := start(t)
	w := s.witness()
	proven := s.signedIn("bob").enrolled()
	id := w.standing(proven).Methods[0].ID
	begun := s.signedIn("ann").proveAddress().beginTOTP()
	mailed := s.signedIn("eve")
	mailed.post("email").want(200)
	code, link := s.mail.code(t, mailOf("eve")), s.mail.link(t, mailOf("eve"))
	attacks := []struct {
		b      *browser
		method string
		path   string
		fields []string
	}{
		{s.signedIn("new"), "POST", "/.mfa/api/email", nil},
		{mailed, "POST", "/.mfa/api/email/verify", []string{"code", code}},
		{mailed, "POST", link, []string{"action", "confirm"}},
		{mailed, "POST", link, []string{"action", "disown"}},
		{begun, "POST", "/.mfa/api/methods/totp", nil},
		{begun, "POST", "/.mfa/api/methods/totp/verify", []string{"code", begun.at(0)}},
		{begun, "POST", "/.mfa/enroll", []string{"action", "extend"}},
		{proven, "POST", "/.mfa/api/methods/totp", nil},
		{proven, "POST", "/.mfa/api/methods/" + id, []string{"action", "remove"}},
		{proven, "POST", "/.mfa/api/methods/" + id, []string{"action", "rename", "name", "stolen"}},
		{proven, "PATCH", "/.mfa/api/methods/" + id, []string{"name", "stolen"}},
		{proven, "DELETE", "/.mfa/api/methods/" + id, nil},
		{proven, "POST", "/.mfa/api/recovery-codes", nil},
		{proven, "DELETE", "/.mfa/api/sessions", nil},
		{proven, "POST", "/.mfa/api/sessions", nil},
		{s.signedIn("bob"), "POST", "/.mfa/api/verify/totp/verify", []string{"code", proven.at(1)}},
		{s.signedIn("bob"), "POST", "/.mfa/api/verify/codes/verify", []string{"code", proven.codes[0]}},
	}
	for _, a := range attacks {
		values := url.Values{}
		for i := 0; i+1 < len(a.fields); i += 2 {
			values.Set(a.fields[i], a.fields[i+1])
		}
		before, version := w.standing(a.b), w.version(a.b.user)
		check := func(how string, r *reply, status int) {
			t.Helper()
			if r.StatusCode != status && status != 0 {
				t.Errorf("%s %s by %s: status %d, want %d", a.method, a.path, how, r.StatusCode, status)
			}
			if d := before.diff(w.standing(a.b)); d != "" || w.version(a.b.user) != version {
				t.Errorf("%s %s by %s moved something: %s", a.method, a.path, how, d)
				before, version = w.standing(a.b), w.version(a.b.user)
			}
			if what := gave(r); what != "" && r.Request.Method != "GET" {
				t.Errorf("%s %s by %s gave %s", a.method, a.path, how, what)
			}
		}
		for how, marks := range from {
			marks = slices.Clone(marks)
			for i := range marks {
				marks[i] = strings.Replace(marks[i], "%BASE%", s.base, 1)
			}
			tab := a.b.tab()
			check(how, tab.form(a.path, values, marks...), 403)
			check(how+" as JSON", tab.send(a.method, a.path, string(toJSON(a.fields)), append([]string{"Content-Type", "application/json"}, marks...)...), 403)
			check(how+" as text", tab.send(a.method, a.path, string(toJSON(a.fields)), append([]string{"Content-Type", "text/plain"}, marks...)...), 403)
			check(how+" by override", tab.send("POST", a.path+"?_method="+a.method, values.Encode(),
				append([]string{"Content-Type", "application/x-www-form-urlencoded", "X-HTTP-Method-Override", a.method}, marks...)...), 403)
		}
		// With nothing that tells whence it came, it still has to be a form or JSON.
		if a.fields != nil {
			check("text without marks", a.b.tab().send(a.method, a.path, string(toJSON(a.fields)), "Content-Type", "text/plain"), 415)
			check("no type at all", a.b.tab().send(a.method, a.path, string(toJSON(a.fields))), 415)
			check("multipart", a.b.tab().send(a.method, a.path, string(toJSON(a.fields)), "Content-Type", "multipart/form-data; boundary=x"), 415)
		}
		check("GET", a.b.tab().send("GET", a.path+"?"+values.Encode(), "", pageHeaders...), 0)
		check("GET with override", a.b.tab().send("GET", a.path+"?_method="+a.method+"&"+values.Encode(), "", "X-HTTP-Method-Override", a.method), 0)
	}
	if n := len(s.mail.of(mailOf("new"))); n != 0 {
		t.Errorf("another site had %d mails sent", n)
	}
	proven.page("/documents/1").want(200)
}

func toJSON(fields []string) []byte {
	if fields == nil {
		return nil
	}
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; i+1 < len(fields); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + fields[i] + `":"` + fields[i+1] + `"`)
	}
	b.WriteByte('}')
	return []byte(b.String())
}

// TestAdvisory_CA3_WhatABrowserGuessesHasNoEffect: prefetch and prerender send no
// mail, open no visit, write nothing, and do not change where a visitor goes back
// to.
func TestAdvisory_CA3_WhatABrowserGuessesHasNoEffect(t *testing.T) {
	s := start(t)
	w := s.witness()
	b := s.signedIn("bob")
	b.page("/documents/wanted").want(403)
	version, ticket := w.version("bob"), b.cookie("mfa-ticket")
	for _, purpose := range []string{"prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"} {
		for _, path := range []string{
			"/.mfa/enroll", "/.mfa/enroll?lng=pt-BR", "/.mfa/verify", "/.mfa/", "/.mfa/api/state", "/.mfa/api/email", "/.mfa/link/x", "/.mfa/language?lng=de", "/documents/guessed",
		} {
			if r := b.page(path, "Sec-Purpose", purpose); r.StatusCode == 200 && strings.Contains(r.body, "SECRET") {
				t.Errorf("%s of %s reached the app", purpose, path)
			}
			if b.cookie("mfa-lng") != "" || b.cookie("mfa-visit") != "" || b.cookie("mfa-ticket") != ticket {
				t.Errorf("%s of %s changed a cookie", purpose, path)
				ticket = b.cookie("mfa-ticket")
			}
		}
	}
	if w.version("bob") != version || len(s.mail.of(mailOf("bob"))) != 0 {
		t.Error("a guess wrote something or sent a mail")
	}
}
