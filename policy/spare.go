package policy

// Spares reports whether a glance shows that nobody has to be asked who he is:
// Decide would find the target open, for everybody and at any time. The target is
// written plainly, is none of the gate's own, and no prefix of whoever may decide
// begins as its path does. Where it reports false, Decide tells. It looks at the
// host, the target as sent, the mount, the directive's prefixes and at what names
// the tenant; a preflight and a rewritten target are the caller's to see to.
func (p *Policy) Spares(f *Facts) bool {
	path := f.Sent.Path
	if p.mapped(f) || path == "" || len(path)+len(f.Sent.RawQuery) > maxTarget || isRouted(f.Sent.RawQuery) {
		return false
	}
	head := headOf(path)
	if f.Protect != nil && f.Protect.rules.sieve.passes(head) || mayBegin(head, f.Mount) {
		return false
	}
	t, at := p.hostTenant(f)
	switch {
	case t == nil:
		return false // of no tenant, where any might protect it
	case at != nil:
		return !at.sieve.passes(head) && isPlain(path)
	}
	return !t.rules.sieve.passes(head) && isPlain(path)
}

// mayBegin reports whether a path of this head may lie under a mount.
func mayBegin(head uint64, mount string) bool {
	return mount != "" && (head^headOf(mount))&headMask(len(mount)) == 0
}
