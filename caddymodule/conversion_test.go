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
	t.Run("S4.4, S4.5, S4.6 the password alone opens nothing", func(t *testing.T) {
		b.get("/", "Accept", "application/json").want(403).reason("enroll")
		if page := b.page("/.mfa/enroll").want(200); !strings.Contains(page.body, "Kirjoita oma, todellinen sähköpostiosoitteesi") {
			t.Errorf("the page: %.600s", page.body)
		}
	})
	t.Run("S4.7 the mail alone goes on", func(t *testing.T) {
		b.call("POST", "/.mfa/api/email", map[string]any{"address": "liisa@oma.test"}).want(200)
		b.call("POST", "/.mfa/api/methods/totp", nil).want(409).reason("wrong-step")
		s.mail.mu.Lock()
		mail := strings.ReplaceAll(strings.ReplaceAll(s.mail.mail[len(s.mail.mail)-1], "=\r\n", ""), "\r", "")
		s.mail.mu.Unlock()
		m := conversionLink.FindStringSubmatch(mail)
		if m == nil || codeLine.MatchString(mail) {
			t.Fatalf("the mail holds no link, or a code as well: %s", mail)
		}
		b.form(m[1], url.Values{"action": {"confirm"}}).want(303)
		b.addTOTP().get("/").want(200) // S4.8, S4.9
	})
	t.Run("S4.12 nobody undoes it", func(t *testing.T) {
		b.call("DELETE", "/.mfa/api/methods/"+b.methods()[0], nil).want(409).reason("last-method")
	})
	t.Run("S4.13 asked at every sign-in, also where it is off", func(t *testing.T) {
		for _, tenant := range []string{"esimerkki", "vapaa"} {
			s.app.setTenant("liisa", tenant)
			s.signedIn("liisa").get("/", "Accept", "application/json").want(403).reason("verify")
		}
	})
	s.app.setTenant("matti", "vapaa")
	matti := s.signedIn("matti")
	t.Run("S4.11 where it is off, a password is enough for new ones", func(t *testing.T) {
		matti.get("/").want(200)
	})
	t.Run("S4.10 who wants to, converts all the same", func(t *testing.T) {
		matti.call("POST", "/.mfa/api/email", map[string]any{"address": "matti@oma.test"}).want(200)
	})
}
