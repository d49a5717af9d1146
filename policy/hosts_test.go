package policy

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestHosts(t *testing.T) {
	var none hosts
	if none.lookup("") != nil || none.lookup("a.example") != nil {
		t.Error("no hosts hold one")
	}
	p := manyTenants(t, 1000)
	for _, tenant := range p.order {
		if got := p.HostTenant(strings.ToUpper(tenant.Hosts[0]) + ":443"); got != tenant {
			t.Fatalf("%s is %v", tenant.Hosts[0], got)
		}
	}
	// A hash is never believed: with its tag everywhere, a host is still told apart.
	for _, host := range []string{"", "t001000.portal.test", "x000001.portal.test", "t000001.portal.tes", "t000001.portal.test2"} {
		for i := range p.hosts.tags {
			if p.hosts.tags[i] != 0 {
				p.hosts.tags[i] = tagOf(maphash.String(p.hosts.seed, host))
			}
		}
		if s := p.hosts.find(host); s != nil {
			t.Errorf("%q is %s", host, s.tenant.Key)
		}
	}
}

// Hosts that are longer than what a slot holds of them are compared to the end.
func TestLongHosts(t *testing.T) {
	long := strings.Repeat("office-", 6)
	p := mustParse(t, strings.ReplaceAll("version: 1\ntenants:\n"+
		"  a: {protect: [/a], hosts: [LONGa.example, '*.LONGw.example']}\n  b: {protect: [/a], hosts: [LONGb.example, LONGc.example]}\n", "LONG", long))
	names := map[string]string{"a": "a", "b": "b", "c": "b", "d": "", "w": ""}
	for end, want := range names {
		tenant := p.HostTenant(long + end + ".example")
		if want == "" && tenant != nil || want != "" && (tenant == nil || tenant.Key != want) {
			t.Errorf("%s is %v", end, tenant)
		}
		if tenant := p.HostTenant("x." + long + end + ".example"); (tenant != nil) != (end == "w") {
			t.Errorf("below %s is %v", end, tenant)
		}
		is := 0
		for i := range p.hosts.slots { // whatever the hashes are
			if p.hosts.slots[i].tenant != nil && p.hosts.slots[i].is(long+end+".example") {
				is++
			}
		}
		if (want == "") != (is == 0) || is > 1 {
			t.Errorf("%d slots are %s's", is, end)
		}
	}
}

// A wildcard stands for one name of a host, and for nothing that only looks so.
func TestWildcardsStandForNames(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants:\n  strict: {protect: [/a], hosts: [a.example]}\n  wide: {protect: [/a], hosts: ['*.example']}\n")
	for host, want := range map[string]string{
		"a.example": "strict", "A.Example.:80": "strict", "b.example": "wide", "xn--bcher-kva.example": "wide", "B_2.EXAMPLE:443": "wide",
		"%61.example": "", "a%2eexample": "", ".example": "", ".a.example": "", "..example": "", "x@a.example": "", "a,b.example": "", "a b.example": "", "ａ.example": "", "a\u00ad.example": "", "a/.example": "", "b.a.example": "",
	} {
		got := ""
		if tenant := p.HostTenant(host); tenant != nil {
			got = tenant.Key
		}
		if got != want {
			t.Errorf("%q is %q, not %q", host, got, want)
		}
	}
}

// What a host's own memory says of a request is what its tenant's rules say, one
// by one and from the beginning: whatever kind of entries they are, however many,
// and by whichever of its hosts the tenant is found.
func TestADecisionByTheHostIsTheRules(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	words := 0
	word := func() string {
		return []string{"a", "v1", "v1.2", "documents", "reports-of-the-year", "index.php", "C", "ä", "x.json"}[r.IntN(words)]
	}
	prefix := func() string {
		p := ""
		for range 1 + r.IntN(3) {
			p += "/" + word()
		}
		return p
	}
	list := func(n int, entry func() string) string {
		seen := map[string]bool{}
		var entries []string
		for range n {
			if e := entry(); !seen[strings.ToLower(e)] {
				seen[strings.ToLower(e)] = true
				entries = append(entries, e)
			}
		}
		return "[" + strings.Join(entries, ", ") + "]"
	}
	protected, open, spared := 0, 0, 0
	for range 400 {
		words = []int{3, 5, 9}[r.IntN(3)] // the last four make rules that are no plain paths
		extra := []string{"", "", ", fresh: 5m", ", name: N", ", query: {q: v}"}[r.IntN(5)]
		entry := func() string {
			if p := prefix(); extra == "" || r.IntN(2) == 0 {
				return p
			} else {
				return "{path: " + p + "/y" + extra + "}"
			}
		}
		many := []int{1, 4, 10, 70}[r.IntN(4)]
		n := 0
		tenant := list(many, func() string {
			if n++; many == 70 && n > 5 {
				return fmt.Sprintf("/n%d%s", n, prefix())
			}
			return entry()
		})
		text := "version: 1\ndefaults: {require: mfa, protect: [" + prefix() + "]}\ntenants:\n" +
			"  own:\n    hosts: [own.example, '*.own.example', second.example]\n    protect: " + tenant + "\n"
		if r.IntN(3) == 0 {
			text += "    allow: " + list(4, func() string { return prefix() + prefix() }) + "\n"
		}
		if r.IntN(4) == 0 {
			text += "    case: sensitive\n"
		}
		text += "  wild: {hosts: ['*.wild.example'], protect: " + tenant + "}\n  child: {parent: own, hosts: [child.example], allow: []}\n  bare: {hosts: [bare.example]}\n"
		p, err := parseText(text, Options{})
		if err != nil {
			continue // two spellings of one prefix
		}
		for _, host := range []string{"own.example", "x.own.example", "second.example", "y.wild.example", "child.example", "bare.example"} {
			for range 8 {
				path := prefix() + []string{"", "/", ".json", "/y", "/more/1", "s", ".d/1"}[r.IntN(7)]
				if many == 70 && r.IntN(2) == 0 {
					path = fmt.Sprintf("/n%d%s", 60+r.IntN(12), path)
				}
				if r.IntN(4) == 0 {
					path = strings.ToUpper(path)
				}
				f := known(host, path)
				var tg target
				if !tg.read(f.Sent) {
					continue
				}
				if mustSpareRightly(t, p, &f) {
					spared++
				}
				d, want := p.Decide(&f), p.HostTenant(host).rules.covers(&tg, nil, &f)
				if d.Protected != want.hit || d.Area != want.area || d.Fresh != want.fresh {
					t.Fatalf("%s%s: protected %v by %+v, the rules say %v by %+v, in\n%s", host, path, d.Protected, d.Area, want.hit, want.area, text)
				}
				slow := cover{}
				for i := range tg.len() { // without heads and blocks
					s, g, least := p.HostTenant(host).rules, tg.at(i), -1
					for j := range s.protect {
						q := &s.protect[j]
						if !q.protects(g, s.sensitive) || !q.asked(&tg, &f) || q.special != nil && q.special.extension != "" && s.opens(&tg, q.extended(g), q.depth()+1, &f) {
							continue
						}
						if needs := q.depth(); q.names(g, s.sensitive) {
							least = max(least, needs+1)
						} else {
							least = max(least, needs)
						}
					}
					slow.hit = slow.hit || least >= 0 && !s.opens(&tg, g, least, &f)
				}
				if slow.hit != d.Protected {
					t.Fatalf("%s%s: protected %v, rule by rule %v, in\n%s", host, path, d.Protected, slow.hit, text)
				}
				if d.Protected {
					protected++
				} else {
					open++
				}
			}
		}
	}
	if protected < 1000 || open < 1000 || spared < 300 {
		t.Errorf("%d protected, %d open, %d of them at a glance", protected, open, spared)
	}
}

// Tenants that write the rules themselves which others inherit are found by them
// (hosts.go), and decided alike.
func TestOwnRulesDecideAsInheritedOnes(t *testing.T) {
	rules := "  protect: [/documents, {path: /orders, fresh: 5m}]\n  allow: [/documents/help]\n"
	if !strings.Contains(offices, rules) {
		t.Fatal("the offices have other rules")
	}
	flow := "{protect: [/documents, {path: /orders, fresh: 5m}], allow: [/documents/help], "
	plain := strings.Replace(offices, rules, "  protect: [/documents, /orders, /order]\n  allow: [/documents/help]\n", 1)
	plainFlow := "{protect: [/documents, /orders, /order], allow: [/documents/help], "
	own, err := NewPrefixes([]string{"/finance"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, texts := range map[string][2]string{
		"ok/entries that say more": {offices, strings.ReplaceAll(strings.Replace(offices, rules, "  minimum: 1\n", 1), ": {", ": "+flow)},
		"ok/plain entries":         {plain, strings.ReplaceAll(strings.Replace(offices, rules, "  minimum: 1\n", 1), ": {", ": "+plainFlow)},
	} {
		t.Run(name, func(t *testing.T) {
			inherited, written := mustParse(t, texts[0]), mustParse(t, texts[1])
			if s := written.hosts.find("silva.example"); !s.beside || inherited.hosts.find("silva.example").beside {
				t.Fatal("both are found in the same way")
			}
			n := 0
			everyFacts(func(f Facts) {
				switch n++; n % 11 { // of many
				case 1:
				case 2:
					f.Rewritten = Target{Path: "/orders/1"}
				case 3:
					f.Protect = own
				default:
					return
				}
				a, b := inherited.Decide(&f), written.Decide(&f)
				if (a.Tenant == nil) != (b.Tenant == nil) || a.Tenant != nil && a.Tenant.Key != b.Tenant.Key ||
					(a.Area == nil) != (b.Area == nil) || a.Area != nil && a.Area.Path != b.Area.Path {
					t.Fatalf("%+v: %+v, and of its own rules %+v", f, a, b)
				}
				a.Tenant, a.Area, b.Tenant, b.Area = nil, nil, nil, nil
				if a != b {
					t.Fatalf("%+v: %+v, and of its own rules %+v", f, a, b)
				}
			})
		})
	}
}

// More text than a block tells the ends of is looked at all the same.
func TestMoreTextThanABlockHolds(t *testing.T) {
	var b strings.Builder
	for i := range 90 {
		fmt.Fprintf(&b, "      - /p%02d/%s/end\n", i, strings.Repeat("x", 900))
	}
	p := mustParse(t, "version: 1\ntenants:\n  a:\n    require: mfa\n    hosts: [a.example]\n    protect:\n"+b.String())
	for i := range 90 {
		for _, rest := range []string{"/end", "/end/1", "/end.json", "/else"} {
			f := known("a.example", fmt.Sprintf("/p%02d/%s%s", i, strings.Repeat("x", 900), rest))
			if d := p.Decide(&f); d.Protected != (rest != "/else") {
				t.Fatalf("%d, %s: %+v", i, rest, d.Reason)
			}
		}
	}
}
