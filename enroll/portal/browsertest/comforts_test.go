package browsertest

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestCode_Comforts: a code may be pasted with spaces and dashes or typed in
// other digits; it is sent by itself on the page that asks for nothing else, and
// not again after an error.
func TestCode_Comforts(t *testing.T) {
	p := meet(t)
	key := enrol(p)
	p.site.Clock.Add(13 * time.Hour)
	p.open("/mensagens")
	p.see("#code")
	if id := p.text(`document.activeElement.id`); id != "code" {
		t.Errorf("the focus is on %q", id)
	}
	p.keys("#code", " ١٢٣-45x")
	if got := p.text(`document.querySelector('#code').value`); got != "12345" {
		t.Errorf("typed digits of other scripts: %q", got)
	}
	p.keys("#code", "6")
	p.see("#code-problem")
	p.keys("#code", "000000")
	if title := p.title(); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("sent by itself after an error: %q", title)
	}
	p.do(chromedp.Evaluate[chromedp.Void](`void (document.querySelector('#code').value = '')`))
	p.keys("#code", p.app(key)+"\r")
	p.see("#app")
}

// TestCodes_Tools: copying and downloading give the ten codes.
func TestCodes_Tools(t *testing.T) {
	p := meet(t)
	enrol(p)
	want := p.text(`[...document.querySelectorAll('.codes code')].map(c => c.textContent).join('\n')`)
	p.do(chromedp.Evaluate[chromedp.Void](`void (navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); })`))
	p.click("[data-copy]")
	if got := p.text(`window.copied`); got != want || strings.Count(got, "\n") != 9 {
		t.Errorf("copied %q, want %q", got, want)
	}
	p.do(chromedp.Poll[chromedp.Void](`document.querySelector('[data-status]').textContent === 'Copied.'`))
	p.do(chromedp.Evaluate[chromedp.Void](`void (URL.createObjectURL = blob => { blob.text().then(text => { window.saved = text; }); return '#'; })`))
	p.click("[data-download]")
	p.do(chromedp.Poll[chromedp.Void](`typeof window.saved === 'string'`))
	if got := p.text(`window.saved`); !strings.Contains(strings.ReplaceAll(got, "\r\n", "\n"), want) || !strings.HasPrefix(got, "Recovery codes for Escritório Silva.") {
		t.Errorf("saved %q", got)
	}
}

// TestCodes_Paper: the codes are printed on one sheet, of the largest text too.
func TestCodes_Paper(t *testing.T) {
	p := meet(t)
	enrol(p)
	for name, c := range map[string]struct{ width, height, scale float64 }{
		"a4": {8.27, 11.69, 1}, "letter": {8.5, 11, 1}, "a5": {5.83, 8.27, 1}, "a large text": {8.27, 11.69, 1.5},
	} {
		printed, err := chromedp.Call(p.ctx, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: c.width, PaperHeight: c.height, Scale: c.scale})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(printed.Data, -1)); n != 1 {
			t.Errorf("%s: %d sheets", name, n)
		}
	}
}
