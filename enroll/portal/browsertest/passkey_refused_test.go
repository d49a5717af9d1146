package browsertest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// says demands that the page says the text of a key, in its language.
func (p *person) says(texts map[string]string, state, key string) {
	p.t.Helper()
	if want, got := texts[key], p.seen(); want == "" || !strings.Contains(got, strings.Join(strings.Fields(want), " ")) {
		p.t.Errorf("%s: the page says %q, not %q", state, got, want)
	}
}

// override makes the authenticator answer as one does that is broken or attacked.
func (p *person) override(params webauthn.SetResponseOverrideBitsParams) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, webauthn.SetResponseOverrideBits, params); err != nil {
		p.t.Fatal(err)
	}
}

// TestPasskey_RefusalsLookRight: whatever is wrong with a passkey is said in the
// person's language, beside another way, and the page stays as right as it was.
func TestPasskey_RefusalsLookRight(t *testing.T) {
	source := axeSource(t)
	for _, k := range []look{looks[0], looks[4], looks[5]} {
		t.Run(k.name, func(t *testing.T) {
			raw, err := os.ReadFile("../languages/" + k.language + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var texts map[string]string
			if err := json.Unmarshal(raw, &texts); err != nil {
				t.Fatal(err)
			}
			p := meet(t, k.options()...)
			id := p.authenticator()
			offerKeys(p.site)
			p.width(k.width, k.height)
			p.dark(k.dark)
			p.stay()
			p.open("/.mfa/enroll?way=passkey&lng=" + k.language)
			p.click("form[action$='/api/email'] .button")
			p.see("#code")
			p.keys("#code", p.mailed()+"\r")
			p.see("[data-passkey-go], .choices")
			p.open("/.mfa/enroll?way=passkey")
			p.click("[data-passkey-go]")
			p.see(".codes")
			p.site.Clock.Add(13 * time.Hour)

			passed := 0
			at := func(state, key string) {
				t.Helper()
				p.shot("refused-" + state + "-" + k.name)
				p.check(source, state)
				p.says(texts, state, key)
				if hits, _ := p.site.Reached(); strings.Count(strings.Join(hits, " "), "/mensagens") != passed {
					t.Fatalf("%s: the app was reached: %q", state, hits)
				}
			}
			ask := func(answer string) {
				t.Helper()
				p.open("/mensagens")
				p.see("[data-passkey-go]")
				p.click("[data-passkey-go]")
				p.see(answer)
			}
			atServer, inBrowser := "main > [role=alert]", "[data-passkey-error]"

			p.override(webauthn.SetResponseOverrideBitsParams{AuthenticatorID: id, IsBadUV: new(true)})
			ask(atServer)
			at("unverified", "reason.bad-code.unverified")
			p.override(webauthn.SetResponseOverrideBitsParams{AuthenticatorID: id, IsBogusSignature: new(true)})
			ask(atServer)
			at("tampered", "reason.bad-code.passkey")
			p.override(webauthn.SetResponseOverrideBitsParams{AuthenticatorID: id})

			p.open("/mensagens")
			p.see("[data-passkey-go]")
			p.do(chromedp.Evaluate[chromedp.Void](`void (() => { // as where the page is not at the name that the passkeys are for
				const get = navigator.credentials.get.bind(navigator.credentials);
				navigator.credentials.get = o => { o.publicKey.rpId = 'elsewhere.example'; return get(o); };
			})()`))
			p.click("[data-passkey-go]")
			p.see(inBrowser)
			at("wrong-origin", "passkey.elsewhere")

			if _, err := chromedp.Call(p.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: false}); err != nil {
				t.Fatal(err)
			}
			ask(inBrowser)
			at("cancelled", "passkey.use.cancelled")
			if _, err := chromedp.Call(p.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: true}); err != nil {
				t.Fatal(err)
			}

			// A copy that stands where the original stood before it was last used.
			held, err := chromedp.Call(p.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: id})
			if err != nil || len(held.Credentials) != 1 {
				t.Fatalf("%+v, %v", held, err)
			}
			ask("#app")
			passed = 1
			old := held.Credentials[0]
			if _, err := chromedp.Call(p.ctx, webauthn.RemoveCredential, webauthn.RemoveCredentialParams{AuthenticatorID: id, CredentialID: old.CredentialID}); err != nil {
				t.Fatal(err)
			}
			// The library's own parameters hold some that this authenticator refuses.
			if _, err := chromedp.Call(p.ctx, cdp.Command[map[string]any, cdp.Empty]{Method: webauthn.CommandAddCredential}, map[string]any{
				"authenticatorId": id, "credential": map[string]any{
					"credentialId": old.CredentialID, "rpId": old.RpID, "privateKey": old.PrivateKey, "userHandle": old.UserHandle,
					"signCount": old.SignCount, "isResidentCredential": old.IsResidentCredential,
				},
			}); err != nil {
				t.Fatal(err)
			}
			p.site.Clock.Add(13 * time.Hour)
			ask(atServer)
			at("cloned", "reason.bad-code.copied")

			if _, err := chromedp.Call(p.ctx, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: id}); err != nil {
				t.Fatal(err)
			}
			ask(inBrowser)
			at("deleted", "passkey.use.cancelled")
		})
	}
}
