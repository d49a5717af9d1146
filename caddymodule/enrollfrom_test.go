package caddymodule

import (
	"strings"
	"testing"
)

// TestS3_43_RegistrationFromANetwork: by the client address that Caddy takes from
// the proxies it trusts, and from nobody else.
func TestS3_43_RegistrationFromANetwork(t *testing.T) {
	site := strings.Replace(offices, "%PRELUDE%", "%PRELUDE%\n\tservers {\n\t\ttrusted_proxies static 127.0.0.1/8 ::1\n\t\ttrusted_proxies_strict\n\t}", 1)
	s := start(t, site, map[string]string{"policy.yaml": "version: 1\ndefaults: {require: mfa, protect: [/documents], share: everywhere}\n" +
		"tenants:\n  silva: {enroll_from: [10.0.0.0/8]}\n  costa: {}\n"})
	s.app.setTenant("bob", "silva")
	b := s.signedIn("bob")
	call := func(address, path string, body string) *reply {
		t.Helper()
		return b.send("POST", "/.mfa/api/"+path, body, "Content-Type", "application/json", "Accept", "application/json",
			"Origin", s.base, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "X-Forwarded-For", address)
	}
	b.get("/documents/1").want(403).reason("enroll")
	call("192.0.2.1", "email", "{}").want(403).reason("not-here")
	call("10.9.9.9, 192.0.2.1", "email", "{}").want(403).reason("not-here") // the left one is the client's own word
	call("192.0.2.1, 10.1.2.3", "email", "{}").want(200)
	call("10.1.2.3", "email/verify", `{"code":"`+s.mail.code(t)+`"}`).want(200)
	call("192.0.2.1", "methods/totp", "{}").want(403).reason("not-here")
	var begun struct{ Secret string }
	call("10.1.2.3", "methods/totp", "{}").want(200).json(&begun)
	b.secret = begun.Secret
	call("192.0.2.1", "methods/totp/verify", `{"code":"`+b.totp()+`"}`).want(403).reason("not-here")
	page := b.get("/.mfa/enroll", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "X-Forwarded-For", "192.0.2.1").want(403)
	if !strings.Contains(page.body, "only from certain networks") || strings.Contains(page.body, begun.Secret[:4]) {
		t.Errorf("the page: %s", page.body)
	}
	call("10.1.2.3", "methods/totp/verify", `{"code":"`+b.totp()+`"}`).want(200)
	b.get("/documents/1").want(200) // asked for nowhere but at registration

	// C3c: registered in a tenant that lets anybody, it does not count here.
	s.app.setTenant("eve", "costa")
	eve := s.signedIn("eve").enroll()
	eve.get("/documents/1").want(200)
	s.app.setTenant("eve", "silva")
	eve.get("/documents/1").want(403).reason("enroll")
	s.app.setTenant("bob", "costa")
	b.get("/documents/1").want(200)
}
