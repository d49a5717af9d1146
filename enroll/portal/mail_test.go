package portal_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
)

// TestMail_First: the code on a line of its own, time, place and browser, "not
// me", in the person's language.
func TestMail_First(t *testing.T) {
	site := newSite(t)
	site.BaseURL = "https://portal.example"
	c := visitor(t, site, "ana")
	c.headers["Accept-Language"] = "pt-BR"
	c.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36 http://evil.example"
	c.submit("/.mfa/api/email").want(t, 303)
	m := site.Mails.All()[0]
	code := mailed(t, site)
	for _, part := range []string{
		"\n" + code + "\n", "https://portal.example/.mfa/link/", "203.0.113.7", "Chrome no Android", "24 de novembro de 2026, 12:00 UTC",
		"Não foi você?", "Olá, Ana Souza,", "10 minutos", "ajuda@silva.example", "Escritório Silva",
	} {
		if !strings.Contains(m.Text, part) {
			t.Errorf("no %q in:\n%s", part, m.Text)
		}
	}
	if strings.Contains(m.Text+m.HTML, "evil.example") || strings.Contains(m.Subject, code) || m.To != "ana@cliente.example" {
		t.Errorf("to %s, subject %q:\n%s", m.To, m.Subject, m.Text)
	}
	if !strings.Contains(m.HTML, code) || !strings.Contains(m.HTML, `lang="pt-BR"`) || strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "http-equiv") {
		t.Errorf("the HTML part:\n%s", m.HTML)
	}
}

// TestMail_EM2_NoLinkOfTheRequest: without a configured address there is no link
// at all, whatever Host says.
func TestMail_EM2_NoLinkOfTheRequest(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.headers["X-Forwarded-Host"] = "evil.example"
	c.submit("/.mfa/api/email").want(t, 303)
	if m := site.Mails.All()[0]; strings.Contains(m.Text+m.HTML, "://") || strings.Contains(m.Text+m.HTML, "/link/") || strings.Contains(m.Text+m.HTML, "example.com") {
		t.Errorf("a link in:\n%s", m.Text)
	}
}

// TestMail_Notices: every change is told, in the person's language.
func TestMail_Notices(t *testing.T) {
	for _, kind := range []string{"method-added", "method-removed", "codes-renewed", "code-spent", "address-changed"} {
		for lang, notMe := range map[string]string{"en": "This was not you?", "pt-BR": "Não foi você?"} {
			m := portal.Compose(enroll.Event{
				Kind: kind, To: "ana@cliente.example", Person: enroll.Person{User: "ana"},
				Rules:  enroll.Rules{TenantName: "Escritório Silva", Language: lang, Brand: enroll.Brand{Support: "mailto:ajuda@silva.example"}},
				Method: enroll.Method{Name: "Celular"}, At: time.Date(2026, time.March, 7, 12, 0, 0, 0, time.UTC),
			})
			if strings.Contains(m.Subject+m.Text+m.HTML, "mail."+kind) || !strings.Contains(m.Text, notMe) ||
				!strings.Contains(m.Text, "Escritório Silva") || !strings.Contains(m.Text, "12:00 UTC") || m.To != "ana@cliente.example" || m.HTML == "" {
				t.Errorf("%s in %s: %+v", kind, lang, m)
			}
		}
	}
}

// TestMail_NoticesAreWhole: no notice in any language shows a place for something
// that was not put there, or the name of a text.
func TestMail_NoticesAreWhole(t *testing.T) {
	files, err := filepath.Glob("languages/*.json")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d languages: %v", len(files), err)
	}
	for _, file := range files {
		for _, kind := range []string{
			"method-added", "method-removed", "method-renamed", "default-changed", "codes-renewed", "code-spent", "device-trusted",
			"pass-issued", "reset", "disowned", "passkey-copied", "address-changed",
		} {
			e := enroll.Event{
				Kind: kind, Person: enroll.Person{User: "ana"}, At: time.Date(2026, time.March, 7, 12, 0, 0, 0, time.UTC), Link: "https://portal.example/.mfa/link/x",
				Rules: enroll.Rules{TenantName: "Silva", Language: strings.TrimSuffix(filepath.Base(file), ".json"), Brand: enroll.Brand{Support: "mailto:ajuda@silva.example"}},
			}
			e.Method.Name, e.Device.Name = "Celular", "Firefox"
			if m := portal.Compose(e); strings.ContainsAny(m.Subject+m.Text, "{}") || strings.Contains(m.Subject+m.Text, "mail."+kind) {
				t.Errorf("%s in %s: %s\n%s", kind, e.Rules.Language, m.Subject, m.Text)
			}
		}
	}
}

// TestMail_NoticeOfAMethodAdded is sent by the enrolment itself.
func TestMail_NoticeOfAMethodAdded(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.headers["Accept-Language"] = "pt-BR"
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	key := c.call("POST", "/.mfa/api/methods/totp", "").want(t, 200).json(t)["secret"].(string)
	c.call("POST", "/.mfa/api/methods/totp/verify", `{"code":"`+appCode(t, site, key)+`"}`).want(t, 200)
	if err := site.Service.Close(); err != nil { // waits for mails under way
		t.Fatal(err)
	}
	mails := site.Mails.All()
	if last := mails[len(mails)-1]; !strings.Contains(last.Text, "“Aplicativo autenticador” foi adicionado") {
		t.Errorf("%d mails, the last: %s", len(mails), last.Text)
	}
}
