package portal

import (
	"errors"
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// tellRefusal shows a refusal that no form can be shown again for. Where nothing
// better can be done, its button leads to the start page.
func (t *turn) tellRefusal(e *enroll.Error) {
	m := message{What: t.explain(e), Go: "/", Label: t.s.T("deny.home")}
	switch {
	case errors.Is(e, enroll.ErrFreshProof):
		m.Go, m.Label = withQuery(t.page("/verify"), "next", "enroll"), t.s.T("verify.start")
	case e.Detail == enroll.ErrNetwork.Detail:
		m.Next = t.s.T("network.next", "tenant", t.v.Rules.TenantName)
		m.Go, m.Label = t.page("/enroll"), t.s.T("deny.again")
	case errors.Is(e, enroll.ErrExpired), errors.Is(e, enroll.ErrWrongAccount), errors.Is(e, enroll.ErrWrongStep),
		errors.Is(e, enroll.ErrNotHere):
		m.Go, m.Label = t.page("/enroll"), t.s.T("expired.again")
	case e.Status >= http.StatusInternalServerError:
		m.Next = t.s.T("down.next") // no reference: none is given to what the gate's own pages answer
		m.Go, m.Label = t.page("/enroll"), t.s.T("deny.again")
	case errors.Is(e, enroll.ErrTooMany):
		m.Go, m.Label = t.page("/enroll"), t.s.T("deny.again")
	case errors.Is(e, enroll.ErrLimit) && !t.v.ByTicket:
		m.Go, m.Label = withQuery(t.v.Mount+"/", "tenantId", t.tenantID()), t.s.T("done.list")
	}
	t.tell(t.status(e), t.s.T("reason."+e.Reason+".title"), m)
}
