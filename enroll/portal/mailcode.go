package portal

import (
	"errors"
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// beginEmail is POST methods/email. Nothing is sent where this visit has proven
// the mailbox already.
func (t *turn) beginEmail() {
	t.way = string(enroll.KindEmail)
	z, err := t.wizard()
	if err == nil {
		err = t.inOrder(z, "methods")
	}
	var setup *enroll.MailSetup
	if err == nil {
		write := func(l enroll.Letter) enroll.Mail { return t.p.firstMail(t.s, t.v, l) }
		setup, err = t.p.service.BeginEmail(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.in["replaces"], write)
	}
	if err == nil {
		t.v.step("secret")
	}
	switch {
	case err != nil:
		t.redo(z, err)
	case t.form:
		t.see(t.page("/enroll"))
	default:
		t.json(http.StatusOK, map[string]any{"masked": setup.Masked, "verified": setup.Proven, "expires": stamped(setup.Expires)})
	}
}

// finishEmail is POST methods/email/verify.
func (t *turn) finishEmail() {
	z, err := t.finishing(enroll.KindEmail)
	var done *enroll.Enrolled
	if err == nil {
		done, err = t.p.service.FinishEmail(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.in["code"], t.nameFor(z, enroll.KindEmail))
		t.oldCode = errors.Is(err, enroll.ErrExpired) && t.p.now().Before(z.visit.Expires)
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.enrolled(z, done)
}

// finishing reads where an enrolment stands that is about to be finished.
func (t *turn) finishing(kind enroll.Kind) (*wizard, error) {
	t.way = string(kind)
	z, err := t.wizard()
	if err == nil {
		err = z.may("methods/verify")
	}
	if err == nil && z.visit == nil {
		err = enroll.ErrWrongStep
	}
	return z, err
}

// askCode is POST verify/email and verify/sms: it sends a code to prove with. Only
// the browser that asked can use it, so it gets a cookie.
func (t *turn) askCode(kind enroll.Kind) {
	var asked *enroll.Asked
	var err error
	switch ctx := t.r.Context(); kind {
	case enroll.KindSMS:
		asked, err = t.p.service.AskText(ctx, t.v.Person, t.rules(), t.phone(), t.knownBrowser(), t.codeText)
	default:
		write := func(l enroll.Letter) enroll.Mail { return t.p.proofMail(t.s, t.v, l) }
		asked, err = t.p.service.AskEmail(ctx, t.v.Person, t.rules(), t.knownBrowser(), write)
	}
	if err != nil {
		t.redoProof(err)
		return
	}
	setCookie(t.w, t.v, t.v.FlagCookie+askSuffix, asked.ID, 0)
	if t.form {
		t.see(withQuery(withQuery(withQuery(t.page("/verify"), "next", t.next()), "way", string(kind)), "phone", t.r.URL.Query().Get("phone")))
		return
	}
	t.json(http.StatusOK, map[string]any{"kind": kind, "expires": stamped(asked.Expires)})
}

// askedID is what this browser asked for, as far as it says.
func (t *turn) askedID() string { return oneCookie(t.r, t.v.FlagCookie+askSuffix) }

// isSent tells whether a code of the kind has to be sent before it can be typed.
func isSent(kind enroll.Kind) bool { return kind == enroll.KindEmail || kind == enroll.KindSMS }

// waits tells whether this browser asked for a code of the kind that can still
// be typed. Where it cannot be said, none can.
func (t *turn) waits(kind enroll.Kind) bool {
	asked, err := t.p.service.FindAsked(t.r.Context(), t.v.Person, t.rules(), kind, t.askedID())
	return err == nil && asked != nil
}
