package policy

// Spares reports whether a glance shows that nobody has to be asked who he is:
// Decide would find the target open, for everybody and at any time. The target is
// written plainly, is none of the gate's own, and no prefix of whoever may decide
// begins as its path does. Where it reports false, Decide tells. It looks at the
// host, the target as sent, the mount, the directive's prefixes and at what names
// the tenant; a preflight and a rewritten target are the caller's to see to.
func (p *Policy) Spares(at *Place, sent *Target) bool {
	path := sent.Path
	if path == "" || len(path)+len(sent.RawQuery) > maxTarget || isRouted(path, sent.RawQuery) {
		return false
	}
	head, bare := heads(path)
	return !p.mayMeet(at, head) && (bare == head || !p.mayMeet(at, bare)) && isPlain(path)
}

// Alike reports whether what was decided of one request holds for another target of
// the same person at the same host, at that time, and in which area that target
// lies: both are verified by their one tenant, whose rules differ in their paths
// alone. Where it reports false, Decide tells.
func (p *Policy) Alike(at *Place, sent *Target, was *Decision) (*Area, bool) {
	t := was.Tenant
	if t == nil || was.Reason != ReasonVerified || was.Resistant || at.Protect != nil || p.mapped(at) ||
		len(t.ServiceAccounts) > 0 || !t.rules.plain || t.rules.sensitive || !t.rules.opensByPath() {
		return nil, false
	}
	host, slot := p.hostTenant(at)
	var asked target
	if host != t || !asked.read(*sent) || asked.more != nil || mayBegin(asked.one.head, at.Mount) {
		return nil, false
	}
	var c cover
	if slot != nil {
		c = t.rules.coversBeside(slot, &asked, nil)
	} else {
		c = t.rules.covers(&asked, nil, nil)
	}
	return c.area, c.hit
}

// opensByPath reports whether no allow looks at more than a path.
func (s *ruleset) opensByPath() bool {
	for i := range s.allow {
		if p := &s.allow[i]; p.methods() != nil || p.query() != nil || p.keys() != nil {
			return false
		}
	}
	return true
}

// mayMeet reports whether a path of this head may lie under the mount, or under a
// prefix of whoever may decide.
func (p *Policy) mayMeet(at *Place, head uint64) bool {
	return at.Protect != nil && at.Protect.rules.sieve.passes(head) || mayBegin(head, at.Mount) || p.mayProtect(at, head)
}

// mayProtect reports whether a tenant that may decide has a prefix that begins as
// a path of this head does.
func (p *Policy) mayProtect(at *Place, head uint64) bool {
	if !p.index.sieve.passes(head) {
		return false // no tenant at all: of few, that is the quickest to see
	}
	if p.mapped(at) {
		return true
	}
	switch t, slot := p.hostTenant(at); {
	case t == nil:
		return true
	case slot != nil:
		return slot.sieve.passes(head)
	default:
		return t.rules.sieve.passes(head)
	}
}

// mayBegin reports whether a path of this head may lie under a mount.
func mayBegin(head uint64, mount string) bool {
	for i, n := 0, 0; i < len(mount) && n < 64; i++ {
		b := packed[mount[i]]
		if b == 0 {
			continue
		}
		if head>>n&0xff != uint64(b) {
			return false
		}
		n += 8
	}
	return mount != ""
}
