package caddymodule

import (
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// The policy takes every language the pages have, and no other.
func TestLanguages_PolicyTakesWhatThePagesSpeak(t *testing.T) {
	files, err := filepath.Glob("../enroll/portal/languages/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d languages: %v", len(files), err)
	}
	load := func(tag string) error {
		file := filepath.Join(t.TempDir(), "policy.yaml")
		text := "version: 1\ntenants:\n  a:\n    hosts: [a.example]\n    language: " + tag + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := policy.Load(file, policy.Options{})
		return err
	}
	for _, f := range files {
		if tag := strings.TrimSuffix(filepath.Base(f), ".json"); load(tag) != nil {
			t.Errorf("%s: %v", tag, load(tag))
		}
	}
	if load("sv") == nil {
		t.Error("a language that no page speaks is accepted")
	}
}

// A page follows ?lng=, then the language last chosen, then the browser's, then
// the tenant's; so do the mails.
func TestS3_3_Language_OfAPerson(t *testing.T) {
	s := start(t, strings.Replace(simple, "\tmfa {", "\tmfa %DIR%/policy.yaml {", 1), map[string]string{"policy.yaml": `version: 1
tenants:
  silva:
    name: Silva
    hosts: [localhost]
    require: mfa
    protect: [/documents]
    language: ar
`})
	b := s.signedIn("ana")
	speaks := func(path, tag, dir string, h ...string) {
		t.Helper()
		h = append(h, "Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none")
		r := b.get(path, h...)
		if !strings.Contains(r.body, `<html lang="`+tag+`" dir="`+dir+`">`) || r.Header.Get("Content-Language") != tag {
			t.Errorf("%s %v: %q %.60q, want %s", path, h[:len(h)-8], r.Header.Get("Content-Language"), r.body, tag)
		}
	}
	speaks("/documents/1", "ar", "rtl")
	speaks("/documents/1", "ar", "rtl", "Accept-Language", "sv, *;q=0.1")
	speaks("/documents/1", "de", "ltr", "Accept-Language", "sv, fi;q=0.3, de-AT;q=0.5")
	b.get("/.mfa/enroll?lng=fi", "Accept", "text/html", "Sec-Fetch-Mode", "navigate")
	speaks("/documents/1", "fi", "ltr", "Accept-Language", "de-AT")
	speaks("/.mfa/enroll?lng=sv", "fi", "ltr", "Accept-Language", "de-AT")
	speaks("/.mfa/enroll?lng=pt", "pt-BR", "ltr", "Accept-Language", "de-AT")

	b.enroll()
	// What is still to be sent is sent before Caddy stops.
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	if told := decoded(t, s.mail.mail[len(s.mail.mail)-1]); told != "Silva: um fator de autenticação foi adicionado" {
		t.Errorf("the last mail is not in the person's language: %s", told)
	}
}

// decoded is the subject of a mail.
func decoded(t *testing.T, text string) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := (&mime.WordDecoder{}).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return subject
}
