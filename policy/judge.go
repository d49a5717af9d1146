package policy

import (
	"slices"
	"time"
)

// judge is one tenant's word on a request of a person who is known, of which c
// is what the tenant protects.
func (p *Policy) judge(f *Facts, rec *recorder, t *Tenant, c cover) Decision {
	on := c.hit && t.requires(f)
	d := Decision{
		Tenant: t, Area: c.area, Protected: c.hit, Fresh: c.fresh,
		Resistant: on && (c.resistant || t.Require == RequireResistant),
	}
	if rec.step("nothing is required here", t, !on && !(c.hit && (t.asksWhileOff() || t.RecoveryRequired)), ReasonNotRequired) {
		return d.as(ReasonNotRequired)
	}
	if rec.step("a service account", t, t.exempts(f, c), ReasonExempt) {
		return d.as(ReasonExempt)
	}
	var reason Reason
	var ask Ask
	if on {
		reason, ask = p.owed(f, rec, t, &c, d.Resistant)
	} else {
		d.Fresh = 0 // as much a part of the requirement as what else an area demands
		reason, ask = p.kept(f, rec, t, &c)
	}
	if ask == AskNothing && reason.Verdict() == Enroll && p.mayWait(f, t, &d) {
		d.Would = reason
		if reason, ask = t.putOff(f, rec, reason); reason != ReasonRemind {
			d.Would = 0
		}
	}
	if ask != AskNothing {
		d.Ask, d.Verdict, d.Reason = ask, Deny, ReasonStoreDown
		return d
	}
	if d = d.as(reason); reason == ReasonNotRequired {
		d.Resistant = false
	}
	if d.Verdict != Allow && rec.step("the tenant only reports", t, t.Report, ReasonReported) {
		d.Would = reason
		return d.as(ReasonReported)
	}
	return d
}

// mayWait reports whether what is owed here can be put off at all: where the
// area asks for a fresh proof, or one that phishing cannot forward, only such a
// proof will do.
func (p *Policy) mayWait(f *Facts, t *Tenant, d *Decision) bool {
	if d.Fresh == 0 && !d.Resistant {
		return true
	}
	proven, stale, weak := p.standing(f, t, d.Fresh, d.Resistant)
	return proven && !stale && !weak
}

// standing tells what the visitor's proof is worth in an area.
func (p *Policy) standing(f *Facts, t *Tenant, fresh time.Duration, resistant bool) (proven, stale, weak bool) {
	proven = p.proofCounts(f, t)
	return proven, proven && fresh > 0 && !isFresh(f, fresh), proven && resistant && !f.Proof.resists()
}

func (d Decision) as(r Reason) Decision {
	d.Verdict, d.Reason = r.Verdict(), r
	return d
}

// owed returns what a tenant that requires a factor wants of the visitor, or
// what has to be asked first.
func (p *Policy) owed(f *Facts, rec *recorder, t *Tenant, c *cover, resistant bool) (Reason, Ask) {
	fresh := c.fresh
	proven, stale, weak := p.standing(f, t, fresh, resistant)
	if rec.step("the store has been silent, and this is closed meanwhile", t, proven && f.Proof.LastKnown && c.closed, ReasonStoreDown) {
		return ReasonStoreDown, AskNothing
	}
	settled := proven && !stale && !weak && t.Minimum <= 1 && t.RecoveryMinimum <= 1 && !f.Proof.rescued(t) && !t.mayBeDue(f)
	if rec.step("a proof that counts", t, settled, ReasonVerified) {
		return ReasonVerified, AskNothing
	}
	if t.Activate.NextSession && rec.step("the session began before it was required", t, t.goesOn(f), ReasonNotRequired) {
		return p.kept(f, rec, t, c)
	}
	if reason, ask, known := f.account(rec, t); !known {
		return reason, ask
	}
	methods, codes := p.counting(f, t)
	enrolled := t.Prove == ProveEnrolled && fresh == 0 && !resistant && methods > 0
	keys := resistant && p.hasKey(f, t)
	trusted := fresh == 0 && !resistant && p.trusts(f, t)
	switch {
	case rec.step("the proof is older than the area allows", t, stale && methods+codes > 0, ReasonStale):
		return ReasonStale, AskNothing
	case rec.step("a factor is registered and not proven", t, !proven && !enrolled && !trusted && methods+codes > 0, ReasonVerify):
		return ReasonVerify, AskNothing
	case rec.step("the proof could have been passed on by a phishing site", t, weak && keys, ReasonWeak):
		return ReasonWeak, AskNothing
	case rec.step("no factor is registered that counts", t, methods == 0 || resistant && !keys, ReasonEnroll):
		return ReasonEnroll, AskNothing
	case rec.step("fewer factors than the minimum", t, t.short(f, methods, codes), ReasonMoreMethods):
		return ReasonMoreMethods, AskNothing
	case rec.step("the factors are due to be looked through", t, p.reviewDue(f, t), ReasonReview):
		return ReasonReview, AskNothing
	case rec.step("a proof that counts", t, proven, ReasonVerified):
		return ReasonVerified, AskNothing
	case rec.step("a browser that was trusted after a proof", t, trusted && !enrolled, ReasonTrustedDevice):
		return ReasonTrustedDevice, AskNothing
	}
	rec.step("a registered factor is enough", t, true, ReasonEnrolled)
	return ReasonEnrolled, AskNothing
}

// account reports whether the person's account is known; else what to ask, or
// answer, instead.
func (f *Facts) account(rec *recorder, t *Tenant) (reason Reason, ask Ask, known bool) {
	switch f.Account.State {
	case AccountKnown:
		return 0, AskNothing, true
	case AccountNotAsked:
		return 0, AskAccount, false
	}
	rec.step("the store of factors cannot be asked", t, true, ReasonStoreDown)
	return ReasonStoreDown, AskNothing, false
}

// proofCounts reports whether the visitor's proof, or the identity's own claim,
// counts for the tenant. A proof from the future is none: whoever can set a
// clock ahead would never be asked again.
func (p *Policy) proofCounts(f *Facts, t *Tenant) bool {
	q := &f.Proof
	if q.At.After(f.Now.Add(maxAhead)) {
		return false
	}
	if q.Claim {
		return true
	}
	return !q.At.IsZero() && !q.Interim && p.made(q.Tenant, q.First, t) && p.madeInside(f, q.Tenant, t) &&
		slices.ContainsFunc(q.Methods, func(kind string) bool {
			return t.Offers(kind) || slices.Contains(t.Recovery, kind)
		})
}

// resists reports whether the proof was made by a method that phishing cannot
// pass on. The identity's own claim never says so.
func (q *Proof) resists() bool { return q.Resistant && !q.Claim }

// trusts reports whether the tenant has let this browser off after a proof that
// counts here, and still does: a rule that grew stricter since holds at once.
func (p *Policy) trusts(f *Facts, t *Tenant) bool {
	d := &f.Account.Device
	return t.TrustDevice > 0 && d.Tenant == t.Key && !d.At.IsZero() && !d.At.After(f.Now.Add(maxAhead)) &&
		f.Now.Sub(d.At) <= t.TrustDevice && p.made(d.Method.Tenant, d.Method.First, t) && p.madeInside(f, d.Method.Tenant, t) && t.counts(d.Method.Kind, f.Email)
}

// rescued reports whether nothing but a way of recovery made the proof. It lets
// in who lost every method; whether one is left, the account tells.
func (q *Proof) rescued(t *Tenant) bool {
	return !q.Claim && !slices.ContainsFunc(q.Methods, t.Offers)
}

// isFresh reports whether the proof is recent enough. A claim that does not say
// when it was made never is.
func isFresh(f *Facts, fresh time.Duration) bool {
	return !f.Proof.At.IsZero() && f.Now.Sub(f.Proof.At) <= fresh
}

// counting returns how many registered methods count for the tenant, and ways of
// recovery beside them.
func (p *Policy) counting(f *Facts, t *Tenant) (methods, recovery int) {
	for i := range f.Account.Methods {
		m := &f.Account.Methods[i]
		switch {
		case !p.met(m, t):
		case t.counts(m.Kind, f.Email):
			methods++
		case slices.Contains(t.Recovery, m.Kind):
			recovery++
		}
	}
	return methods, recovery
}

// hasKey reports whether a phishing-resistant method is registered that counts
// for the tenant.
func (p *Policy) hasKey(f *Facts, t *Tenant) bool {
	return slices.ContainsFunc(f.Account.Methods, func(m AccountMethod) bool {
		return m.Kind == MethodPasskey && slices.Contains(t.Methods, m.Kind) && p.met(&m, t)
	})
}

// made reports whether what was made in one tenant, its enrolment first proven
// as first says, counts in t: made there itself, or both share everywhere and t
// would have let it be made.
func (p *Policy) made(tenant, first string, t *Tenant) bool {
	if tenant == t.Key {
		return true
	}
	other := p.Tenant(tenant)
	return other != nil && other.Share == ShareEverywhere && t.Share == ShareEverywhere && asGood(first, t.First)
}

// met reports whether a registered method counts in t: one made elsewhere only if
// it was registered from where t lets be registered.
func (p *Policy) met(m *AccountMethod, t *Tenant) bool {
	return p.made(m.Tenant, m.First, t) && (m.Tenant == t.Key || len(t.EnrollFrom) == 0 || contain(t.EnrollFrom, m.From))
}

// madeInside is met for what stands for a method and does not name it: every
// method made in that tenant has to do. Until the account is known, none does.
func (p *Policy) madeInside(f *Facts, tenant string, t *Tenant) bool {
	if tenant == t.Key || len(t.EnrollFrom) == 0 {
		return true
	}
	if f.Account.State != AccountKnown {
		return false
	}
	found := false
	for i := range f.Account.Methods {
		if m := &f.Account.Methods[i]; m.Tenant == tenant {
			if !p.met(m, t) {
				return false
			}
			found = true
		}
	}
	return found
}

// asGood reports whether one first proof is as good as another: an address of
// record as one that was typed, and nothing is asked for where nothing is. A
// pass is the word of one tenant's administrator, so no other tenant takes it.
func asGood(by, want string) bool {
	switch want {
	case FirstNone:
		return true
	case FirstTyped:
		return by == FirstTyped || by == FirstEmail
	case FirstPass:
		return false
	}
	return by == want
}
