package portal

import (
	"slices"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// changeable tells whether a method that is sent codes can be pointed elsewhere:
// at another number, or at the address of record where that is another one now.
// The other kinds are made anew.
func (t *turn) changeable(m enroll.Method) bool {
	return isSent(m.Kind) && (m.Kind != enroll.KindEmail || m.Moved) && m.Tenant == t.v.Rules.Tenant && slices.Contains(t.offered(), m.Kind)
}

// changing is the method that is about to be pointed elsewhere; nil: a further one
// is set up. It is named in the address or by the form, else by what the visit has
// begun.
func (t *turn) changing(z *wizard) *enroll.Method {
	id := t.in["replaces"]
	if id == "" {
		id = t.r.URL.Query().Get("replaces")
	}
	if id == "" && z.visit != nil && !t.adding() {
		id = z.visit.Replaces
	}
	for i := range z.account.Methods {
		if m := &z.account.Methods[i]; m.ID == id && t.changeable(*m) {
			return m
		}
	}
	return nil
}

// changeAddress is the page on which a method is pointed elsewhere.
func (t *turn) changeAddress(m enroll.Method) string {
	return withQuery(t.wayTo(string(m.Kind)), "replaces", m.ID)
}
