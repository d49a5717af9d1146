package browsertest

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestFirst_LooksRight walks the ways in which an enrolment may begin, and those
// of trusted browsers and notices, in four looks, one of them from right to left.
func TestFirst_LooksRight(t *testing.T) {
	source := axeSource(t)
	for _, k := range []look{{"desktop", 1100, 900, false, "en"}, {"dark", 1100, 900, true, "fi"}, {"phone", 320, 640, false, "de"}, {"rtl", 320, 640, true, "ar"}} {
		t.Run(k.name, func(t *testing.T) {
			p := meet(t, k.options()...)
			rules := p.site.Change
			p.width(k.width, k.height)
			p.dark(k.dark)
			p.stay()
			at := func(name string) {
				t.Helper()
				p.shot("first-" + name + "-" + k.name)
				p.check(source, name)
			}
			p.site.BaseURL = p.origin
			p.open("/.mfa/?lng=" + k.language)

			rules(func(r *enroll.Rules) { r.EnrollFrom = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
			p.open("/.mfa/enroll")
			p.see(".sign.stop")
			at("network")
			p.open("/.mfa/")
			at("network-manage")
			rules(func(r *enroll.Rules) { r.EnrollFrom = nil })

			rules(func(r *enroll.Rules) { r.First = enroll.FirstPass })
			p.open("/.mfa/enroll")
			p.see("input.wide")
			p.keys("input.wide", "0000-0000-0000\r")
			p.see("#code-problem")
			at("pass")

			rules(func(r *enroll.Rules) { r.First = enroll.FirstTyped })
			p.open("/.mfa/enroll")
			p.see("#address")
			at("typed")
			p.keys("#address", "ana@correio\r")
			p.see("details.more summary")
			p.click("details.more summary")
			at("typedsent")
			mails := p.site.Mails.All()
			text := mails[len(mails)-1].Text
			path := text[strings.Index(text, p.origin)+len(p.origin):]
			path, _, _ = strings.Cut(path, "\n")
			p.open(path)
			p.see("form button.button")
			at("link")
			p.click("main .actions .button")
			p.see("form[action$='/api/methods/totp']")
			p.click("main .button")
			p.see(".qr")
			key := p.key()
			p.keys("#code", p.app(key)+"\r")
			p.see(".codes")

			rules(func(r *enroll.Rules) { r.TrustDevice = 30 * 24 * time.Hour })
			p.site.Clock.Add(13 * time.Hour)
			p.open("/mensagens")
			p.see("#trust")
			at("trust")
			p.click("#trust")
			p.keys("#code", p.app(key)+"\r")
			p.see("#app")
			p.open("/.mfa/")
			p.see("form[action*='/api/devices/']")
			at("devices")

			if err := p.site.Service.Close(); err != nil { // notices are sent in the background
				t.Fatal(err)
			}
			mails = p.site.Mails.All()
			text = mails[len(mails)-1].Text
			path = text[strings.Index(text, p.origin)+len(p.origin):]
			path, _, _ = strings.Cut(path, "\n")
			p.open(path)
			p.see("button.danger")
			at("notice")
			p.click("button.danger")
			p.see(".sign.good")
			at("notice-done")
		})
	}
}
