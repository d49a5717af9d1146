package policy

// asksWhileOff reports whether whoever has a factor is asked for it also while
// the tenant requires nothing. (What OnDisableWipe deletes, the call that
// switches off deletes: no edit of a file does.)
func (t *Tenant) asksWhileOff() bool { return t.OnDisable == OnDisableKeep }

// kept returns what a tenant that requires nothing wants of the visitor: where
// it keeps asking, a proof of whoever has a factor, as at any sign-in. What an
// area demands beyond that is a part of the requirement, and off with it.
func (p *Policy) kept(f *Facts, rec *recorder, t *Tenant, c *cover) (Reason, Ask) {
	if !t.asksWhileOff() {
		return ReasonNotRequired, AskNothing
	}
	proven := p.proofCounts(f, t)
	if rec.step("the store has been silent, and this is closed meanwhile", t, proven && f.Proof.LastKnown && c.closed, ReasonStoreDown) {
		return ReasonStoreDown, AskNothing
	}
	if rec.step("a proof that counts", t, proven, ReasonVerified) {
		return ReasonVerified, AskNothing
	}
	if reason, ask, known := f.account(rec, t); !known {
		return reason, ask
	}
	methods, recovery := p.counting(f, t)
	switch {
	case rec.step("a registered factor is enough", t, methods > 0 && t.Prove == ProveEnrolled, ReasonEnrolled):
		return ReasonEnrolled, AskNothing
	case rec.step("a factor is registered and not proven", t, methods+recovery > 0, ReasonVerify):
		return ReasonVerify, AskNothing
	}
	rec.step("nothing is required of who has no factor", t, true, ReasonNotRequired)
	return ReasonNotRequired, AskNothing
}
