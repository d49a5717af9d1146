package caddymodule

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// carryOut says what was decided and does it.
func (p *passage) carryOut() error {
	if tooEarly(p.r) {
		return waitForHandshake(p.writer())
	}
	d := p.decision
	p.note()
	if p.gate.anonymous.Action == "confirm" && d.Reason == policy.ReasonNoIdentity && d.Verdict == policy.Deny {
		if p.gate.mayConfirm(p) {
			return p.confirm()
		}
		p.challenge()
	}
	p.endLate()
	switch {
	case d.Verdict == policy.Allow && d.Preflight:
		return p.passPreflight()
	case d.Verdict == policy.Allow:
		return p.pass()
	case d.Verdict == policy.Remind && !p.isPageVisit():
		return p.pass()
	}
	return p.block()
}

// pass hands the request to the app, with what the gate knows in Mfa-* fields
// and without what only the gate may know.
func (p *passage) pass() error {
	stripTrailers(p.r, p.gate.chain.Credentials)
	p.watched = p.gate.watches && (!p.calm || p.gate.chain.OnRoute(p.r))
	if p.watched {
		p.learnWhose()
	}
	ended := p.watched && p.ended()
	switch p.decision.Reason {
	case policy.ReasonVerified:
		p.returned()
	case policy.ReasonNotRequired:
		if !ended {
			p.noteSession()
		}
	case policy.ReasonTrustedDevice:
		p.renewDevice()
	}
	p.told = p.tells()
	return p.handOn()
}

// note counts what was decided, and makes it visible.
func (p *passage) note() {
	took := time.Duration(0)
	if !p.atOnce {
		took = since(p.now)
	}
	p.gate.app.count(p.decision, took)
	p.say()
}

// handOn gives the request to the app.
func (p *passage) handOn() error {
	p.inform()
	a := &p.answer
	a.protected = p.decision.Protected
	a.steady = !p.watched && !(a.protected && p.gate.steady)
	a.passage = p
	if p.r.ProtoMajor == 3 {
		p.cuttable()
	}
	if isLong(p.r) {
		p.followBody()
	}
	defer p.leave()
	return p.next.ServeHTTP(a, p.r)
}

// sees looks at the app's answer, and what cookies it sets, before any of it
// leaves, and reports whether it may. What the app has done it has done, also
// where nobody gets to see its answer.
func (p *passage) sees(status int, h http.Header, set []string) bool {
	may := !(p.late() && !p.stands() || p.decision.Protected && !p.still())
	if may && isStream(h) {
		p.follow(nil)
	}
	if p.watched || p.gate.watches && len(set) > 0 {
		p.heard(set, status)
	}
	return may
}

// heard tells identity sources how the app answered.
func (p *passage) heard(set []string, status int) {
	p.watched = false // once
	v := p.watch()
	v.Now = now() // the request may have come long before
	if p.gate.chain.SawResponse(v, set, status) {
		p.endAll()
	}
}

// still reports whether the app's answer is for the person who was let pass. A
// request with a slow body can be overtaken by a sign-in in the same session:
// the app would then answer it as somebody else.
func (p *passage) still() bool {
	if !p.gate.steady || !p.gate.chain.Overtaken(p.r, p.watch, p.who) {
		return true
	}
	visit, lent := p.visit()
	defer lent.takeBack()
	if p.gate.chain.Still(p.innerContext(), visit, p.who) || p.who.State != identity.Known {
		return true
	}
	clear(p.writer().Header())
	p.decision = &policy.Decision{Verdict: policy.Deny, Reason: policy.ReasonIdentityConflict, Tenant: p.decision.Tenant, Protected: true}
	p.endFlag()
	p.refuse()
	return false
}

// ended ends the flag where this request is a sign-in or a sign-out, and
// reports whether it is one.
func (p *passage) ended() bool {
	if !p.gate.chain.Saw(p.watch()) {
		return false
	}
	if cookieValue(p.given, p.answer.cookies.seen) != "" {
		p.clearCookie(p.answer.cookies.seen)
	}
	if cookieValue(p.given, p.answer.cookies.flag) == "" {
		// Nobody proved, and somebody was blocked: the next person at this browser
		// must not enrol in that one's name.
		if cookieValue(p.given, p.answer.cookies.ticket) != "" {
			p.clearCookie(p.answer.cookies.ticket)
		}
		return true
	}
	if p.realm == "" {
		if p.gate.realm == realmByTenant {
			p.identify() // whose flag it is can be read only in its realm
		} else {
			p.apart().realm = p.gate.realm
		}
	}
	p.endFlag()
	return true
}

// mfaFields are the request fields by which the app is told what the gate knows.
var mfaFields = [...]string{"Mfa-Status", "Mfa-User", "Mfa-Tenant", "Mfa-Methods", "Mfa-Time"}

// mfaValues are theirs; "" of what is not known.
type mfaValues [len(mfaFields)]string

// tells is what the app is told of a request that passes.
func (p *passage) tells() (t mfaValues) {
	if p.decision.Reason == policy.ReasonOpen && !p.decision.Protected {
		return t
	}
	user := ""
	if p.who.State == identity.Known {
		user = p.who.Person.User // a password that only the app will check names nobody yet
	}
	methods, at := p.toldProof()
	t = mfaValues{p.decision.Reason.String(), user, p.tenantKey(), methods, at}
	for i := range t {
		if !safeValue(t[i]) {
			t[i] = ""
		}
	}
	return t
}

// inform sets the fields. They were deleted before, whatever the client sent; what
// is not known stays absent.
func (p *passage) inform() {
	for i := range p.told {
		if p.told[i] != "" {
			p.r.Header[mfaFields[i]] = p.told[i : i+1 : i+1]
		}
	}
}

// toldProof is what the app is told of the visitor's proof.
func (p *passage) toldProof() (methods, at string) {
	if e := p.memory; e != nil && e.Value.who == p.who && e.Value.flag == p.flag {
		return e.Value.methods, e.Value.at
	}
	return toldOf(p.proof())
}

// toldOf are Mfa-Methods and Mfa-Time. An identity may say what was used, but not
// when.
func toldOf(proof policy.Proof) (methods, at string) {
	if !proof.At.IsZero() {
		at = strconv.FormatInt(proof.At.Unix(), 10)
	}
	return strings.Join(proof.Methods, " "), at
}

// safeValue reports whether a value can stand in a field without ending it
// early. Another is left out rather than changed, since the app compares it.
func safeValue(value string) bool {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
