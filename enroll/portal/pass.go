package portal

import (
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// beginPass is POST verify/pass. Nothing is sent for a pass; the call says
// whether one can be shown now.
func (t *turn) beginPass() {
	t.passing = true
	z, err := t.wizard()
	if err == nil {
		err = t.mayPass(z)
	}
	switch {
	case err != nil:
		t.redo(z, err)
	case t.form:
		t.see(withQuery(t.page("/enroll"), "pass", "1"))
	default:
		t.json(http.StatusOK, map[string]any{"kind": enroll.KindPass})
	}
}

// verifyPass is POST verify/pass/verify. A pass is no proof of a factor: it gives
// no flag, and opens the enrolment of this visit alone.
func (t *turn) verifyPass() {
	t.passing, t.typed = true, enroll.KindPass
	z, err := t.wizard()
	if err == nil {
		err = t.mayPass(z)
	}
	if err == nil {
		err = t.inOrder(z, "pass")
	}
	if err == nil {
		err = t.p.service.VerifyPass(t.r.Context(), z.visit, t.v.Person, t.rules(), t.in["code"])
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	if t.form {
		t.see(t.page("/enroll"))
		return
	}
	t.json(http.StatusOK, map[string]any{"verified": true, "return_to": t.to})
}

// mayPass says whether a pass can be shown now: where the tenant asks for one, or
// where one was issued. Elsewhere there is nothing to guess at.
func (t *turn) mayPass(z *wizard) error {
	if err := z.may("pass"); err != nil {
		return err
	}
	if z.step != stepPass && !t.hasPass(z) {
		return enroll.ErrWrongStep
	}
	return nil
}

// showsPass reports whether the page of the first step asks for a pass: where the
// tenant does, and where the person says to have one.
func (t *turn) showsPass(z *wizard) bool {
	return z.step == stepPass || t.hasPass(z) && (t.passing || t.r.URL.Query().Get("pass") != "")
}

// hasPass reports whether the way to the field of a pass is shown beside the
// mail: where an administrator issued one.
func (t *turn) hasPass(z *wizard) bool {
	return z.step == stepEmail && z.account.Pass(t.v.Rules.Tenant, t.p.now())
}
