package browsertest

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// authenticator puts one into the browser's tab, as the devices of today have:
// built in, with a finger or a PIN, its keys on all of the person's devices.
func (p *person) authenticator() webauthn.AuthenticatorID {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		p.t.Fatal(err)
	}
	got, err := chromedp.Call(p.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21,
		Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
		IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		p.t.Fatal(err)
	}
	return got.AuthenticatorID
}

// offerKeys lets the site's tenant offer passkeys beside apps.
func offerKeys(site *portaltest.Site) {
	site.Change(func(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP} })
}

// confirm goes from a page to the choice of a method.
func (p *person) confirm(path string) {
	p.t.Helper()
	p.open(path)
	p.click("main .button")
	p.see("form[action$='/api/email']")
	p.click("main .button")
	p.see("#code")
	p.keys("#code", p.mailed()+"\r")
}

// TestPasskey_LooksRight walks the way of a passkey beside an app, where one area
// takes nothing else, in two of the looks.
func TestPasskey_LooksRight(t *testing.T) {
	source := axeSource(t)
	for _, k := range []look{looks[0], looks[5]} {
		t.Run(k.name, func(t *testing.T) {
			p := meet(t, k.options()...)
			offerKeys(p.site)
			id := p.authenticator()
			p.width(k.width, k.height)
			p.dark(k.dark)
			p.stay()
			at := func(name string) {
				t.Helper()
				p.shot("key-" + name + "-" + k.name)
				p.check(source, name)
			}
			p.site.Strong["/mensagens"] = true
			p.open("/mensagens?lng=" + k.language)
			at("block")
			p.confirm("/documentos-recebidos/42")
			p.see(".choices")
			at("choose")
			p.click(".choices li:first-child a")
			p.see("[data-passkey-go]")
			at("create")
			if _, err := chromedp.Call(p.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: false}); err != nil {
				t.Fatal(err)
			}
			p.click("[data-passkey-go]")
			p.see("[data-passkey-error]")
			at("cancelled")
			if _, err := chromedp.Call(p.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: true}); err != nil {
				t.Fatal(err)
			}
			p.click("[data-passkey-go]")
			p.see(".codes")
			at("codes")
			p.click("#saved")
			p.click("main form .button")
			p.see(".sign.good")
			p.open("/documentos-recebidos/42")
			p.see("#app")

			p.open("/.mfa/")
			p.see(".methods")
			p.click(".methods summary")
			at("manage")
			p.click(".methods a.danger")
			p.see("button.danger")
			at("remove")

			p.site.Clock.Add(13 * time.Hour)
			p.open("/documentos-recebidos/42")
			p.see("[data-passkey-go]")
			at("verify")
			if _, err := chromedp.Call(p.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: id, IsBogusSignature: new(true)}); err != nil {
				t.Fatal(err)
			}
			p.click("[data-passkey-go]")
			p.see("main > [role=alert]")
			at("verify-refused")
			if _, err := chromedp.Call(p.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: id}); err != nil {
				t.Fatal(err)
			}
			p.click("[data-passkey-go]")
			p.see("#app") // the ticket holds the page, so the script follows
			p.open("/.mfa/enroll?add=1")
			p.see(".choices")
			p.click(".choices li:last-child a")
			p.see("form[action$='/api/methods/totp']")
			at("app")
			p.click("main .button")
			p.see(".qr")
			at("totp")
			key := p.key()
			p.keys("#code", p.app(key)+"\r")
			p.see(".sign.good")
			p.site.Clock.Add(13 * time.Hour)
			p.open("/mensagens")
			p.see("[data-passkey-go]")
			p.touches(id, false) // else the browser fills it in at the field of the code
			p.click("main p > a.quiet")
			p.see("#code")
			at("verify-app")
			p.keys("#code", p.app(key))
			p.see("[data-passkey-go]") // the page is asked for again, and takes a passkey alone
			at("weak")
			p.open("/.mfa/")
			p.see(".methods")
			at("manage-two")
			p.scripts(false)
			p.open("/.mfa/enroll?add=1&way=passkey")
			p.see("[data-passkey-none]")
			p.shot("key-noscript-" + k.name)
			if found := p.layout(); found != "" {
				t.Error(found)
			}
		})
	}
}

// TestPasskey_Words: whatever the browser answers, the page says in words what
// happened, and the button works again.
func TestPasskey_Words(t *testing.T) {
	p := meet(t)
	offerKeys(p.site)
	p.authenticator()
	p.confirm("/mensagens")
	p.click(".choices li:first-child a")
	p.see("[data-passkey-go]")
	for _, c := range []struct{ script, words string }{
		{`navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError'))`, "No passkey was created"},
		{`navigator.credentials.create = () => { const real = Date.now; Date.now = () => { Date.now = real; return real() + 299000; }; return Promise.reject(new DOMException('', 'NotAllowedError')); }`, "waited too long"},
		{`navigator.credentials.create = () => Promise.reject(new DOMException('', 'AbortError'))`, "No passkey was created"},
		{`navigator.credentials.create = () => Promise.reject(new DOMException('', 'InvalidStateError'))`, "already holds a passkey"},
		{`navigator.credentials.create = () => Promise.reject(new DOMException('', 'SecurityError'))`, "does not let this address use your passkeys"},
		{`navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotSupportedError'))`, "cannot check that it is you"},
		{`navigator.credentials.create = () => Promise.reject(new DOMException('', 'ConstraintError'))`, "cannot check that it is you"},
		{`navigator.credentials.create = () => Promise.reject(new TypeError('x'))`, "That did not work"},
		{`window.fetch = () => Promise.reject(new TypeError('x'))`, "could not be reached"},
		{`window.fetch = () => Promise.resolve(new Response('<p>502</p>', { status: 502 }))`, "could not be reached"},
		{`window.fetch = () => Promise.resolve(new Response('{"detail":"Too many tries."}', { status: 429 }))`, "Too many tries."},
	} {
		p.do(chromedp.Evaluate[chromedp.Void](`void (() => { ` + c.script + `; document.querySelector('[data-passkey-error]').textContent = ''; })()`))
		p.click("[data-passkey-go]")
		p.do(chromedp.Poll[chromedp.Void](`document.querySelector('[data-passkey-error]').textContent !== '' && !document.querySelector('[data-passkey-go]').hasAttribute('aria-disabled')`))
		if got := p.text(`document.querySelector('[data-passkey-error]').innerText`); !strings.Contains(got, c.words) {
			t.Errorf("%s: %q", c.script, got)
		}
		if got := p.text(`document.querySelector('[data-passkey-wait]').textContent + document.activeElement.tagName`); got != "BUTTON" {
			t.Errorf("%s: afterwards %q", c.script, got)
		}
	}
}

// TestPasskey_OldBrowsers: where there are no passkeys the page says so, and leads
// to something else.
func TestPasskey_OldBrowsers(t *testing.T) {
	p := meet(t)
	offerKeys(p.site)
	if _, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `delete window.PublicKeyCredential`,
	}); err != nil {
		t.Fatal(err)
	}
	p.confirm("/mensagens")
	p.click(".choices li:first-child a")
	p.see("[data-passkey-none]")
	p.shot("key-old-desktop")
	if p.text(`String(document.querySelector('[data-passkey-go]').hidden)`) != "true" {
		t.Error("there is a button that cannot work")
	}
	p.click("main p > a.quiet")
	p.see(".choices")
	p.click(".choices li:last-child a")
	p.see("form[action$='/api/methods/totp']")
}

// TestPasskey_ByKeyboard: the way of a passkey by Tab and Enter.
func TestPasskey_ByKeyboard(t *testing.T) {
	p := meet(t)
	offerKeys(p.site)
	p.authenticator()
	p.confirm("/mensagens")
	p.see(".choices")
	p.tab(".choices a", 3)
	p.do(chromedp.KeyEvent("\r"))
	p.see("[data-passkey-go]")
	p.tab("[data-passkey-go]", 3)
	p.do(chromedp.KeyEvent("\r"))
	p.see(".codes")
}

// tab moves the focus until it is on what a selector names.
func (p *person) tab(selector string, most int) {
	p.t.Helper()
	for range most {
		p.do(chromedp.KeyEvent("\t"))
		if p.text(`document.activeElement.matches(`+"`"+selector+"`"+`) ? 'yes' : ''`) == "yes" {
			return
		}
	}
	p.t.Fatalf("%s is not reached within %d stops", selector, most)
}
