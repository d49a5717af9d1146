package caddymodule

import (
	"net/http"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// renewAfter is how old the cookie of a trusted browser gets before it is given
// anew.
const renewAfter = 30 * 24 * time.Hour

// renewDevice gives a browser that is trusted until revoked its cookie again:
// browsers keep none for longer than some 400 days (RFC 6265bis, 5.5).
func (p *passage) renewDevice() {
	d, svc := p.decision, p.gate.app.service()
	if d.Reason != policy.ReasonTrustedDevice || d.Tenant.TrustDevice != policy.TrustForever || svc == nil {
		return
	}
	user := p.who.Person.User
	id, signed := svc.ReadDevice(cookieValue(p.given, p.answer.cookies.device), p.realm, user, p.now)
	if id == "" || p.now.Sub(signed) < renewAfter {
		return
	}
	token, err := svc.SignDevice(p.realm, user, id)
	if err != nil {
		p.gate.log.Error("renewing the cookie of a trusted browser", errField(err))
		return
	}
	c := http.Cookie{ // #nosec G124 -- Secure wherever the site is https
		Name: p.answer.cookies.device, Value: token, Path: "/", MaxAge: int(enroll.DeviceCookieLife / time.Second),
		Secure: p.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	p.answer.set(c.String())
}
