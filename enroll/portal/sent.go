package portal

import (
	"errors"
	"html/template"
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// A sender gets codes to a person, by mail or by text: to set up where they go, and
// to prove.
type sender struct {
	begin  func(*wizard) (answer map[string]any, err error)
	finish func(z *wizard, name string) (*enroll.Enrolled, error)
	ask    func() (*enroll.Asked, error)
}

// isSent tells whether a code of the kind has to be sent before it can be typed.
func isSent(kind enroll.Kind) bool { return kind == enroll.KindEmail || kind == enroll.KindSMS }

func (t *turn) sender(kind enroll.Kind) sender {
	if kind == enroll.KindSMS {
		return t.byText()
	}
	return t.byMail()
}

// beginSent is POST methods/email and methods/sms: it sends a code to where later
// ones are to go.
func (t *turn) beginSent(kind enroll.Kind) {
	t.way = string(kind)
	z, err := t.wizard()
	if err == nil {
		err = t.inOrder(z, "methods")
	}
	var answer map[string]any
	if err == nil {
		answer, err = t.sender(kind).begin(z)
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
		t.json(http.StatusOK, answer)
	}
}

// finishSent is POST methods/email/verify and methods/sms/verify.
func (t *turn) finishSent(kind enroll.Kind) {
	t.typed = kind
	z, err := t.finishing(kind)
	var done *enroll.Enrolled
	if err == nil {
		done, err = t.sender(kind).finish(z, t.nameFor(z, kind))
		t.oldCode = errors.Is(err, enroll.ErrExpired) && t.p.now().Before(z.visit.Expires)
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.enrolled(z, done)
}

// askCode is POST verify/email and verify/sms: it sends a code to prove with. Only
// the browser that asked can use it, so it gets a cookie.
func (t *turn) askCode(kind enroll.Kind) {
	asked, err := t.sender(kind).ask()
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

// waits tells whether this browser asked for a code of the kind that can still
// be typed. Where it cannot be said, none can.
func (t *turn) waits(kind enroll.Kind) bool {
	asked, err := t.p.service.FindAsked(t.r.Context(), t.v.Person, t.rules(), kind, t.askedID())
	return err == nil && asked != nil
}

// sentPart is the page on which a code that was sent is typed: the first step's,
// or that of a method being set up.
type sentPart struct {
	Lead                     template.HTML
	Begin, Finish            string // where the forms go
	Go, Missing, Look, Again string
	Wait                     string // until another can be sent; "": now
	First                    bool   // it is the first step's
	Change                   string // where to say another place; "": it is the one of record
}

// sentTo are the words and forms of such a page: "emailcode" of the first step,
// "mailbox" and "smscode" of methods.
func (t *turn) sentTo(page string, part enrollPart) *sentPart {
	s, api := t.s, t.v.Mount+"/api/"
	if page == "smscode" {
		return &sentPart{
			Lead: s.B("smscode.lead", "number", part.Masked), Begin: api + "methods/sms", Finish: api + "methods/sms/verify", Go: s.T("totp.go"),
			Missing: s.T("verify.sms.missing"), Look: s.T("verify.sms.look"), Again: s.T("verify.again"),
			Change: withQuery(withQuery(t.wayTo(string(enroll.KindSMS)), "replaces", part.Replaces), "add", "1"),
		}
	}
	mail := &sentPart{
		Lead: s.B("emailcode.lead", "address", part.Masked), Begin: api + "methods/email", Finish: api + "methods/email/verify", Go: s.T("totp.go"),
		Missing: s.T("emailcode.missing"), Look: s.T("emailcode.spam"), Again: s.T("emailcode.resend"),
	}
	if part.MailWait != "" {
		mail.Wait = s.T("emailcode.wait", "wait", part.MailWait)
	}
	if page == "emailcode" {
		mail.Begin, mail.Finish, mail.Go, mail.First = api+"email", api+"email/verify", s.T("emailcode.go"), true
	}
	return mail
}
