package portal

import (
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

func isKind(name string) bool {
	switch enroll.Kind(name) {
	case enroll.KindPasskey, enroll.KindTOTP, enroll.KindEmail, enroll.KindSMS, enroll.KindCodes, enroll.KindPass:
		return true
	}
	return strings.HasPrefix(name, "oidc.")
}

// serveAPI finds the call that an address under /api/ names. The same addresses
// take JSON from programs and forms from pages; where HTML forms have no method
// of that name (PATCH, DELETE), a form posts and says what it wants in the
// field "action".
func (t *turn) serveAPI(path []string) {
	switch head, rest := path[0], path[1:]; {
	case head == "state" && len(rest) == 0:
		t.on(http.MethodGet, t.state)
	case head == "email" && len(rest) == 0:
		t.on(http.MethodPost, t.sendCode)
	case head == "email" && len(rest) == 1 && rest[0] == "verify":
		t.on(http.MethodPost, t.verifyCode)
	case head == "methods" && len(rest) > 0 && isKind(rest[0]):
		t.serveEnrolling(rest)
	case head == "methods" && len(rest) == 1 && rest[0] != "":
		t.serveMethod(rest[0])
	case head == "recovery-codes" && len(rest) == 0:
		t.on(http.MethodPost, t.renewCodes)
	case head == "verify" && len(rest) > 0 && isKind(rest[0]):
		t.serveProving(rest)
	case head == "sessions" && len(rest) == 0:
		t.serveSessions()
	case head == "remind" && len(rest) == 0:
		t.on(http.MethodPost, t.postpone)
	case head == "review" && len(rest) == 0:
		t.on(http.MethodPost, t.review)
	case head == "devices" && len(rest) <= 1 && (len(rest) == 0 || rest[0] != ""):
		t.serveDevices(rest)
	default:
		t.p.notFound(t.w, t.r, t.v)
	}
}

// on runs a call if the request has its method.
func (t *turn) on(method string, call func()) {
	if allow(t.w, t.r, t.s, method) {
		call()
	}
}

func (t *turn) notOffered() { t.problem(enroll.ErrNotOffered) }

// serveEnrolling is methods/{kind} and methods/{kind}/verify.
func (t *turn) serveEnrolling(path []string) {
	ways := map[enroll.Kind][2]func(){
		enroll.KindPasskey: {t.beginPasskey, t.finishPasskey},
		enroll.KindTOTP:    {t.beginTOTP, t.finishTOTP},
	}
	kind := enroll.Kind(path[0])
	way, built := ways[kind]
	if isSent(kind) {
		way, built = [2]func(){func() { t.beginSent(kind) }, func() { t.finishSent(kind) }}, true
	}
	if kind.IsOIDC() {
		// It is finished where the provider sends the browser back to.
		way, built = [2]func(){func() { t.beginLink(kind) }, func() { t.problem(enroll.ErrWrongStep) }}, t.label(kind) != ""
	}
	switch begin, finish := len(path) == 1, len(path) == 2 && path[1] == "verify"; {
	case !begin && !finish:
		t.p.notFound(t.w, t.r, t.v)
	case !built, !t.v.Rules.Takes(kind), kind == enroll.KindPasskey && t.party().ID == "":
		t.on(http.MethodPost, t.notOffered)
	case begin:
		t.on(http.MethodPost, way[0])
	default:
		t.on(http.MethodPost, way[1])
	}
}

// serveProving is verify/{kind} and verify/{kind}/verify.
func (t *turn) serveProving(path []string) {
	kind := enroll.Kind(path[0])
	begin := func() { t.beginProof(kind) }
	switch {
	case kind == enroll.KindPasskey:
		begin = t.beginKeyProof
	case kind.IsOIDC() && t.label(kind) != "":
		begin = func() { t.beginLinkProof(kind) }
	case isSent(kind):
		begin = func() { t.askCode(kind) }
	case kind != enroll.KindTOTP && kind != enroll.KindCodes:
		begin = nil
	}
	switch {
	case len(path) > 2 || len(path) == 2 && path[1] != "verify":
		t.p.notFound(t.w, t.r, t.v)
	case kind == enroll.KindPass && len(path) == 1:
		t.on(http.MethodPost, t.beginPass)
	case kind == enroll.KindPass:
		t.on(http.MethodPost, t.verifyPass)
	case begin == nil:
		t.on(http.MethodPost, t.notOffered)
	case len(path) == 1:
		t.on(http.MethodPost, begin)
	case kind.IsOIDC():
		t.on(http.MethodPost, func() { t.problem(enroll.ErrWrongStep) })
	default:
		t.on(http.MethodPost, func() { t.finishProof(kind) })
	}
}

// serveMethod is methods/{id}.
func (t *turn) serveMethod(id string) {
	if !t.form {
		if allow(t.w, t.r, t.s, http.MethodPatch, http.MethodDelete) {
			t.changeMethod(id, t.r.Method == http.MethodDelete)
		}
		return
	}
	if !allow(t.w, t.r, t.s, http.MethodPost) {
		return
	}
	switch t.in["action"] {
	case "rename":
		delete(t.in, "default")
		t.changeMethod(id, false)
	case "default":
		t.in["default"] = "true"
		t.changeMethod(id, false)
	case "remove":
		t.changeMethod(id, true)
	default:
		t.refuseInput(http.StatusBadRequest, nil)
	}
}

// serveSessions is sessions: sign-out everywhere.
func (t *turn) serveSessions() {
	method := http.MethodDelete
	if t.form {
		method = http.MethodPost
	}
	t.on(method, t.signOutEverywhere)
}
