package caddymodule

import (
	"net/url"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/identity"
)

// byScript reports whether the page's own script says who this is, in a field
// that no browser sends of itself. The gate's pages, opened next, could not
// know it: the ticket tells them.
func (p *passage) byScript() bool {
	return p.who.State == identity.Known && len(p.r.Header["Authorization"]) == 1 && p.r.Header.Get("Sec-Fetch-Mode") != "" && !isForeign(p.r)
}

// hasTicket reports whether the browser has one for this person already, of a
// page that was wanted: a call of that page's script must not take its place.
func (p *passage) hasTicket(svc *enroll.Service) bool {
	token := cookieValue(p.given, p.answer.cookies.ticket)
	if token == "" {
		return false
	}
	t, err := svc.ReadTicket(token, p.realm, p.now)
	return err == nil && t.User == p.who.Person.User
}

// pageOf is the page whose script calls, by its word: no more than where to go
// back to, on this host.
func (p *passage) pageOf() string {
	u, err := url.Parse(p.r.Header.Get("Referer"))
	if err != nil || u.Host != p.r.Host {
		return "/"
	}
	return portal.ReturnTo(u.RequestURI(), p.gate.mount)
}
