package policy

import "time"

// maxAhead is how far a proof's time may lie ahead of this machine's clock
// before it is no proof.
const maxAhead = time.Minute

// Decide answers one request. It is total: any Facts get a Decision, and
// whatever it cannot account for is denied. It asks for what it does not know
// yet (Decision.Ask) only where the answer matters, so that an open target
// costs no identity and a proven visitor no store.
func (p *Policy) Decide(f *Facts) Decision { return p.decide(f, nil) }

// decide is Decide; rec, where not nil, is told every step (explain.go).
func (p *Policy) decide(f *Facts, rec *recorder) Decision {
	var own *ruleset
	if f.Protect != nil {
		own = f.Protect.rules
	}
	host, at := p.hostTenant(&f.Place)

	// 1. What is asked for? Both targets count, each read by itself: routes
	// before the gate rewrite the one, the app may look at the other. It is open
	// where the host's tenant protects nothing of it, and, where the tenant is
	// the identity's to name or the host names none, no tenant does.
	var sent, rewritten target
	twice := f.Rewritten != (Target{}) && f.Rewritten != f.Sent
	readable := sent.read(f.Sent) && (!twice || rewritten.read(f.Rewritten))
	if readable {
		// A page of the gate's own is served before anybody decides: what is still
		// one by some reading is spelled so that it was not.
		page, ambiguous := sent.mounted(f.Mount)
		readable = !page && !ambiguous
	}
	if rec.step("the target cannot be read safely", nil, !readable, ReasonBadTarget) {
		return p.refuse(f, host, ReasonBadTarget)
	}
	if rec.step("a preflight, which carries no credentials on", nil, f.Preflight, ReasonOpen) {
		return Decision{Verdict: Allow, Reason: ReasonOpen, Preflight: true}
	}
	targets := [...]*target{&sent, &rewritten}
	asked := targets[:1]
	if twice {
		asked = targets[:]
	}
	rec.rules(p, host, own, asked, f)
	var cover cover
	switch {
	case host == nil:
	case at == nil || own != nil || twice || sent.more != nil:
		cover = host.rules.coversAny(asked, own, f)
	case at.sieve.passes(sent.one.head) || at.sieve.passes(sent.one.bare): // most requests for what is open do not
		cover = host.rules.coversBeside(at, &sent, f)
	}
	touched := cover.hit || (host == nil || p.mapped(&f.Place)) && p.index.protects(asked, own, f)
	if rec.step("no protected prefix covers it", nil, !touched, ReasonOpen) {
		return Decision{Verdict: Allow, Reason: ReasonOpen}
	}

	// 2. Who is asking?
	switch f.Who {
	case Known:
	case NotAsked:
		return Decision{Ask: AskIdentity, Verdict: Deny, Reason: ReasonNoIdentity, Protected: true}
	case Mixed:
		if d, ok := p.exemptAlone(f, rec, host, asked, own); ok {
			return d
		}
		return p.denied(rec, f, host, ReasonMixedCredentials)
	case Down:
		return p.denied(rec, f, host, ReasonIdentityDown)
	case Conflict:
		return p.denied(rec, f, host, ReasonIdentityConflict)
	default:
		return p.denied(rec, f, host, ReasonNoIdentity)
	}

	// 3. For which tenant? Where two speak, both judge and the stricter holds:
	// the host may say one thing and the session serve another.
	first, second, ok := p.speaking(f, host)
	if rec.step("no tenant is known, or two that do not belong together", nil, !ok, ReasonUnknownTenant) {
		return p.refuse(f, host, ReasonUnknownTenant)
	}
	if first != host {
		cover = first.rules.coversAny(asked, own, f)
	}
	d := p.judge(f, rec, first, cover)
	if second != nil {
		d = stricterOf(d, p.judge(f, rec, second, second.rules.coversAny(asked, own, f)))
	}
	return d
}

// hostTenant is the tenant that the request's host names, where hosts may, and
// where it was found, if by the host.
func (p *Policy) hostTenant(at *Place) (*Tenant, *hostSlot) {
	if at.TenantBy == ByIdentity && !p.single {
		return nil, nil
	}
	if p.sole != nil {
		return p.sole, nil
	}
	if s := p.hosts.lookup(at.Host); s != nil {
		return s.tenant, s
	}
	return nil, nil
}

// mapped reports whether the identity may name a tenant.
func (p *Policy) mapped(at *Place) bool {
	return !p.single && (at.TenantBy == ByIdentity || at.TenantBy != ByHost && at.TenantMapped)
}

// speaking returns the tenants whose rules hold: one, or two of which one is
// above the other. A tenant that the identity should name and does not, or that
// does not exist, is none of ours.
func (p *Policy) speaking(f *Facts, host *Tenant) (first, second *Tenant, ok bool) {
	if !p.mapped(&f.Place) {
		return host, nil, host != nil
	}
	named := p.Tenant(f.Tenant)
	switch {
	case named == nil:
		return nil, nil, false
	case host == nil || host == named:
		return named, nil, true
	case host.under(named) || named.under(host):
		return host, named, true
	}
	return nil, nil, false
}

// denied records a refusal and makes it.
func (p *Policy) denied(rec *recorder, f *Facts, host *Tenant, r Reason) Decision {
	rec.step("it is not known which one person asks", nil, true, r)
	return p.refuse(f, host, r)
}

// refuse denies a request before its tenant is known, unless whichever tenant
// it may turn out to be only reports.
func (p *Policy) refuse(f *Facts, host *Tenant, r Reason) Decision {
	d := Decision{Verdict: r.Verdict(), Reason: r, Protected: true}
	if !p.mapped(&f.Place) {
		d.Tenant = host
	}
	if p.report || d.Tenant != nil && d.Tenant.Report {
		d.Verdict, d.Reason, d.Would = Allow, ReasonReported, r
	}
	return d
}

// stricterOf returns the stricter of two tenants' decisions; of two alike, the
// one that protects, then the one that wants the fresher proof. A question
// still open comes before any answer.
func stricterOf(a, b Decision) Decision {
	switch {
	case a.Ask != AskNothing:
		return a
	case b.Ask != AskNothing:
		return b
	case a.Verdict != b.Verdict:
		if b.Verdict.rank() > a.Verdict.rank() {
			return b
		}
		return a
	}
	a.Resistant, b.Resistant = a.Resistant || b.Resistant, a.Resistant || b.Resistant
	if b.Reason != ReasonNotRequired && (a.Reason == ReasonNotRequired || b.Fresh != 0 && (a.Fresh == 0 || b.Fresh < a.Fresh)) {
		b.Protected = b.Protected || a.Protected
		return b
	}
	a.Protected = a.Protected || b.Protected
	return a
}
