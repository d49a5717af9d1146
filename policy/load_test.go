package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const head1 = "version: 1\ntenants:\n  a:\n"

func TestInheritanceKeyByKey(t *testing.T) {
	p := mustParse(t, `
version: 1
defaults: {require: mfa, protect: [/d], prove: enrolled, minimum: 2, language: pt-BR, brand: {color: "#0b57d0"}}
tenants:
  child: {parent: mid, prove: session, protect: []}
  mid: {parent: top, require: none, allow: [/open]}
  top: {name: Top, manage: session, limits: {totp: 3}, undo: never, share: everywhere, case: sensitive, hosts: [top.example]}
`)
	c, m, top := p.Tenant("child"), p.Tenant("mid"), p.Tenant("top")
	if c.Name != "child" || c.Parent != "mid" || c.Prove != "session" || m.Prove != "enrolled" || c.Require != RequireNone || top.Require != RequireMFA ||
		c.Minimum != 2 || c.Language != "pt-BR" || c.Manage != 0 || c.Limits["totp"] != 3 || c.Undo || c.Share != "everywhere" || len(c.Hosts) != 0 ||
		!c.CaseSensitive || c.Brand.Color != "#0b57d0" || c.First != "email" {
		t.Errorf("child: %+v", c)
	}
	if len(c.rules.protect) != 0 || len(c.rules.allow) != 1 || len(m.rules.protect) != 1 || len(top.rules.allow) != 0 {
		t.Errorf("rules: %+v %+v %+v", c.rules, m.rules, top.rules)
	}
	if !c.under(top) || top.under(c) {
		t.Error("the order of tenants is wrong")
	}
	var order []string
	for _, tenant := range p.Tenants() {
		order = append(order, tenant.Key)
	}
	if strings.Join(order, " ") != "child mid top" {
		t.Errorf("order %v", order)
	}
}

func TestStandardValues(t *testing.T) {
	a := mustParse(t, "version: 1\ntenants: {a: {protect: [/]}}").Tenant("a")
	if a.Require != RequireNone || a.Report || a.Prove != "session" || a.Share != "tenant" || a.First != "email" || !a.Undo || a.Minimum != 1 ||
		a.Manage != 5*time.Minute || a.CaseSensitive || strings.Join(a.Methods, " ") != "totp" || strings.Join(a.Recovery, " ") != "codes" {
		t.Errorf("%+v", a)
	}
}

func TestAreaNames(t *testing.T) {
	a := mustParse(t, `
version: 1
tenants:
  a:
    protect:
      - {path: /m, name: {pt-BR: Mensagens, en: Messages}}
      - {path: /n, name: {en: Messages, pt-BR: Mensagens}}
      - {path: /o, name: Office}
      - /p
      - {path: /q, name: {fi: Kirje}}
`).Tenant("a")
	for lang, want := range map[string]string{
		"pt-BR": "Mensagens Office /p Kirje", "pt-br": "Mensagens Office /p Kirje", "en": "Messages Office /p Kirje", "en-GB": "Messages Office /p Kirje", "de": "Messages Office /p Kirje",
	} {
		if got := strings.Join(a.Areas(lang), " "); got != want {
			t.Errorf("%s: %s, want %s", lang, got, want)
		}
	}
}

func TestMail(t *testing.T) {
	text := head1 + "    require: mfa\n    protect: [/a]\n    first: email\n"
	if _, err := parseText(text, Options{Mail: MailNo}); err == nil || !strings.HasPrefix(err.Error(), "policy.yaml:6:12: ") || !strings.Contains(err.Error(), "mail smtp") || !strings.Contains(err.Error(), "first: none") {
		t.Errorf("without mail: %v", err)
	}
	for _, o := range []Options{{Mail: MailYes}, {}} {
		if _, err := parseText(text, o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := parseText("version: 1\ntenants: {a: {first: none}}", Options{Mail: MailNo}); err != nil {
		t.Error(err)
	}
}

func TestWarnings(t *testing.T) {
	p := mustParse(t, `
version: 1
defaults: {prove: enrolled}
tenants:
  a: {first: none, share: everywhere, require: mfa}
  b: {protect: [/x], allow: [/x], brand: {color: "#ffee00"}}
  c: {brand: {color: "#0b57d0"}}
  d: {first: typed-email}
`)
	want := []string{"policy.yaml:3:19: prove: enrolled", "policy.yaml:5:14: first: none", "policy.yaml:5:27: share: everywhere", "policy.yaml:6:42: brand.color #ffee00", "policy.yaml:8:14: first: typed-email", "policy.yaml:5:6: tenant a requires a factor and protects nothing", "allow[0] /x policy.yaml:6:30: it opens nothing"}
	got := p.Warnings()
	for i, w := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], w) {
			t.Fatalf("%s\nwant %s", strings.Join(got, "\n"), w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d warnings, want %d", len(got), len(want))
	}
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.yaml")
	write(t, dir, "policy.yaml", "version: 1\ninclude: [tenants/*.yaml]\ndefaults: {require: mfa, protect: [/d]}\n")
	if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), "policy.yaml:2:11: include tenants/*.yaml: no file matches") {
		t.Errorf("no match: %v", err)
	}
	write(t, dir, "tenants/a.yaml", "tenants: {a: {}}\ntests: [{as: {user: u, tenant: a}, get: /d, want: enroll}]\n")
	write(t, dir, "tenants/b.yaml", "tenants: {b: {parent: a, require: none}}\n")
	p, err := Load(path, Options{})
	if err != nil || len(p.Tenants()) != 2 || p.Tenant("a").Require != RequireMFA || len(p.Test()) != 1 || !p.Test()[0].OK {
		t.Fatalf("%v", err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"defaults":         {"defaults: {}\ntenants: {c: {}}\n", "c.yaml:1:11: an included file holds tenants and tests only"},
		"include":          {"include: [x]\n", "an included file holds tenants and tests only"},
		"version":          {"version: 1\n", "an included file holds tenants and tests only"},
		"another's tenant": {"tenants: {a: {}}\n", `c.yaml:1:14: tenant "a" is already there, at `},
		"another's host":   {"tenants: {c: {hosts: [h.example]}, d: {hosts: [H.example]}}\n", "host h.example is already tenant c's"},
		"failing test":     {"tenants: {c: {}}\ntests: [{as: {user: u, tenant: c}, get: /d, want: allow}]\n", "c.yaml:2:9: test GET /d"},
		"empty":            {"", "c.yaml: the file is empty: write tenants"},
	} {
		write(t, dir, "tenants/c.yaml", c.text)
		if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("fail/%s: %v", name, err)
		}
	}
	outside := t.TempDir()
	write(t, outside, "x.yaml", "tenants: {x: {}}\n")
	os.Remove(filepath.Join(dir, "tenants/c.yaml"))
	if err := os.Symlink(filepath.Join(outside, "x.yaml"), filepath.Join(dir, "tenants/x.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), "is a link out of its folder") {
		t.Errorf("fail/link: %v", err)
	}
	t.Chdir(dir)
	if _, err := Load("policy.yaml", Options{}); err == nil || !strings.Contains(err.Error(), "is a link out of its folder") {
		t.Errorf("fail/link, by a relative path: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "none.yaml"), Options{}); err == nil || !strings.Contains(err.Error(), "none.yaml: reading the file: no such file") {
		t.Errorf("fail/missing: %v", err)
	}
}

func TestAFileOver16MiB(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "policy.yaml", "version: 1\ntenants: {a: {}}\n#"+strings.Repeat("x", maxFile))
	if _, err := Load(filepath.Join(dir, "policy.yaml"), Options{}); err == nil || !strings.Contains(err.Error(), "at most 16 MiB") {
		t.Error(err)
	}
}
