package portal

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// showTOTP shows the key of the app being set up. Reading it again changes
// nothing: it is the same for the life of the visit.
func (t *turn) showTOTP(z *wizard, e *enroll.Error, part enrollPart) {
	setup, err := t.p.service.BeginTOTP(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, "")
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	qr, err := qrSVG(setup.URI, t.s.T("totp.qr"))
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	part.Setup, part.QR = setup, template.HTML(qr) // #nosec G203 -- made by qrSVG, its label escaped
	if strings.HasPrefix(setup.URI, "otpauth://totp/") {
		part.Link = template.URL(setup.URI) // #nosec G203 -- the scheme has been checked
	}
	for rest := setup.Secret; rest != ""; {
		n := min(4, len(rest))
		part.Key, rest = append(part.Key, rest[:n]), rest[n:]
	}
	t.showStep(z, e, "totp", part)
}

// beginTOTP is POST methods/totp.
func (t *turn) beginTOTP() {
	t.way = string(enroll.KindTOTP)
	z, err := t.wizard()
	if err == nil {
		err = t.inOrder(z, "methods")
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	setup, err := t.p.service.BeginTOTP(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.in["replaces"])
	if err != nil {
		t.redo(z, err)
		return
	}
	t.v.step("secret")
	if t.form {
		t.see(t.page("/enroll"))
		return
	}
	qr, err := qrSVG(setup.URI, t.s.T("totp.qr"))
	if err != nil {
		t.problem(err)
		return
	}
	t.json(http.StatusOK, map[string]any{"secret": setup.Secret, "uri": setup.URI, "qr": qr})
}

// finishTOTP is POST methods/totp/verify. Its page is the last of the wizard:
// it answers 200, since a redirect out of a form's answer to where the app
// leads next could be blocked by form-action, and the codes are shown this once.
func (t *turn) finishTOTP() {
	z, err := t.finishing(enroll.KindTOTP)
	var done *enroll.Enrolled
	if err == nil {
		done, err = t.p.service.FinishTOTP(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.in["code"], t.nameFor(z, enroll.KindTOTP))
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.enrolled(z, done)
}
