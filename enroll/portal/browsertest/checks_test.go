package browsertest

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/chromedp/chromedp"
)

// TestAxe_FindsPlantedFaults shows that the checks bite.
func TestAxe_FindsPlantedFaults(t *testing.T) {
	p := meet(t)
	p.open("/mensagens")
	p.do(chromedp.Evaluate[chromedp.Void](`void (() => {
		document.documentElement.removeAttribute('lang');
		const i = document.createElement('input');
		i.type = 'text'; i.id = 'planted';
		const b = document.createElement('button');
		b.style.cssText = 'width:10px;height:10px;padding:0';
		document.querySelector('main').append(i, b);
		document.querySelector('.lead').style.cssText = 'color:#bbb;width:3000px';
	})()`))
	found := map[string]bool{}
	for _, f := range p.axe(axeSource(t)) {
		found[f.ID] = true
	}
	for _, id := range []string{"html-has-lang", "label", "button-name", "color-contrast"} {
		if !found[id] {
			t.Errorf("axe-core does not find %s: %v", id, found)
		}
	}
	if layout := p.layout(); !strings.Contains(layout, "scrolls sideways") || !strings.Contains(layout, "small target") {
		t.Errorf("the layout check finds %q", layout)
	}
}

// TestPages_TextSpacing: nothing is cut or pushed out where a reader spreads the
// text (WCAG 2.2, 1.4.12).
func TestPages_TextSpacing(t *testing.T) {
	p := meet(t)
	p.width(320, 640)
	for _, path := range []string{"/mensagens", "/.mfa/enroll", "/.mfa/"} {
		p.open(path + "?lng=pt-BR")
		p.do(chromedp.Evaluate[chromedp.Void](`void (() => {
			const s = new CSSStyleSheet();
			s.replaceSync('*{line-height:1.5 !important;letter-spacing:.12em !important;word-spacing:.16em !important} p{margin-block-end:2em !important}');
			document.adoptedStyleSheets = [s];
		})()`))
		if found := p.layout(); found != "" {
			t.Errorf("%s: %s", path, found)
		}
	}
}

// TestPage_WeighsLittle bounds what one page costs an old phone.
func TestPage_WeighsLittle(t *testing.T) {
	p := meet(t)
	p.open("/mensagens")
	got, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](
		`performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).reduce((n, e) => n + e.decodedBodySize, 0)`))
	if err != nil || got < 1000 || got > 60<<10 {
		t.Errorf("%v bytes (%v)", got, err)
	}
}

// TestPage_LogoIsShown: the CSP lets a tenant's logo through.
func TestPage_LogoIsShown(t *testing.T) {
	p := meet(t)
	dot, err := os.ReadFile(filepath.Join("testdata", "logo.svg"))
	if err != nil {
		t.Fatal(err)
	}
	p.site.Change(func(r *enroll.Rules) {
		r.Brand.Logo = "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(dot)
	})
	p.open("/mensagens")
	p.do(chromedp.Poll[chromedp.Void](`document.querySelector('.logo').complete && document.querySelector('.logo').naturalWidth > 0`))
	p.shot("logo-desktop")
}
