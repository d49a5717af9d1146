// Package browsertest looks at the gate's pages in a real browser: every page in
// every theme and width, with axe-core, with scripts off, by keyboard alone.
package browsertest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// void is an action that gives nothing back.
type void = chromedp.Action[chromedp.Void]

// person is somebody at a browser, before a site.
type person struct {
	t      *testing.T
	ctx    context.Context
	site   *portaltest.Site
	origin string
	shots  string                    // where pictures go; "": a directory of the test
	styles func(sheet string) string // what the browser gets of a style sheet
}

// meet starts a site and a browser that is signed in to its app as ana.
func meet(t *testing.T, options ...chromedp.ExecAllocatorOption) *person {
	t.Helper()
	site, err := portaltest.New()
	if err != nil {
		t.Fatal(err)
	}
	return meetAt(t, site, options...)
}

// meetAt is meet at a site that is there.
func meetAt(t *testing.T, site *portaltest.Site, options ...chromedp.ExecAllocatorOption) *person {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := &person{t: t, site: site, origin: "http://localhost:" + port, shots: os.Getenv("MFA_SHOTS")}
	server := &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	site.BaseURL = p.origin
	if p.shots == "" {
		p.shots = t.TempDir()
	}
	p.ctx = browser(t, options...)
	t.Cleanup(func() { _ = server.Close() })
	p.open("/?login=ana")
	return p
}

// serve is the site, with its style sheets as styles makes them.
func (p *person) serve(w http.ResponseWriter, r *http.Request) {
	if p.styles == nil || !strings.HasSuffix(r.URL.Path, ".css") {
		p.site.ServeHTTP(w, r)
		return
	}
	sheet := httptest.NewRecorder()
	p.site.ServeHTTP(sheet, r)
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(p.styles(sheet.Body.String()))) //nolint:gosec // the gate's own style sheet
}

// browser starts chromium. Where there is none the test fails: a test that
// passes without its tool proves nothing.
func browser(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	for _, candidate := range []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"} {
		if _, err := os.Stat(candidate); path == "" && err == nil {
			path = candidate
		}
	}
	if path == "" {
		t.Fatal("chromium is missing; install it: apt-get install -y --no-install-recommends chromium fonts-dejavu-core fonts-noto-core")
	}
	all := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	all = append(all, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1100, 900))
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), append(all, options...)...)
	ctx, endTab := chromedp.NewContext(alloc)
	ctx, endTime := context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(func() { endTime(); endTab(); endAlloc() })
	// The browser lives as long as the context it is first used with.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return ctx
}

// patience bounds one step; a page that does not come is a failure to show, not
// a test to wait out.
const patience = time.Minute

func (p *person) do(steps ...void) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("in the browser: %v (title %q)", err, p.title())
	}
}

func (p *person) open(path string) { p.t.Helper(); p.do(chromedp.Navigate(p.origin + path)) }

func (p *person) see(selector string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

func (p *person) click(selector string) { p.t.Helper(); p.do(chromedp.Click(chromedp.CSS(selector))) }

func (p *person) keys(selector, text string) {
	p.t.Helper()
	p.do(chromedp.Focus(chromedp.CSS(selector), chromedp.NodeVisible), chromedp.KeyEvent(text)) // not SendKeys: it reads attributes that may be changing
}

func (p *person) title() string {
	title, _ := chromedp.Run(p.ctx, chromedp.Title())
	return title
}

func (p *person) text(script string) string {
	p.t.Helper()
	got, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		p.t.Fatalf("evaluating %s: %v", script, err)
	}
	return got
}

func (p *person) width(w, h int64) { p.t.Helper(); p.do(chromedp.EmulateViewport(w, h)) }

func (p *person) dark(on bool) {
	p.t.Helper()
	value := "light"
	if on {
		value = "dark"
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// stay keeps the last page of a way from leading on by itself after its two and
// a half seconds, however long looking at it takes.
func (p *person) stay() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `(() => { const later = window.setTimeout; window.setTimeout = (f, ms, ...rest) => ms === 2500 ? 0 : later(f, ms, ...rest); })()`,
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) scripts(on bool) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	if err != nil {
		p.t.Fatal(err)
	}
}

// shot keeps a picture of the whole page.
func (p *person) shot(name string) {
	p.t.Helper()
	height, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](`document.documentElement.scrollHeight`))
	if err != nil {
		p.t.Fatal(err)
	}
	wide, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](`innerWidth`))
	if err != nil {
		p.t.Fatal(err)
	}
	tall, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](`innerHeight`))
	if err != nil {
		p.t.Fatal(err)
	}
	p.width(int64(wide), int64(max(height, tall)))
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	p.width(int64(wide), int64(tall))
	if err := os.WriteFile(filepath.Join(p.shots, name+".png"), picture, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// mailed is the code in the newest mail: the line that is nothing but digits.
func (p *person) mailed() string {
	p.t.Helper()
	all := p.site.Mails.All()
	if len(all) == 0 {
		p.t.Fatal("no mail has come")
	}
	for line := range strings.Lines(all[len(all)-1].Text) {
		if line = strings.TrimSpace(line); len(line) >= 6 && strings.Trim(line, "0123456789") == "" {
			return line
		}
	}
	p.t.Fatalf("no code in the mail:\n%s", all[len(all)-1].Text)
	return ""
}

// app is the code that the authenticator app shows now.
func (p *person) app(key string) string {
	p.t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), p.site.Clock.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// key is the setup key on the page.
func (p *person) key() string {
	p.t.Helper()
	return p.text(`document.querySelector('#key').textContent`)
}
