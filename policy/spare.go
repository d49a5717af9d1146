package policy

// Spares reports whether a glance shows that nobody has to be asked who he is:
// Decide would find the target open, for everybody and at any time. The target is
// written plainly, is none of the gate's own, and no prefix of whoever may decide
// begins as its path does. Where it reports false, Decide tells. It looks at the
// host, the target as sent, the mount, the directive's prefixes and at what names
// the tenant; a preflight and a rewritten target are the caller's to see to.
func (p *Policy) Spares(f *Facts) bool {
	path := f.Sent.Path
	if path == "" || len(path)+len(f.Sent.RawQuery) > maxTarget || isRouted(f.Sent.RawQuery) || p.mayMeet(f, headOf(path)) {
		return false
	}
	plain, other := isPlain(path)
	return plain && (!other || isSteady(path) && !mayBegin(headOf(path), f.Mount, 4))
}

// widen fills in the readings of a target that skim left out, unless a glance
// shows that none of them can be under a prefix or the mount.
func (p *Policy) widen(t *target, f *Facts) {
	if t.other && (!isSteady(t.one.text) || mayBegin(t.one.head, f.Mount, 4) || p.mayMeet(f, t.one.head)) {
		t.widen()
	}
}

// mayMeet reports whether a path of this head may lie under the mount, or under a
// prefix of whoever may decide.
func (p *Policy) mayMeet(f *Facts, head uint64) bool {
	return f.Protect != nil && f.Protect.rules.sieve.passes(head) || mayBegin(head, f.Mount, 8) || p.mayProtect(f, head)
}

// mayProtect reports whether a tenant that may decide has a prefix that begins as
// a path of this head does.
func (p *Policy) mayProtect(f *Facts, head uint64) bool {
	if !p.index.sieve.passes(head) {
		return false // no tenant at all: of few, that is the quickest to see
	}
	if p.mapped(f) {
		return true
	}
	switch t, at := p.hostTenant(f); {
	case t == nil:
		return true
	case at != nil:
		return at.sieve.passes(head)
	default:
		return t.rules.sieve.passes(head)
	}
}

// mayBegin reports whether a path of this head may lie under a mount, as far as so
// many of their first bytes tell.
func mayBegin(head uint64, mount string, bytes int) bool {
	return mount != "" && (head^headOf(mount))&headMask(min(bytes, len(mount))) == 0
}
