package enroll

import (
	"cmp"
	"slices"
)

// isMFA tells whether a proof is a whole second factor (RFC 8176, 2: "mfa").
func isMFA(amr []string) bool { return slices.Contains(amr, "mfa") }

// Enough tells whether a proof is worth a change of methods in the tenant of the
// rules, or of recovery codes: whether it is one and is fresh, others ask. has are
// all methods of the account.
//
// The attack is to launder a weak proof: whoever has the password and the mailbox
// proves by a mailed code, adds a passkey or takes one away, and is as good as its
// owner from then on. So what is no whole second factor changes something only
// where the account has none. And a proof that does not count in a tenant changes
// nothing there once a method does: else the laxest tenant of a realm would open
// all others. Where none counts yet, one from elsewhere is enough to begin.
func (r Rules) Enough(has []Method, f *Flag) bool {
	if !isMFA(f.AMR) && slices.ContainsFunc(has, func(m Method) bool { return isMFA(amrOf(m.Kind)) }) {
		return false
	}
	return r.counted(has, f) || !r.methodIn(has)
}

// methodIn tells whether the account has a method that counts in the tenant.
func (r Rules) methodIn(has []Method) bool {
	return slices.ContainsFunc(has, func(m Method) bool { return slices.Contains(r.Methods, m.Kind) && r.met(m) })
}

// counted tells whether a proof counts in the tenant. It does not name a method:
// every one made where it was given has to do.
func (r Rules) counted(has []Method, f *Flag) bool {
	if f.Interim || !r.made(f.Tenant, f.First) || !slices.ContainsFunc(f.Methods, func(kind string) bool { return r.proves(Kind(kind)) }) {
		return false
	}
	if f.Tenant == r.Tenant || r.EnrollFrom == nil {
		return true
	}
	there := keep(has, func(m Method) bool { return m.Tenant == f.Tenant })
	return len(there) > 0 && !slices.ContainsFunc(there, func(m Method) bool { return !r.met(m) })
}

// proves tells whether proofs of a kind are taken in the tenant.
func (r Rules) proves(kind Kind) bool {
	return slices.Contains(r.Methods, kind) || slices.Contains(r.Recovery, kind) || kind == KindCodes && r.GivesCodes()
}

// met tells whether a method counts in the tenant by where it was made.
func (r Rules) met(m Method) bool {
	return r.made(m.Tenant, m.First) && (m.Tenant == r.Tenant || r.Admits(m.From))
}

// made tells whether what was made in a tenant counts in this one.
func (r Rules) made(tenant, first string) bool {
	if tenant == r.Tenant {
		return true
	}
	other, ok := r.of(tenant)
	return ok && other.Share == "everywhere" && r.Share == "everywhere" && asGood(first, cmp.Or(r.First, FirstEmail))
}

// of are the rules of a tenant; false: they are not known.
func (r Rules) of(tenant string) (Rules, bool) {
	if tenant == r.Tenant {
		return r, true
	}
	if r.Of == nil {
		return Rules{}, false
	}
	return r.Of(tenant)
}

// home are the rules of the tenant in which something was made. What is left of a
// tenant that is gone counts nowhere, so that the rules at hand are as good.
func (r Rules) home(tenant string) Rules {
	if other, ok := r.of(tenant); ok {
		return other
	}
	return r
}

// Helps tells whether some proof of a kind that the person can give would be
// Enough.
func (a *Account) Helps(r Rules, kind Kind) bool {
	f := Flag{Methods: []string{string(kind)}, AMR: amrOf(kind)}
	if kind == KindCodes {
		f.AMR = a.codes.amr()
		f.Tenant, f.First = a.codes.speaksFor(a.Methods, r)
		return a.TakesCodes(r) && r.Enough(a.Methods, &f)
	}
	for _, m := range a.Methods {
		if f.Tenant, f.First = m.Tenant, m.First; m.Kind == kind && r.Enough(a.Methods, &f) {
			return true
		}
	}
	// A mailed code that is no method but a way of recovery stands for the method
	// made here.
	if f.Tenant = r.Tenant; kind == KindEmail && slices.Contains(r.Recovery, kind) {
		return r.Enough(a.Methods, &f)
	}
	return false
}

// public are the methods without their secrets.
func (a *account) public() (list []Method) {
	for i := range a.Methods {
		list = append(list, a.Methods[i].public())
	}
	return list
}

// amr is what a proof by one of the codes is called. It is no more than the proof
// that they were made with.
func (c *codeSet) amr() []string {
	if c != nil && c.Weak {
		return []string{"otp"}
	}
	return amrOf(KindCodes)
}

// speaksFor says of which enrolment a code is a proof in a tenant. They stand for
// whatever the person lost: for the method made here, where there is one. Those
// that were made with a proof which does not count wherever the account has
// methods stand for the tenant in which they were made, and no other.
func (c *codeSet) speaksFor(has []Method, r Rules) (tenant, first string) {
	if c == nil {
		return "", ""
	}
	if i := slices.IndexFunc(has, func(m Method) bool { return m.Tenant == r.Tenant }); i >= 0 && !c.Bound {
		return has[i].Tenant, has[i].First
	}
	return c.Tenant, c.First
}

// open tells whether the codes are taken in a tenant.
func (c *codeSet) open(has []Method, r Rules) bool {
	return c != nil && r.GivesCodes() && (!c.Bound || r.made(c.Tenant, c.First) || !r.methodIn(has))
}

// TakesCodes tells whether recovery codes of the person are left and are taken in
// the tenant.
func (a *Account) TakesCodes(r Rules) bool {
	return len(a.Methods) > 0 && a.CodesLeft > 0 && a.codes.open(a.Methods, r)
}

// madeBy notes in a set of codes what the proof was worth with which it was made;
// strong says that it came with a method that is a whole second factor.
func (c *codeSet) madeBy(has []Method, r Rules, f *Flag, strong bool) {
	c.Weak = !strong && (f == nil || !isMFA(f.AMR))
	c.Bound = f != nil && slices.ContainsFunc(has, func(m Method) bool { return m.Tenant != c.Tenant && !r.home(m.Tenant).Enough(has, f) })
}
