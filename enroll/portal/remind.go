package portal

import "net/http"

// postpone is POST remind: not now. Whoever is known by the ticket alone may say
// so too, since it was a block that gave it.
func (t *turn) postpone() {
	until, err := t.p.service.Postpone(t.r.Context(), t.v.Person, t.rules())
	switch {
	case err != nil && t.form:
		t.tellRefusal(t.refusal(err))
	case err != nil:
		t.problem(err)
	case t.form:
		t.showDone("later")
	default:
		t.json(http.StatusOK, map[string]any{"return_to": t.to, "until": stamped(until)})
	}
}
