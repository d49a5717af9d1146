package caddymodule

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// errBlocked is what handle_errors gets with `block error`.
var errBlocked = errors.New("mfa: blocked")

// ticketLife is how long a block is remembered in the browser.
const ticketLife = 15 * time.Minute

func (p *passage) isPageVisit() bool { return portal.IsPageVisit(p.r) }

// block answers in the app's stead. The app gets no byte of the request, and
// the visitor none of the app.
func (p *passage) block() error {
	d := p.decision
	p.rarely().blocked = &saidOfBlock{reference: newReference()}
	to := p.returnTo()
	p.blocked.returnTo = url.QueryEscape(to)
	p.blocked.enrollURL = p.origin() + p.gate.mount + "/enroll?to=" + p.blocked.returnTo
	p.relayNow()
	p.logBlock()
	p.tellBlock()
	if d.Reason == policy.ReasonNoIdentity && p.isPageVisit() && p.toLogin(to) {
		return nil
	}
	p.giveTicket(to)
	if p.gate.block == "error" {
		p.writer().Header().Set("Cache-Control", "no-store")
		return caddyhttp.Error(d.Reason.Status(), errBlocked)
	}
	p.show(to)
	return nil
}

// refuse answers with the page or the problem of a decision that came when the
// app had already been asked.
func (p *passage) refuse() {
	p.rarely().blocked = &saidOfBlock{reference: newReference()}
	p.relayNow()
	p.logBlock()
	p.show(p.returnTo())
}

// show writes a blocked answer.
func (p *passage) show(to string) {
	d := p.decision
	v := p.pagesVisit()
	v.Ticket = p.ticket
	p.gate.app.blocks.Block(p.writer(), p.toRead(), &portal.Blocked{
		Owed: d.Would.String(), LastReminder: p.lastReminder(v.Rules),
		Visit: v, Verdict: d.Verdict.String(), Reason: d.Reason.String(), Status: d.Reason.Status(),
		Reference: p.reference(), To: to, Fresh: d.Fresh, Names: p.areaNames,
		RetryAfter: p.who.RetryAfter, Foreign: isForeign(p.r),
	})
}

// returnTo is the page first wanted, as the browser's address bar shows it.
func (p *passage) returnTo() string {
	to := p.sent.Path
	if p.sent.RawQuery != "" {
		to += "?" + p.sent.RawQuery
	}
	return portal.ReturnTo(to, p.gate.mount)
}

// returnPlaceholder stands for the page first wanted in `anonymous login`.
const returnPlaceholder = "{http.mfa.return_to}"

// loginURL is where the app signs people in, "" where that is not known.
func (p *passage) loginURL(to string) string {
	if p.gate.anonymous.Action != "login" {
		return ""
	}
	return strings.ReplaceAll(p.gate.anonymous.URL, returnPlaceholder, url.QueryEscape(to))
}

// toLogin sends a visitor of nobody known to the app's own login, unless the
// page wanted is that login: that would be a loop. Where one script serves
// every page, the query tells the login from the others.
func (p *passage) toLogin(to string) bool {
	target := p.loginURL(to)
	path, query, _ := strings.Cut(target, "?")
	filled := strings.Contains(p.gate.anonymous.URL, returnPlaceholder)
	if target == "" || path == p.sent.Path && (filled || query == p.sent.RawQuery) {
		return false
	}
	h := p.writer().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", target)
	p.writer().WriteHeader(http.StatusSeeOther)
	return true
}

// giveTicket remembers in the browser who was blocked and where, for pages of
// the gate that the app's own cookie does not reach. It is given only by a
// block that enrolling or proving can lift.
func (p *passage) giveTicket(to string) {
	d := p.decision
	switch d.Verdict {
	case policy.Enroll, policy.Verify, policy.Remind:
	default:
		return
	}
	svc := p.gate.app.service()
	if svc == nil {
		return
	}
	method := p.r.Method
	if isPart(p.r) {
		if !p.byScript() || p.hasTicket(svc) {
			return
		}
		to, method = p.pageOf(), http.MethodGet
	}
	person := &p.who.Person
	p.notice(svc)
	t := enroll.Ticket{
		Realm: p.realm, User: person.User, Tenant: p.tenantKey(), Email: person.Email, Name: person.Name, Session: person.Session,
		To: to, Method: method, Reason: d.Reason.String(), Foreign: isForeign(p.r), Expires: p.now.Add(ticketLife),
	}
	token, err := svc.SignTicket(t)
	if err != nil {
		p.gate.log.Error("signing a ticket", errField(err))
		return
	}
	p.rarely().ticket = &t
	h := p.writer().Header()
	h["Set-Cookie"] = append(h["Set-Cookie"], p.ticketCookie(token))
}

// ticketAttributes are those of the ticket's cookie, as net/http writes them: a
// token has nothing in it that would have to be looked for.
var ticketAttributes = "; Path=/; Max-Age=" + strconv.Itoa(int(ticketLife/time.Second)) + "; HttpOnly"

// ticketCookie is the Set-Cookie field of a ticket.
func (p *passage) ticketCookie(token string) string {
	if p.secure {
		return p.answer.cookies.ticket + "=" + token + ticketAttributes + "; Secure; SameSite=Lax"
	}
	return p.answer.cookies.ticket + "=" + token + ticketAttributes + "; SameSite=Lax"
}

// isPart reports whether a browser asked for a picture, a script or data for a
// page it shows, or for a page that it only guesses will be opened: that must
// not change where its visitor goes back to.
func isPart(r *http.Request) bool {
	if strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch") {
		return true
	}
	mode := r.Header.Get("Sec-Fetch-Mode")
	return mode != "" && mode != "navigate"
}

// notice lets the store know the address that the identity gives, the first
// time the person is seen: one changed later, by whoever has the password,
// does not prove a first enrolment.
func (p *passage) notice(svc *enroll.Service) {
	if p.decision.Verdict != policy.Enroll || p.decision.Tenant == nil {
		return
	}
	if a := p.looked.account; a != nil && !a.News(p.who.Person.Email, p.now) {
		return
	}
	if err := svc.Notice(p.innerContext(), p.person(), p.rulesOf(p.decision.Tenant)); err != nil {
		p.gate.log.Error("noting an address", errField(err))
	}
}

// lastReminder is when what is owed can be put off no more, for a page that
// offers to.
func (p *passage) lastReminder(rules enroll.Rules) time.Time {
	if p.decision.Verdict != policy.Remind || rules.Remind.Times == 0 {
		return time.Time{}
	}
	acct, err := p.gate.app.account(p.r.Context(), p.realm, p.who.Person.User)
	if err != nil {
		return time.Time{}
	}
	return rules.LastReminder(acct.Due)
}

// areaNames are the names, in a language, of the area asked for and of all that are
// locked with it.
func (p *passage) areaNames(lang string) (area string, all []string) {
	if d := p.decision; d.Area != nil {
		area = d.Area.Name(lang)
	}
	if t := p.decision.Tenant; t != nil {
		all = t.Areas(lang)
	}
	return area, all
}

// logBlock writes what an administrator needs to answer "why was I blocked":
// by the reference, never by the person.
func (p *passage) logBlock() {
	if c := p.gate.log.Check(zap.InfoLevel, "blocked"); c != nil {
		fields := []zap.Field{
			zap.String("reference", p.reference()), zap.String("verdict", p.decision.Verdict.String()),
			zap.String("reason", p.decision.Reason.String()), zap.String("tenant", p.tenantKey()),
		}
		if p.decision.Area != nil {
			fields = append(fields, zap.String("area", p.decision.Area.Path))
		}
		if p.decision.Verdict == policy.Deny {
			fields = append(fields, zap.Strings("identity", p.who.Why))
		}
		c.Write(fields...)
	}
}

// origin is scheme and host as the visitor sees them.
func (p *passage) origin() string {
	if p.secure {
		return "https://" + p.r.Host
	}
	return "http://" + p.r.Host
}

// isForeign reports whether the request came from another site's page: what
// it wanted is never offered to be sent again.
func isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		o := r.Header.Get("Origin")
		if o == "" {
			return false
		}
		u, err := url.Parse(o)
		return err != nil || u.Host != r.Host
	}
	return true
}

// spoken is base32 (RFC 4648, section 6) in letters and digits that nobody takes
// for one another.
var spoken = base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789").WithPadding(base32.NoPadding)

// newReference makes the 60 random bits by which an administrator finds a
// block, in three groups that can be read out over the telephone.
func newReference() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	s := spoken.EncodeToString(b[:])[:12]
	return s[:4] + "-" + s[4:8] + "-" + s[8:]
}
