package portal

import (
	"html/template"
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
