package browsertest

import (
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// texted is the code in the newest text message.
func (p *person) texted() string {
	p.t.Helper()
	_, text := p.site.Texts.Last()
	return regexp.MustCompile(`\d{6}`).FindString(text)
}

// TestText_LooksRight walks the way of somebody whose second step is a text
// message, in four looks, one of them from right to left.
func TestText_LooksRight(t *testing.T) {
	source := axeSource(t)
	for _, k := range []look{{"desktop", 1100, 900, false, "en"}, {"dark", 1100, 900, true, "nl"}, {"phone", 320, 640, false, "pt-BR"}, {"rtl", 1100, 900, false, "ar"}} {
		t.Run(k.name, func(t *testing.T) {
			p := meet(t, chromedp.Flag("accept-lang", k.language))
			rules := p.site.Rules[p.site.Tenant]
			rules.Methods = []enroll.Kind{enroll.KindTOTP, enroll.KindSMS}
			p.site.Rules[p.site.Tenant] = rules
			p.width(k.width, k.height)
			p.dark(k.dark)
			p.stay()
			at := func(name string) {
				t.Helper()
				p.shot("sms-" + name + "-" + k.name)
				p.check(source, name)
			}
			p.open("/.mfa/?lng=" + k.language)
			p.confirm("/documentos-recebidos/42")
			p.see(".choices")
			at("choose")
			p.click(".choices li:last-child a")
			p.see("#number")
			at("number")
			p.keys("#number", "0612345678\r")
			p.see("#number-problem")
			at("number-error")
			p.open("/.mfa/enroll?way=sms")
			p.keys("#number", "+31 6 12345678\r")
			p.see("#code")
			at("code")
			p.keys("#code", p.texted()+"\r")
			p.see(".codes")
			p.open("/.mfa/enroll?add=1&way=sms")
			p.keys("#number", "+31 6 12345679\r")
			p.see("#code")
			p.keys("#code", p.texted()+"\r")
			p.see(".sign.good")
			p.open("/.mfa/")
			p.see(".methods")
			at("manage")

			p.site.Clock.Add(13 * time.Hour)
			p.open("/mensagens")
			p.see("form[action*='/api/verify/sms']")
			at("verify-send")
			p.click("main .actions .button")
			p.see("#code")
			p.click("details.more summary")
			at("verify")
			p.keys("#code", "000000")
			p.see("#code-problem")
			p.keys("#code", p.texted()+"\r")
			p.see("#app")
		})
	}
}
