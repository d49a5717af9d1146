package apptest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Browser is a headless Chromium with one open tab. Every method fails the
// test where the page does not do its part within 30 s.
type Browser struct {
	t         testing.TB
	ctx       context.Context
	noScripts bool
}

// NewBrowser starts a browser with a profile of its own, and with more options
// where they are given.
func NewBrowser(t testing.TB, lang string, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	opts = append(opts,
		chromedp.ExecPath(Tool(t, "chromium", "chromium")),
		chromedp.NoSandbox, // tests may run as root in a container
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("accept-lang", lang),
		chromedp.WindowSize(1000, 1100),
	)
	opts = append(opts, more...)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stop := chromedp.NewContext(alloc)
	b := &Browser{t: t, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			b.Shot("failed-" + filepath.Base(t.Name()))
		}
		stop()
		stopAlloc()
	})
	// The browser lives as long as the context of its first step.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1000, 1100)); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	return b
}

// Hosts has the browser find the names at an address (host:port), whatever port
// it asks for, and take any certificate there.
func Hosts(address string, names ...string) []chromedp.ExecAllocatorOption {
	var rules []string
	for _, name := range names {
		rules = append(rules, "MAP "+name+" "+address)
	}
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ",")), chromedp.Flag("ignore-certificate-errors", true),
	}
}

type step = chromedp.Action[chromedp.Void]

func (b *Browser) do(what string, steps ...step) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v; the page %s says:\n%.2000s", what, err, b.tryEval(`location.href`), b.tryEval(`document.body.innerText`))
	}
}

func (b *Browser) tryEval(js string) string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](js))
	if err != nil {
		return err.Error()
	}
	return text
}

// Open goes to an address as typing it does.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.do("opening "+url, chromedp.Navigate(url))
}

// Wait waits until an element of the CSS selector is visible.
func (b *Browser) Wait(css string) {
	b.t.Helper()
	b.do("waiting for "+css, chromedp.WaitVisible(chromedp.CSS(css)))
}

// Click clicks the first element of the CSS selector.
func (b *Browser) Click(css string) {
	b.t.Helper()
	b.do("clicking "+css, chromedp.Click(chromedp.CSS(css)))
}

// Type replaces what a field holds. It does not use chromedp.SendKeys, which reads
// the field's attributes while the page may be changing them.
func (b *Browser) Type(css, text string) {
	b.t.Helper()
	b.do("typing into "+css, chromedp.Clear(chromedp.CSS(css)), chromedp.Focus(chromedp.CSS(css), chromedp.NodeVisible), chromedp.KeyEvent(text))
}

// Keys presses keys wherever the focus is (chromedp/kb names the special ones).
func (b *Browser) Keys(keys string) {
	b.t.Helper()
	b.do("pressing keys", chromedp.KeyEvent(keys))
}

// Eval returns the text a piece of JavaScript comes to; a promise is awaited.
func (b *Browser) Eval(js string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluating %.80s: %v", js, err)
	}
	return text
}

// Peek is Eval of a page that may be on its way to the next: what fails then is
// told as text.
func (b *Browser) Peek(js string) string { return b.tryEval(js) }

// Text is the visible text of the page.
func (b *Browser) Text() string {
	b.t.Helper()
	return b.Eval(`document.body.innerText`)
}

// Says waits until the page's visible text holds the words.
func (b *Browser) Says(words string) {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		text := b.tryEval(`document.body.innerText`)
		if strings.Contains(text, words) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the page %s does not say %q:\n%.2000s", b.tryEval(`location.href`), words, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// At waits until the page is at the address.
func (b *Browser) At(url string) {
	b.t.Helper()
	Eventually(b.t, 30*time.Second, "the page "+url, func() bool { return b.tryEval(`location.href`) == url })
}

// Size sets the window's size in CSS pixels.
func (b *Browser) Size(width, height int64) {
	b.t.Helper()
	b.do("sizing the window", chromedp.EmulateViewport(width, height))
}

// Dark asks pages for their dark or their light colours.
func (b *Browser) Dark(on bool) {
	b.t.Helper()
	value := "light"
	if on {
		value = "dark"
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.t.Fatal(err)
	}
}

// Scripts switches the pages' own JavaScript on or off.
func (b *Browser) Scripts(on bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.t.Fatal(err)
	}
	b.noScripts = !on
}

// Shot saves a picture of the window in .run/shots and returns its path.
func (b *Browser) Shot(name string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Errorf("taking the picture %s: %v", name, err)
		return ""
	}
	path := filepath.Join(Root(), ".run", "shots", name+".png")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
	return path
}
