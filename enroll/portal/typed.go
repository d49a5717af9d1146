package portal

import "github.com/caddy-mfa/caddy-mfa/enroll"

// showTyped is the first step where the tenant asks for an address typed now:
// a field for it, and once a link was mailed, the page that says to open it. The
// whole address is shown: only this browser's own visit knows it, and a mistyped
// letter is found by reading it.
func (t *turn) showTyped(z *wizard, e *enroll.Error, part enrollPart) {
	name := "typed"
	if part.Sent {
		name, part.Address = "typedsent", z.visit.SentTo
	}
	if e != nil && fieldOf(e) == "address" {
		part.Address, part.Wrong = t.in["address"], t.explain(e)
	}
	t.showStep(z, e, name, part)
}
