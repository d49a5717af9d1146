package attackflow

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-mfa/caddy-mfa/enroll/oidc/oidctest"
)

// atCompany is a site whose people with an address of finteqx.tech prove at their
// company's provider.
func atCompany(t *testing.T) (*site, *oidctest.IdP) {
	t.Helper()
	idp := oidctest.New(t)
	idp.Now = clock
	s := start(t, withProvider(idp, newGateway(t), t.TempDir())...)
	s.addTenants(suitePolicy)
	return s, idp
}

// as signs in at the provider with claims beside bob's own.
func (b *browser) as(idp *oidctest.IdP, call string, claims map[string]any) *reply {
	b.t.Helper()
	address := b.away(call)
	idp.Do(func(p *oidctest.IdP) {
		p.Lie = func(c map[string]any) {
			for name, value := range claims {
				c[name] = value
			}
		}
	})
	defer idp.Do(func(p *oidctest.IdP) { p.Lie = nil })
	return b.home(idp, address)
}

// TestDesign_H15_AnAddressAloneLinksNobody: an e-mail in a token is what whoever runs
// some directory writes there, and mallory has a good account of her own. Only the
// verified address of record, with a second step of now, links an account to bob.
func TestDesign_H15_AnAddressAloneLinksNobody(t *testing.T) {
	s, idp := atCompany(t)
	w := s.witness()
	bob := s.colleague("bob", "bob@finteqx.tech")
	for name, claims := range map[string]map[string]any{
		"an address that nobody verified": {"email_verified": false},
		"one of which nothing is said":    {"email_verified": nil},
		"mallory's own account":           {"sub": "subject-of-mallory", "email": "mallory@finteqx.tech"},
		"one with bob's as a by-name":     {"sub": "subject-of-mallory", "email": "mallory@finteqx.tech", "preferred_username": "bob@finteqx.tech"},
		"a personal one":                  {"tid": "9188040d-6c67-4c5b-b112-36b66a3dad95"},
		"a sign-in of last year":          {"auth_time": clock().AddDate(-1, 0, 0).Unix()},
		"a sign-in at no time":            {"auth_time": nil},
		"a password alone":                {"amr": []string{"pwd"}},
	} {
		if r := bob.as(idp, "methods/oidc.entra", claims); r.StatusCode != 403 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
		bob.page("/documents/1").want(403)
		if st := w.standing(bob); len(st.Methods) != 0 || st.Had {
			t.Errorf("%s is linked: %+v", name, st)
		}
	}
	bob.home(idp, bob.away("methods/oidc.entra")).want(200)
	bob.page("/documents/1").want(200)
}

// TestDesign_H15_OnlyTheLinkedAccountProves: once linked it is issuer, subject and
// organisation that count. Whoever gets bob's address later, in this directory or in
// another, proves nothing, and neither does a sign-in from before it was asked for.
func TestDesign_H15_OnlyTheLinkedAccountProves(t *testing.T) {
	s, idp := atCompany(t)
	idp.Do(func(p *oidctest.IdP) { p.Claims["tid"] = "organisation-1" })
	bob := s.colleague("bob", "bob@finteqx.tech")
	bob.home(idp, bob.away("methods/oidc.entra")).want(200)
	pw := s.signedIn("bob")
	for name, claims := range map[string]map[string]any{
		"the address's next owner":   {"sub": "subject-of-the-next"},
		"another organisation":       {"tid": "organisation-2"},
		"none":                       {"tid": nil},
		"a sign-in of an hour ago":   {"auth_time": clock().Unix() - 3600},
		"mallory's colleague's":      {"sub": "subject-of-mallory", "email": "mallory@finteqx.tech"},
		"somebody with one step":     {"amr": []string{"pwd"}},
		"bob, in the capitals of it": {"sub": "Subject-of-Bob"},
	} {
		if r := pw.as(idp, "verify/oidc.entra", claims); r.StatusCode != 403 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
		pw.page("/documents/1").want(303)
	}
	if r := pw.as(idp, "verify/oidc.entra", map[string]any{"iss": "https://evil.test"}); r.StatusCode != 503 {
		t.Errorf("another issuer: %d", r.StatusCode)
	}
	pw.page("/documents/1").want(303)
	pw.home(idp, pw.away("verify/oidc.entra")).want(200)
	pw.page("/documents/1").want(200)
}

// TestDesign_H15_AnAnswerIsOfOneWay: state, nonce and PKCE tie what comes back to the
// way that was begun in this browser; mallory's answer, with or without bob's state,
// is nobody's.
func TestDesign_H15_AnAnswerIsOfOneWay(t *testing.T) {
	s, idp := atCompany(t)
	bob := s.colleague("bob", "bob@finteqx.tech")
	bob.home(idp, bob.away("methods/oidc.entra")).want(200)
	answer := func(b *browser) url.Values {
		back, err := url.Parse(idp.SignIn(t, b.away("verify/oidc.entra")))
		if err != nil {
			t.Fatal(err)
		}
		return back.Query()
	}
	pw, other := s.signedIn("bob"), s.signedIn("bob")
	mine, theirs := answer(pw), answer(other)
	mixed := url.Values{"state": mine["state"], "code": theirs["code"]}
	for name, q := range map[string]url.Values{
		"another browser's": theirs, "no state": {"code": theirs["code"]}, "a made-up state": {"state": {strings.Repeat("A", 43)}, "code": theirs["code"]},
		"another's code in its own state": mixed,
	} {
		if r := pw.page("/.mfa/oidc/entra?"+q.Encode(), "Sec-Fetch-Site", "cross-site"); r.StatusCode < 400 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
		pw.page("/documents/1").want(303)
	}
	if r := pw.as(idp, "verify/oidc.entra", map[string]any{"nonce": "another"}); r.StatusCode != 503 {
		t.Errorf("another nonce: %d", r.StatusCode)
	}
	pw.page("/documents/1").want(303)
}

// TestDesign_H15_AnIssuerOfEverybodyIsRefused: one that stands for all organisations
// there are lets any of them write bob's address.
func TestDesign_H15_AnIssuerOfEverybodyIsRefused(t *testing.T) {
	for _, issuer := range []string{
		"https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/organizations/v2.0", "https://login.microsoftonline.com/consumers/v2.0", "http://idp.example",
	} {
		text := strings.Replace(siteFile, "base_url", "oidc entra {\n\t\t\tissuer "+issuer+"\n\t\t\tclient_id x\n\t\t\tclient_secret {env.X}\n\t\t}\n\t\tbase_url", 1)
		if _, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil); err == nil {
			t.Errorf("%s is taken", issuer)
		}
	}
}
