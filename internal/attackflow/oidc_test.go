package attackflow

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll/oidc/oidctest"
)

// withProvider is what makes the site's Caddyfile know a provider and a gateway.
func withProvider(idp *oidctest.IdP, g *gateway, dir string) []string {
	changes := withTexts(g, dir)
	changes[1] += "\n\t\toidc entra {\n\t\t\tlabel \"Microsoft Entra ID\"\n\t\t\tissuer " + idp.URL + "\n\t\t\tclient_id " + oidctest.ClientID +
		"\n\t\t\tclient_secret " + oidctest.Secret + "\n\t\t}"
	return changes
}

const suitePolicy = `  finteqx:
    name: FinteQX
    methods: [sms, totp, oidc]
    assign: {finteqx.tech: oidc.entra, finteqx.nl: oidc.entra}
`

// colleague is somebody of the tenant, with an address.
func (s *site) colleague(user, email string) *browser {
	s.t.Helper()
	s.app.set(user, "email", email)
	return s.signedInTo("finteqx", user)
}

// away begins a way to the provider, and gives the address that it leads to.
func (b *browser) away(call string) string {
	b.t.Helper()
	var answer struct{ URL string }
	b.post(call).want(200).json(&answer)
	return answer.URL
}

// home goes the way at the provider, and opens what leads back.
func (b *browser) home(idp *oidctest.IdP, address string) *reply {
	b.t.Helper()
	back, err := url.Parse(idp.SignIn(b.t, address))
	if err != nil || back.Path != "/.mfa/oidc/entra" {
		b.t.Fatalf("sent back to %s", back)
	}
	return b.page(back.RequestURI(), "Sec-Fetch-Site", "cross-site")
}

// TestS2_ProviderThroughCaddy: a product whose customers choose between texts and
// their company's own identity provider, side by side, through a running Caddy
// (S2.2, S2.6, S2.7, S2.14, S2.18, S2.21).
func TestS2_ProviderThroughCaddy(t *testing.T) {
	idp, g, logs := oidctest.New(t), newGateway(t), t.TempDir()
	idp.Now = clock
	s := start(t, withProvider(idp, g, logs)...)
	s.addTenants(suitePolicy)

	// S2.21: not asked for a number, nor for a mail; in at once.
	bob := s.colleague("bob", "bob@finteqx.tech")
	bob.page("/documents/1").want(403)
	if page := bob.page("/.mfa/enroll", "Accept-Language", "nl").want(200); !strings.Contains(page.body, "Inloggen met Microsoft Entra ID") || strings.Contains(page.body, "number") {
		t.Errorf("S2.7: %s", page.body)
	}
	bob.post("methods/sms", "number", "+31612345678").wantReason(403, "not-offered")
	address := bob.away("methods/oidc.entra")
	if u, _ := url.Parse(address); u.Query().Get("redirect_uri") != s.base+"/.mfa/oidc/entra" {
		t.Errorf("the way back is %s", u.Query().Get("redirect_uri"))
	}
	if done := bob.home(idp, address).want(200); !strings.Contains(done.body, "recovery codes") {
		t.Errorf("enrolled: %s", done.body)
	}
	bob.page("/documents/1").want(200)

	// At the next sign-in he is asked for it again, and for nothing else.
	again := s.signedIn("bob")
	again.page("/documents/1").want(http.StatusSeeOther)
	if page := again.page("/.mfa/verify").want(200); !strings.Contains(page.body, "Sign in with Microsoft Entra ID") || strings.Contains(page.body, "way=sms") {
		t.Errorf("S2.7: %s", page.body)
	}
	address = again.away("verify/oidc.entra")
	// Another of his browsers, and somebody else's, gain nothing by the answer.
	thief, eva := s.signedIn("bob"), s.colleague("eva", "eva@gmail.example")
	answer := idp.SignIn(t, address)
	path, _ := url.Parse(answer)
	for _, b := range []*browser{thief, eva} {
		if got := b.page(path.RequestURI()); got.StatusCode != 403 && got.StatusCode != 410 {
			t.Errorf("%s: %d", b.user, got.StatusCode)
		}
		if got := b.page("/documents/1"); got.StatusCode == 200 {
			t.Errorf("%s is let in", b.user)
		}
	}
	again.page(path.RequestURI(), "Sec-Fetch-Site", "cross-site").want(200)
	again.page("/documents/1").want(200)
	again.page(path.RequestURI()).want(409)

	// S2.6: who is not of the domain has the other methods, and not this one.
	eva.post("methods/oidc.entra").wantReason(403, "not-offered")
	eva.post("email").want(200)
	eva.post("email/verify", "code", s.mail.code(t, "eva@gmail.example")).want(200)
	eva.post("methods/sms", "number", "+31612345678").want(200)
	eva.post("methods/sms/verify", "code", g.code(t, "+31612345678")).want(200)
	eva.page("/documents/1").want(200)

	t.Run("S2.18 linked, the running session goes on", func(t *testing.T) {
		// Her domain is linked now. The session goes on; a new one proves by what
		// there is, which opens the way to the new method and no area; then that alone.
		s.app.set("eva", "email", "eva@finteqx.nl")
		eva.page("/documents/1").want(200)
		late := s.signedIn("eva")
		late.page("/documents/1").want(403)
		late.post("verify/sms").want(200)
		late.post("verify/sms/verify", "code", g.code(t, "+31612345678")).want(200)
		late.page("/documents/1").want(403)
		late.post("methods/totp").wantReason(403, "not-offered")
	})
	t.Run("S2.14, S2.18 unlinked, nothing is lost", func(t *testing.T) {
		// Unlinked again, nothing is lost, and the phone is as good as ever.
		s.app.set("eva", "email", "eva@gmail.example")
		back := s.signedIn("eva")
		back.post("verify/sms").want(200)
		back.post("verify/sms/verify", "code", g.code(t, "+31612345678")).want(200)
		back.page("/documents/1").want(200)
		s.app.set("bob", "email", "bob@gmail.example")
		again.page("/documents/1").want(200)
		unlinked := s.signedIn("bob")
		unlinked.page("/documents/1").want(403)
		unlinked.post("methods/sms", "number", "+31612345679").wantReason(403, "needs-fresh-proof")
		unlinked.home(idp, unlinked.away("verify/oidc.entra")).want(http.StatusSeeOther)
		unlinked.page("/documents/1").want(403) // proven, and no longer his to use
		unlinked.post("methods/sms", "number", "+31612345679").want(200)
		unlinked.post("methods/sms/verify", "code", g.code(t, "+31612345679")).want(200)
		unlinked.page("/documents/1").want(200)
	})

	s.restart()
	b, err := os.ReadFile(filepath.Join(logs, "log.jsonl"))
	if err != nil || len(b) == 0 {
		t.Fatal(err)
	}
	for _, secret := range []string{oidctest.Secret, "code=", path.Query().Get("state"), "bob@finteqx.tech"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("%q stands in a log", secret)
		}
	}
}

// TestS2_16_ConsentIsMissing: where the provider's administrator has yet to allow
// this site, the person reads that, cannot go on, and reads it no more once it was
// given; what else can go wrong there is told in words too (S2.8 to S2.10, S2.22).
func TestS2_16_ConsentIsMissing(t *testing.T) {
	idp, g := oidctest.New(t), newGateway(t)
	idp.Now = clock
	s := start(t, withProvider(idp, g, t.TempDir())...)
	s.addTenants(suitePolicy)
	bob := s.colleague("bob", "bob@finteqx.tech")
	try := func(change func(*oidctest.IdP)) *reply {
		idp.Do(change)
		defer idp.Do(func(p *oidctest.IdP) { p.Deny, p.Lie, p.Break = nil, nil, 0 })
		got := bob.home(idp, bob.away("methods/oidc.entra"))
		bob.page("/documents/1").want(403)
		return got
	}
	claim := func(name string, value any) func(*oidctest.IdP) {
		return func(p *oidctest.IdP) { p.Lie = func(c map[string]any) { c[name] = value } }
	}
	for name, c := range map[string]struct {
		change func(*oidctest.IdP)
		status int
		says   string
	}{
		"consent, in the standard's word": {func(p *oidctest.IdP) { p.Deny = url.Values{"error": {"consent_required"}} }, 403, "has not yet approved"},
		"consent, in Microsoft's": {func(p *oidctest.IdP) {
			p.Deny = url.Values{"error": {"access_denied"}, "error_description": {"AADSTS90095: Admin consent is required <script>alert(1)</script>"}}
		}, 403, "has not yet approved"},
		"gave up":  {func(p *oidctest.IdP) { p.Deny = url.Values{"error": {"access_denied"}} }, 403, "was not finished"},
		"personal": {claim("tid", "9188040d-6c67-4c5b-b112-36b66a3dad95"), 403, "a personal account"},
		"another":  {claim("email", "eva@finteqx.tech"), 403, "is not the one that FinteQX has for you"},
		"alias": {func(p *oidctest.IdP) {
			p.Lie = func(c map[string]any) { c["email"], c["upn"] = "robert@finteqx.tech", "bob@finteqx.tech" }
		}, 403, "only another name"},
		"one factor":   {claim("amr", []string{"pwd"}), 403, "did not ask for a second step"},
		"lying":        {claim("nonce", "another"), 503, "did not answer as it should"},
		"out of order": {func(p *oidctest.IdP) { p.Break = 500 }, 503, "did not answer as it should"},
	} {
		got := try(c.change)
		if got.StatusCode != c.status || !strings.Contains(got.body, c.says) || strings.Contains(got.body, "<script>alert") || !strings.Contains(got.body, "/.mfa/enroll") {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
	if done := bob.home(idp, bob.away("methods/oidc.entra")).want(200); strings.Contains(done.body, "has not yet approved") {
		t.Errorf("after consent: %s", done.body)
	}
	bob.page("/documents/1").want(200)
}

// TestS2_19_ClosingTheBrowserEndsIt: what proves a second factor is a session
// cookie.
func TestS2_19_ClosingTheBrowserEndsIt(t *testing.T) {
	idp, g := oidctest.New(t), newGateway(t)
	idp.Now = clock
	s := start(t, withProvider(idp, g, t.TempDir())...)
	s.addTenants(suitePolicy)
	bob := s.colleague("bob", "bob@finteqx.tech")
	done := bob.home(idp, bob.away("methods/oidc.entra")).want(200)
	found := false
	for _, c := range done.Cookies() {
		if c.Name == "mfa" {
			found = true
			if c.MaxAge != 0 || !c.Expires.IsZero() || !c.HttpOnly {
				t.Errorf("the flag: %+v", c)
			}
		}
	}
	if !found {
		t.Error("no flag")
	}
}
