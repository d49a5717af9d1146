package portal

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// beginText is POST methods/sms: it sends a code to the number that was typed;
// without one, again to the number typed before.
func (t *turn) beginText() {
	t.way = string(enroll.KindSMS)
	z, err := t.wizard()
	if err == nil {
		err = t.inOrder(z, "methods")
	}
	var setup *enroll.TextSetup
	if err == nil {
		setup, err = t.p.service.BeginText(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.in["number"], t.in["replaces"], t.codeText)
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
		t.json(http.StatusOK, map[string]any{"masked": setup.Masked, "expires": stamped(setup.Expires)})
	}
}

// finishText is POST methods/sms/verify.
func (t *turn) finishText() {
	z, err := t.finishing(enroll.KindSMS)
	var done *enroll.Enrolled
	if err == nil {
		done, err = t.p.service.FinishText(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.in["code"], t.nameFor(z, enroll.KindSMS))
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.enrolled(z, done)
}

// showText asks for the number, or, once a code was sent there, for the code.
func (t *turn) showText(z *wizard, e *enroll.Error, part enrollPart, begun bool) {
	bad := e != nil && fieldOf(e) == "number"
	if begun && !bad {
		part.Masked, part.Change = leftToRight(z.visit.Phone), withQuery(withQuery(t.wayTo(string(enroll.KindSMS)), "replaces", part.Replaces), "add", "1")
		t.showStep(z, e, "smscode", part)
		return
	}
	part.Number = t.in["number"]
	if bad {
		part.Wrong = t.explain(e)
	}
	t.showStep(z, e, "sms", part)
}

// leftToRight keeps a number in its order, and on one line, within a text that is
// read from right to left (Unicode isolates).
func leftToRight(number string) string {
	return "\u2066" + strings.ReplaceAll(number, " ", "\u00a0") + "\u2069"
}

// codeText is the text message with a code. Its last line ties the code to this
// site (W3C/WICG, Origin-bound one-time codes delivered via SMS): a phone that
// knows the form offers it there and at no other site.
func (t *turn) codeText(n enroll.Note) string {
	text := t.s.T("sms.message", "code", n.Code, "tenant", oneLine(t.v.Rules.TenantName))
	if t.v.Domain != "" {
		text += "\n\n@" + t.v.Domain + " #" + n.Code
	}
	return text
}

// oneLine keeps a name from adding lines to a text, whose last one has a meaning.
func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }

// phone is which of the person's phones is meant, from 0.
func (t *turn) phone() int {
	n, err := strconv.Atoi(t.r.URL.Query().Get("phone"))
	if err != nil || n < 1 {
		return 0
	}
	return n - 1
}

// phones is how many a person has.
func phones(a *enroll.Account) (n int) {
	for _, m := range a.Methods {
		if m.Kind == enroll.KindSMS {
			n++
		}
	}
	return n
}

// otherPhone is the number, from 1, of the phone to offer instead; "": there is
// none.
func (t *turn) otherPhone(a *enroll.Account, kind enroll.Kind) string {
	if n := phones(a); kind == enroll.KindSMS && n > 1 {
		return strconv.Itoa((t.phone()+1)%n + 1)
	}
	return ""
}
