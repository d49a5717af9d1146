package browsertest

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestEmailMethod_LooksRight walks the way of somebody whose second step is a
// mailed code, in three looks.
func TestEmailMethod_LooksRight(t *testing.T) {
	source := axeSource(t)
	for _, k := range []look{{"desktop", 1100, 900, false, "en"}, {"dark", 1100, 900, true, "pt-BR"}, {"phone", 320, 640, false, "pt-BR"}} {
		t.Run(k.name, func(t *testing.T) {
			p := meet(t, chromedp.Flag("accept-lang", k.language))
			rules := p.site.Rules[p.site.Tenant]
			rules.Methods = []enroll.Kind{enroll.KindTOTP, enroll.KindEmail}
			p.site.Rules[p.site.Tenant] = rules
			p.width(k.width, k.height)
			p.dark(k.dark)
			p.stay()
			at := func(name string) {
				t.Helper()
				p.shot("mail-" + name + "-" + k.name)
				p.check(source, name)
			}
			p.open("/.mfa/?lng=" + k.language)
			p.confirm("/documentos-recebidos/42")
			p.see(".choices")
			at("choose")
			p.click(".choices li:last-child a")
			p.see("form[action$='/api/methods/email/verify']")
			at("setup")
			p.click("main .button")
			p.see(".codes")
			p.open("/.mfa/")
			p.see(".methods")
			at("manage")

			p.site.Clock.Add(13 * time.Hour)
			p.open("/mensagens")
			p.see("form[action*='/api/verify/email']")
			at("verify-send")
			p.click("main .button")
			p.see("#code")
			at("verify")
			p.keys("#code", "00000000")
			p.see("#code-problem")
			at("verify-error")
			p.keys("#code", p.mailed()+"\r")
			p.see("#app")
		})
	}
}
