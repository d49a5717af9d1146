package portal

import (
	"strconv"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// byText sends codes to the number that was typed; without one, again to the number
// typed before.
func (t *turn) byText() sender {
	ctx, p, service := t.r.Context(), t.v.Person, t.p.service
	return sender{
		begin: func(z *wizard) (map[string]any, error) {
			setup, err := service.BeginText(ctx, z.visit, p, t.rules(), t.v.Flag, t.in["number"], t.in["replaces"], t.codeText)
			if err != nil {
				return nil, err
			}
			return map[string]any{"masked": setup.Masked, "expires": stamped(setup.Expires)}, nil
		},
		finish: func(z *wizard, name string) (*enroll.Enrolled, error) {
			return service.FinishText(ctx, z.visit, p, t.rules(), t.v.Flag, t.in["code"], name)
		},
		ask: func() (*enroll.Asked, error) {
			return service.AskText(ctx, p, t.rules(), t.phone(), t.knownBrowser(), t.codeText)
		},
	}
}

// showText asks for the number, or, once a code was sent there, for the code.
func (t *turn) showText(z *wizard, e *enroll.Error, part enrollPart, begun bool) {
	bad := e != nil && fieldOf(e) == "number"
	if begun && !bad {
		part.Masked = leftToRight(z.visit.Phone)
		part.Send = t.sentTo("smscode", part)
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
	return "\u2066" + whole(number) + "\u2069"
}

// whole keeps a number on one line.
func whole(number string) string { return strings.ReplaceAll(number, " ", "\u00a0") }

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
