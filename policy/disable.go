package policy

import "slices"

// asksWhileOff reports whether whoever has a factor is asked for it also while
// the tenant requires nothing. (What OnDisableWipe deletes, the call that
// switches off deletes: no edit of a file does.)
func (t *Tenant) asksWhileOff() bool { return t.OnDisable == OnDisableKeep }

// kept returns what a tenant that requires nothing wants of the visitor: where
// it keeps asking, a proof of whoever has a factor, as at any sign-in; where it
// asks for ways of recovery, those. What an area demands beyond that is a part of
// the requirement, and off with it.
func (p *Policy) kept(f *Facts, rec *recorder, t *Tenant, c *cover) (Reason, Ask) {
	if !t.asksWhileOff() && !t.RecoveryRequired {
		return ReasonNotRequired, AskNothing
	}
	proven := p.proofCounts(f, t)
	if rec.step("the store has been silent, and this is closed meanwhile", t, proven && f.Proof.LastKnown && c.closed, ReasonStoreDown) {
		return ReasonStoreDown, AskNothing
	}
	recovers := !t.RecoveryRequired || t.RecoveryMinimum <= 1 && slices.ContainsFunc(f.Proof.Methods, func(kind string) bool { return slices.Contains(t.Recovery, kind) })
	if rec.step("a proof that counts", t, proven && recovers, ReasonVerified) {
		return ReasonVerified, AskNothing
	}
	if reason, ask, known := f.account(rec, t); !known {
		return reason, ask
	}
	methods, recovery := p.counting(f, t)
	enrolled := methods > 0 && t.Prove == ProveEnrolled
	trusted := methods > 0 && p.trusts(f, t)
	ways := p.ways(f, t)
	few := t.RecoveryRequired && ways < t.RecoveryMinimum
	switch {
	case rec.step("a factor is registered and not proven", t, t.asksWhileOff() && !proven && !enrolled && !trusted && methods+recovery > 0, ReasonVerify):
		return ReasonVerify, AskNothing
	case rec.step("no way of recovery is registered", t, few && ways == 0, ReasonEnroll):
		return ReasonEnroll, AskNothing
	case rec.step("fewer ways of recovery than the minimum", t, few, ReasonMoreMethods):
		return ReasonMoreMethods, AskNothing
	case rec.step("a proof that counts", t, proven, ReasonVerified):
		return ReasonVerified, AskNothing
	case rec.step("a browser that was trusted after a proof", t, t.asksWhileOff() && trusted && !enrolled, ReasonTrustedDevice):
		return ReasonTrustedDevice, AskNothing
	case rec.step("a registered factor is enough", t, t.asksWhileOff() && enrolled, ReasonEnrolled):
		return ReasonEnrolled, AskNothing
	}
	rec.step("nothing is required of who has no factor", t, true, ReasonNotRequired)
	return ReasonNotRequired, AskNothing
}
