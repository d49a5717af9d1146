package attackflow

import (
	"net/url"
	"strings"
	"testing"
)

// everyPage walks through all there is to see, and hands each answer on.
func everyPage(s *site, b *browser, see func(name string, r *reply)) {
	look := func(path string, h ...string) { see("GET "+path, b.page(path, h...)) }
	post := func(path string, fields url.Values) { see("POST "+path, b.form(path, fields)) }
	marker := url.QueryEscape(`/x?"><script>alert('to')</script>`)
	look("/documents/1")
	look("/.mfa")
	look("/.mfa/enroll?to=" + marker)
	look("/.mfa/nothing")
	look("/.mfa/api/state?to=" + marker)
	look("/.mfa/api/nothing")
	look("/.mfa/link/" + strings.Repeat("x", 22))
	look("/.mfa/language?lng=en")
	look("/.mfa/enroll?tenant=" + url.QueryEscape(`"><script>alert('t')</script>`))
	look("/.mfa/?lng=" + url.QueryEscape(`"><script>alert('l')</script>`))
	look("/.mfa/enroll", "Sec-Fetch-Dest", "iframe")
	look("/.mfa/enroll", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
	see("POST /documents/1", b.form("/documents/1", url.Values{"a": {"b"}}))
	see("PUT enroll", b.send("PUT", "/.mfa/enroll", "x", "Content-Type", "text/plain", "Origin", s.base))
	post("/.mfa/api/email", url.Values{"unknown": {"x"}})
	post("/.mfa/api/email", nil)
	look("/.mfa/enroll")
	post("/.mfa/api/email/verify", url.Values{"code": {`"><script>alert('code')</script>`}})
	if list := s.mail.codes(mailOf(b.user)); len(list) > 0 {
		look(s.mail.link(s.t, mailOf(b.user)))
		post("/.mfa/api/email/verify", url.Values{"code": {list[len(list)-1]}})
	}
	look("/.mfa/enroll")
	post("/.mfa/api/methods/totp", nil)
	look("/.mfa/enroll")
	b.beginTOTP()
	post("/.mfa/api/methods/totp/verify", url.Values{"code": {"12"}})
	post("/.mfa/api/methods/totp/verify", url.Values{"code": {b.at(0)}, "name": {`"><script>alert('method')</script>`}})
	look("/.mfa/")
	look("/.mfa/enroll?add=1")
	look("/.mfa/verify?to=" + marker)
	look("/.mfa/verify?next=manage&way=codes")
	var state struct{ Methods []struct{ ID string } }
	b.call("GET", "state", nil).json(&state)
	if len(state.Methods) == 1 {
		look("/.mfa/?remove=" + state.Methods[0].ID)
		post("/.mfa/api/methods/"+state.Methods[0].ID, url.Values{"action": {"rename"}, "name": {`'"><img src=x onerror=alert('m')>`}})
	} else {
		s.t.Errorf("%d methods after an enrolment", len(state.Methods))
	}
	look("/.mfa/?done=renamed")
	post("/.mfa/api/recovery-codes", nil)
	post("/.mfa/api/sessions", nil)
	look("/.mfa/verify")
	look("/documents/2")
	post("/.mfa/api/verify/totp/verify", url.Values{"code": {`"><script>alert('code')</script>`}})
}

// TestAdvisory_CVE_2026_42849_RT3_NothingReflectedIsMarkup gives a user, a name,
// an address, a tenant, a method, a way back and a Host field that would each
// break out of a page, and looks at all pages and mails (caddy-security #267,
// CVE-2026-42849).
func TestAdvisory_CVE_2026_42849_RT3_NothingReflectedIsMarkup(t *testing.T) {
	s := start(t)
	for _, user := range []string{`"><script>alert('user')</script>`, `'onx=alert('u')'`, "{{.}}<b>u"} {
		s.app.set(user, "name", `</bdi><script>alert('name')</script>`)
		s.app.set(user, "email", `"<script>alert('mail')</script>"@mail.test`)
		s.app.set(user, "tenant", "marked")
		b := s.signedIn(user)
		everyPage(s, b, func(name string, r *reply) {
			low := strings.ToLower(r.body)
			isPage := strings.HasPrefix(r.Header.Get("Content-Type"), "text/html")
			for _, bad := range []string{"<script>alert", "<img src=x", "<b>u", "</bdi><script", `"onx`, `'onx=alert('u')' `} {
				if isPage && strings.Contains(low, bad) {
					t.Errorf("%s reflects %q as markup", name, bad)
				}
			}
			if isPage && strings.Contains(r.body, "49") && strings.Contains(r.body, "alert(&#39;tenant&#39;)&lt;/script&gt;49") {
				t.Errorf("%s evaluates a tenant's name", name)
			}
			if !isPage && strings.Contains(r.body, "<script>") {
				t.Errorf("%s (%s) holds raw markup", name, r.Header.Get("Content-Type"))
			}
		})
	}
	b := s.signedIn("bob")
	for _, field := range []string{"Referer", "User-Agent", "Accept-Language", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Origin"} {
		for _, path := range []string{"/documents/1", "/.mfa/enroll", "/.mfa/nothing"} {
			for _, value := range []string{`"><script>alert('field')</script>`, "javascript:alert('field')"} {
				if r := b.page(path, field, value); strings.Contains(r.body, "alert('field')") {
					t.Errorf("%s: %s is reflected as it came", path, field)
				}
			}
		}
	}
	for _, host := range []string{`x'onload=alert(1)`, `a.test:80`, `(alert)`, `$ENV`, `a=b;c`, `evil.test`} {
		r, err := b.try("GET", "/documents/1", "", append([]string{"Host", host}, pageHeaders...)...)
		if err != nil {
			continue // not sent by any client
		}
		if strings.Contains(r.body, host) && strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") && strings.Contains(host, "'") {
			t.Errorf("Host %q is reflected as it came", host)
		}
	}
	for _, l := range s.mail.of(`"<script>alert('mail')</script>"@mail.test`) {
		if _, page, ok := strings.Cut(l.text(), "<!doctype"); ok && strings.Contains(page, "<script") {
			t.Error("a mail holds a script")
		}
	}
}

// TestAdvisory_CS3_EveryAnswerIsShutIn: no answer of the gate is framed, cached,
// sniffed, or runs anything that is not a file of its own.
func TestAdvisory_CS3_EveryAnswerIsShutIn(t *testing.T) {
	s := start(t)
	b := s.signedIn("bob")
	n := 0
	everyPage(s, b, func(name string, r *reply) {
		n++
		h := r.Header
		if got := h.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s (%d): Cache-Control %q", name, r.StatusCode, got)
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s (%d): CSP %q lacks %s", name, r.StatusCode, csp, want)
			}
		}
		for _, bad := range []string{"unsafe", "*", "http:", "nonce", "form-action *"} {
			if strings.Contains(csp, bad) {
				t.Errorf("%s: CSP %q has %s", name, csp, bad)
			}
		}
		for field, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if h.Get(field) != want {
				t.Errorf("%s (%d): %s %q", name, r.StatusCode, field, h.Get(field))
			}
		}
		for _, field := range []string{"Etag", "Last-Modified", "Access-Control-Allow-Origin"} {
			if h.Get(field) != "" {
				t.Errorf("%s: %s %q", name, field, h.Get(field))
			}
		}
		for _, bad := range []string{" onclick=", " onload=", " style=", "<style", "javascript:", "<iframe", "<script>"} {
			if strings.HasPrefix(h.Get("Content-Type"), "text/html") && strings.Contains(r.body, bad) {
				t.Errorf("%s has %q, which its CSP forbids", name, bad)
			}
		}
	})
	if n < 30 {
		t.Errorf("only %d answers were seen", n)
	}
	// No stored answer can stand in for a refusal.
	fresh := s.signedIn("ann")
	for _, path := range []string{"/documents/1", "/.mfa/enroll", "/.mfa/api/state"} {
		if r := fresh.page(path, "If-None-Match", "*", "If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"); r.StatusCode == 304 {
			t.Errorf("%s answers 304", path)
		}
	}
}

// TestDesign_H17_PagesShowOnlyInAWindowOfTheirOwn: a script in the app fetches
// or frames a page of the gate to read from it.
func TestDesign_H17_PagesShowOnlyInAWindowOfTheirOwn(t *testing.T) {
	s := start(t)
	b := s.signedIn("bob").proveAddress().beginTOTP()
	secret := b.secret
	for _, path := range []string{"/.mfa/", "/.mfa/enroll", "/.mfa/verify", "/.mfa/link/x"} {
		for _, h := range [][]string{
			{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin"},
			{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
			{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "object"}, {"Sec-Fetch-Mode", "same-origin"}, {"Sec-Fetch-Dest", "embed"},
			{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "frame"}, {"Sec-Fetch-Mode", "websocket"},
		} {
			r := b.send("GET", path, "", h...)
			if r.StatusCode != 403 || strings.Contains(r.body, secret[:4]) {
				t.Errorf("%s with %q: status %d", path, h, r.StatusCode)
			}
		}
	}
	// A proof that is six minutes old changes nothing, and shows no new secret.
	b.finishTOTP()
	advance(t, 6*60*1e9)
	var state struct{ Methods []struct{ ID string } }
	b.call("GET", "state", nil).json(&state)
	b.post("methods/totp").wantReason(403, "needs-fresh-proof")
	b.post("recovery-codes").wantReason(403, "needs-fresh-proof")
	b.call("DELETE", "methods/"+state.Methods[0].ID, nil).wantReason(403, "needs-fresh-proof")
	b.call("PATCH", "methods/"+state.Methods[0].ID, object("name", "x")).wantReason(403, "needs-fresh-proof")
}
