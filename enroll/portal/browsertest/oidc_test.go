package browsertest

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc/oidctest"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// TestS2_7_SignInWithTheCompanysProvider walks the way of somebody whose second
// step is the company's own identity provider, in four looks; the provider is a
// site of its own, which the browser is sent to and comes back from.
func TestS2_7_SignInWithTheCompanysProvider(t *testing.T) {
	source := axeSource(t)
	for _, k := range []look{{"desktop", 1100, 900, false, "nl"}, {"dark", 1100, 900, true, "de"}, {"phone", 320, 640, false, "pt-BR"}, {"rtl", 1100, 900, false, "ar"}} {
		t.Run(k.name, func(t *testing.T) {
			idp := oidctest.New(t)
			clock := time.Now
			provider, err := oidc.New(oidc.Config{
				Label: "Microsoft Entra ID", Issuer: idp.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, Now: func() time.Time { return clock() },
			})
			if err != nil {
				t.Fatal(err)
			}
			site, err := portaltest.NewWith(map[string]enroll.Provider{"entra": provider})
			if err != nil {
				t.Fatal(err)
			}
			clock = site.Clock.Now
			idp.Now = site.Clock.Now
			idp.Claims["email"] = "ana@cliente.example"
			rules := site.Rules[site.Tenant]
			rules.Assigned, rules.AssignedDomains = "oidc.entra", []string{"cliente.example"}
			rules.Methods = []enroll.Kind{rules.Assigned}
			site.Rules[site.Tenant] = rules
			p := meetAt(t, site, chromedp.Flag("accept-lang", k.language))
			p.width(k.width, k.height)
			p.dark(k.dark)
			p.stay()
			at := func(name string) {
				t.Helper()
				p.shot("oidc-" + name + "-" + k.name)
				p.check(source, name)
			}
			p.open("/.mfa/?lng=" + k.language)
			p.open("/documentos-recebidos/42")
			p.click("main .button")
			p.see("form[action$='/api/methods/oidc.entra']")
			at("link")
			idp.Do(func(i *oidctest.IdP) { i.Deny = map[string][]string{"error": {"consent_required"}} })
			p.click("main .actions .button")
			p.see("#approve")
			p.click("#approve")
			p.see("main .button")
			at("consent")
			idp.Do(func(i *oidctest.IdP) { i.Deny = nil })
			p.click("main .button")
			p.see("form[action$='/api/methods/oidc.entra']")
			p.click("main .actions .button")
			p.see("#approve")
			p.click("#approve")
			p.see(".codes")
			p.open("/.mfa/")
			p.see(".methods")
			at("manage")

			site.Clock.Add(13 * time.Hour)
			p.open("/mensagens")
			p.see("form[action*='/api/verify/oidc.entra']")
			at("verify")
			p.scripts(false)
			p.open("/mensagens")
			p.click("main .actions .button")
			p.see("main a.button") // without scripts, a page leads on
			p.shot("oidc-away-" + k.name)
			p.click("main a.button")
			p.see("#approve")
			p.click("#approve")
			p.see(".sign.good")
			p.scripts(true)
			p.open("/mensagens")
			p.see("#app")
		})
	}
}
