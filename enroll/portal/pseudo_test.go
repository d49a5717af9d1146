package portal

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/text/language"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// pseudo is a language in which every text stands in brackets. What a page shows
// outside of them was not translated.
func pseudo(t *testing.T) *speech {
	t.Helper()
	words, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for key, text := range words.choose("en").texts {
		texts[key] = "⟦" + text + "⟧"
	}
	texts["language.dir"] = "ltr"
	texts["date.months"] = strings.Repeat("⟦M⟧|", 11) + "⟦M⟧"
	return &speech{Tag: "en-XA", Name: "⟦Pseudo⟧", Dir: "ltr", tag: language.MustParse("en-XA"), texts: texts}
}

var bracketed = regexp.MustCompile(`⟦[^⟦⟧]*(⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧`)

// untranslated are the texts of a page, its labels included, that hold letters
// outside of brackets. data is what the page was given to show.
func untranslated(t *testing.T, page string, data ...string) (found []string) {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string) {
		for _, d := range data {
			text = strings.ReplaceAll(text, d, "")
		}
		for i := 0; i < 3; i++ {
			text = bracketed.ReplaceAllString(text, "")
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 0xbf && r < 0x250 }) {
			found = append(found, strings.TrimSpace(text))
		}
	}
	var line strings.Builder // the text of one block, its emphasised parts included
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		inline := n.Type != html.ElementNode || n.Data == "strong" || n.Data == "bdi" || n.Data == "span" || n.Data == "time"
		if !inline {
			check(line.String())
			line.Reset()
		}
		if n.Type == html.ElementNode {
			if n.Data == "script" || n.Data == "style" || n.Data == "code" {
				return
			}
			for _, a := range n.Attr {
				switch a.Key {
				case "aria-label", "alt", "title", "placeholder", "data-said", "data-heading", "data-name":
					check(strings.TrimSuffix(a.Val, ".txt"))
				}
			}
		}
		if n.Type == html.TextNode {
			line.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if !inline {
			check(line.String())
			line.Reset()
		}
	}
	walk(root)
	return found
}

// TestPages_SpeakNothingButTheLanguage renders every page in the pseudo language.
func TestPages_SpeakNothingButTheLanguage(t *testing.T) {
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := pseudo(t)
	words := *p.words // it is the process's
	p.words = &words
	p.words.languages = []*speech{s}
	at := time.Date(2026, time.March, 7, 12, 0, 0, 0, time.UTC)
	methods := []enroll.Method{
		{ID: "a", Kind: enroll.KindTOTP, Name: "111", Created: at, LastUsed: at, Default: true},
		{ID: "b", Kind: enroll.KindPasskey, Name: "222", Created: at, Copied: true},
		{ID: "c", Kind: enroll.KindEmail, Name: "222", Created: at, Masked: "a•••@x.example"},
		{ID: "d", Kind: "oidc.444", Name: "333", Created: at, Masked: "a•••@x.example"},
	}
	key := (&turn{s: s, v: &Visit{}}).keyForm(true, "/x")
	code := codeField{Label: s.T("totp.code"), Hint: s.T("totp.hint"), Wrong: s.T("reason.bad-code.detail"), Digits: 6}
	wizard := enrollPart{
		Masked: "a•••@x.example", Sent: true, Minutes: s.Wait(time.Minute), Setup: &enroll.TOTP{}, Link: "otpauth://totp/x",
		Key: []string{"AAAA"}, Code: code,
	}
	ask := httptest.NewRequest("GET", "/", nil)
	say := &turn{s: s, v: &Visit{}, r: ask}
	parts := map[string][]any{
		"block":  {again{Text: "block.remind", Need: "block.need", Start: "block.start", Later: "/x", Last: "999"}, again{Text: "block.review", Need: "block.review.need", Start: "block.review.start", Area: "333"}, again{Text: "block.enroll", Need: "block.need", Start: "block.start", Area: "333", Areas: []string{"333"}, Rest: true, Unsent: true, NewTab: true}, again{Text: "block.passkey.page", Need: "block.passkey.need", Start: "block.start"}},
		"unsent": {again{Text: "unsent.lead", Area: "333", NewTab: true}, again{Foreign: true}},
		"message": {message{
			What: s.T("reason.expired.detail"), Means: s.T("deny.store-down.means"), Next: s.T("deny.store-down.next"),
			Go: "/", Label: s.T("deny.home"),
		}},
		"email": {wizard, enrollPart{Masked: "a•••@x.example", MailWait: s.Wait(time.Hour), Pass: "/x"}},
		"sentcode": {
			enrollPart{Code: code, Minutes: s.Wait(time.Minute), Other: "/x", Send: say.sentTo("smscode", enrollPart{Masked: "999"})},
			enrollPart{Code: code, Replaces: "a", Send: say.sentTo("mailbox", enrollPart{Masked: "a•••@x.example"})},
			enrollPart{Code: code, Pass: "/x", Send: say.sentTo("emailcode", enrollPart{Masked: "a•••@x.example", MailWait: s.Wait(time.Second)})},
		},
		"method": {wizard}, "totp": {wizard},
		"mailbox": {enrollPart{Masked: "a•••@x.example", Proven: true, Other: "/x"}, enrollPart{MailWait: s.Wait(time.Hour)}, enrollPart{Masked: "a•••@x.example", Replaces: "a", Old: "444"}},
		"choose":  {enrollPart{Choices: []choice{{"passkey", "/x", ""}, {"oidc", "/o", "333"}, {"totp", "/y", ""}, {"sms", "/z", ""}, {"email", "/z", ""}}, Least: s.N("choose.least", 2, "tenant", "555", "have", 1)}},
		"oidc":    {enrollPart{Kind: "oidc.444", Label: "333", Other: "/x"}},
		"away":    {awayPart{Label: "333", Address: "https://444"}},
		"sms":     {enrollPart{Wrong: s.T("reason.bad-request.number"), Other: "/x"}, enrollPart{Replaces: "a", Old: "+1 •••11"}},
		"passkey": {enrollPart{Passkey: key, Other: "/x"}},
		"codes":   {codesPart{Codes: []string{"1234"}, First: true}, codesPart{Codes: []string{"1234"}}},
		"done":    {donePart{Text: s.T("done.added.text"), Waiting: true, More: true, List: true, mine: mine{Methods: methods, Many: true}}, donePart{Text: s.T("done.added.text"), Follow: true}},
		"verify": {
			verifyPart{Lead: "verify.lead", Lost: "verify.lost", Code: code, Others: []otherWay{{"/x", s.T("verify.codes.other")}}},
			verifyPart{Lead: "verify.fresh", Lost: "verify.lost", Code: code, Trust: s.T("verify.trust", "time", s.Span(48*time.Hour))},
			verifyPart{Lead: "verify.lead", Lost: "verify.lost", Code: code, Send: (&turn{s: s, v: &Visit{}, r: ask}).sendForm(enroll.KindEmail, ""), Sent: true},
			verifyPart{Lead: "verify.lead", Lost: "verify.lost", Send: (&turn{s: s, v: &Visit{}, r: ask}).sendForm(enroll.KindSMS, "2")},
			verifyPart{Lead: "verify.weak", Lost: "verify.lost.passkey", Passkey: key, Others: []otherWay{{"/x", s.T("verify.totp.other")}}},
		},
		"manage": {
			managePart{Methods: methods, Many: true, Fresh: true, Add: "/x", HasCodes: true, Codes: 1, Changed: s.T("manage.done.renamed"), Own: []TenantRef{{Name: "333"}, {Name: "444"}}},
			managePart{Methods: methods, Fresh: true, Moves: map[string]string{"c": "/x"}}, managePart{Methods: []enroll.Method{{ID: "a", Kind: enroll.KindSMS, Name: "111"}}, Fresh: true, Moves: map[string]string{"a": "/x"}},
			managePart{Methods: methods, Prove: "/x"}, managePart{Required: true, Add: "/x"}, managePart{Outside: true},
			managePart{Methods: methods, Many: true, Fresh: true, Add: "/x", OneKind: true, Devices: []deviceView{{Name: "888", Since: at, Current: true}, {Name: "999", Since: at}}},
		},
		"review": {mine{Methods: methods, Many: true}, mine{Methods: methods[:1]}},
		"remove": {managePart{Remove: &methods[0], LastOne: true}, managePart{Remove: &methods[1]}, managePart{Remove: &methods[0], Kept: true}},
		"notice": {noticePart{Text: "notme.text"}, noticePart{Text: "notme.address"}},
		"link":   {linkPart{Here: true, Lead: "link.lead"}, linkPart{Lead: "link.elsewhere.lead"}, linkPart{Lead: "link.elsewhere.only"}},
		"pass":   {enrollPart{Code: code, Minutes: s.Wait(time.Minute)}},
		"typed":  {enrollPart{Address: "999", Wrong: s.T("reason.bad-request.address")}, enrollPart{MailWait: s.Wait(time.Hour)}},
		"typedsent": {
			enrollPart{Address: "999", Code: code, Minutes: s.Wait(time.Minute)},
			enrollPart{Address: "999", Wrong: s.T("reason.bad-request.address")}, enrollPart{MailWait: s.Wait(time.Hour)},
		},
	}
	pages, err := readPages()
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages.Templates() {
		name, isFile := strings.CutSuffix(page.Name(), ".html")
		if !isFile || name == "layout" || name == "parts" {
			continue
		}
		if len(parts[name]) == 0 {
			t.Errorf("page %s is not looked at", name)
		}
		for _, part := range parts[name] {
			v := &Visit{Rules: enroll.Rules{TenantName: "555", Brand: enroll.Brand{Support: "mailto:a@b.example", Help: "/h"}}, Mount: "/.mfa", Person: enroll.Person{User: "666"}}
			x := p.view(s, v, s.T("verify.title"), "/")
			x.Reference, x.To, x.D, x.Err = "777", "/888", part, &fault{Text: s.T("reason.bad-code.detail")}
			x.Steps = []wizardStep{{Name: s.T("steps.app"), Now: true, Done: true}}
			w := httptest.NewRecorder()
			p.show(w, httptest.NewRequest("GET", "/", nil), 200, name, x)
			if w.Code != 200 {
				t.Fatalf("%s: status %d", name, w.Code)
			}
			if found := untranslated(t, w.Body.String(), "a•••@x.example"); len(found) > 0 {
				t.Errorf("%s shows untranslated: %q", name, found)
			}
		}
	}
}

// TestPages_PseudoFindsAPlantedText shows that the check above bites.
func TestPages_PseudoFindsAPlantedText(t *testing.T) {
	for _, page := range []string{"<p>⟦a⟧ Continue</p>", `<button aria-label="Close">⟦x⟧</button>`, "<title>MFA</title>"} {
		if len(untranslated(t, page)) == 0 {
			t.Errorf("nothing found in %s", page)
		}
	}
	if found := untranslated(t, "<p>⟦a ⟦b⟧ c⟧ – 12</p>"); len(found) != 0 {
		t.Errorf("found %q", found)
	}
}
