package caddymodule

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// conversionPolicy is that of a product whose accounts convert, one way.
const conversionPolicy = `version: 1
defaults:
  require: none
  activate: next-session
  prove: session
  share: everywhere
  on_disable: keep
  undo: never
  trust_device: none
  methods: [totp]
  first: typed-email
  language: fi
  protect: [/]
  allow:
    - {path: /login, method: [GET, POST]}
    - /logout
tenants:
  esimerkki: {name: Esimerkki Oy, require: mfa}
  vapaa: {name: Vapaa Oy}
`

var conversionLink = regexp.MustCompile(`http://portal\.test(/\.mfa/link/[A-Za-z0-9_-]+)`)

// TestS4_OneWayConversion walks through it: asked for at the next sign-in, by the
// link alone, and never undone by the one who converted.
func TestS4_OneWayConversion(t *testing.T) {
	s := start(t, strings.Replace(offices, "store bolt", "base_url http://portal.test\n\t\tstore bolt", 1), map[string]string{"policy.yaml": conversionPolicy})
	s.app.setTenant("liisa", "esimerkki")
	b := s.signedIn("liisa")
	b.get("/", "Accept", "application/json").want(403).reason("enroll") // S4.4, S4.5
	if page := b.page("/.mfa/enroll").want(200); !strings.Contains(page.body, "Kirjoita oma, todellinen sähköpostiosoitteesi") {
		t.Errorf("S4.6: the page: %.600s", page.body)
	}
	b.call("POST", "/.mfa/api/email", map[string]any{"address": "liisa@oma.test"}).want(200)
	b.call("POST", "/.mfa/api/methods/totp", nil).want(409).reason("wrong-step") // S4.7
	s.mail.mu.Lock()
	mail := strings.ReplaceAll(strings.ReplaceAll(s.mail.mail[len(s.mail.mail)-1], "=\r\n", ""), "\r", "")
	s.mail.mu.Unlock()
	m := conversionLink.FindStringSubmatch(mail)
	if m == nil || codeLine.MatchString(mail) {
		t.Fatalf("S4.7: the mail holds no link, or a code as well: %s", mail)
	}
	b.form(m[1], url.Values{"action": {"confirm"}}).want(303)
	b.addTOTP().get("/").want(200) // S4.8, S4.9
	var state struct{ Methods []struct{ ID string } }
	b.call("GET", "/.mfa/api/state", nil).want(200).json(&state)
	b.call("DELETE", "/.mfa/api/methods/"+state.Methods[0].ID, nil).want(409).reason("last-method") // S4.12
	s.signedIn("liisa").get("/", "Accept", "application/json").want(403).reason("verify")           // S4.13 while it is on
	s.app.setTenant("liisa", "vapaa")
	s.signedIn("liisa").get("/", "Accept", "application/json").want(403).reason("verify") // S4.13 where it is off
	s.app.setTenant("matti", "vapaa")
	matti := s.signedIn("matti") // S4.11
	matti.get("/").want(200)
	matti.call("POST", "/.mfa/api/email", map[string]any{"address": "matti@oma.test"}).want(200) // S4.10
}
