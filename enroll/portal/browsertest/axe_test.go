package browsertest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeSource finds axe-core: AXE_JS, or where `make test` puts it. Where it is
// missing the test fails with the line that installs it.
func axeSource(t *testing.T) string {
	t.Helper()
	places := []string{os.Getenv("AXE_JS")}
	for dir, _ := os.Getwd(); dir != "/" && dir != ""; dir = filepath.Dir(dir) {
		places = append(places, filepath.Join(dir, ".tools/node_modules/axe-core/axe.min.js"))
	}
	places = append(places, "/usr/lib/node_modules/axe-core/axe.min.js", "/usr/local/lib/node_modules/axe-core/axe.min.js")
	for _, place := range places {
		if source, err := os.ReadFile(place); place != "" && err == nil { //nolint:gosec // a path of the test's own
			return string(source)
		}
	}
	t.Fatal("axe-core is missing; install it in the top folder: npm install --prefix .tools --no-save axe-core@4.14.1")
	return ""
}

type axeFault struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// axe are the faults that axe-core finds on the page.
func (p *person) axe(source string) []axeFault {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Evaluate[chromedp.Void](source+";void 0")); err != nil {
		p.t.Fatal(err)
	}
	out, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](
		`axe.run(document,{runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'],resultTypes:['violations','incomplete']})`+
			`.then(r=>JSON.stringify(r.violations.concat(r.incomplete)))`, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	var faults []axeFault
	if err := json.Unmarshal([]byte(out), &faults); err != nil {
		p.t.Fatal(err)
	}
	return faults
}

// layout are the faults of the page that axe-core does not look for: sideways
// scrolling, a card that touches the edge, targets under 44 pixels, cut text,
// words that break where no hyphen is, more than 60 KiB with all that belongs to
// it, something from elsewhere, a script or a style in the page itself.
func (p *person) layout() string {
	p.t.Helper()
	return p.text(`(() => {
		const out = [], d = document.scrollingElement;
		const fits = (word, e) => {
			const one = e.cloneNode(), line = e.cloneNode();
			one.textContent = word; one.style.cssText = 'display:inline;white-space:nowrap;padding:0';
			e.after(line); line.replaceChildren(one);
			const s = getComputedStyle(line), room = Math.max(e.clientWidth, line.clientWidth) - parseFloat(s.paddingLeft) - parseFloat(s.paddingRight), wide = one.getBoundingClientRect().width;
			line.remove();
			return wide <= room;
		};
		if (d.scrollWidth > d.clientWidth) out.push('scrolls sideways: ' + d.scrollWidth + ' > ' + d.clientWidth);
		for (const e of document.querySelectorAll('body *')) {
			const r = e.getBoundingClientRect();
			if (r.width > 1 && e.checkVisibility() && (r.left < -1 || r.right > innerWidth + 1)) out.push('over the edge: ' + e.tagName + '.' + e.className);
		}
		const card = document.querySelector('main').getBoundingClientRect();
		if (card.left < 8 || innerWidth - card.right < 8) out.push('card touches the edge: ' + card.left);
		for (const e of document.querySelectorAll('a,button,input:not([type=hidden]),summary')) {
			const r = e.getBoundingClientRect();
			if (e.classList.contains('skip') || e.type === 'checkbox' || r.width === 0) continue;
			if (r.height < 44 || r.width < 44) out.push('small target: ' + e.tagName + ' ' + e.textContent.trim() + ' ' + Math.round(r.width) + 'x' + Math.round(r.height));
		}
		for (const e of document.querySelectorAll('main *, footer *')) {
			const s = getComputedStyle(e);
			if (s.overflowX !== 'visible' && !e.closest('.hidden') && e.clientWidth > 1 && e.tagName !== 'INPUT' && e.scrollWidth > e.clientWidth + 1) out.push('cut: ' + e.textContent.trim());
		}
		for (const e of document.querySelectorAll('h1, h2, .button, label, summary, .badge, .steps li, dt')) {
			const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT), range = document.createRange();
			for (let n; (n = walk.nextNode());) for (const m of n.data.matchAll(/[\p{L}\p{N}]{2,}/gu)) {
				range.setStart(n, m.index); range.setEnd(n, m.index + m[0].length);
				if (!n.parentElement.closest('.hidden') && new Set([...range.getClientRects()].filter(r => r.width).map(r => Math.round(r.top))).size > 1 && fits(m[0], e)) out.push('broken word: ' + m[0]);
			}
		}
		const got = performance.getEntriesByType('resource').filter(e => !e.name.includes('/.mfa/api/')).concat(performance.getEntriesByType('navigation'));
		const weight = got.reduce((n, e) => n + e.decodedBodySize, 0);
		if (weight > 60 << 10) out.push('weighs ' + weight);
		for (const e of got) if (new URL(e.name).origin !== location.origin && e.initiatorType !== 'navigation') out.push('from elsewhere: ' + e.name);
		for (const e of document.querySelectorAll('script:not([src]), style, [style]')) out.push('in the page itself: ' + e.outerHTML.slice(0, 80));
		for (const e of document.querySelectorAll('*')) for (const a of e.attributes) if (a.name.startsWith('on')) out.push('in the page itself: ' + a.name);
		if (document.querySelectorAll('h1').length !== 1) out.push('not one h1');
		return out.join('; ');
	})()`)
}

// check demands that axe-core and the layout check find nothing.
func (p *person) check(source, name string) {
	p.t.Helper()
	for _, f := range p.axe(source) {
		for _, n := range f.Nodes {
			p.t.Errorf("%s: %s (%s): %s\n\t%.300s\n\t%s", name, f.ID, f.Impact, f.Help, n.HTML, n.FailureSummary)
		}
	}
	if found := p.layout(); found != "" {
		p.t.Errorf("%s: %s", name, found)
	}
}
