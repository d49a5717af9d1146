package caddymodule

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const trustPolicy = `version: 1
defaults: {require: mfa, protect: [/documents, {path: /orders, fresh: 5m}, {path: /keys, require: phishing-resistant}], methods: [passkey, totp]}
tenants:
  month: {trust_device: 30d}
  ever: {trust_device: unlimited}
  costa: {trust_device: 30d}
  lima: {trust_device: 30d, share: everywhere}
  tigre: {trust_device: 30d, share: everywhere}
`

// trusted is bob of a tenant at a browser that he asked to trust, signed in
// anew and without a proof since.
func trustedBrowser(t *testing.T, tenant string) (*live, *browser) {
	t.Helper()
	s := start(t, offices, map[string]string{"policy.yaml": trustPolicy})
	s.app.setTenant("bob", tenant)
	b := s.signedIn("bob").enroll()
	advance(t, time.Minute)
	b.call("POST", "/.mfa/api/verify/totp/verify", map[string]any{"code": b.totp(), "trust_device": true}).want(200)
	b.form("/logout", url.Values{}).want(200)
	b.signIn("bob")
	if b.value("mfa") != "" || b.value("mfa-device") == "" {
		t.Fatalf("after the sign-out there are %s", b.cookies())
	}
	return s, b
}

// S1.29: a trusted browser skips the code at later sign-ins of that user, on that
// browser, until its time is over; the app is told, and sees no cookie of it.
func TestS1_29_TrustedBrowser(t *testing.T) {
	s, b := trustedBrowser(t, "month")
	b.page("/documents/1").want(200)
	r, _ := s.app.lastRequest()
	if r.Header.Get("Mfa-Status") != "trusted-device" || r.Header.Get("Mfa-User") != "bob" || r.Header.Get("Mfa-Methods") != "" || strings.Contains(r.Header.Get("Cookie"), "mfa") {
		t.Errorf("the app gets %v", r.Header)
	}
	s.signedIn("bob").get("/documents/1").want(403).reason("verify")
	advance(t, 30*24*time.Hour)
	b.get("/documents/1").want(403).reason("verify")
}

// TestAdvisory_AD2_OfOneUserAndTenant (privacyIDEA dce6036a8): the cookie of one
// user beside the password of another, in another tenant, though the factor
// counts there too, and in place of another token.
func TestAdvisory_AD2_OfOneUserAndTenant(t *testing.T) {
	s, b := trustedBrowser(t, "month")
	cookie := b.value("mfa-device")
	for user, tenant := range map[string]string{"ann": "month", "eve": "ever"} {
		s.app.setTenant(user, tenant)
		other := s.signedIn(user).enroll()
		other.form("/logout", url.Values{})
		other.signIn(user)
		other.setCookie("mfa-device", cookie)
		other.get("/documents/1").want(403).reason("verify")
	}
	b.setCookie("mfa", cookie)
	b.setCookie("mfa-device", "")
	b.get("/documents/1").want(403).reason("verify")
	b.setCookie("mfa-device", cookie)
	b.get("/documents/1").want(200)
	s.app.setTenant("bob", "costa") // where he has no factor of his own
	b.get("/documents/1").want(403).reason("enroll")
	s, b = trustedBrowser(t, "lima")
	b.get("/documents/1").want(200)
	s.app.setTenant("bob", "tigre") // where his factor counts
	b.get("/documents/1").want(403).reason("verify")
}

// TestDesign_H13_ATrustedBrowserProvesNothing: what wants a proof gets none from
// it.
func TestDesign_H13_ATrustedBrowserProvesNothing(t *testing.T) {
	s, b := trustedBrowser(t, "ever")
	b.get("/documents/1").want(200)
	b.get("/orders/1").want(403).reason("verify")
	b.get("/keys/1").want(403)
	if s.app.hitsOn("/orders")+s.app.hitsOn("/keys") != 0 {
		t.Error("the app was reached")
	}
	if r := b.page("/.mfa/"); r.StatusCode != 303 || !strings.Contains(r.Header.Get("Location"), "/.mfa/verify") {
		t.Errorf("manage answers %d %s", r.StatusCode, r.Header.Get("Location"))
	}
	b.call("POST", "/.mfa/api/methods/totp", nil).want(403).reason("needs-fresh-proof")
	b.call("POST", "/.mfa/api/recovery-codes", nil).want(403).reason("needs-fresh-proof")
	b.call("GET", "/.mfa/api/devices", nil).want(403).reason("needs-fresh-proof")
	b.call("DELETE", "/.mfa/api/sessions", nil).want(403).reason("needs-fresh-proof")
	var state struct {
		Methods []any
		Verdict string
	}
	b.call("GET", "/.mfa/api/state", nil).want(200).json(&state)
	if len(state.Methods) != 0 {
		t.Errorf("its methods are shown: %v", state.Methods)
	}
}

// TestDesign_H13_RevokedEverywhere: what ends trust ends it at the next request;
// a restart does not.
func TestDesign_H13_RevokedEverywhere(t *testing.T) {
	for name, end := range map[string]func(s *live, owner *browser){
		"by its owner": func(_ *live, owner *browser) { owner.call("DELETE", "/.mfa/api/devices", nil).want(204) },
		"sign-out everywhere": func(_ *live, owner *browser) {
			owner.call("DELETE", "/.mfa/api/sessions", nil).want(204)
		},
		"a recovery code": func(s *live, owner *browser) {
			s.signedIn("bob").call("POST", "/.mfa/api/verify/codes/verify", map[string]any{"code": owner.codes[0]}).want(200)
		},
		"a stricter policy": func(s *live, _ *browser) {
			s.write("policy.yaml", strings.Replace(trustPolicy, "month: {trust_device: 30d}", "month: {trust_device: 1s}", 1))
			s.policyCounts()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := trustedBrowser(t, "month")
			if err := s.load(s.conf); err != nil {
				t.Fatal(err)
			}
			b.get("/documents/1").want(200)
			advance(t, time.Minute)
			owner := s.signedIn("bob")
			owner.secret, owner.codes = b.secret, b.codes
			owner.call("POST", "/.mfa/api/verify/totp/verify", map[string]any{"code": owner.totp()}).want(200)
			end(s, owner)
			b.get("/documents/1").want(403).reason("verify")
		})
	}
}

// A browser that is trusted until revoked gets its cookie anew: browsers drop one
// after some 400 days.
func TestTrustedBrowser_CookieIsRenewed(t *testing.T) {
	_, b := trustedBrowser(t, "ever")
	old := b.value("mfa-device")
	b.get("/documents/1").want(200)
	if b.value("mfa-device") != old {
		t.Error("a new cookie is renewed")
	}
	advance(t, 31*24*time.Hour)
	b.get("/documents/1").want(200)
	if again := b.value("mfa-device"); again == old || again == "" {
		t.Error("an old cookie is not renewed")
	}
	advance(t, 4000*24*time.Hour)
	b.get("/documents/1").want(403).reason("verify")
}

// An open stream ends with the trust that let it pass.
func TestStreams_EndWithTheTrust(t *testing.T) {
	s, _ := startFeed(t, offices, map[string]string{"policy.yaml": strings.Replace(trustPolicy, "[/documents,", "[/documents, /feed,", 1)})
	s.app.setTenant("bob", "month")
	b := s.signedIn("bob").enroll()
	advance(t, time.Minute)
	b.call("POST", "/.mfa/api/verify/totp/verify", map[string]any{"code": b.totp(), "trust_device": true}).want(200)
	owner := b.copy()
	b.form("/logout", url.Values{}).want(200)
	b.signIn("bob")
	_, events := b.open("/feed/events")
	goesOn(t, events)
	owner.signIn("bob")
	advance(t, time.Minute)
	owner.call("POST", "/.mfa/api/verify/totp/verify", map[string]any{"code": owner.totp()}).want(200)
	owner.call("DELETE", "/.mfa/api/devices", nil).want(204)
	ends(t, events)
}

// copy is another browser of the same person, with the same app.
func (b *browser) copy() *browser {
	other := b.s.browser()
	other.secret, other.codes = b.secret, b.codes
	return other
}

// Where nothing but a passkey opens an area, no program is told to set up
// anything else first.
func TestBlock_NamesWhatOpensTheArea(t *testing.T) {
	s := start(t, offices, map[string]string{"policy.yaml": trustPolicy})
	s.app.setTenant("bob", "month")
	b := s.signedIn("bob")
	for path, want := range map[string][]string{"/documents/1": {"passkey", "totp"}, "/keys/1": {"passkey"}, "/keys/1?all=1": {"passkey"}} {
		var got struct{ Methods []string }
		b.get(path, "Accept", "application/json").want(403).reason("enroll").json(&got)
		if !slices.Equal(got.Methods, want) {
			t.Errorf("%s: %q, want %q", path, got.Methods, want)
		}
	}
}
