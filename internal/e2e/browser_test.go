package e2e

import (
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// way is one manner of going through the whole enrolment.
type way struct {
	name     string
	login    string
	lang     string
	words    string // on the block page
	width    int64
	dark     bool
	noScript bool
	keyboard bool
}

var ways = []way{
	{name: "pt-BR", login: "ana", lang: "pt-BR", words: "Configurar agora", width: 1000},
	{name: "en", login: "ana", lang: "en", words: "Set up now", width: 1000},
	{name: "narrow", login: "ana", lang: "pt-BR", words: "Configurar agora", width: 320},
	{name: "dark", login: "ana", lang: "pt-BR", words: "Configurar agora", width: 1000, dark: true},
	{name: "dark and narrow", login: "ana", lang: "en", words: "Set up now", width: 320, dark: true},
	{name: "no script", login: "ana", lang: "pt-BR", words: "Configurar agora", width: 1000, noScript: true},
	{name: "keyboard alone", login: "ana", lang: "pt-BR", words: "Configurar agora", width: 1000, keyboard: true},
}

// TestS0_6_TheWholeWayIsGuided goes from the application's own sign-in to the
// page behind the block, by what is on the pages alone: no address is typed
// after the first.
func TestS0_6_TheWholeWayIsGuided(t *testing.T) {
	for _, w := range ways {
		t.Run("ok/"+w.name, func(t *testing.T) {
			d := apptest.StartDemo(t)
			b := apptest.NewBrowser(t, w.lang)
			s := &sitting{t: t, way: w, b: b, mail: as(t, d, w.login)}
			b.Size(w.width, 900)
			b.Dark(w.dark)
			b.Scripts(!w.noScript)
			b.Open(d.URL + "/")
			b.Type("#usuario", w.login)
			b.Type("#senha", "girassol")
			s.press("main button")
			b.At(d.URL + "/resumo")
			d.Portal.Forget(t)
			s.press(`nav a[href="/documentos-recebidos"]`)
			s.see("block", ".button")
			b.At(d.URL + "/documentos-recebidos")
			b.Says(w.words)
			for _, h := range d.Portal.Hits(t) {
				if strings.HasPrefix(h.URI, "/documentos-recebidos") {
					t.Errorf("the application received %s %s", h.Method, h.URI)
				}
			}
			s.enrol()
			b.At(d.URL + "/documentos-recebidos")
			b.Says("Balancete de outubro")
		})
	}
}

// sitting is one person at one browser.
type sitting struct {
	t    *testing.T
	way  way
	b    *apptest.Browser
	mail *apptest.Visitor // reads the mailbox somewhere else
}

// enrol starts at the block page and ends behind it.
func (s *sitting) enrol() {
	s.t.Helper()
	s.press("main .button")
	s.see("email", `form[action$="/api/email"] .button`)
	s.press(`form[action$="/api/email"] .button`)
	s.see("code", "#code")
	s.code(s.mail.MailedCode())
	s.see("method", `form[action$="/api/methods/totp"] .button`)
	s.press(`form[action$="/api/methods/totp"] .button`)
	s.see("totp", ".scan svg")
	uri := s.b.Eval(`document.querySelector('a[href^="otpauth:"]').href`)
	if got := s.decode(); got != uri {
		s.t.Errorf("the QR code holds %q, the page's link %q", got, uri)
	}
	u, err := url.Parse(uri)
	if err != nil {
		s.t.Fatal(err)
	}
	app := &apptest.Authenticator{Secret: u.Query().Get("secret")}
	s.code(app.Wrong(s.t))
	s.see("totp-wrong", "#code-problem")
	s.code(app.Code(s.t))
	s.see("codes", "#codes li")
	if n := s.b.Eval(`String(document.querySelectorAll("#codes li").length)`); n != "10" && n != "8" {
		s.t.Errorf("%s recovery codes are shown", n)
	}
	s.tick("#saved")
	s.press("main form .button")
	if s.way.noScript {
		// Without a script the last page does not lead on by itself.
		s.see("done", "main a.button")
		s.press("main a.button")
	}
}

// see waits for a page, takes its picture, and has it looked at by axe and for
// what axe does not see.
func (s *sitting) see(name, css string) {
	s.t.Helper()
	s.b.Wait(css)
	s.b.Shot(strings.ReplaceAll(s.way.name, " ", "-") + "-" + name)
	faults := s.b.Layout()
	if !s.way.noScript {
		faults = append(faults, s.b.Axe()...)
	}
	for _, f := range faults {
		s.t.Errorf("%s: %s", name, f)
	}
}

// press clicks, or goes there with the Tab key and presses Enter.
func (s *sitting) press(css string) {
	s.t.Helper()
	if !s.way.keyboard {
		s.b.Click(css)
		return
	}
	s.tabTo(css)
	s.b.Keys(kb.Enter)
}

func (s *sitting) tick(css string) {
	s.t.Helper()
	if !s.way.keyboard {
		s.b.Click(css)
		return
	}
	s.tabTo(css)
	s.b.Keys(" ")
}

// tabTo presses Tab until the element has the focus, and sees that each stop on
// the way is visible.
func (s *sitting) tabTo(css string) {
	s.t.Helper()
	for range 60 {
		if s.b.Eval(`String(document.activeElement.matches(`+quote(css)+`))`) == "true" {
			return
		}
		s.b.Keys(kb.Tab)
		hidden := s.b.Eval(`(()=>{const e=document.activeElement;if(e===document.body)return "";
const r=e.getBoundingClientRect(),c=getComputedStyle(e);
return (c.outlineStyle==="none"&&c.boxShadow==="none")||r.bottom<0?e.outerHTML.slice(0,120):""})()`)
		if hidden != "" {
			s.t.Errorf("the focus cannot be seen at %s", hidden)
		}
	}
	s.t.Fatalf("Tab does not reach %s", css)
}

// code gives a code by mouse, or by keyboard alone.
func (s *sitting) code(code string) {
	s.t.Helper()
	if !s.way.keyboard {
		s.b.GiveCode(code)
		return
	}
	alone := s.b.SendsItself()
	s.tabTo("#code")
	s.b.Keys(code)
	if !alone {
		s.b.Keys(kb.Enter)
	}
}

// decode reads the QR code from a picture of the page.
func (s *sitting) decode() string {
	s.t.Helper()
	s.b.Eval(`document.querySelector(".scan svg").scrollIntoView({block:"center"});""`)
	picture := s.b.Shot(strings.ReplaceAll(s.way.name, " ", "-") + "-qr")
	out, err := exec.Command(apptest.Tool(s.t, "zbarimg", "zbar-tools"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture).Output()
	if err != nil {
		s.t.Errorf("no QR code can be read in %s: %v", picture, err)
	}
	return strings.TrimSpace(string(out))
}

func quote(s string) string { return "`" + s + "`" }

func TestS0_24_SkipLinkAndKeyboard(t *testing.T) {
	d := apptest.StartDemo(t)
	b := apptest.NewBrowser(t, "pt-BR")
	s := &sitting{t: t, way: way{name: "skip", keyboard: true}, b: b}
	b.Open(d.URL + "/entrar")
	b.Type("#usuario", "ana")
	b.Type("#senha", "girassol")
	b.Click("main button")
	b.At(d.URL + "/resumo")
	b.Open(d.URL + "/mensagens")
	b.Keys(kb.Tab)
	if got := b.Eval(`document.activeElement.textContent+" "+document.activeElement.hash`); !strings.HasPrefix(got, "Ir para o conteúdo") {
		t.Errorf("the first stop is %q", got)
	}
	b.Keys(kb.Enter)
	if got := b.Eval(`document.activeElement.tagName`); got != "MAIN" {
		t.Errorf("the skip link leads to %q", got)
	}
	b.Keys(kb.Tab)
	if got := b.Eval(`document.activeElement.textContent`); got != "Configurar agora" {
		t.Errorf("the first stop in the content is %q", got)
	}
	b.Keys(kb.Enter)
	s.see("start", `form[action$="/api/email"] .button`)
}

// TestAxeFindsPlantedFaults shows that the silence of axe means something.
func TestAxeFindsPlantedFaults(t *testing.T) {
	d := apptest.StartDemo(t)
	b := apptest.NewBrowser(t, "pt-BR")
	b.Open(d.URL + "/entrar")
	b.Type("#usuario", "ana")
	b.Type("#senha", "girassol")
	b.Click("main button")
	b.At(d.URL + "/resumo")
	b.Open(d.URL + "/mensagens")
	if faults := append(b.Axe(), b.Layout()...); len(faults) != 0 {
		t.Fatalf("before planting: %q", faults)
	}
	b.Eval(`document.documentElement.removeAttribute("lang");
document.querySelector(".lead").style.cssText="color:#ddd;background:#fff";
document.querySelector(".areas").style.width="3000px";
document.querySelector("main").append(document.createElement("input"));""`)
	faults := strings.Join(append(b.Axe(), b.Layout()...), "\n")
	for _, want := range []string{"html-has-lang", "color-contrast", "label", "px wide"} {
		if !strings.Contains(faults, want) {
			t.Errorf("the planted fault %q is not found in:\n%s", want, faults)
		}
	}
}
