package policy

import (
	"strings"
	"testing"
	"time"
)

const disabled = `version: 1
defaults: {protect: [/documents, {path: /orders, fresh: 5m}, {path: /vault, require: phishing-resistant}], methods: [totp, passkey]}
tenants:
  release: {hosts: [release.example]}
  wipe: {hosts: [wipe.example], on_disable: wipe}
  keep: {hosts: [keep.example], on_disable: keep}
  lax: {hosts: [lax.example], on_disable: keep, prove: enrolled}
  dated: {hosts: [dated.example], on_disable: keep, require: mfa, activate: 2031-01-01}
  next: {hosts: [next.example], on_disable: keep, require: mfa, activate: next-session}
`

// X2, S4.11, S4.13: what a tenant that requires nothing asks of whoever has a
// factor.
func TestX2_WhileOffDecides(t *testing.T) {
	p := mustParse(t, disabled)
	app := func(tenant string) func(*Facts) { return has("totp", tenant, "email") }
	old := func(f *Facts) { f.Began = func(*Tenant) time.Time { return f.Now.Add(-time.Hour) } }
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/release asks nobody":                 {known("release.example", "/documents", app("release")), ReasonNotRequired},
		"ok/wipe asks nobody, and has no store":  {known("wipe.example", "/documents", store(AccountDown)), ReasonNotRequired},
		"fail/keep asks who has a factor":        {known("keep.example", "/documents", app("keep")), ReasonVerify},
		"fail/…recovery codes too":               {known("keep.example", "/documents", has("codes", "keep", "email")), ReasonVerify},
		"ok/…not who has none":                   {known("keep.example", "/documents"), ReasonNotRequired},
		"ok/…nor one of another tenant":          {known("keep.example", "/documents", app("release")), ReasonNotRequired},
		"ok/…who proved passes":                  {known("keep.example", "/documents", app("keep"), proven(time.Hour, "keep", "email", "totp")), ReasonVerified},
		"ok/…however long ago":                   {known("keep.example", "/orders", app("keep"), proven(time.Hour, "keep", "email", "totp")), ReasonVerified},
		"ok/…with whatever there is":             {known("keep.example", "/vault", app("keep"), proven(time.Hour, "keep", "email", "totp")), ReasonVerified},
		"fail/…a store that cannot say":          {known("keep.example", "/documents", store(AccountDown)), ReasonStoreDown},
		"ok/…a store that is not needed":         {known("keep.example", "/documents", store(AccountDown), proven(time.Hour, "keep", "email", "totp")), ReasonVerified},
		"ok/…where having one is enough":         {known("lax.example", "/documents", app("lax")), ReasonEnrolled},
		"fail/before its date, who has a factor": {known("dated.example", "/documents", app("dated")), ReasonVerify},
		"ok/before its date, who has none":       {known("dated.example", "/documents"), ReasonNotRequired},
		"fail/an old session, who has a factor":  {known("next.example", "/documents", old, app("next")), ReasonVerify},
		"ok/an old session, who has none":        {known("next.example", "/documents", old), ReasonNotRequired},
		"fail/a new session, who has none":       {known("next.example", "/documents"), ReasonEnroll},
	} {
		d := p.Decide(&c.facts)
		if d.Reason != c.want || d.Ask != AskNothing || d.Resistant && d.Reason != ReasonEnroll {
			t.Errorf("%s: %v (ask %v), want %v", name, d.Reason, d.Ask, c.want)
		}
		if strings.HasPrefix(name, "ok/") != (d.Verdict == Allow) {
			t.Errorf("%s: %v", name, d.Verdict)
		}
	}
	f := known("keep.example", "/documents", store(AccountNotAsked))
	if d := p.Decide(&f); d.Ask != AskAccount || d.Verdict != Deny {
		t.Errorf("keep asks for %v", d.Ask)
	}
	f = known("keep.example", "/finance", store(AccountNotAsked))
	if d := p.Decide(&f); d.Ask != AskNothing || d.Reason != ReasonOpen {
		t.Errorf("an open page asks for %v", d.Ask)
	}
}
