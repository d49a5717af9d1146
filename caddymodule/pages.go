package caddymodule

import (
	"maps"
	"net"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// servePages answers a request for one of the gate's own pages.
func (p *passage) servePages() error {
	if tooEarly(p.r) {
		return waitForHandshake(p.writer())
	}
	path := strings.TrimPrefix(p.sent.Path, p.gate.mount)
	if strings.HasPrefix(path, "/link/") || strings.HasPrefix(path, "/oidc/") {
		// The token or code in the address is worth nothing without the browser
		// that asked for it, and still has no business in an access log.
		caddyhttp.SetVar(p.r.Context(), caddyhttp.LogSkipVar, true)
	}
	run := p.gate.app.run()
	if run == nil {
		return caddyhttp.Error(http.StatusServiceUnavailable, errNotStarted)
	}
	p.rarely().onPages = true
	if !strings.HasPrefix(path, "/assets/") { // those are everybody's, and any cache may keep them: nobody is asked for, and no cookie goes out with them
		p.identify()
		p.readTicket()
		if p.who.State != identity.Known {
			p.readFlag()
		}
	}
	v := p.pagesVisit()
	r := p.forPages()
	r.URL.Path, r.URL.RawPath = path, ""
	p.relayNow()
	run.pages.Serve(p.writer(), r, v)
	return nil
}

// forPages is the request as the pages get it: with the gate's own cookies.
func (p *passage) forPages() *http.Request { return p.toRead().Clone(p.r.Context()) }

// toRead is forPages for who changes nothing of it.
func (p *passage) toRead() *http.Request {
	if is := p.r.Header["Cookie"]; len(p.given) == 0 || len(is) == len(p.given) && &is[0] == &p.given[0] {
		return p.r // nothing was taken out
	}
	r := *p.r
	r.Header = maps.Clone(p.r.Header)
	r.Header["Cookie"] = p.given
	return &r
}

// pagesVisit is what the pages may know of this request.
func (p *passage) pagesVisit() *portal.Visit {
	person := p.person()
	person.Client = clientAddr(p.r)
	v := &portal.Visit{
		Person: person, Flag: p.flag, Ticket: p.ticket,
		ByTicket: p.who.State != identity.Known && p.ticket != nil && person.User != "",
		State:    stateWord(p.who.State),
		Host:     p.r.Host, Scheme: "http", Mount: p.gate.mount, Secure: p.secure,
		FlagCookie: p.answer.cookies.flag, FlagLifetime: p.gate.flagLifetime,
		Client: person.Client, UserAgent: p.r.UserAgent(),
		Judge: p.judge, Resists: p.resists, RetryAfter: p.who.RetryAfter,
	}
	if p.secure {
		v.Scheme = "https"
	}
	if t := p.tenant(); t != nil {
		v.Rules, v.Person.Tenant = p.rulesOf(t), t.Key
	}
	v.Step = func(step string) { p.came(step, v) }
	v.Proved = func(kind enroll.Kind, result string) { p.tried(kind, result, v) }
	p.offerTenants(v)
	v.BaseURL, v.Domain = p.baseURL(), p.domain()
	if p.gate.anonymous.Action == "login" {
		v.Login = p.loginURL(p.returnTo())
	}
	return v
}

// person is who the pages work for: the identity's word, else the ticket's
// where the app's own cookie does not come this far.
func (p *passage) person() enroll.Person {
	if p.who.State == identity.Known {
		q := &p.who.Person
		return enroll.Person{Realm: p.realm, User: q.User, Tenant: q.Tenant, Email: q.Email, Name: q.Name, Session: q.Session}
	}
	if t := p.ticket; t != nil && (p.who.State == identity.Nobody || p.who.State == identity.Absent) {
		return enroll.Person{Realm: t.Realm, User: t.User, Tenant: t.Tenant, Email: t.Email, Name: t.Name, Session: t.Session}
	}
	return enroll.Person{}
}

// judge says what a GET of a path on this host would get now.
func (p *passage) judge(to string) (verdict, reason string) {
	d := p.would(to)
	return d.Verdict.String(), d.Reason.String()
}

// resists says whether a GET of a path on this host takes nothing but a
// phishing-resistant proof.
func (p *passage) resists(to string) bool {
	if p.judged && p.asked == nil && p.r.Method == http.MethodGet && to == p.sent.Path && p.sent.RawQuery == "" {
		return p.decision.Resistant // it is what was decided
	}
	return p.would(to).Resistant
}

// would is the policy's decision on a GET of a path on this host.
func (p *passage) would(to string) policy.Decision {
	path, query, _ := strings.Cut(to, "?")
	f := policy.Facts{
		Place: p.gate.at(p.r.Host), Method: http.MethodGet, Sent: policy.Target{Path: path, RawQuery: query}, Now: p.now,
	}
	if p.gate.app.policy().LooksAtSessions() {
		f.Began = p.began
	}
	p.tell(&f)
	if p.who.State != identity.Known && p.ticket != nil {
		f.Who, f.User, f.Tenant, f.Email = policy.Known, p.ticket.User, p.ticket.Tenant, p.ticket.Email
	}
	pol := p.gate.app.policy()
	return p.settle(pol, &f, pol.Decide(&f), supposeDue)
}

// baseURL is what links in mails begin with: the request's own host only where
// the policy names it and its port is the one asked, never one that a client
// made up.
func (p *passage) baseURL() string {
	if !p.gate.app.knowsHost(p.r.Host) {
		return p.gate.app.baseURL
	}
	if _, port, err := net.SplitHostPort(p.r.Host); err == nil {
		local, _ := p.r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if local == nil {
			return p.gate.app.baseURL
		}
		if _, own, err := net.SplitHostPort(local.String()); err != nil || own != port {
			return p.gate.app.baseURL
		}
	}
	return p.origin()
}

// domain is this site's name, which codes in text messages are bound to; "": it is
// not known. As with passkeys, where the policy's hosts or base_url name hosts, no
// other is taken from a request: the attack is a forged Host field, with which the
// phone would offer the code at a site of the attacker's.
func (p *passage) domain() string {
	host := strings.ToLower(hostOnly(p.r.Host))
	base := p.gate.app.baseHost
	switch {
	case p.gate.app.knowsHost(host) || base == "" && !p.gate.app.policy().NamesHosts():
		return host
	default:
		return base
	}
}

func stateWord(s identity.State) string {
	switch s {
	case identity.Known:
		return "known"
	case identity.Conflict:
		return "conflict"
	case identity.Down:
		return "down"
	case identity.Mixed:
		return "mixed"
	}
	return "nobody"
}
