package browsertest

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// media emulates a medium ("screen", "print") and features of the reader's system.
func (p *person) media(medium string, features ...string) {
	p.t.Helper()
	var list []*emulation.MediaFeature
	for i := 0; i+1 < len(features); i += 2 {
		list = append(list, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium, Features: list}); err != nil {
		p.t.Fatal(err)
	}
}

// seen are the words that stand on the page, or on paper.
func (p *person) seen() string {
	p.t.Helper()
	return strings.Join(strings.Fields(p.text(`document.body.innerText`)), " ")
}

// TestFace_Paper: of the page with the recovery codes, paper holds the codes, the
// account and the site, dark on white in either theme, and nothing else.
func TestFace_Paper(t *testing.T) {
	p := meet(t)
	p.dark(true)
	enrol(p)
	codes := strings.Fields(p.text(`[...document.querySelectorAll('.codes code')].map(c => c.textContent).join(' ')`))
	host := strings.TrimPrefix(p.origin, "http://")
	p.media("print", "prefers-color-scheme", "dark")
	p.shot("paper")
	want := "Recovery codes for Escritório Silva. Each works once. Account: Ana Souza Website: " + host + " " + strings.Join(codes, " ")
	if got := p.seen(); got != want || len(codes) != 10 {
		t.Errorf("on paper: %q\nwant %q", got, want)
	}
	if got := p.text(`getComputedStyle(document.documentElement).colorScheme`); got != "light" {
		t.Errorf("printed for %s paper", got)
	}
	if got := p.text(`[...document.querySelectorAll('.codes code, .sheet h2')].map(e => getComputedStyle(e).color).filter((c, i, a) => a.indexOf(c) === i).join()`); got != "rgb(0, 0, 0)" {
		t.Errorf("printed in %s", got)
	}
}

// TestFace_SystemSettings: in forced colours what is told by a surface is told by
// a line as well; where motion is unwanted nothing moves.
func TestFace_SystemSettings(t *testing.T) {
	source := axeSource(t)
	p := meet(t)
	p.open("/mensagens")
	p.media("screen", "forced-colors", "active", "prefers-color-scheme", "dark")
	p.shot("forced-block")
	p.check(source, "block in forced colours")
	unlined := `[...document.querySelectorAll('.button, .monogram, .steps li, input.code, .note, .methods > li')].filter(e => e.offsetWidth &&
		!['top', 'left', 'bottom', 'right'].some(s => parseFloat(getComputedStyle(e)['border-' + s + '-width']) >= 1 && getComputedStyle(e)['border-' + s + '-color'] !== getComputedStyle(e).backgroundColor))
		.map(e => e.tagName + '.' + e.className).join()`
	if got := p.text(unlined); got != "" {
		t.Errorf("block: no line around %s", got)
	}
	key := enrol(p)
	if got := p.text(unlined); got != "" {
		t.Errorf("codes: no line around %s", got)
	}
	p.shot("forced-codes")
	p.open("/.mfa/")
	p.see(".methods")
	p.shot("forced-manage")
	if got := p.text(unlined); got != "" {
		t.Errorf("manage: no line around %s", got)
	}
	p.site.Clock.Add(13 * 3600e9)
	p.open("/mensagens")
	p.keys("#code", "000000")
	p.see("#code-problem")
	p.shot("forced-verify")
	p.check(source, "verify in forced colours")
	if got := p.text(unlined); got != "" || key == "" {
		t.Errorf("verify: no line around %s", got)
	}

	p.media("screen", "prefers-reduced-motion", "reduce")
	moving := `[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e); return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none'; }).map(e => e.tagName).join()`
	if got := p.text(moving); got != "" {
		t.Errorf("moves although motion is unwanted: %s", got)
	}
	p.media("screen", "prefers-reduced-motion", "no-preference")
	if p.text(moving) == "" {
		t.Error("the check for motion finds nothing where there is some")
	}
}

// modern are the words of a style sheet that browsers of before 2021 do not know.
var modern = regexp.MustCompile(`(?:margin|padding)-(?:inline|block):[^;}]*;?|(?:inset-(?:inline|block)(?:-start|-end)?|accent-color|text-wrap|text-size-adjust):[^;}]*;?|[\w-]+:[^;{}]*(?:clamp\([^;}]*|min\([^;}]*|/ \d+%[^;}]*|/ ""[^;}]*);?`)

// TestS3_55_OldBrowsersGetAPlainPage: with a style sheet of which a browser understands only
// what those of 2019 did, and with none at all, every page is plain, and works.
func TestS3_55_OldBrowsersGetAPlainPage(t *testing.T) {
	p := meet(t)
	styles := ""
	p.styles = func(sheet string) string {
		switch styles {
		case "old":
			return modern.ReplaceAllString(strings.ReplaceAll(sheet, "@supports not (padding-inline: 0)", "@media all"), "")
		case "none":
			return ""
		}
		return sheet
	}
	for _, styles = range []string{"old", "none"} {
		p.site.Clock.Add(13 * 3600e9)
		for _, width := range []int64{320, 1100} {
			p.width(width, 700)
			for _, path := range []string{"/mensagens", "/.mfa/enroll", "/.mfa/"} {
				p.open(path + "?lng=ar&styles=" + styles)
				p.shot("styles-" + styles + "-" + p.text(`String(innerWidth)`) + strings.ReplaceAll(path, "/", "-"))
				if got := p.text(`(() => {
					const d = document.scrollingElement, out = [];
					if (d.scrollWidth > d.clientWidth) out.push('scrolls sideways: ' + d.scrollWidth);
					for (const e of document.querySelectorAll('svg')) { const r = e.getBoundingClientRect(); if (r.width > 240 || r.height > 240) out.push('huge picture: ' + e.getAttribute('class')); }
					for (const e of document.querySelectorAll('main h1, main p, main .button')) {
						const r = e.getBoundingClientRect(), top = r.width && r.bottom > 0 && r.top < innerHeight && document.elementFromPoint((r.left + r.right) / 2, r.top + Math.min(r.height / 2, 12));
						if (top && !e.contains(top) && !top.contains(e)) out.push('covered: ' + e.textContent.trim() + ' by ' + top.tagName + '.' + top.className);
					}
					return out.join('; ');
				})()`); got != "" {
					t.Errorf("%s styles, %d wide, %s: %s", styles, width, path, got)
				}
			}
		}
	}
	p.open("/mensagens?styles=none")
	p.click("main a.button")
	p.click("form[action$='/api/email'] .button")
	p.see("#code")
	p.keys("#code", p.mailed()+"\r")
	p.see("form[action$='/api/methods/totp']")
}

// TestFace_Languages: the picker stands in the footer of every page, names each
// language in itself, is reached by keyboard, and works without scripts; the page
// that comes is the same page in that language.
func TestFace_Languages(t *testing.T) {
	source := axeSource(t)
	p := meet(t)
	p.width(320, 640)
	for _, way := range []struct {
		tag, name string
		scripts   bool
	}{{"ar", "العربية", true}, {"fi", "Suomi", false}} {
		p.scripts(way.scripts)
		p.open("/documentos-recebidos/42?ano=2026")
		p.click(".languages summary")
		p.see(".languages a[lang=" + way.tag + "]")
		if way.scripts {
			p.shot("languages-phone")
			p.check(source, "block with the picker open")
			if got := p.text(`[...document.querySelectorAll('.languages a')].map(a => a.textContent).join()`); got != "العربية,Deutsch,English,Español,Suomi,Français,Italiano,Nederlands,Português (Brasil)" {
				t.Errorf("offered: %s", got)
			}
		}
		p.click(".languages a[lang=" + way.tag + "]")
		p.see("html[lang=" + way.tag + "] main .button")
		if got := p.text(`location.pathname + location.search + ' ' + document.querySelector('.languages summary').innerText.trim().split('\n').pop() + ' ' + document.querySelector('.languages [aria-current]').lang`); got != "/documentos-recebidos/42?ano=2026 "+way.name+" "+way.tag {
			t.Errorf("then: %s", got)
		}
	}
	p.scripts(true)
	p.open("/.mfa/enroll?lng=de")
	p.see("html[lang=de] .languages")
	enrol(p)
	p.see(".languages a[lang=nl][target=_blank]") // beside the codes, which are shown once
}

// TestFace_WordsFit: at 320 pixels no word of any language is wider than the
// place it stands in: a heading, a button, what is wrong with a field, a line.
func TestFace_WordsFit(t *testing.T) {
	p := meet(t)
	p.width(320, 640)
	p.open("/mensagens")
	for file, texts := range languageFiles(t) {
		if got := p.text(`(() => {
			const out = [], pen = document.createElement('canvas').getContext('2d'), texts = ` + texts + `;
			const h1 = document.querySelector('h1'), button = document.querySelector('main .button');
			const style = e => { const s = getComputedStyle(e); return { font: s.fontWeight + ' ' + s.fontSize + ' ' + s.fontFamily, wide: e.clientWidth - parseFloat(s.paddingLeft) - parseFloat(s.paddingRight) }; };
			const field = document.createElement('div'), wrong = document.createElement('p');
			field.className = 'field wrong';
			wrong.className = 'problem';
			field.append(wrong);
			document.querySelector('main').append(field);
			const line = style(document.querySelector('.lead')), head = style(h1), press = style(button), problem = style(wrong);
			for (const [key, text] of Object.entries(texts)) {
				const at = key.endsWith('.title') ? head : /\.(go|start|send|setup|new|save|resend|home|again|signin|extend|copy|print|download|add|remove)$/.test(key) ? press :
					/^reason\..*(code|tries|clock-off|request)\./.test(key) ? problem : line;
				pen.font = at.font;
				for (const word of text.split(/[\s|\u00ad-]+/)) if (!word.includes('{') && pen.measureText(word).width > at.wide) out.push(key + ': ' + word);
			}
			return out.join('; ');
		})()`); got != "" {
			t.Errorf("%s: %s", filepath.Base(file), got)
		}
	}
}

// TestFace_StepsAndQuestionsFit: at 320 pixels every step of the wizard stands on
// one line with its tick, in every language, whichever way there is to begin and to
// verify; and the arrow beside a question of two lines keeps its size.
func TestFace_StepsAndQuestionsFit(t *testing.T) {
	p := meet(t)
	p.width(320, 640)
	for file, texts := range languageFiles(t) {
		p.open("/.mfa/enroll?lng=" + strings.TrimSuffix(filepath.Base(file), ".json"))
		p.see(".steps")
		if got := p.text(`(() => {
			const out = [], texts = ` + texts + `, steps = [...document.querySelectorAll('.steps li')];
			steps[0].className = steps[1].className = 'did';
			for (const first of ['email', 'pass']) for (const second of ['app', 'phone', 'passkey', 'method']) {
				['steps.' + first, 'steps.' + second, 'steps.codes'].forEach((key, i) => steps[i].firstElementChild.textContent = texts[key]);
				for (const s of steps) if (s.firstElementChild.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(s).lineHeight) || s.scrollWidth > s.clientWidth) out.push(s.firstElementChild.textContent + ' on two lines');
			}
			const question = document.createElement('summary'), card = document.querySelector('main');
			question.textContent = texts['verify.lost'] + ' ' + texts['verify.lost'];
			card.append(question);
			if (parseFloat(getComputedStyle(question, '::after').width) < 8) out.push('a small arrow');
			return out.filter((s, i) => out.indexOf(s) === i).join('; ');
		})()`); got != "" {
			t.Errorf("%s: %s", filepath.Base(file), got)
		}
	}
}

// TestFace_LocalTimes: a day is the reader's own, in the language's own form.
func TestFace_LocalTimes(t *testing.T) {
	p := meet(t)
	enrol(p) // at noon in UTC, which in Auckland is one in the night of the next day
	if _, err := chromedp.Call(p.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Pacific/Auckland"}); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{
		"en": "25 November 2026", "pt-BR": "25 de novembro de 2026", "de": "25. November 2026", "nl": "25 november 2026", "fi": "25. marraskuuta 2026",
		"es": "25 de noviembre de 2026", "fr": "25 novembre 2026", "it": "25 novembre 2026", "ar": "25 نوفمبر 2026",
	} {
		p.open("/.mfa/?lng=" + tag)
		p.see(".methods time")
		if got := p.text(`document.querySelector('.methods time').textContent`); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	if _, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener('readystatechange', () => { // before the page's own script runs
			const time = document.querySelector('.methods time');
			if (time && document.readyState === 'interactive') time.setAttribute('data-local', 'moment');
		})`,
	}); err != nil {
		t.Fatal(err)
	}
	p.open("/.mfa/?lng=de")
	p.do(chromedp.Poll[chromedp.Void](`document.querySelector('.methods time').textContent === '25. November 2026 um 01:00 GMT+13'`))
}

// TestFace_Mails: the mail reads in both directions, on a phone as on a desk.
func TestFace_Mails(t *testing.T) {
	source := axeSource(t)
	p := meet(t)
	for _, tag := range []string{"de", "ar"} {
		p.site.Clock.Add(time.Hour)
		p.width(1100, 900)
		p.open("/.mfa/enroll")
		p.open("/.mfa/enroll?lng=" + tag) // the visit of an hour ago has said that it is over
		p.click("form[action$='/api/email'] .button")
		p.see("#code")
		all := p.site.Mails.All()
		p.width(320, 640)
		p.do(chromedp.Navigate("data:text/html;base64," + base64.StdEncoding.EncodeToString([]byte(all[len(all)-1].HTML))))
		p.see("html[lang=" + tag + "]")
		p.shot("mail-" + tag)
		for _, f := range p.axe(source) {
			if f.ID == "region" || f.ID == "landmark-one-main" || f.ID == "page-has-heading-one" || f.ID == "bypass" {
				continue // a mail is a part of the mail program's page
			}
			t.Errorf("%s: %s %s", tag, f.ID, f.Help)
		}
		if got := p.text(`document.scrollingElement.scrollWidth > innerWidth ? 'scrolls sideways' : ''`); got != "" {
			t.Errorf("%s: %s", tag, got)
		}
	}
}

// TestFace_KeyAndNumberStayTogether: the setup key stands in lines of four groups on
// a desk and on a phone, and the number of a phone on one line of the list.
func TestFace_KeyAndNumberStayTogether(t *testing.T) {
	p := meet(t)
	p.site.Change(func(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindTOTP, enroll.KindSMS} })
	p.open("/.mfa/enroll?way=totp")
	p.click("form[action$='/api/email'] .button")
	p.see("#code")
	p.keys("#code", p.mailed()+"\r")
	p.see(".choices")
	p.click(".choices a[href*='way=totp']")
	p.click("form[action$='/api/methods/totp'] .button")
	p.see(".qr")
	p.click(".todo summary")
	for _, width := range []int64{1100, 320} {
		p.width(width, 700)
		if got := p.text(`(() => {
			const lines = {};
			for (const g of document.querySelectorAll('#key span')) { const top = Math.round(g.getBoundingClientRect().top); lines[top] = (lines[top] || 0) + 1; }
			return Object.values(lines).join();
		})()`); got != "4,4" {
			t.Errorf("%d wide: lines of %s groups", width, got)
		}
	}
	p.keys("#code", p.app(p.key())+"\r")
	p.see(".codes")
	p.open("/.mfa/enroll?way=sms")
	p.see("#number")
	p.keys("#number", "+31 6 12345678\r")
	p.see("#code")
	p.keys("#code", p.texted()+"\r")
	p.see(".sign.good")
	for _, tag := range []string{"es", "pt-BR", "de"} {
		p.open("/.mfa/?lng=" + tag)
		p.see(".methods")
		if got := p.text(`String([...document.querySelectorAll('.methods bdi[dir=ltr]')].map(e => { const r = document.createRange(); r.selectNodeContents(e); return new Set([...r.getClientRects()].map(c => Math.round(c.top))).size; }))`); got != "1" {
			t.Errorf("%s: the number stands on %s lines", tag, got)
		}
	}
}

// languageFiles are the texts of every language as they lie on disk, by file.
func languageFiles(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../languages/*.json")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d languages: %v", len(files), err)
	}
	all := make(map[string]string, len(files))
	for _, file := range files {
		texts, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(texts)
	}
	return all
}
