package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The index says what asking every tenant one by one says.
func TestIndexAgainstEveryTenant(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	word := func() string { return []string{"a", "b", "index.php", "C", "ä", "long-name"}[r.IntN(6)] }
	prefix := func() string {
		p := ""
		for range 1 + r.IntN(3) {
			p += "/" + word()
		}
		return p
	}
	hits := 0
	for range 300 {
		var b strings.Builder
		b.WriteString("version: 1\ndefaults: {require: mfa, protect: [" + prefix() + "]}\ntenants:\n")
		for i := range 1 + r.IntN(6) {
			fmt.Fprintf(&b, "  t%d:\n", i)
			if r.IntN(4) > 0 {
				fmt.Fprintf(&b, "    protect: [%s, {path: %s/x%s}]\n", prefix(), prefix(), []string{"", ", query: {q: v}", ", fresh: 5m"}[r.IntN(3)])
			}
			if r.IntN(3) == 0 {
				fmt.Fprintf(&b, "    allow: [%s]\n", prefix())
			}
			if r.IntN(4) == 0 {
				b.WriteString("    case: sensitive\n")
			}
			if i > 0 && r.IntN(3) == 0 {
				fmt.Fprintf(&b, "    parent: t%d\n", r.IntN(i))
			}
			b.WriteString("    name: T\n")
		}
		p := mustParse(t, b.String())
		for range 30 {
			path := prefix() + []string{"", "/", ".json", "/x", "/more", "/%2e%2e/" + word(), "?q=v"}[r.IntN(7)]
			in, query, _ := strings.Cut(path, "?")
			var tg target
			if !tg.read(Target{in, query}) {
				continue
			}
			asked, f, want := []*target{&tg}, &Facts{Method: "GET"}, false
			for _, tenant := range p.Tenants() {
				want = want || tenant.rules.covers(&tg, nil, f).hit
			}
			if got := p.index.protects(asked, nil, f); got != want {
				t.Fatalf("%s: %v, asked one by one %v, in\n%s", path, got, want, b.String())
			}
			if want {
				hits++
			}
		}
	}
	if hits < 500 {
		t.Errorf("only %d of the targets are protected", hits)
	}
}

// Of two tenants that name one prefix, the one whose rules open it, or read it
// more narrowly, does not hide the other's.
func TestIndexOfTenantsThatDiffer(t *testing.T) {
	for narrow, path := range map[string]string{
		"allow: [/a/b], protect: [/a]":                 "/a/b/x",
		"case: sensitive, protect: [/a]":               "/A",
		"protect: [{path: /a, query: {q: v}}]":         "/a",
		"protect: [/a, /x], allow: [{path: /a/b}, /c]": "/a/b",
	} {
		for _, order := range []string{"{n: {%s}, w: {%s}}", "{w: {%[2]s}, n: {%[1]s}}"} {
			p := mustParse(t, "version: 1\ntenants: "+fmt.Sprintf(order, narrow, "protect: [/a]")+"\n")
			f := known("", path, identity("w"), by(ByIdentity))
			if d := p.Decide(&f); !d.Protected {
				t.Errorf("%s beside it, %s is open", narrow, path)
			}
		}
	}
}

// What a million prefixes alike would hold a million times is there once.
func TestIndexHoldsEachPrefixOnce(t *testing.T) {
	p := manyTenants(t, 1000)
	if n := len(p.index.alike.entries); n > len(pathWords)*(1+len(pathWords)+len(pathWords)*len(pathWords)) || n < 1000 {
		t.Errorf("%d entries", n)
	}
	seen := map[string]bool{}
	for _, e := range p.index.alike.entries {
		text := p.index.sets[e.set].protect[e.rule].Path
		if seen[text] {
			t.Errorf("%s is there twice", text)
		}
		seen[text] = true
	}
}
