package policy

import "testing"

// Tenants that say the same share one copy of it, whatever their names and
// prefixes; a difference in one word is another.
func TestTermsAreShared(t *testing.T) {
	p := mustParse(t, `
version: 1
defaults: {methods: [passkey, totp]}
tenants:
  a: {require: mfa, protect: [/a], hosts: [a.example], name: A}
  b: {require: mfa, protect: [/b, /c]}
  c: {require: none, protect: [/c]}
  d: {parent: a}
  e: {protect: [/e]}
  f: {require: mfa, brand: {logo: /x}}
  g: {require: mfa, brand: {help: /x}}
  h: {parent: c, require: mfa}
  i: {require: "mfa"}
`)
	terms := func(key string) *Terms { return p.Tenant(key).Terms }
	if terms("a") != terms("b") || terms("a") != terms("d") {
		t.Error("tenants of the same terms do not share them")
	}
	seen := map[*Terms]string{}
	for _, key := range []string{"a", "c", "e", "f", "g"} {
		if other := seen[terms(key)]; other != "" {
			t.Errorf("%s and %s share terms", key, other)
		}
		seen[terms(key)] = key
	}
	for key, want := range map[string]Require{"a": RequireMFA, "c": RequireNone, "d": RequireMFA, "e": RequireNone, "h": RequireMFA, "i": RequireMFA} {
		if got := p.Tenant(key).Require; got != want || len(p.Tenant(key).Methods) != 2 {
			t.Errorf("%s requires %v, of %v", key, got, p.Tenant(key).Methods)
		}
	}
	if p.Tenant("f").Brand.Logo != "/x" || p.Tenant("g").Brand.Help != "/x" || p.Tenant("a").Brand != (Brand{}) {
		t.Error("brands are mixed up")
	}
}

// What a bomb of aliases left unread is not remembered for a file that says the
// same without one, nor anything else of a file with a mistake.
func TestTermsOfABadFileAreForgotten(t *testing.T) {
	seen := &termsSeen{}
	bad := "version: 1\ntenants:\n  x: {protekt: [/x]}\n  a: {require: mfa}\n"
	if d := parse("bad.yaml", []byte(bad), "", false, seen); len(d.problems) != 1 {
		t.Fatal(d.problems)
	}
	if len(seen.all) != 0 {
		t.Errorf("%d terms are remembered", len(seen.all))
	}
}
