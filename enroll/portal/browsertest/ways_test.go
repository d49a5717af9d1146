package browsertest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestWay_WithoutScripts walks the whole way with scripts off.
func TestWay_WithoutScripts(t *testing.T) {
	p := meet(t)
	p.scripts(false)
	p.open("/documentos-recebidos/42")
	p.click("main .button")
	p.click("form[action$='/api/email'] .button")
	p.see("#code")
	p.keys("#code", "1234\r")
	p.see("#code-problem")
	if title := p.title(); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("the title of the page with the error is %q", title)
	}
	code := p.mailed()
	p.keys("#code", code[:4]+"-"+code[4:]+"\r")
	p.click("form[action$='/api/methods/totp'] .button")
	p.see(".qr")
	p.click(".todo summary")
	p.keys("#code", p.app(p.key())+"\r")
	p.see(".codes")
	p.click("main form .button") // the box is not ticked: the browser says so
	p.see(".codes")
	p.click("#saved")
	p.click("main form .button")
	p.see(".sign.good")
	p.click("main .button")
	p.see("#app")

	p.site.Clock.Add(13 * time.Hour)
	p.open("/documentos-recebidos/42")
	p.see("#code")
}

// TestWay_ByKeyboard walks the whole way with Tab and Enter: no step needs more
// than a few, and the skip link is the first stop; in a window of 1280 by 1024
// at 400 %, where what has the focus is still seen (WCAG 2.2, 1.4.10 and 2.4.11).
func TestWay_ByKeyboard(t *testing.T) {
	p := meet(t)
	p.width(320, 256)
	// to moves the focus until it is on what a selector names.
	to := func(selector string, most int) {
		t.Helper()
		for range most {
			p.do(chromedp.KeyEvent(kb.Tab))
			if p.text(`document.activeElement.matches(`+"`"+selector+"`"+`) ? 'yes' : ''`) == "yes" {
				if p.text(`(() => { const r = document.activeElement.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight ? 'seen' : ''; })()`) != "seen" {
					t.Errorf("%s has the focus outside of the window", selector)
				}
				return
			}
		}
		t.Fatalf("%s is not reached within %d stops", selector, most)
	}
	press := func(text string) { t.Helper(); p.do(chromedp.KeyEvent(text)) }
	p.open("/mensagens")
	to(".skip", 1)
	press("\r")
	to("main .button", 1)
	press("\r")
	p.see("form[action$='/api/email']")
	to("form .button", 2)
	press("\r")
	p.see("#code")
	to("#code", 2)
	press(p.mailed() + "\r")
	p.see("form[action$='/api/methods/totp']")
	to("form .button", 2)
	press("\r")
	p.see(".qr")
	to("summary", 3)
	press("\r")
	key := p.key()
	to("#code", 3)
	press(p.app(key) + "\r")
	p.see(".codes")
	to("#saved", 6)
	press(" ")
	to("main form .button", 1)
	press("\r")
	p.see(".sign.good")
	p.see("#app") // the ticket holds the page, so the script follows
}

// TestWay_SendAgain: a form that was blocked is not lost. It waits in its tab,
// and once the proof was given in another, it is sent again as it was.
func TestWay_SendAgain(t *testing.T) {
	p := meet(t)
	key := enrol(p)
	p.site.Clock.Add(13 * time.Hour)
	p.open("/")
	p.keys("#t", "Balanço & ções")
	p.click("#go")
	p.see("[data-again-say]")
	if text := p.text(`document.querySelector('[data-again-say]').textContent`); !strings.HasPrefix(text, "Waiting") {
		t.Errorf("the page says %q", text)
	}
	p.shot("unsent-desktop")
	source := axeSource(t)
	p.check(source, "unsent")
	if _, posted := p.site.Reached(); len(posted) != 0 {
		t.Fatalf("the app got %q", posted)
	}

	other, done := chromedp.NewContext(p.ctx)
	defer done()
	href := p.text(`document.querySelector('main .button[target=_blank]').href`)
	tab := &person{t: t, ctx: other, site: p.site, origin: p.origin, shots: p.shots}
	if err := chromedp.Do(other, chromedp.Navigate(href)); err != nil {
		t.Fatal(err)
	}
	tab.see("#code")
	tab.keys("#code", tab.app(key))
	tab.see(".sign.good")
	tab.shot("done-waiting-desktop")
	if text := tab.text(`document.querySelector('main').innerText`); !strings.Contains(text, "Go back to your other tab") {
		t.Errorf("the other tab says %q", text)
	}

	p.do(chromedp.Evaluate[chromedp.Void](`void window.dispatchEvent(new Event('focus'))`))
	p.see("[data-again-send] button")
	p.shot("send-again-desktop")
	if visible := p.text(`[...document.querySelectorAll('main .button')].filter(b => b.offsetWidth).map(b => b.textContent).join()`); visible != "Send again" {
		t.Errorf("buttons: %s", visible)
	}
	p.check(source, "send again")
	p.click("[data-again-send] button")
	p.see("#app")
	if _, posted := p.site.Reached(); len(posted) != 1 || posted[0] != "titulo=Balan%C3%A7o+%26+%C3%A7%C3%B5es" {
		t.Errorf("the app got %q", posted)
	}
}

// enrol sets up an app the short way and gives its key.
func enrol(p *person) (key string) {
	p.t.Helper()
	p.open("/.mfa/enroll")
	p.click("form[action$='/api/email'] .button")
	p.see("#code")
	p.keys("#code", p.mailed()+"\r")
	p.click("form[action$='/api/methods/totp'] .button")
	p.see(".qr")
	key = p.key()
	p.keys("#code", p.app(key)+"\r")
	p.see(".codes")
	return key
}

// TestWay_QR: a real decoder reads from a picture of the page, in the light and
// in the dark, the very address that the page links to.
func TestWay_QR(t *testing.T) {
	decoder, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing; install it: apt-get install -y --no-install-recommends zbar-tools")
	}
	p := meet(t)
	p.open("/.mfa/enroll")
	p.click("form[action$='/api/email'] .button")
	p.see("#code")
	p.keys("#code", p.mailed()+"\r")
	p.click("form[action$='/api/methods/totp'] .button")
	p.see(".qr")
	want := p.text(`document.querySelector('a[href^="otpauth:"]').href`)
	if label := p.text(`document.querySelector('.qr').getAttribute('aria-label')`); label == "" || strings.Contains(label, strings.ReplaceAll(p.key(), " ", "")) {
		t.Errorf("the picture's label is %q", label)
	}
	for name, dark := range map[string]bool{"light": false, "dark": true} {
		p.dark(dark)
		p.shot("qr-" + name)
		out, err := exec.Command(decoder, "--raw", "-q", filepath.Join(p.shots, "qr-"+name+".png")).Output() //nolint:gosec // the test's own file
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: read %q (%v), want %q", name, out, err, want)
		}
	}
}
