package policy

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var pathWords = strings.Fields("app admin billing invoices reports users settings api v1 v2 export ledger payroll tax audit portal files search team roles keys")

// manyTenants makes n tenants of ten prefixes each, one to three segments deep.
func manyTenants(n int) *Policy {
	r := rand.New(rand.NewPCG(1, 2))
	tenants := make([]*Tenant, n)
	terms := standardTerms()
	terms.Require = RequireMFA
	for i := range tenants {
		set := &ruleset{}
		seen := map[string]bool{}
		for len(set.protect) < 10 {
			prefix := ""
			for range r.IntN(3) + 1 {
				prefix += "/" + pathWords[r.IntN(len(pathWords))]
			}
			if !seen[prefix] {
				seen[prefix] = true
				set.protect = append(set.protect, newRule(prefix))
			}
		}
		set.ready()
		tenants[i] = &Tenant{
			Key: fmt.Sprintf("tenant-%06d", i), Hosts: []string{fmt.Sprintf("t%06d.portal.test", i)},
			Terms: terms, rules: set,
		}
	}
	var keys names
	for _, t := range tenants {
		keys.add(t.Key)
	}
	return newPolicy(tenants, keys)
}

// manyFacts asks at random for a proven visitor's page below a prefix, or for
// one that nobody protects.
func manyFacts(p *Policy) []Facts {
	r := rand.New(rand.NewPCG(3, 4))
	now := time.Unix(1_700_000_000, 0)
	facts := make([]Facts, 1<<16)
	for i := range facts {
		t := p.order[r.IntN(len(p.order))]
		path := fmt.Sprintf("/public/assets/%d/logo.png", r.IntN(100000))
		if r.IntN(2) == 0 {
			path = fmt.Sprintf("%s/item/%d/edit", t.rules.protect[r.IntN(10)].Path, r.IntN(100000))
		}
		facts[i] = Facts{
			Host: strings.Clone(t.Hosts[0]), Method: "GET", Sent: Target{Path: path}, Mount: DefaultMount,
			Now: now, Client: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Who: Known, User: "bob",
			Proof: Proof{At: now, Tenant: t.Key, First: FirstEmail, Methods: t.Methods},
		}
	}
	return facts
}

func benchmarkDecide(b *testing.B, n int) {
	p := manyTenants(n)
	facts := manyFacts(p)
	f := facts[0]
	methods := f.Proof.Methods
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		next := &facts[i&(1<<16-1)]
		f.Host, f.Sent.Path, f.Tenant, f.TenantMapped = next.Host, next.Sent.Path, next.Tenant, next.TenantMapped
		f.Proof.Tenant, f.Proof.Methods = next.Proof.Tenant, methods
		p.Decide(&f)
		i++
	}
}

func BenchmarkDecide10Tenants(b *testing.B)     { benchmarkDecide(b, 10) }
func BenchmarkDecide1000Tenants(b *testing.B)   { benchmarkDecide(b, 1000) }
func BenchmarkDecide100000Tenants(b *testing.B) { benchmarkDecide(b, 100_000) }

func BenchmarkDecideAnyTenant(b *testing.B) {
	p := manyTenants(100_000)
	facts := manyFacts(p)
	for i := range facts {
		facts[i].TenantMapped, facts[i].Tenant = true, facts[i].Proof.Tenant
	}
	f := facts[0]
	methods := f.Proof.Methods
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		next := &facts[i&(1<<16-1)]
		f.Host, f.Sent.Path, f.Tenant, f.TenantMapped = next.Host, next.Sent.Path, next.Tenant, next.TenantMapped
		f.Proof.Tenant, f.Proof.Methods = next.Proof.Tenant, methods
		p.Decide(&f)
		i++
	}
}

func BenchmarkDecideOddTarget(b *testing.B) {
	p := manyTenants(10)
	f := manyFacts(p)[0]
	f.Sent.Path = "/public/My%20Report%20(1).pdf"
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(&f)
	}
}

func TestDecideAllocatesNothingOnPlainTargets(t *testing.T) {
	p := manyTenants(100)
	facts := manyFacts(p)[:100]
	for i := range facts {
		facts[i].TenantMapped, facts[i].Tenant = i%3 == 0, facts[i].Proof.Tenant
		if i%5 == 0 {
			facts[i].Rewritten = Target{Path: "/index.html"}
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		for i := range facts {
			p.Decide(&facts[i])
		}
	}); n != 0 {
		t.Errorf("%v allocations in 100 decisions", n)
	}
}
