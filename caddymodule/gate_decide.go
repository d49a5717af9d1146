package caddymodule

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// decide asks the policy, and reports whether all is known that the request needs
// on its way.
func (p *passage) decide() (known bool) {
	p.judged = true
	pol, at := p.gate.app.policy(), p.gate.at(p.r.Host)
	target, changed := p.rewritten()
	if !changed && p.r.Method != http.MethodOptions && !hasDestination(p.r) {
		if pol.Spares(&at, &p.sent) {
			p.decision, p.atOnce = &openToAll, true
			return false
		}
		if p.memory != nil && p.isLike(pol, &at) {
			return true
		}
	}
	p.findOut(pol, at, target, changed)
	return false
}

// findOut fetches what the policy asks back for: who this is, and only where that
// does not settle it, what the store knows of the account.
func (p *passage) findOut(pol *policy.Policy, at policy.Place, target policy.Target, changed bool) {
	recalled := p.recall()
	f := policy.Facts{Place: at, Method: p.r.Method, Sent: p.sent, Now: p.now}
	f.Form, f.Cookies, f.Preflight = formBody(p.r), p.r.Header["Cookie"], isPreflight(p.r)
	f.MadeGet = f.Method == http.MethodPost && p.r.Header[makesGet] != nil
	if changed {
		f.Rewritten = target
		asked := target // of its own: the target of nearly every request stays on the stack
		p.rarely().asked = &asked
	}
	if pol.LooksAtClient() {
		f.Client = clientAddr(p.r)
	}
	if pol.LooksAtSessions() {
		f.Began = p.began
	}
	if recalled {
		p.tell(&f)
	}
	p.decision = new(policy.Decision)
	*p.decision = pol.Decide(&f)
	if recalled && !p.decision.Protected {
		p.knowNobody()
	}
	if p.decision.Ask == policy.AskIdentity {
		p.identify()
		p.tell(&f)
		*p.decision = pol.Decide(&f)
	}
	switch p.decision.Ask {
	case policy.AskAccount, policy.AskDue:
		asked := f // of its own: what settle is handed leaves the stack
		*p.decision = p.settle(pol, &asked, *p.decision, p.noteDue)
		f.Account = asked.Account
	case policy.AskNothing:
		if recalled && !changed {
			p.keepDecision(pol, &f)
		}
	}
	if p.decision.Ask != policy.AskNothing {
		// A policy that keeps asking is a fault of ours; it must not open.
		p.decision = &policy.Decision{Verdict: policy.Deny, Reason: policy.ReasonStoreDown, Protected: true}
	}
	if hasDestination(p.r) {
		p.decideDestination(pol, f)
	}
	if p.deaf && p.decision.Reason != policy.ReasonVerified {
		p.dropFlag() // nobody is told of a proof that decided nothing
	}
}

// knowNobody forgets who was recalled: an open page knows nobody.
func (p *passage) knowNobody() {
	p.found = &noneFound
}

// rewritten is the target as Caddy's routes left it, and whether that is another
// than the one sent. Where they left nothing of the path, as `uri replace /app ""`
// does of /app, the app is asked for "/".
func (p *passage) rewritten() (target policy.Target, changed bool) {
	u := p.r.URL
	if u.Path == p.sent.Path && u.RawPath == "" && u.RawQuery == p.sent.RawQuery && !strings.Contains(u.Path, "%") {
		return p.sent, false // nearly every request
	}
	target = policy.Target{Path: cmp.Or(u.EscapedPath(), "/"), RawQuery: u.RawQuery}
	return target, target != p.sent
}

// settle answers what the policy asks of the store, until it has decided. Of a
// person who is found owing something for the first time, note makes a note;
// nothing else is written, and nothing of anybody who proved.
func (p *passage) settle(pol *policy.Policy, f *policy.Facts, d policy.Decision, note func(*policy.Facts, *policy.Tenant)) policy.Decision {
	if d.Ask == policy.AskAccount {
		f.Account = p.lookUp(f.User)
		d = pol.Decide(f)
	}
	for range 2 { // two tenants may judge, and each keeps its own
		if d.Ask == policy.AskDue && d.Tenant != nil {
			note(f, d.Tenant)
			d = pol.Decide(f)
		}
	}
	return d
}

// noteDue has the store note that the person owes a tenant something. Where it
// cannot, nobody is let off: it could not be told from the next time.
func (p *passage) noteDue(f *policy.Facts, t *policy.Tenant) {
	svc := p.gate.app.service()
	if svc == nil {
		f.Account = policy.Account{State: policy.AccountDown}
		return
	}
	d, err := svc.NoteDue(p.innerContext(), p.realm, f.User, t.Key)
	if err != nil {
		p.gate.log.Error("noting what a person owes", errField(err))
		f.Account = policy.Account{State: policy.AccountDown}
		return
	}
	f.Account.Due = append(f.Account.Due, policy.Due(d))
	// Whoever has the password could change the address before the person is
	// first asked for it.
	if err := svc.Notice(p.innerContext(), p.person(), p.rulesOf(t)); err != nil {
		p.gate.log.Error("noting an address", errField(err))
	}
}

// supposeDue is noteDue for a request that was not made, which writes nothing.
func supposeDue(f *policy.Facts, t *policy.Tenant) {
	f.Account.Due = append(f.Account.Due, policy.Due{Tenant: t.Key, Since: f.Now})
}

// tell gives the policy what the identities said, and what was proven.
func (p *passage) tell(f *policy.Facts) {
	switch p.who.State {
	case identity.Known:
		f.Who = policy.Known
	case identity.Conflict:
		f.Who = policy.Conflict
	case identity.Down:
		f.Who = policy.Down
	case identity.Mixed:
		f.Who = policy.Mixed
	default:
		f.Who = policy.Nobody
	}
	f.User, f.Roles, f.Tenant, f.Email = p.who.Person.User, p.who.Person.Roles, p.named, p.who.Person.Email
	f.Proof = p.proof()
}

// proof is what the visitor has proven: the gate's own flag, else the
// identity's mapped claim.
func (p *passage) proof() policy.Proof {
	if p.flag != nil {
		return proofOf(p.flag, p.deaf)
	}
	return p.gate.claimOf(&p.who.Person)
}

// lookedUp is what one request needs more than once, where it does not simply
// pass.
type lookedUp struct {
	account *enroll.Account
	tenant  *policy.Tenant // whose rules follow, for somebody of an address
	email   string
	rules   enroll.Rules
}

var errDeaf = errors.New("no word of revocations from the store that can be trusted, or none for 2 seconds")

// lookUp asks the store for a person's account, and whether the browser that
// asks is one it trusts. A visitor who has left must not make the store look
// down, in the log and in the count of answers.
func (p *passage) lookUp(user string) policy.Account {
	acct, err := p.gate.app.account(p.innerContext(), p.realm, user)
	if err == nil && p.deaf {
		err = errDeaf
	}
	if err != nil {
		p.gate.log.Error("reading an account", errField(err))
		return policy.Account{State: policy.AccountDown}
	}
	p.rarely().looked = &lookedUp{account: acct}
	known := policy.Account{State: policy.AccountKnown, Had: acct.Had, Codes: acct.CodesLeft > 0, Mailed: acct.Reachable}
	for _, d := range acct.Due {
		known.Due = append(known.Due, policy.Due(d))
	}
	for _, m := range acct.Methods {
		known.Methods = append(known.Methods, accountMethod(m))
	}
	if len(acct.Devices) == 0 || p.answer.cookies == nil {
		return known
	}
	device := cookieValue(p.given, p.answer.cookies.device)
	id, _ := p.gate.app.service().ReadDevice(device, p.realm, user, now())
	if d := acct.Device(id); d != nil {
		known.Device = policy.TrustedDevice{Tenant: d.Tenant, At: d.Created, Method: accountMethod(d.Proven)}
	}
	return known
}

func accountMethod(m enroll.Method) policy.AccountMethod {
	return policy.AccountMethod{Kind: string(m.Kind), Tenant: m.Tenant, First: m.First, From: m.From, Reviewed: m.Reviewed}
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}
