package caddymodule

import (
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// identify asks the site's identities who this is, and reads the gate's own
// cookies in the light of the answer.
func (p *passage) identify() {
	epoch := p.gate.app.revocations()
	visit, lent := p.visit()
	who := p.gate.chain.Identify(p.innerContext(), visit)
	lent.takeBack()
	p.found = &found{who: &who}
	p.relay()
	p.named = p.gate.tenantOf(p, who.Person.Tenant)
	p.realm = p.gate.realmOf(p.named)
	p.readFlag()
	p.remember(epoch)
}

// visit is this request as the identity sources see it. Asking the app, they
// are lent its placeholders, until those are taken back.
func (p *passage) visit() (*identity.Visit, *lentPlaceholders) {
	lent := &lentPlaceholders{visitor: p.r}
	v := *p.watch()
	v.Placeholder, v.Took = p.placeholder, identityTook
	v.Call = func(sub *http.Request) (*http.Response, error) { return ask(p.next, p.r, sub, lent) }
	return &v, lent
}

// watch is visit for sources that only look on, and ask nothing.
func (p *passage) watch() *identity.Visit {
	if p.looks == nil {
		p.rarely().looks = new(identity.Visit)
	}
	p.looks.R, p.looks.Site, p.looks.Now = p.r, p.gate.site, p.now
	return p.looks
}

func (p *passage) placeholder(name string) (string, bool) {
	repl := p.replacer()
	if repl == nil {
		return "", false
	}
	s, ok := repl.GetString(name)
	return s, ok && s != ""
}

// relay keeps what the app set when it was asked: for the visitor's browser,
// and in the request that follows, as if the browser had already stored it.
func (p *passage) relay() {
	if len(p.who.SetCookie) == 0 {
		return
	}
	more := p.answer.added()
	more.relay = append(more.relay, p.who.SetCookie...)
	identity.MergeSetCookie(p.r, p.who.SetCookie)
}

// forgetOvertaken drops what the app set when it was asked, where another
// request has signed the visitor in or out since, or is about to: cookies of
// before would undo that. An app that writes its sign-in anew in every answer
// would be signed in to again by the answer about a picture that was still on
// its way when its user signed out.
func (p *passage) forgetOvertaken() {
	if more := p.answer.more; more != nil && len(more.relay) > 0 && p.gate.chain.Overtaken(p.r, p.watch, p.who) {
		more.relay = nil
	}
}

// relayNow hands the visitor what the app set when it was asked, and what the
// gate itself sets, in an answer that the app has no part in.
func (p *passage) relayNow() {
	p.forgetOvertaken()
	more := p.answer.more
	if more == nil {
		return
	}
	for i, c := range more.relay {
		if p.answer.relays(i) {
			p.writer().Header().Add("Set-Cookie", c)
		}
	}
	for _, c := range more.own {
		p.writer().Header().Add("Set-Cookie", c)
	}
}

// readFlag takes the flag for what it is worth to this person. One that was
// given to somebody else, or seen when the app itself says that nobody is
// signed in, ends here: the next person at this browser must not find it.
func (p *passage) readFlag() {
	token := cookieValue(p.given, p.answer.cookies.flag)
	if token == "" || p.who.State == identity.Down || p.gate.app.service() == nil {
		return
	}
	if !p.gate.app.service().Current(p.now) {
		p.rarely().deaf = true // a revoked flag must not count because the news has not come
		if p.onPages {
			return
		}
	}
	person := p.person()
	if person.User == "" {
		if p.who.State == identity.Nobody && !p.who.Silent && !p.onPages {
			if p.gate.anonymous.Action == "confirm" {
				p.rarely().ending = true
			} else {
				p.endFlag()
			}
		}
		return
	}
	flag, err := p.gate.app.service().ReadFlag(token, p.realm, p.now)
	if err != nil {
		return
	}
	if flag.User != person.User || !flag.Binds(person.Session) {
		if p.who.State == identity.Known {
			p.endFlag()
		}
		return
	}
	if p.deaf && !p.gate.app.service().LastKnown(flag, p.now) {
		return
	}
	p.flag = flag
}

// dropFlag has the flag count no more for this request.
func (p *passage) dropFlag() {
	if p.flag != nil {
		p.apart().flag = nil
	}
}

// endFlag clears the flag in this browser and revokes its id on every node, so
// that a copy of it ends as well.
func (p *passage) endFlag() {
	token := cookieValue(p.given, p.answer.cookies.flag)
	if token == "" {
		return
	}
	p.dropFlag()
	p.clearCookie(p.answer.cookies.flag)
	p.clearCookie(p.answer.cookies.ticket)
	s := p.gate.app.service()
	if s == nil {
		return
	}
	if flag, err := s.ReadFlag(token, p.realm, p.now); err == nil {
		if err := s.RevokeFlag(p.innerContext(), flag); err != nil {
			p.gate.log.Error("revoking a flag", errField(err))
		}
	}
}

// endAll ends every flag of the person: the app has changed the password.
func (p *passage) endAll() {
	s := p.gate.app.service()
	if s == nil || p.who.Person.User == "" {
		return
	}
	if err := s.RevokeUser(p.innerContext(), p.realm, p.who.Person.User, ""); err != nil {
		p.gate.log.Error("ending every flag of a person", errField(err))
	}
}

// clearCookie removes one of the gate's cookies from the browser.
func (p *passage) clearCookie(name string) {
	c := http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: p.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode} // #nosec G124 -- Secure wherever the site is https
	p.answer.set(c.String())
}

// readTicket reads who was blocked last in this browser. It speaks only where
// the request's own identity says nobody; where that says somebody else, it is
// dropped.
func (p *passage) readTicket() {
	token := cookieValue(p.given, p.answer.cookies.ticket)
	if token == "" || p.gate.app.service() == nil {
		return
	}
	t, err := p.gate.app.service().ReadTicket(token, p.realm, p.now)
	if err != nil {
		return
	}
	if p.who.State == identity.Known && t.User != p.who.Person.User {
		p.clearCookie(p.answer.cookies.ticket)
		return
	}
	p.rarely().ticket = t
}

// proofOf is what a flag proves; lastKnown: as far as was known when the store
// was last heard.
func proofOf(f *enroll.Flag, lastKnown bool) policy.Proof {
	return policy.Proof{At: f.At, Tenant: f.Tenant, First: f.First, Methods: f.Methods, Resistant: f.Resistant, Interim: f.Interim, Reviewed: f.Reviewed, LastKnown: lastKnown}
}
