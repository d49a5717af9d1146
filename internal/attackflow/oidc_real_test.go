package attackflow

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/idptest"
)

// work is a site whose tenant FinteQX assigns its people to a real provider, which
// runs unless a test starts it later.
type work struct {
	*site
	idp *idptest.IdP
}

func atWork(t *testing.T, change ...func(*idptest.IdP)) *work {
	t.Helper()
	w := workOf(t, change...)
	w.run()
	return w
}

// workOf is atWork with a provider that does not run yet.
func workOf(t *testing.T, change ...func(*idptest.IdP)) *work {
	t.Helper()
	idp := idptest.New(t)
	for _, fn := range change {
		fn(idp)
	}
	block := "\n\t\toidc work {\n\t\t\tlabel \"FinteQX sign-in\"\n\t\t\tissuer " + idp.URL + "\n\t\t\tclient_id `" + idptest.ClientID + "`\n\t\t\tclient_secret `" + idptest.Secret + "`\n"
	for _, line := range idp.Lines {
		block += "\t\t\t" + line + "\n"
	}
	w := &work{site: start(t, "base_url http://portal.test", "base_url http://portal.test"+block+"\t\t}"), idp: idp}
	w.addTenants(`  finteqx:
    name: FinteQX
    methods: [totp, oidc]
    assign: {finteqx.tech: oidc.work}
`)
	return w
}

// run starts the provider, with new keys each time.
func (w *work) run() {
	w.t.Helper()
	w.idp.Run(w.t, w.base+"/.mfa/oidc/work")
}

func (w *work) colleague(user string) *browser {
	w.t.Helper()
	return w.site.colleague(user, user+"@finteqx.tech")
}

// back opens the address that the provider leads back to.
func (b *browser) back(address string) *reply {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.page(u.RequestURI(), "Sec-Fetch-Site", "cross-site")
}

// links is whether the person can set the account up, and what they are told.
func (w *work) links(b *browser, at *idptest.Person, way idptest.Way) *reply {
	w.t.Helper()
	return b.back(at.Go(b.away("methods/oidc.work"), way))
}

// wantNothingSaved expects that nobody of the name has a method, or gets in.
func (w *work) wantNothingSaved(b *browser) {
	w.t.Helper()
	b.page("/documents/1").want(http.StatusForbidden)
	var state struct{ Methods []any }
	b.call("GET", "state", nil).want(200).json(&state)
	if len(state.Methods) != 0 {
		w.t.Errorf("half an enrolment is saved: %v", state.Methods)
	}
}

// wantNoRefusal expects that the provider never had to refuse anything.
func (w *work) wantNoRefusal() {
	w.t.Helper()
	if lines := w.idp.Refused(); len(lines) != 0 {
		w.t.Errorf("the provider refused:\n%s", strings.Join(lines, "\n"))
	}
}

// TestS2_RealProviderInABrowser: the way from the block to the page that was wanted
// and, in a new session, from the question to the page, in Chromium: the provider
// is another site for it, with cookies and forms of its own.
func TestS2_RealProviderInABrowser(t *testing.T) {
	w := atWork(t)
	w.app.set("bob", "email", "bob@finteqx.tech")
	w.app.set("bob", "tenant", "finteqx")
	b := apptest.NewBrowser(t, "en")
	signIn := func() {
		b.Eval(`fetch("/login",{method:"POST",body:new URLSearchParams({user:"bob"})}).then(r=>r.text())`)
	}
	const wanted = "/documents/1?year=2026&part=%C3%A9"
	b.Open(w.base + "/")
	signIn()
	b.Open(w.base + wanted)
	b.Wait("main .button")
	b.Click("main .button")
	b.Wait(`form[action$="/api/methods/oidc.work"] .button`)
	b.Click(`form[action$="/api/methods/oidc.work"] .button`)
	bob := idptest.Way{Account: "bob"}
	bob.SignIn(b)
	bob.Agree(b)
	b.Wait("#codes li")
	b.Click("#saved")
	b.Click("main form .button")
	b.At(w.base + wanted)
	b.Says("SECRET of bob")

	// The provider still has its own session of this morning: it asks again.
	signIn()
	b.Open(w.base + wanted)
	b.Wait(`form[action*="/api/verify/oidc.work"] .button`)
	b.Click(`form[action*="/api/verify/oidc.work"] .button`)
	bob.SignIn(b)
	b.At(w.base + wanted)
	b.Says("SECRET of bob")
	w.wantNoRefusal()
}

// TestS2_RealProviderSaysWhatIsWrong: whoever comes back with the wrong account,
// without a second step or without consent is told which it was, nothing is saved,
// and the right account does afterwards, in the same browser (S2.8 to S2.10, S2.16,
// S2.22).
func TestS2_RealProviderSaysWhatIsWrong(t *testing.T) {
	w := atWork(t)
	bob := w.colleague("bob")
	bob.page("/documents/1").want(http.StatusForbidden)
	at := w.idp.Person(t)
	for name, c := range map[string]struct {
		way  idptest.Way
		says string
	}{
		"S2.10 somebody else's": {idptest.Way{Account: "eva"}, "is not the one that FinteQX has for you"},
		"S2.10 an alias":        {idptest.Way{Account: "robert"}, "only another name of that account"},
		"S2.10 not verified":    {idptest.Way{Account: "unsure"}, "is verified"},
		"S2.22 one step":        {idptest.Way{Account: "bob", OneStep: true}, "did not ask for a second step"},
		"S2.16 not approved":    {idptest.Way{Account: "bob", Consent: "unapproved"}, "has not yet approved"},
		"denied":                {idptest.Way{Account: "bob", Consent: "deny"}, "was not allowed to tell this site who you are"},
		"gave up":               {idptest.Way{Account: "bob", Cancel: true}, "was not finished"},
	} {
		got := w.links(bob, w.idp.Person(t), c.way)
		if got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, c.says) || !strings.Contains(got.body, "/.mfa/enroll") {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
		w.wantNothingSaved(bob)
	}
	// At the provider somebody else is signed in from before.
	w.links(bob, at, idptest.Way{Account: "eva"}).want(http.StatusForbidden)
	w.links(bob, at, idptest.Way{Account: "bob"}).want(200)
	bob.page("/documents/1").want(200)

	// Later on it is the linked account alone, with both steps.
	again := w.signedIn("bob")
	for _, way := range []idptest.Way{{Account: "unsure"}, {Account: "eva"}, {Account: "bob", OneStep: true}, {Account: "bob", Cancel: true}} {
		again.back(w.idp.Person(t).Go(again.away("verify/oidc.work"), way)).want(http.StatusForbidden)
		again.page("/documents/1").want(http.StatusSeeOther)
	}
	again.back(at.Go(again.away("verify/oidc.work"), idptest.Way{Account: "bob"})).want(200)
	again.page("/documents/1").want(200)
}

// TestS2_RealProviderHowItIsSetUp: whatever a provider's administrator may have
// chosen: where the secret is sent, how tokens are signed, where the address
// stands, which word says that there was a second step. The client asks right at
// once: some providers lock out whom they have to refuse.
func TestS2_RealProviderHowItIsSetUp(t *testing.T) {
	client := func(name string, value any) func(*idptest.IdP) {
		return func(p *idptest.IdP) { p.Client = map[string]any{name: value} }
	}
	config := func(name string, value any) func(*idptest.IdP) {
		return func(p *idptest.IdP) { p.Config = map[string]any{name: value} }
	}
	for name, change := range map[string]func(*idptest.IdP){
		"as it comes":              func(*idptest.IdP) {},
		"the secret in the header": config("clientAuthMethods", []string{"client_secret_basic"}),
		"the secret in the form": func(p *idptest.IdP) {
			p.Client = map[string]any{"token_endpoint_auth_method": "client_secret_post"}
			p.Config = map[string]any{"clientAuthMethods": []string{"client_secret_post"}}
		},
		"signed with PS256":        client("id_token_signed_response_alg", "PS256"),
		"signed with ES256":        client("id_token_signed_response_alg", "ES256"),
		"UserInfo is signed":       client("userinfo_signed_response_alg", "ES256"),
		"the address in the token": config("conformIdTokenClaims", false),
		"acr": func(p *idptest.IdP) {
			p.Config = map[string]any{"claims": map[string]any{"openid": []string{"sub"}, "email": []string{"email", "email_verified"}, "profile": []string{"preferred_username"}}}
			p.Lines = []string{"acr urn:example:two"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := atWork(t, change)
			bob, at := w.colleague("bob"), w.idp.Person(t)
			w.links(bob, at, idptest.Way{Account: "bob", OneStep: true}).want(http.StatusForbidden)
			w.links(bob, at, idptest.Way{Account: "bob"}).want(200)
			bob.page("/documents/1").want(200)
			again := w.signedIn("bob")
			again.back(at.Go(again.away("verify/oidc.work"), idptest.Way{Account: "bob"})).want(200)
			again.page("/documents/1").want(200)
			w.wantNoRefusal()
		})
	}
}

// TestS2_RealProviderChangesItsKeys: keys are looked up anew where a token names
// one that is not known yet.
func TestS2_RealProviderChangesItsKeys(t *testing.T) {
	w := atWork(t)
	bob := w.colleague("bob")
	w.links(bob, w.idp.Person(t), idptest.Way{Account: "bob"}).want(200)
	for range 2 {
		w.idp.Stop(t)
		w.run()
		again := w.signedIn("bob")
		again.back(w.idp.Person(t).Go(again.away("verify/oidc.work"), idptest.Way{Account: "bob"})).want(200)
		again.page("/documents/1").want(200)
	}
	w.wantNoRefusal()
}

// TestS2_RealProviderIsDown: before anybody was there, while somebody is there, and
// after all went well: it is told in words, nothing is half-saved, and it works
// again once the provider does.
func TestS2_RealProviderIsDown(t *testing.T) {
	w := workOf(t)
	bob := w.colleague("bob")
	down := func(got *reply, what string) {
		t.Helper()
		if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "FinteQX sign-in") || !strings.Contains(got.body, "did not answer as it should") {
			t.Errorf("%s: %d %s", what, got.StatusCode, got.body)
		}
	}
	down(bob.form("/.mfa/api/methods/oidc.work", url.Values{}), "before anybody was there")
	bob.post("methods/oidc.work").wantReason(http.StatusServiceUnavailable, "oidc-down")
	w.wantNothingSaved(bob)

	w.run()
	apptest.Eventually(t, 30*time.Second, "the provider to be asked again", func() bool {
		return bob.post("methods/oidc.work").StatusCode == 200
	})
	answer := w.idp.Person(t).Go(bob.away("methods/oidc.work"), idptest.Way{Account: "bob"})
	w.idp.Stop(t)
	down(bob.back(answer), "while somebody is there")
	w.wantNothingSaved(bob)
	bob.back(answer).want(http.StatusConflict) // and that way is spent

	// Begun anew, it knows nothing of the codes of before.
	w.run()
	answer = w.idp.Person(t).Go(bob.away("methods/oidc.work"), idptest.Way{Account: "bob"})
	w.idp.Stop(t)
	w.run()
	if got := bob.back(answer); got.StatusCode != http.StatusGone || !strings.Contains(got.body, "Please begin again") {
		t.Errorf("a code that is not known: %d %s", got.StatusCode, got.body)
	}
	w.wantNothingSaved(bob)
	if lines := w.idp.Refused(); len(lines) != 1 {
		t.Errorf("the code was tried more than once: %q", lines)
	}
	w.links(bob, w.idp.Person(t), idptest.Way{Account: "bob"}).want(200)
	bob.page("/documents/1").want(200)

	again := w.signedIn("bob")
	again.page("/documents/1").want(http.StatusSeeOther)
	again.away("verify/oidc.work")
	w.idp.Stop(t)
	advance(t, 2*time.Minute)
	down(again.form("/.mfa/api/verify/oidc.work", url.Values{}), "after all went well")
	again.page("/documents/1").want(http.StatusSeeOther)
}
