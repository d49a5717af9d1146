package policy

import "slices"

// mayBeDue reports whether a review may be due, as far as the proof knows: only
// then is the store asked, so that who proved waits for none.
func (t *Tenant) mayBeDue(f *Facts) bool {
	return t.Review > 0 && !f.Proof.Claim && f.Now.Sub(f.Proof.Reviewed) >= t.Review
}

// reviewDue reports whether a method that counts for the tenant has not been
// looked at for as long as the tenant says. Adding or using one is no look at the
// others.
func (p *Policy) reviewDue(f *Facts, t *Tenant) bool {
	if t.Review == 0 || f.Proof.Claim {
		return false
	}
	for i := range f.Account.Methods {
		m := &f.Account.Methods[i]
		if (t.Offers(m.Kind) || slices.Contains(t.Recovery, m.Kind)) && p.made(m.Tenant, m.First, t) && f.Now.Sub(m.Reviewed) >= t.Review {
			return true
		}
	}
	return false
}
