package browsertest

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc/oidctest"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// method is a way to confirm that it is you: how it is set up, from the choice of it
// to what comes when it is, and how it is proven, from the page that asks for it.
type method struct {
	kind         string
	enrol, prove func(*walk) // nil: it is not set up by itself
}

// methods stand in an order in which each may be set up with the proof of the one
// before: a weak proof adds nothing to a stronger method.
var methods = []method{
	{kind: "sms", enrol: func(w *walk) {
		w.see("#number")
		w.at("number")
		w.fill("#number", "0612345678\r")
		w.see("#number-problem")
		w.at("number-error")
		w.fill("#number", "+31 6 12345678\r")
		w.see("#code")
		w.press("details.more summary")
		w.at("sent")
		w.code(w.texted())
	}, prove: func(w *walk) {
		w.send()
		w.wrong("000000")
		w.code(w.texted())
	}},
	{kind: "email", enrol: func(w *walk) {
		w.see("form[action$='/api/methods/email']")
		w.at("setup")
		w.press("main .button")
		w.see("#code")
		w.press("details.more summary")
		w.at("sent")
		w.code(w.mailed())
	}, prove: func(w *walk) {
		w.send()
		w.wrong("00000000")
		w.code(w.mailed())
	}},
	{kind: "totp", enrol: func(w *walk) {
		w.see("form[action$='/api/methods/totp']")
		w.at("method")
		w.press("main .button")
		w.see(".qr")
		w.at("key")
		w.code("000000")
		w.see("#code-problem")
		w.at("error")
		w.setup = w.key()
		w.code(w.app(w.setup))
	}, prove: func(w *walk) {
		w.wrong("000000")
		w.code(w.app(w.setup))
	}},
	{kind: "passkey", enrol: func(w *walk) {
		w.see("[data-passkey-go]")
		w.at("create")
		w.touches(w.device, true)
		w.verifies(false)
		w.press("[data-passkey-go]")
		w.see("[data-passkey-error]")
		w.at("cancelled")
		w.verifies(true)
		w.press("[data-passkey-go]")
	}, prove: func(w *walk) {
		w.see("[data-passkey-go]")
		w.at("verify")
		w.touches(w.device, true)
		w.lies(true)
		w.press("[data-passkey-go]")
		w.see("main > [role=alert]")
		w.at("refused")
		w.lies(false)
		w.press("[data-passkey-go]")
	}},
	{kind: "codes", prove: func(w *walk) {
		w.see("input.wide")
		w.wrong("0000-0000-0000-0000")
		w.code(w.recovery)
	}},
}

// TestMethods_EnrolAndProve sets up and proves every method, in three languages on
// a desk and on the narrowest phone; once more with the keyboard alone, and with
// scripts off.
func TestMethods_EnrolAndProve(t *testing.T) {
	source := axeSource(t)
	for _, k := range []struct {
		look
		keyboard, plain bool
	}{
		{look: look{"desktop-en", 1100, 900, false, "en"}}, {look: look{"desktop-pt-BR", 1100, 900, true, "pt-BR"}}, {look: look{"desktop-ar", 1100, 900, false, "ar"}},
		{look: look{"phone-en", 320, 640, true, "en"}}, {look: look{"phone-pt-BR", 320, 640, false, "pt-BR"}}, {look: look{"phone-ar", 320, 640, true, "ar"}},
		{look: look{"keyboard", 1100, 900, false, "en"}, keyboard: true}, {look: look{"plain", 320, 640, false, "pt-BR"}, plain: true},
	} {
		t.Run(k.name, func(t *testing.T) {
			w := startWalk(t, k.language)
			w.look, w.source, w.keyboard, w.plain = k.name, source, k.keyboard, k.plain
			w.width(k.width, k.height)
			w.dark(k.dark)
			w.stay()
			w.open("/.mfa/?lng=" + k.language)
			w.scripts(!k.plain)
			w.part("begin", w.begin)
			for i, m := range methods {
				if m.enrol != nil {
					w.part("enrol "+m.kind, func() { w.enrol(m, i == 0) })
				}
			}
			w.part("S3.6 change", w.change)
			for _, m := range methods {
				w.part("prove "+m.kind, func() { w.prove(m) })
			}
			w.part("S2.7 oidc", w.company)
		})
	}
}

// texted is the code in the newest text message.
func (p *person) texted() string {
	p.t.Helper()
	_, text := p.site.Texts.Last()
	return regexp.MustCompile(`\d{6}`).FindString(text)
}

// walk is one person's way through every method, in one look or with one hand.
type walk struct {
	*person
	look, source    string // source: axe-core
	keyboard, plain bool   // nothing is clicked; scripts are off
	idp             *oidctest.IdP
	device          webauthn.AuthenticatorID
	doing           string
	setup, recovery string // the app's key; a recovery code
}

// startWalk is somebody before a site that offers everything, with an authenticator
// at hand and an administrator's pass to begin with.
func startWalk(t *testing.T, language string) *walk {
	t.Helper()
	w := &walk{idp: oidctest.New(t)}
	clock := time.Now
	provider, err := oidc.New(oidc.Config{
		Label: "Microsoft Entra ID", Issuer: w.idp.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, Now: func() time.Time { return clock() },
	})
	if err != nil {
		t.Fatal(err)
	}
	site, err := portaltest.NewWith(map[string]enroll.Provider{"entra": provider})
	if err != nil {
		t.Fatal(err)
	}
	clock, w.idp.Now = site.Clock.Now, site.Clock.Now
	site.Change(func(r *enroll.Rules) {
		r.First = enroll.FirstPass
		r.Methods = []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP, enroll.KindSMS, enroll.KindEmail}
	})
	w.person = meetAt(t, site, chromedp.Flag("accept-lang", language))
	w.device = w.authenticator()
	w.touches(w.device, false) // else the browser fills a passkey in at the field of a code
	return w
}

// part is a part of the way, named in what fails of it.
func (w *walk) part(name string, do func()) {
	t := w.t
	t.Helper()
	w.doing = name
	ok := t.Run(name, func(part *testing.T) {
		w.t = part
		defer func() { w.t = t }()
		do()
	})
	if !ok {
		t.FailNow()
	}
}

// at looks at a page. Without scripts axe-core cannot, and whoever uses the keyboard
// has the pages of the first look.
func (w *walk) at(name string) {
	w.t.Helper()
	if name = w.doing + " " + name; os.Getenv("MFA_SHOTS") != "" {
		w.shot(name + " " + w.look)
	}
	if !w.plain && !w.keyboard {
		w.check(w.source, name)
	} else if found := w.layout(); found != "" {
		w.t.Errorf("%s: %s", name, found)
	}
}

// press uses a button, a link or a box.
func (w *walk) press(selector string) {
	w.t.Helper()
	if !w.keyboard {
		w.click(selector)
		return
	}
	w.see(selector)
	w.to(selector)
	key := "\r"
	if w.text("document.activeElement.type ?? ''") == "checkbox" {
		key = " "
	}
	w.do(chromedp.KeyEvent(key))
}

// to moves the focus to an element by the Tab key, unless it is there.
func (w *walk) to(selector string) {
	w.t.Helper()
	if w.text("document.activeElement === document.querySelector(`"+selector+"`) ? 'yes' : ''") == "" {
		w.tab(selector, 60)
	}
}

// fill types into a field, in place of what it holds.
func (w *walk) fill(selector, text string) {
	w.t.Helper()
	w.see(selector)
	if w.keyboard {
		w.to(selector)
	} else {
		w.do(chromedp.Focus(chromedp.CSS(selector)))
	}
	w.text("(document.activeElement.select(), '')")
	w.do(chromedp.KeyEvent(text))
}

// code gives a code. Where a script sends it once it is whole, Enter would send it
// twice.
func (w *walk) code(code string) {
	w.t.Helper()
	w.see("#code")
	if w.plain || w.text("document.querySelector('#code').matches('[data-send]:not([aria-invalid])') ? 'alone' : ''") == "" {
		code += "\r"
	}
	w.fill("#code", code)
}

// wrong gives a code that is none.
func (w *walk) wrong(code string) {
	w.t.Helper()
	w.see("#code")
	w.at("verify")
	w.code(code)
	w.see("#code-problem")
	w.at("error")
}

// send asks for a code.
func (w *walk) send() {
	w.t.Helper()
	w.see("form[action*='/api/verify/']")
	w.at("send")
	w.press("main .actions .button")
	w.see("#code")
	w.press("details.more summary")
}

func (w *walk) verifies(on bool) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: w.device, IsUserVerified: on}); err != nil {
		w.t.Fatal(err)
	}
}

// lies makes the authenticator's signatures wrong.
func (w *walk) lies(on bool) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: w.device, IsBogusSignature: &on}); err != nil {
		w.t.Fatal(err)
	}
}

// begin goes from the block to the choice of a method, with the administrator's
// pass.
func (w *walk) begin() {
	pass, _, err := w.site.Service.IssuePass(w.t.Context(), enroll.Person{Realm: "default", User: "ana"}, w.site.Rules[w.site.Tenant], 0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.open("/documentos-recebidos/42")
	w.see("main .button")
	w.at("block")
	w.press("main .button")
	w.see("input.wide")
	w.at("pass")
	w.code("0000-0000-0000")
	w.see("#code-problem")
	w.at("pass-error")
	w.code(pass)
	w.see(".choices")
	w.at("choose")
}

func (w *walk) enrol(m method, first bool) {
	if !first {
		w.open("/.mfa/enroll?add=1")
	}
	if w.plain && m.kind == "passkey" {
		w.press(".choices a[href*='way=passkey']")
		w.see("[data-passkey-none]") // which says so, and leads to something else
		w.at("none")
		return
	}
	w.see(".choices")
	w.press(".choices a[href*='way=" + m.kind + "']")
	m.enrol(w)
	if first {
		w.see(".codes")
		w.at("codes")
		w.recovery = w.text("document.querySelector('.codes code').textContent")
		w.press("#saved")
		w.press("main form .button")
	}
	w.see(".sign.good")
	w.at("done")
	w.touches(w.device, false)
}

// change gives another number, from the list of methods.
func (w *walk) change() {
	w.open("/.mfa/")
	w.see(".methods")
	w.press(".methods li:has(a[href*='replaces=']) summary")
	w.at("manage")
	w.press(".methods a[href*='replaces=']")
	w.see("#number")
	w.at("number")
	w.fill("#number", "+31 6 12345670\r")
	w.see("#code")
	w.at("sent")
	w.code(w.texted())
	w.see(".sign.good")
}

// prove signs in anew, and goes to the page that asks for the method.
func (w *walk) prove(m method) {
	if w.plain && m.kind == "passkey" {
		return
	}
	w.site.Clock.Add(13 * time.Hour)
	w.open("/mensagens")
	w.see("main form")
	if other := "main a.quiet[href*='way=" + m.kind + "']"; w.text("document.querySelector(`"+other+"`) ? 'yes' : ''") != "" {
		w.press(other)
		w.see("main form[action*='/" + m.kind + "'], main form[data-begin*='/" + m.kind + "']")
	}
	m.prove(w)
	w.back()
	w.touches(w.device, false)
}

// back is the page that was wanted: a script goes there, else a link does.
func (w *walk) back() {
	w.t.Helper()
	if w.plain {
		w.see(".sign.good")
		w.press("main .button")
	}
	w.see("#app")
}

// company is somebody else, whose second step is the company's own provider.
func (w *walk) company() {
	w.site.Change(func(r *enroll.Rules) {
		r.First, r.Assigned, r.AssignedDomains = enroll.FirstEmail, "oidc.entra", []string{"cliente.example"}
		r.Methods = []enroll.Kind{r.Assigned}
	})
	w.idp.Claims["email"] = "bia@cliente.example"
	deny := func(with map[string][]string) { w.idp.Do(func(i *oidctest.IdP) { i.Deny = with }) }
	approve := func() {
		w.press("main .actions .button")
		if w.plain { // a page leads on, where a script would
			w.see("main a.button")
			w.at("away")
			w.press("main a.button")
		}
		w.see("#approve")
		w.press("#approve")
	}
	w.open("/?login=bia")
	w.open("/documentos-recebidos/42")
	w.press("main .button")
	w.see("form[action$='/api/methods/oidc.entra']")
	w.at("link")
	deny(map[string][]string{"error": {"consent_required"}})
	approve()
	w.see("main .button")
	w.at("consent")
	deny(nil)
	w.press("main .button")
	w.see("form[action$='/api/methods/oidc.entra']")
	approve()
	w.see(".codes")
	w.open("/.mfa/")
	w.see(".methods")
	w.at("manage")

	w.site.Clock.Add(13 * time.Hour)
	w.open("/mensagens")
	w.see("form[action*='/api/verify/oidc.entra']")
	w.at("verify")
	approve()
	w.back()
}
