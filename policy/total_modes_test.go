package policy

import (
	"testing"
	"time"
)

const everyMode = `version: 1
defaults: {require: mfa, share: everywhere, methods: [passkey, totp], protect: [/documents, {path: /orders, fresh: 5m}, {path: /vault, require: phishing-resistant}]}
tenants:
  next: {activate: next-session, grace: 14d}
  dated: {activate: 2031-01-01, on_disable: keep}
  soft: {grace: 1d, remind: {every: 1d, times: 3}, minimum: 2}
  ever: {remind: {every: 1d, times: unlimited}, review: 30d}
  kept: {require: none, on_disable: keep}
  recovery: {require: none, recovery: {methods: [totp], required: true}, remind: {every: 1d, times: 3}}
  both: {recovery: {methods: [totp, codes], minimum: 2}, prove: enrolled, review: 30d}
  partner: {stage: production, require: phishing-resistant, grace: 1d}
`

// everyModeFacts calls do with combinations of all that the modes look at.
func everyModeFacts(p *Policy, do func(*Tenant, Facts)) {
	proofs := []Proof{
		{}, {Claim: true}, {At: before(time.Minute), Claim: true},
		{At: before(time.Minute), Methods: totp}, {At: before(time.Hour), Methods: []string{"passkey"}, Resistant: true, Reviewed: before(40 * day)},
		{At: before(time.Hour), Methods: []string{"codes"}}, {At: before(-time.Hour), Methods: totp},
	}
	methods := [][]string{nil, {"totp"}, {"passkey"}, {"passkey", "totp"}}
	for _, t := range p.Tenants() {
		for _, path := range []string{"/documents", "/orders", "/vault"} {
			for _, proof := range proofs {
				proof.Tenant, proof.First = t.Key, "email"
				for _, state := range []AccountState{AccountNotAsked, AccountKnown, AccountDown} {
					for _, kinds := range methods {
						for i := range 64 {
							began, had, looked := i&1 != 0, i&2 != 0, before(time.Duration(i&4)*10*day)
							f := known("", path, identity(t.Key), by(ByIdentity))
							f.Proof, f.Account = proof, Account{State: state, Had: had, Codes: i&8 != 0}
							for _, k := range kinds {
								f.Account.Methods = append(f.Account.Methods, AccountMethod{Kind: k, Tenant: t.Key, First: "email", Reviewed: looked})
							}
							if i&16 != 0 {
								f.Account.Due = []Due{{Tenant: t.Key, Since: before(36 * time.Hour), Later: now.Add(time.Duration(i&32) * time.Minute)}}
							}
							if began {
								f.Began = func(*Tenant) time.Time { return before(time.Hour) }
							}
							do(t, f)
						}
					}
				}
			}
		}
	}
}

// Whatever is put off, what passes where a fresh proof, or one of a passkey, is
// asked for has given it, unless nothing is required of this person at all; and
// what the store has to say is never guessed.
func TestNothingPutOffStandsForAProof(t *testing.T) {
	p := mustParse(t, everyMode)
	seen := map[Reason]int{}
	everyModeFacts(p, func(tn *Tenant, f Facts) {
		d := p.Decide(&f)
		seen[d.Reason]++
		switch {
		case d.Ask != AskNothing && d.Verdict != Deny, d.Ask == AskNothing && d.Verdict != d.Reason.Verdict():
			t.Fatalf("%s %+v: %v %v, ask %v", tn.Key, f, d.Verdict, d.Reason, d.Ask)
		case d.Ask == AskDue && (f.Account.State != AccountKnown || len(f.Account.Due) > 0 || d.Tenant != tn):
			t.Fatalf("%s %+v: asks for a note", tn.Key, f)
		}
		if d.Verdict != Allow && d.Verdict != Remind {
			return
		}
		fresh := !f.Proof.At.IsZero() && f.Now.Sub(f.Proof.At) <= 5*time.Minute && !f.Proof.At.After(f.Now)
		strong := f.Proof.Resistant && !f.Proof.At.After(f.Now)
		switch {
		case d.Reason == ReasonNotRequired || !tn.Requires(f.Now):
		case f.Sent.Path == "/orders" && !fresh, (f.Sent.Path == "/vault" || tn.Require == RequireResistant) && !strong:
			t.Fatalf("%s %+v passes as %v", tn.Key, f, d.Reason)
		}
		switch d.Reason {
		case ReasonGrace, ReasonRemind, ReasonPostponed:
			if f.Account.State != AccountKnown || len(f.Account.Due) == 0 || len(f.Account.Methods) > 0 && f.Proof.At.IsZero() && tn.Prove == ProveSession && tn.Requires(f.Now) && !f.Proof.Claim {
				t.Fatalf("%s %+v passes as %v", tn.Key, f, d.Reason)
			}
		}
	})
	for _, r := range []Reason{ReasonGrace, ReasonPostponed, ReasonRemind, ReasonReview, ReasonMoreMethods, ReasonEnroll, ReasonNotRequired, ReasonVerified, ReasonVerify, ReasonStale, ReasonWeak, ReasonStoreDown} {
		if seen[r] == 0 {
			t.Errorf("no facts led to %v", r)
		}
	}
}
