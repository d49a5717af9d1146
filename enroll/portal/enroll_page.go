package portal

import (
	"html/template"
	"net/http"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// serveEnroll is the wizard's page: whatever step the enrolment stands at. Its
// one POST asks for more time.
func (t *turn) serveEnroll() {
	if !allow(t.w, t.r, t.s, http.MethodGet, http.MethodPost) {
		return
	}
	z, err := t.wizard()
	if err == nil && !isRead(t.r) {
		err = t.extend(z)
		if err == nil {
			t.see(t.page("/enroll"))
			return
		}
	}
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	t.way = t.r.URL.Query().Get("way")
	adding := t.adding()
	switch {
	case z.step == stepProve, z.step == stepMethod && len(z.account.Methods) > 0 && !t.freshFor(t.kindAhead(z.account), z.account):
		t.see(withQuery(t.page("/verify"), "next", "enroll"))
	case adding && len(z.account.Methods) > 0 && !t.freshFor(t.kindAhead(z.account), z.account):
		t.see(withQuery(t.page("/verify"), "next", "add"))
	default:
		if z.visit == nil && len(z.account.Methods) == 0 {
			t.v.step("opened")
		}
		t.showEnroll(z, nil)
	}
}

// extend gives a visit that still lives another 15 minutes.
func (t *turn) extend(z *wizard) error {
	if t.in["action"] != "extend" || z.visit == nil {
		return enroll.ErrWrongStep
	}
	return t.p.service.ExtendVisit(t.r.Context(), z.visit)
}

// enrollPart is the wizard's own part of a page.
type enrollPart struct {
	Masked   string
	Sent     bool
	Proven   bool   // the mailbox was proven in this visit
	MailWait string // until another mail can be asked for; "": now
	Minutes  string // left of the visit
	Address  string // that was typed
	Wrong    string // what is wrong with it, or with the number
	Number   string // that was typed
	Kind     enroll.Kind
	Label    string    // of an identity provider
	Send     *sentPart // nil: no code was sent
	Replaces string    // the method that this one takes the place of; "": none
	Old      string    // where that one's codes go, hidden
	Pass     string    // where a pass is shown; "": none was issued
	Setup    *enroll.TOTP
	QR       template.HTML
	Link     template.URL // otpauth:
	Key      []string     // the key in groups of four
	Code     codeField
	Choices  []choice
	Least    string // how many methods are asked for, where it is more than one
	Other    string // where the choice is; "": there is none
	Passkey  *keyForm
}

// admitted reports whether methods may be registered from where the person is.
func (t *turn) admitted() bool { return t.v.Rules.Admits(t.v.Person.Client) }

// showEnroll shows the step that the enrolment stands at, with what was wrong.
func (t *turn) showEnroll(z *wizard, e *enroll.Error) {
	if z.step == stepProve {
		t.tellRefusal(enroll.ErrFreshProof)
		return
	}
	if !t.admitted() && (z.step != stepDone || t.adding() || e != nil) {
		t.tellRefusal(enroll.ErrNetwork)
		return
	}
	part := enrollPart{}
	if z.visit != nil {
		part.Masked = z.visit.Masked
		part.Minutes = t.s.Wait(z.visit.Expires.Sub(t.p.now()))
		part.Sent = !z.visit.CodeSent.IsZero()
		if z.visit.MailsLeft == 0 {
			part.MailWait = t.s.Wait(max(z.visit.MailAt.Sub(t.p.now()), time.Second))
		}
	} else {
		part.Masked = mask(t.v.Person.Email)
	}
	if t.hasPass(z) {
		part.Pass = withQuery(t.page("/enroll"), "pass", "1")
	}
	switch {
	case t.showsPass(z):
		t.showStep(z, e, "pass", part)
	case z.step == stepEmail && t.owed(z) == enroll.FirstTyped:
		t.showTyped(z, e, part)
	case z.step == stepEmail && part.Sent:
		part.Send = t.sentTo("emailcode", part)
		t.showStep(z, e, "emailcode", part)
	case z.step == stepEmail:
		t.showStep(z, e, "email", part)
	case z.step == stepMethod || t.adding() || e != nil || z.visit != nil && z.visit.Begun != "":
		t.showMethod(z, e, part)
	case z.step == stepReview:
		t.showReview(z.account)
	default:
		t.showDone("already")
	}
}
