package policy

import (
	"slices"
	"testing"
	"time"
)

// everyFacts calls do with every combination of what a request may bring.
func everyFacts(do func(Facts)) {
	proofs := []Proof{
		{}, {Claim: true}, {At: before(time.Minute), Claim: true}, {At: before(-time.Hour), Claim: true},
		{At: before(time.Minute), Tenant: "silva", First: "email", Methods: totp},
		{At: before(time.Hour), Tenant: "silva", First: "email", Methods: []string{"codes"}},
		{At: before(time.Hour), Tenant: "costa", First: "email", Methods: totp},
		{At: before(time.Hour), Tenant: "souza", First: "none", Methods: totp},
		{At: before(-time.Hour), Tenant: "silva", First: "email", Methods: totp},
		{At: before(time.Minute), Tenant: "silva", First: "email", Methods: totp, LastKnown: true},
	}
	accounts := []Account{
		{}, {State: AccountDown}, {State: 77}, {State: AccountKnown},
		{State: AccountKnown, Methods: []AccountMethod{{Kind: "totp", Tenant: "silva", First: "email"}}},
		{State: AccountKnown, Methods: []AccountMethod{{Kind: "totp", Tenant: "costa", First: "email"}, {Kind: "codes", Tenant: "silva", First: "email"}}},
		{State: AccountKnown, Methods: []AccountMethod{{Kind: "totp", Tenant: "souza", First: "none"}, {Kind: "totp", Tenant: "strict", First: "email"}}},
	}
	for _, host := range []string{"", "silva.example", "souza.example", "costa.example", "vapaa.example", "branch.example", "strict.example", "trial.example"} {
		for _, path := range []string{"/finance", "/documents", "/orders/..%2forders", "/documents/help", "/%zz"} {
			for _, w := range []Who{NotAsked, Known, Nobody, Conflict, Down, Mixed, 88} {
				for _, tenant := range []string{"", "silva", "souza", "nowhere"} {
					for by := range TenantBy(4) {
						for _, proof := range proofs {
							for _, account := range accounts {
								do(Facts{
									Place:  Place{Host: host, Mount: DefaultMount, TenantMapped: tenant != "", TenantBy: by},
									Method: "GET", Sent: Target{Path: path}, Now: now,
									Who: w, User: "bob", Tenant: tenant,
									Proof: proof, Account: account,
								})
							}
						}
					}
				}
			}
		}
	}
}

// Decide has an answer for everything, its verdict is its reason's, and what
// passes under a prefix that requires a factor has one behind it.
func TestDecideIsTotal(t *testing.T) {
	p := mustParse(t, offices)
	seen := map[Reason]int{}
	everyFacts(func(f Facts) {
		d := p.Decide(&f)
		seen[d.Reason]++
		switch {
		case d.Ask != AskNothing:
			if d.Verdict != Deny {
				t.Fatalf("%+v: an open question passes", f)
			}
		case d.Verdict != d.Reason.Verdict():
			t.Fatalf("%+v: %v with %v", f, d.Verdict, d.Reason)
		case !slices.Contains(Reasons(), d.Reason):
			t.Fatalf("%+v: reason %d is not in the list", f, d.Reason)
		case d.Verdict == Allow && !mayPass(&f, d):
			t.Fatalf("%+v passes: %v", f, d.Reason)
		}
	})
	for _, r := range []Reason{
		ReasonOpen, ReasonNotRequired, ReasonVerified, ReasonEnrolled, ReasonReported, ReasonEnroll, ReasonMoreMethods, ReasonVerify,
		ReasonStale, ReasonNoIdentity, ReasonIdentityConflict, ReasonUnknownTenant, ReasonBadTarget, ReasonMixedCredentials, ReasonIdentityDown, ReasonStoreDown,
	} {
		if seen[r] == 0 {
			t.Errorf("no facts led to %v", r)
		}
	}
}

// mayPass says from the facts alone, without a rule's help, whether passing is
// thinkable at all.
func mayPass(f *Facts, d Decision) bool {
	path := f.Sent.Path
	switch d.Reason {
	case ReasonOpen:
		return path == "/finance" || path == "/documents/help"
	case ReasonReported:
		return f.Host == "trial.example"
	case ReasonNotRequired:
		return f.Who == Known && path != "/%zz"
	case ReasonVerified:
		return f.Who == Known && !f.Proof.LastKnown && !f.Proof.At.After(f.Now) && (f.Proof.Claim || len(f.Proof.Methods) > 0)
	case ReasonEnrolled:
		return f.Who == Known && f.Account.State == AccountKnown && len(f.Account.Methods) > 0 && d.Tenant.Key == "souza"
	}
	return false
}

// A fact more against the visitor never turns a refusal into a pass.
func TestLessProofNeverPassesMore(t *testing.T) {
	p := mustParse(t, offices)
	everyFacts(func(f Facts) {
		bare := f
		bare.Proof, bare.Account = Proof{}, Account{State: AccountKnown}
		if f.Who != Known || p.Decide(&bare).Verdict != Allow {
			return
		}
		if f.Account.State == AccountKnown && p.Decide(&f).Verdict != Allow {
			t.Fatalf("%+v is refused, and passes without proof and factors", f)
		}
	})
}

func TestExplainEndsInTheDecision(t *testing.T) {
	p := mustParse(t, offices)
	n := 0
	everyFacts(func(f Facts) {
		if n++; n%7 != 0 { // notes are slow to take
			return
		}
		d := p.Decide(&f)
		steps := p.Explain(&f)
		if d.Ask != AskNothing {
			return
		}
		var last string
		for _, s := range steps {
			if s.Hit && s.Note != "" {
				last = s.Note
			}
		}
		want := d.Verdict.String() + " " + d.Reason.String()
		if d.Reason == ReasonReported {
			return // two tenants' words, or a refusal that is only reported
		}
		if last != want && !twoSpeak(p, &f) {
			t.Fatalf("%+v: explained as %q, decided %q", f, last, want)
		}
	})
}

func twoSpeak(p *Policy, f *Facts) bool {
	host, _ := p.hostTenant(&f.Place)
	_, second, _ := p.speaking(f, host)
	return second != nil
}

func TestExplainNamesRulesAndPlaces(t *testing.T) {
	p := mustParse(t, offices)
	f := known("silva.example", "/x/..;/documents/1")
	steps := p.Explain(&f)
	want := map[string]bool{
		"protect[0] /documents policy.yaml:4:13":             true,
		"protect[1] /orders policy.yaml:4:25":                false,
		"allow[0] /documents/help policy.yaml:5:11":          false,
		"no protected prefix covers it":                      false,
		"tenants.silva: no factor is registered that counts": true,
	}
	for _, s := range steps {
		if hit, listed := want[s.Rule]; listed && hit != s.Hit {
			t.Errorf("%s: hit %v", s.Rule, s.Hit)
		}
		delete(want, s.Rule)
	}
	if len(want) > 0 {
		t.Errorf("not explained: %v, in %+v", want, steps)
	}
}
