package policy

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var pathWords = strings.Fields("app admin billing invoices reports users settings api v1 v2 export ledger payroll tax audit portal files search team roles keys")

// manyTenants makes n tenants of ten prefixes each, one to three segments deep,
// of files of a thousand tenants.
func manyTenants(tb testing.TB, n int) *Policy {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var docs []*document
	terms := &termsSeen{}
	for i := 0; i < n; {
		var b strings.Builder
		b.WriteString("version: 1\ntenants:\n")
		for range min(1000, n-i) {
			fmt.Fprintf(&b, "  tenant-%06d: {hosts: [t%06d.portal.test], require: mfa, protect: [%s]}\n", i, i, strings.Join(manyPrefixes(r), ", "))
			i++
		}
		d := parse(fmt.Sprintf("%d.yaml", i), []byte(b.String()), "", false, terms)
		if len(d.problems) > 0 {
			tb.Fatal(d.problems)
		}
		docs = append(docs, d)
	}
	p, problems := link(docs, Options{})
	if len(problems) > 0 {
		tb.Fatal(problems)
	}
	return p
}

func manyPrefixes(r *rand.Rand) (list []string) {
	for len(list) < 10 {
		prefix := ""
		for range r.IntN(3) + 1 {
			prefix += "/" + pathWords[r.IntN(len(pathWords))]
		}
		if !slices.Contains(list, prefix) {
			list = append(list, prefix)
		}
	}
	return list
}

// A query is what differs from request to request: short, and side by side with
// the next one, so that it is not what is measured.
type query struct{ host, path, tenant string }

// manyQueries asks at random for a page below a prefix, or for one that nobody
// protects.
func manyQueries(p *Policy) []query {
	r := rand.New(rand.NewPCG(3, 4))
	queries := make([]query, 1<<16)
	var k keeper
	for i := range queries {
		t := p.order[r.IntN(len(p.order))]
		path := fmt.Sprintf("/public/assets/%d/logo.png", r.IntN(100000))
		if r.IntN(2) == 0 {
			path = fmt.Sprintf("%s/item/%d/edit", t.rules.protect[r.IntN(10)].Path, r.IntN(100000))
		}
		queries[i] = query{k.keep(t.Hosts[0]), k.keep(path), k.keep(t.Key)}
	}
	return queries
}

// facts are those of a visitor who proved a factor, at any tenant.
func (q *query) facts() Facts {
	now := time.Unix(1_700_000_000, 0)
	return Facts{
		Place: Place{Host: q.host, Mount: DefaultMount}, Method: "GET", Sent: Target{Path: q.path},
		Now: now, Client: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Who: Known, User: "bob",
		Proof: Proof{At: now, Tenant: q.tenant, First: FirstEmail, Methods: []string{MethodTOTP}},
	}
}

func benchmarkDecide(b *testing.B, n int, mapped bool) {
	p := manyTenants(b, n)
	queries := manyQueries(p)
	f := queries[0].facts()
	f.TenantMapped = mapped
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		q := &queries[i&(1<<16-1)]
		f.Host, f.Sent.Path, f.Proof.Tenant = q.host, q.path, q.tenant
		if mapped {
			f.Tenant = q.tenant
		}
		p.Decide(&f)
		i++
	}
}

func BenchmarkDecide10Tenants(b *testing.B)     { benchmarkDecide(b, 10, false) }
func BenchmarkDecide1000Tenants(b *testing.B)   { benchmarkDecide(b, 1000, false) }
func BenchmarkDecide100000Tenants(b *testing.B) { benchmarkDecide(b, 100_000, false) }
func BenchmarkDecideAnyTenant(b *testing.B)     { benchmarkDecide(b, 100_000, true) }

// BenchmarkDecideBareMatch100000Tenants is what a decision is beside: a map of hosts, and
// each one's prefixes in turn, the longest first. It reads no target, knows no visitor
// and no requirement; what it takes on a machine tells what that machine's memory is like.
func BenchmarkDecideBareMatch100000Tenants(b *testing.B) {
	p := manyTenants(b, 100_000)
	queries := manyQueries(p)
	prefixes := make(map[string][]string, len(p.order))
	for _, t := range p.order {
		var list []string
		for _, r := range longestFirst(t.rules.protect) {
			list = append(list, strings.Clone(r.Path))
		}
		prefixes[strings.Clone(t.Hosts[0])] = list
	}
	covered, i := 0, 0
	for b.Loop() {
		q := &queries[i&(1<<16-1)]
		for _, prefix := range prefixes[q.host] {
			if strings.HasPrefix(q.path, prefix) && (len(q.path) == len(prefix) || q.path[len(prefix)] == '/') {
				covered++
				break
			}
		}
		i++
	}
	if covered == 0 || covered == i {
		b.Errorf("%d of %d covered", covered, i)
	}
}

func BenchmarkDecideOddTarget(b *testing.B) {
	p := manyTenants(b, 10)
	f := manyQueries(p)[0].facts()
	f.Sent.Path = "/public/My%20Report%20(1).pdf"
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(&f)
	}
}

func TestDecideAllocatesNothingOnPlainTargets(t *testing.T) {
	p := manyTenants(t, 100)
	var facts []Facts
	for i, q := range manyQueries(p)[:100] {
		f := q.facts()
		f.TenantMapped, f.Tenant = i%3 == 0, q.tenant
		if i%5 == 0 {
			f.Rewritten = Target{Path: "/index.html"}
		}
		facts = append(facts, f)
	}
	passed := 0
	if n := testing.AllocsPerRun(100, func() {
		for i := range facts {
			if p.Decide(&facts[i]).Reason == ReasonVerified {
				passed++
			}
		}
	}); n != 0 || passed == 0 {
		t.Errorf("%v allocations in 100 decisions, %d verified", n, passed)
	}
}
