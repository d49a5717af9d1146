package browsertest

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// touches says whether somebody is at the authenticator.
func (p *person) touches(id webauthn.AuthenticatorID, on bool) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: id, Enabled: on}); err != nil {
		p.t.Fatal(err)
	}
}

// addKey makes a passkey for somebody who has an app.
func (p *person) addKey() {
	p.t.Helper()
	p.open("/.mfa/enroll?way=passkey")
	p.click("[data-passkey-go]")
	p.see(".sign.good")
}

// TestPasskey_Autofill: whoever is asked for a code and has a passkey too may take
// it from what the browser offers at the field.
func TestPasskey_Autofill(t *testing.T) {
	p := meet(t)
	p.authenticator()
	enrol(p)
	offerKeys(p.site)
	p.addKey()
	p.site.Clock.Add(13 * time.Hour)
	p.open("/mensagens")
	p.see("#app")
	if hits, _ := p.site.Reached(); !slices.Contains(hits, "GET /mensagens") {
		t.Errorf("%q", hits)
	}
}

// TestPasskey_Signals: a passkey that was removed is no longer offered by the
// browser either; those that stay are.
func TestPasskey_Signals(t *testing.T) {
	p := meet(t)
	id := p.authenticator()
	held := func() int {
		got, err := chromedp.Call(p.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: id})
		if err != nil {
			t.Fatal(err)
		}
		return len(got.Credentials)
	}
	enrol(p)
	offerKeys(p.site)
	p.addKey()
	p.open("/.mfa/")
	p.see(".methods")
	p.do(chromedp.Poll[chromedp.Void](`document.readyState === 'complete'`))
	if n := held(); n != 1 {
		t.Fatalf("%d passkeys after looking at the list", n)
	}
	p.do(chromedp.Click(chromedp.CSS(".methods li:last-child summary")))
	p.click(".methods li:last-child a.danger")
	p.see("button.danger")
	p.click("button.danger")
	p.see(".note.good")
	for range 100 {
		if held() == 0 {
			return
		}
		p.do(chromedp.Poll[chromedp.Void](`new Promise(done => requestAnimationFrame(() => done(true)))`))
	}
	t.Error("the browser still holds the passkey")
}
