package portal

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// refusal reads an error as one of the closed list of reasons. What is none of
// them is ours to look into, and says so to nobody but the log.
func (t *turn) refusal(err error) *enroll.Error {
	var e *enroll.Error
	if !errors.As(err, &e) {
		e = &enroll.Error{Reason: "internal", Status: http.StatusInternalServerError, Err: err}
	}
	if e.Status >= http.StatusInternalServerError {
		t.p.log.Error("serving a page", "reason", e.Reason, "error", err)
	}
	return e
}

// problem answers a program, or a person where there is no page to show.
func (t *turn) problem(err error) {
	e := t.refusal(err)
	b := newProblem(t.s, e.Status, e.Reason, t.explain(e))
	b.Tenant = t.v.Rules.Tenant
	origin := t.v.Scheme + "://" + t.v.Host
	if e.Reason == enroll.ErrFreshProof.Reason {
		b.VerifyURL = origin + t.page("/verify")
	}
	switch e.Reason {
	case enroll.ErrBadCode.Reason, enroll.ErrUsedCode.Reason, enroll.ErrClockOff.Reason:
		b.Field = "code"
		if e.Detail != "" {
			b.Field = "credential"
		}
	default:
		b.Field = fieldOf(e)
	}
	b.write(t.w, t.r, t.retry(e))
}

func (t *turn) retry(e *enroll.Error) time.Duration {
	if e.Status == http.StatusServiceUnavailable {
		return max(e.RetryAfter, 5*time.Second)
	}
	return e.RetryAfter
}

// explain says what happened and what to do, in the person's language.
func (t *turn) explain(e *enroll.Error) string {
	s := t.s
	wait := s.Wait(t.retry(e))
	tenant := t.v.Rules.TenantName
	switch {
	case e.Reason == enroll.ErrBadCode.Reason && e.Left > 0:
		return s.T("reason.bad-code."+t.detail(e)) + " " + s.N("tries", e.Left)
	case e.Reason == enroll.ErrExpired.Reason && t.oldCode:
		return s.T("reason.expired.code")
	case e.Reason == enroll.ErrClockOff.Reason && e.Offset < 0:
		return s.T("reason.clock-off.behind", "by", s.Wait(-e.Offset))
	case e.Reason == enroll.ErrClockOff.Reason:
		return s.T("reason.clock-off.ahead", "by", s.Wait(e.Offset))
	}
	return s.T("reason."+e.Reason+"."+t.detail(e), "wait", wait, "tenant", tenant, "area", "", "label", t.wayLabel())
}

// detail is which of a reason's texts is meant. Where the next right code comes
// from depends on what was typed: an app has a newer one every 30 seconds, a mail
// or a text brings one when it is asked for, recovery codes lie in a drawer, and
// a pass is somebody else's to give.
func (t *turn) detail(e *enroll.Error) string {
	wrong, used := e.Reason == enroll.ErrBadCode.Reason, e.Reason == enroll.ErrUsedCode.Reason
	switch {
	case e.Detail != "":
		return e.Detail
	case (wrong || used) && (t.typed == enroll.KindCodes || t.typed == enroll.KindPass):
		return string(t.typed)
	case used && isSent(t.typed):
		return "sent"
	}
	return "detail"
}

// wayLabel is what people call the provider that a page is about, "" where it is
// about none.
func (t *turn) wayLabel() string {
	if kind := enroll.Kind(t.way); kind.IsOIDC() {
		return t.label(kind)
	}
	return ""
}

// fieldOf is the field that an error belongs to: a code that was not accepted
// is marked at the code.
func fieldOf(e *enroll.Error) string {
	switch {
	case e.Detail == enroll.ErrBadAddress.Detail:
		return "address"
	case e.Reason == enroll.ErrBadNumber.Reason && strings.HasPrefix(e.Detail, enroll.ErrBadNumber.Detail):
		return "number"
	}
	if e.Detail != "" {
		return "" // nothing was typed
	}
	switch e.Reason {
	case enroll.ErrBadCode.Reason, enroll.ErrUsedCode.Reason, enroll.ErrClockOff.Reason:
		return "code"
	}
	return ""
}

// fault is an error as a page shows it; nil is none.
func (t *turn) fault(e *enroll.Error) *fault {
	if e == nil {
		return nil
	}
	return &fault{Field: fieldOf(e), Text: t.explain(e)}
}

// status is that of a page that shows e: 200 where there is no error.
func (t *turn) status(e *enroll.Error) int {
	if e == nil {
		return http.StatusOK
	}
	if wait := t.retry(e); wait > 0 {
		t.w.Header().Set("Retry-After", strconv.Itoa(ceil(wait, time.Second)))
	}
	return e.Status
}

// json answers a program with a value.
func (t *turn) json(status int, v any) {
	writeJSON(t.w, t.r, status, "application/json", v)
}

// tell shows a page of words.
func (t *turn) tell(status int, title string, m message) {
	self := t.page("/enroll")
	if isRead(t.r) {
		self = t.page(t.r.URL.Path)
	}
	x := t.view(title, self)
	x.D = m
	t.p.show(t.w, t.r, status, "message", x)
}

// view begins a page of this turn. self is the address that shows it again, in
// another language say.
func (t *turn) view(title, self string) *view {
	x := t.p.view(t.s, t.v, title, "")
	for i, l := range x.Languages {
		x.Languages[i].URL = withQuery(self, "lng", l.Tag)
	}
	x.To, x.TenantID = t.to, t.tenantID()
	return x
}
