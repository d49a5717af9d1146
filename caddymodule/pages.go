package caddymodule

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// servePages answers a request for one of the gate's own pages.
func (p *passage) servePages() error {
	path := strings.TrimPrefix(p.sent.Path, p.gate.mount)
	if path == "" {
		p.w.Header().Set("Cache-Control", "no-store")
		to := p.gate.mount + "/"
		if p.sent.RawQuery != "" {
			to += "?" + p.sent.RawQuery
		}
		p.w.Header().Set("Location", to)
		p.w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	if strings.HasPrefix(path, "/link/") {
		// The token in the address is worth nothing without the browser that
		// asked for it, and still has no business in an access log.
		caddyhttp.SetVar(p.r.Context(), caddyhttp.LogSkipVar, true)
	}
	run := p.app.run()
	if run == nil {
		return caddyhttp.Error(http.StatusServiceUnavailable, errNotStarted)
	}
	p.onPages = true
	p.identify()
	p.readTicket()
	if p.who.State != identity.Known {
		p.readFlag()
	}
	v := p.pagesVisit()
	r := p.forPages()
	r.URL.Path, r.URL.RawPath = path, ""
	p.relayNow()
	run.pages.Serve(p.w, r, v)
	return nil
}

// forPages is the request as the pages get it: with the gate's own cookies.
func (p *passage) forPages() *http.Request {
	r := p.r.Clone(p.r.Context())
	if p.given != nil {
		r.Header["Cookie"] = p.given
	}
	return r
}

// pagesVisit is what the pages may know of this request.
func (p *passage) pagesVisit() *portal.Visit {
	person := p.person()
	v := &portal.Visit{
		Person: person, Flag: p.flag, Ticket: p.ticket,
		ByTicket: p.who.State != identity.Known && p.ticket != nil && person.User != "",
		State:    stateWord(p.who.State),
		Host:     p.r.Host, Scheme: "http", Mount: p.gate.mount, Secure: p.secure,
		FlagCookie: p.cookies.flag, FlagLifetime: p.gate.flagLifetime,
		Client: clientAddr(p.r), UserAgent: p.r.UserAgent(),
		Judge: p.judge, RetryAfter: p.who.RetryAfter,
	}
	if p.secure {
		v.Scheme = "https"
	}
	t := p.tenant()
	if t != nil {
		v.Rules = p.rulesOf(t)
		v.Tenants = []portal.TenantRef{{Key: t.Key, Name: v.Rules.TenantName}}
		v.Person.Tenant = t.Key
	}
	v.BaseURL = p.baseURL()
	if p.gate.anonymous.Action == "login" {
		v.Login, _, _ = strings.Cut(p.gate.anonymous.URL, "?")
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

// tenant is the one whose rules the pages follow: the one that blocked, where
// it still is the visitor's; else the identity's, else the host's.
func (p *passage) tenant() *policy.Tenant {
	if p.decision.Tenant != nil {
		return p.decision.Tenant
	}
	pol := p.app.policy()
	var ofHost, ofPerson *policy.Tenant
	if p.gate.tenantBy != policy.ByIdentity {
		ofHost = pol.HostTenant(p.r.Host)
	}
	ticket := ""
	if p.ticket != nil {
		ticket = p.ticket.Tenant
	}
	switch {
	case p.who.State != identity.Known:
		ofPerson = pol.Tenant(ticket)
	case p.gate.tenantBy != policy.ByHost && p.facts.Tenant != "":
		ofPerson = pol.Tenant(p.facts.Tenant)
	}
	if ofHost != nil && (ofPerson == nil || ofHost.Key == ticket) {
		return ofHost
	}
	return ofPerson
}

// judge says what a GET of a path on this host would get now.
func (p *passage) judge(to string) (verdict, reason string) {
	path, query, _ := strings.Cut(to, "?")
	f := p.facts
	f.Host, f.Method, f.Now = p.r.Host, http.MethodGet, p.now
	f.Sent, f.Rewritten, f.Form, f.Preflight = policy.Target{Path: path, RawQuery: query}, policy.Target{}, nil, false
	f.Mount, f.Protect, f.TenantBy, f.TenantMapped = p.gate.mount, p.gate.protect, p.gate.tenantBy, p.gate.tenantMapped
	if f.Who == policy.NotAsked {
		f.Who = policy.Nobody
	}
	if p.who.State != identity.Known && p.ticket != nil {
		f.Who, f.User, f.Tenant = policy.Known, p.ticket.User, p.ticket.Tenant
	}
	d := p.app.policy().Decide(&f)
	if d.Ask == policy.AskAccount {
		q := *p
		q.facts = f
		q.who.Person.User = f.User
		q.lookUp()
		f.Account = q.facts.Account
		d = p.app.policy().Decide(&f)
	}
	return d.Verdict.String(), d.Reason.String()
}

// baseURL is what links in mails begin with: the request's own host only where
// the policy names it and its port is the one asked, never one that a client
// made up.
func (p *passage) baseURL() string {
	if !p.app.knowsHost(p.r.Host) {
		return p.app.baseURL
	}
	if _, port, err := net.SplitHostPort(p.r.Host); err == nil {
		local, _ := p.r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if local == nil {
			return p.app.baseURL
		}
		if _, own, err := net.SplitHostPort(local.String()); err != nil || own != port {
			return p.app.baseURL
		}
	}
	return p.origin()
}

func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

func hostOfURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Hostname()
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

// rulesOf are the parts of a tenant's policy that enrolling depends on. A
// tenant without a name is called by the issuer's, by base_url's host, and only
// where there is neither by the request's: a client that forges its Host field
// would have its own words mailed to somebody.
func (p *passage) rulesOf(t *policy.Tenant) enroll.Rules {
	r := enroll.Rules{
		Tenant: t.Key, TenantName: cmp.Or(t.Name, p.app.issuer, hostOfURL(p.app.baseURL), hostOnly(p.r.Host)), Required: t.Require != policy.RequireNone, Limits: make(map[enroll.Kind]int, len(t.Limits)),
		Minimum: t.Minimum, First: t.First, Prove: t.Prove, Share: t.Share, Undo: t.Undo, Manage: t.Manage, Language: t.Language,
		Brand: enroll.Brand{Logo: t.Brand.Logo, Color: t.Brand.Color, Support: t.Brand.Support, Help: t.Brand.Help, Password: t.Brand.Password},
	}
	pol := p.app.policy()
	r.UndoOf = func(tenant string) bool {
		other := pol.Tenant(tenant)
		return other != nil && other.Undo
	}
	for _, m := range t.Methods {
		r.Methods = append(r.Methods, enroll.Kind(m))
	}
	for k, n := range t.Limits {
		r.Limits[enroll.Kind(k)] = n
	}
	return r
}
