package policy

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An anyPolicy writes policies, and targets beside their prefixes: short ones and
// long ones, of letters that fold into others, of files that servers show under
// other names.
type anyPolicy struct {
	*rand.Rand
	words    []string
	prefixes []string
}

var anyWords = []string{"abc", "abcd", "abcde", "v1.2", "x.json", "index.php", "default.aspx", "ſaw", "İxy", "Kb", "ﬁn", "ab\u00adc", "日本", "Ab-", "ﬂﬂ", "été", "ab∕c"}

// shortWords make prefixes that are too short for a sieve to hold anything back.
var shortWords = []string{"a", "é", "\u00ad", "K", "a∕b"}

func (a *anyPolicy) one(of ...string) string { return of[a.IntN(len(of))] }

func (a *anyPolicy) prefix() string {
	p := ""
	for range 1 + a.IntN(4)/3 {
		p += "/" + a.one(a.words...)
	}
	a.prefixes = append(a.prefixes, p)
	return p
}

// list writes a protect or an allow, of nothing as well.
func (a *anyPolicy) list(more ...string) string {
	var entries, seen []string
	for range a.IntN(4) {
		p := a.prefix()
		if f := fold(plainLetters(p)); !slices.Contains(seen, f) {
			seen = append(seen, f)
			entries = append(entries, fmt.Sprintf("{path: %q%s}", p, a.one(append(more, "")...)))
		}
	}
	if a.IntN(50) == 0 {
		entries = append(entries, "/")
	}
	return "[" + strings.Join(entries, ", ") + "]"
}

func (a *anyPolicy) tenant(more string) string {
	t := "{require: " + a.one("mfa", "mfa", "none", "phishing-resistant, methods: [totp, passkey]") + more
	if a.IntN(3) > 0 {
		t += ", protect: " + a.list(", fresh: 5m", ", query: {q: v}", ", require: phishing-resistant", ", name: N")
	}
	if a.IntN(3) == 0 {
		t += ", allow: " + a.list(", method: [GET]", ", query: {q: v}")
	}
	if a.IntN(3) == 0 {
		t += ", case: sensitive"
	}
	return t + "}\n"
}

func (a *anyPolicy) path() string {
	p := a.one(a.prefixes...)
	if a.IntN(2) == 0 { // as its look-alike in plain letters
		p = fold(plainLetters(p))
	}
	if n := len(p); a.IntN(4) == 0 {
		p = p[:1+a.IntN(n)]
	}
	if a.IntN(4) == 0 {
		p = strings.ToUpper(p)
	}
	return p + a.one("", "", "/", "/x", ".json", ".php", ".php/1", ".d", "x", "abc", "%41", ";x", ".", "//")
}

// Whatever the policy is, however it came to be, whoever names the tenant and
// whatever the directive protects besides: nothing is spared of which one rule,
// looked at alone, protects a reading, and Decide finds open what is spared.
func TestSpares_OfAnyPolicy(t *testing.T) {
	a := &anyPolicy{Rand: rand.New(rand.NewPCG(11, 12))}
	single, err := Single(SingleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"own.example", "X.wild.example:443", "child.example", "grand.example", "bare.example", "none.example", ""}
	spared, asked, loaded := 0, 0, 0
	for i := range 150 {
		a.words = nil
		for range 4 {
			a.words = append(a.words, a.one(anyWords...))
		}
		if a.IntN(8) == 0 {
			a.words[0] = a.one(shortWords...)
		}
		a.prefixes = []string{"/", "/open", "/abcx", "/v1.3", "/.mfa", "/gate/.mfa"}
		dir := t.TempDir()
		write(t, dir, "p.yaml", "version: 1\ninclude: [\"*.tenant\"]\ndefaults: "+a.tenant("")+"tenants:\n  own: "+a.tenant(a.one(", hosts: [own.example]", ", hosts: [own.example, '*.wild.example']"))+
			"  bare: {hosts: [bare.example]}\n")
		write(t, dir, "child.tenant", "tenants:\n  child: "+a.tenant(", parent: own, hosts: [child.example]"))
		write(t, dir, "grand.tenant", "tenants:\n  grand: {parent: child, hosts: [grand.example]}\n")
		policies := []*Policy{single}
		if f, err := Open(filepath.Join(dir, "p.yaml"), Options{}); err == nil {
			loaded++
			policies = append(policies, f.Policy())
			if i%4 == 0 { // and after a look at what changed, or is gone
				write(t, dir, "child.tenant", "tenants:\n  child: "+a.tenant(", parent: own, hosts: [child.example]"))
				if a.IntN(2) == 0 {
					_ = os.Remove(filepath.Join(dir, "child.tenant"))
				}
				if changed, _ := look(t, f); changed {
					policies = append(policies, f.Policy())
				}
			}
		}
		if p, err := parseText("version: 1\ntenants:\n  only: "+a.tenant(""), Options{}); err == nil {
			policies = append(policies, p)
		}
		own := []*Prefixes{nil}
		for range 2 {
			if q, err := NewPrefixes([]string{a.prefix(), a.prefix()}, ""); err == nil {
				own = append(own, q)
			}
		}
		for _, p := range policies {
			for range 60 {
				f := Facts{
					Method: a.one("GET", "POST"), Now: now,
					Sent: Target{a.path(), a.one("", "", "q=v", "/a", "%2fa", "x=%2fa")},
					Place: Place{
						Host: a.one(hosts...), Protect: own[a.IntN(len(own))], Mount: a.one("", DefaultMount, "/gate/.mfa", "/a"),
						TenantBy: TenantBy(a.IntN(3)), TenantMapped: a.IntN(3) == 0,
					},
				}
				f.TenantMapped = f.TenantMapped || f.TenantBy == ByIdentity
				if !mustSpareRightly(t, p, &f) {
					asked++
					continue
				}
				spared++
				mustBeNobodys(t, p, &f)
			}
		}
	}
	if spared < 3000 || asked < 3000 || loaded < 80 {
		t.Errorf("%d spared, %d not, of %d files", spared, asked, loaded)
	}
}

// mustBeNobodys sees to it that no rule of whoever may decide, looked at by
// itself, protects the target, and no other tenant's where the host's may not.
func mustBeNobodys(t *testing.T, p *Policy, f *Facts) {
	t.Helper()
	var read target
	if !read.read(f.Sent) {
		t.Fatalf("%q is spared, and cannot be read", f.Sent)
	}
	tenants := p.Tenants()
	if host := p.HostTenant(f.Host); host != nil && !p.mapped(&f.Place) {
		tenants = []*Tenant{host}
	}
	sets := make([]*ruleset, 0, len(tenants)+1)
	for _, tenant := range tenants {
		sets = append(sets, tenant.rules)
	}
	if f.Protect != nil {
		sets = append(sets, f.Protect.rules)
	}
	for i := range read.len() {
		for _, s := range sets {
			if j := slices.IndexFunc(s.protect, func(r rule) bool { return r.protects(read.at(i), s.sensitive) }); j >= 0 {
				t.Fatalf("%s%s is spared, and %s protects it", f.Host, f.Sent, s.protect[j].Path)
			}
		}
	}
	if f.Mount != "" && under(fold(f.Sent.Path), fold(f.Mount), false) {
		t.Fatalf("%s is spared, and under %s", f.Sent, f.Mount)
	}
}
