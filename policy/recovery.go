package policy

import "slices"

// ways counts the ways of recovery that a person has in the tenant: registered
// methods of its kinds, recovery codes, and mailed codes where all they take is
// the address of record.
func (p *Policy) ways(f *Facts, t *Tenant) (n int) {
	for i := range f.Account.Methods {
		m := &f.Account.Methods[i]
		if slices.Contains(t.Recovery, m.Kind) && p.made(m.Tenant, m.First, t) {
			n++
		}
	}
	return n + t.unregistered(f)
}

// unregistered counts the ways of recovery that nobody registers by themselves.
func (t *Tenant) unregistered(f *Facts) (n int) {
	if f.Account.Codes && slices.Contains(t.Recovery, MethodCodes) {
		n++
	}
	if f.Account.Mailed && slices.Contains(t.Recovery, MethodEmail) && !t.Offers(MethodEmail) {
		n++
	}
	return n
}

// short reports whether a person of so many methods and ways of recovery, all
// registered, has fewer than the tenant asks for. Methods are ways of recovery
// too: the first must be one, the others may be either.
func (t *Tenant) short(f *Facts, methods, recovery int) bool {
	return methods < t.Minimum || t.RecoveryMinimum > 1 && methods+recovery+t.unregistered(f) < t.RecoveryMinimum
}

// checkRecovery refuses what nobody could fulfil.
func (l *linker) checkRecovery(s, full *settings) {
	reach := func(kinds []string) (most int) {
		for i, kind := range kinds {
			switch {
			case slices.Contains(kinds[:i], kind):
			case kind == MethodCodes, kind == MethodEmail && !slices.Contains(full.Methods, kind):
				most++
			default:
				most += full.Limits[kind]
			}
		}
		return most
	}
	if most := reach(append(slices.Clone(full.Methods), full.Recovery...)); full.RecoveryMinimum > most {
		l.bad(s, l.written(s, "recovery"), "recovery.minimum: %d, but methods, recovery and limits let a user have %d: lower it, or raise limits", full.RecoveryMinimum, most)
	}
	if !full.RecoveryRequired {
		return
	}
	if !slices.ContainsFunc(full.Recovery, func(kind string) bool { return kind != MethodCodes }) {
		l.bad(s, l.written(s, "recovery"), "recovery.required: true, but codes come with a method and nobody registers them alone: name totp or email among recovery.methods")
	} else if most := reach(full.Recovery); full.RecoveryMinimum > most {
		l.bad(s, l.written(s, "recovery"), "recovery.minimum: %d, but its methods and limits let a user have %d: lower it, or raise limits", full.RecoveryMinimum, most)
	}
}
