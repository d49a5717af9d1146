package browsertest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// look is one way of looking at the pages.
type look struct {
	name          string
	width, height int64
	dark          bool
	language      string
}

// looks are the ways in which every page is looked at: three languages (the
// shortest, one with long words, one from right to left) on a desktop and on
// the narrowest phone, which is also a desktop at 400 % (WCAG 2.2, 1.4.10).
var looks = []look{
	{"desktop", 1100, 900, false, "en"}, {"desktop-de", 1100, 900, true, "de"}, {"desktop-ar", 1100, 900, false, "ar"},
	{"phone", 320, 640, true, "en"}, {"phone-de", 320, 640, false, "de"}, {"phone-ar", 320, 640, true, "ar"},
}

// large are phones whose readers have set text to twice its size (WCAG 2.2, 1.4.4).
var large = []look{{"large", 360, 740, false, "en"}, {"large-de", 360, 740, true, "de"}, {"large-ar", 360, 740, false, "ar"}}

// options start a browser as its reader has set it.
func (k look) options() []chromedp.ExecAllocatorOption {
	text := "16"
	if slices.Contains(large, k) {
		text = "32"
	}
	return []chromedp.ExecAllocatorOption{chromedp.Flag("accept-lang", k.language), chromedp.Flag("blink-settings", "defaultFontSize="+text)}
}

// TestPages_LookRight walks the whole way in every look; axe-core and the layout
// check look at every page, and a picture of each is kept.
func TestPages_LookRight(t *testing.T) {
	source := axeSource(t)
	for _, k := range append(looks, large...) {
		t.Run(k.name, func(t *testing.T) {
			p := meet(t, k.options()...)
			p.width(k.width, k.height)
			p.dark(k.dark)
			p.stay()
			p.open("/.mfa/?lng=" + k.language)
			at := func(name string) {
				t.Helper()
				p.shot(name + "-" + k.name)
				p.check(source, name)
			}
			at("manage-empty")

			p.open("/documentos-recebidos/2026/42?ano=2026")
			p.see("main .button")
			at("block")
			p.click("main .button")
			p.see("form[action$='/api/email']")
			at("email")
			p.site.Mails.Fail(errors.New("down"))
			p.click("main .button")
			p.see("[role=alert]")
			at("mail-down")
			p.site.Mails.Fail(nil)
			p.click("main .button")
			p.see("#code")
			at("emailcode")
			p.keys("#code", "12345678\r")
			p.see("#code-problem")
			at("emailcode-error")
			p.keys("#code", p.mailed()+"\r")
			p.see("form[action$='/api/methods/totp']")
			at("method")
			p.click("main .button")
			p.see(".qr")
			at("totp")
			p.keys("#code", "000000\r")
			p.see("#code-problem")
			p.click(".todo summary")
			at("totp-error")
			key := p.key()
			p.keys("#code", p.app(key)+"\r")
			p.see(".codes")
			at("codes")
			p.click("#saved")
			p.click("main form .button")
			p.see(".sign.good")
			at("done")

			p.site.Clock.Add(time.Minute)
			p.open("/.mfa/")
			p.see(".methods")
			p.click(".methods summary")
			at("manage")
			p.click(".methods a.danger")
			p.see("button.danger")
			at("remove")
			p.site.Clock.Add(6 * time.Minute)
			p.open("/.mfa/")
			p.see(".note.warn")
			at("manage-old-proof")

			p.site.Clock.Add(13 * time.Hour)
			p.open("/mensagens")
			p.see("#code")
			at("verify")
			p.keys("#code", "111111")
			p.see("#code-problem")
			at("verify-error")
			p.click("main a.quiet")
			p.see("input.wide")
			at("verify-codes")

			p.site.Down = true
			p.open("/mensagens")
			at("identity-down")
			p.site.Down = false
		})
	}
}
