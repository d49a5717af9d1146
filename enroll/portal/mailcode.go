package portal

import "github.com/caddy-mfa/caddy-mfa/enroll"

// byMail sends codes to the address of record. Nothing is sent where this visit has
// proven the mailbox already.
func (t *turn) byMail() sender {
	ctx, p, service := t.r.Context(), t.v.Person, t.p.service
	return sender{
		begin: func(z *wizard) (map[string]any, error) {
			write := func(l enroll.Letter) enroll.Mail { return t.p.firstMail(t.s, t.v, l) }
			setup, err := service.BeginEmail(ctx, z.visit, p, t.rules(), t.v.Flag, t.in["replaces"], write)
			if err != nil {
				return nil, err
			}
			return map[string]any{"masked": setup.Masked, "verified": setup.Proven, "expires": stamped(setup.Expires)}, nil
		},
		finish: func(z *wizard, name string) (*enroll.Enrolled, error) {
			return service.FinishEmail(ctx, z.visit, p, t.rules(), t.v.Flag, t.in["code"], name)
		},
		ask: func() (*enroll.Asked, error) {
			write := func(l enroll.Letter) enroll.Mail { return t.p.proofMail(t.s, t.v, l) }
			return service.AskEmail(ctx, p, t.rules(), t.knownBrowser(), write)
		},
	}
}

// showMailbox says where codes would go, or, once one was sent there, asks for it.
func (t *turn) showMailbox(z *wizard, e *enroll.Error, part enrollPart, begun bool) {
	part.Proven = z.visit != nil && z.visit.EmailVerified
	if part.Sent && begun && !part.Proven {
		part.Send = t.sentTo("mailbox", part)
	}
	t.showStep(z, e, "mailbox", part)
}
