package caddymodule

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/internal/recent"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// Bounds of a gate's memory of who passed.
const (
	rememberedFor    = time.Second // nothing outlives it, whatever its sources say
	maxRemembered    = 2048        // visitors
	maxRememberedKey = 4096        // bytes of Cookie, Authorization, Host and what a server in front says
)

// visitorKey is all that who a plain request comes from depends on, beside its
// Cookie field.
type visitorKey struct {
	host               string
	cookies            bool   // there is a Cookie field
	authorization      string // the field of that name
	askedHost, askedBy string // the host and the scheme that a server in front was asked by, in its words
	secure             bool
}

// passed is a known person with a proof that counts; until when is its entry's
// word. It is shared: but for what is atomic, it is read and never written to.
type passed struct {
	found                     // without a flag, the proof is the identity's own claim
	kept        string        // his Cookie field without the gate's own
	methods, at string        // of the proof, as the app is told
	revocations atomic.Uint64 // of flags, when this one was last found to be none of them
	decided     atomic.Pointer[decided]
}

// decided is where a remembered visitor was let pass first, by which policy, and
// what the app was told.
type decided struct {
	by       *policy.Policy
	path     string // "": with a query
	method   string
	decision policy.Decision
	told     mfaValues
}

// passMemory remembers, for a second at most, who visitors with a proof are,
// so that the many requests of one page find it out once. It holds nobody who
// must still prove, and what makes it useless for somebody is his sign-in, sign-out,
// form or revocation, as soon as this node hears of it. A session lies in a visitor's cookies, or in his token,
// so that the one or the other tells most visitors apart.
type passMemory = recent.Table[visitorKey, passed]

// passedEntry is one visitor in it.
type passedEntry = recent.Entry[visitorKey, passed]

func newPassMemory() *passMemory {
	return recent.New[visitorKey, passed](maxRemembered)
}

// remembered is what the gate remembers of this visitor, still good or not; nil
// where there is nothing.
func (p *passage) remembered() *passedEntry {
	text, key, ok := p.visitorKey()
	if !ok || !p.gate.claims && !(len(p.given) > 0 && strings.Contains(p.given[0], p.answer.cookies.flag)) {
		return nil
	}
	return p.gate.memory.Get(text, &key)
}

// visitorKey names the visitor in the gate's memory, by his Cookie field if he has
// one; ok is false where his request says more of who he is than is in it.
func (p *passage) visitorKey() (text string, key visitorKey, ok bool) {
	if !p.plain || len(p.given) > 1 {
		return "", visitorKey{}, false
	}
	key = visitorKey{host: p.r.Host, cookies: len(p.given) == 1, secure: p.secure}
	if h := p.r.Header; p.keyed {
		key.authorization = first(h["Authorization"])
		key.askedHost, key.askedBy = first(h[forwardedHost]), first(h[forwardedProto])
	}
	if text = key.authorization; key.cookies {
		text = p.given[0]
	}
	ok = text != "" && len(first(p.given))+len(key.authorization)+len(key.host)+len(key.askedHost)+len(key.askedBy) <= maxRememberedKey
	return text, key, ok
}

func first(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}

// recall takes over who this visitor is from a request of a moment ago.
func (p *passage) recall() bool {
	e, svc := p.memory, p.gate.app.service()
	if e == nil || !p.now.Before(e.Until) || e.Until.Sub(p.now) > rememberedFor ||
		p.gate.steady && !p.gate.chain.Holds(p.r, e.Value.who) ||
		svc == nil || !svc.Current(p.now) || !e.Value.stands(svc) {
		p.memory = nil
		return false
	}
	p.found = &e.Value.found
	return true
}

// stands reports whether his flag, if he has one, was not revoked. It looks again
// only where something was since it last did.
func (v *passed) stands(svc *enroll.Service) bool {
	count := svc.Revocations() // before the look: what comes in between is seen next time
	if v.revocations.Load() == count {
		return true
	}
	if v.flag != nil && svc.Revoked(v.flag) {
		return false
	}
	v.revocations.Store(count)
	return true
}

// remember keeps who this visitor is for his next requests. The count is that of
// before he was identified.
func (p *passage) remember(revocations uint64) {
	text, key, ok := p.visitorKey()
	if !ok || p.who.State != identity.Known || p.deaf || len(p.who.SetCookie) > 0 || p.answer.more != nil {
		return
	}
	until := p.now.Add(rememberedFor)
	if p.who.Until.Before(until) {
		until = p.who.Until
	}
	switch {
	case p.flag != nil:
		if p.flag.Expires.Before(until) {
			until = p.flag.Expires
		}
	case !p.gate.claimOf(&p.who.Person).Claim:
		return
	}
	if !p.now.Before(until) {
		return
	}
	text, key.host, key.authorization = strings.Clone(text), strings.Clone(key.host), strings.Clone(key.authorization)
	key.askedHost, key.askedBy = strings.Clone(key.askedHost), strings.Clone(key.askedBy)
	methods, at := toldOf(p.proof())
	e := &passedEntry{Text: text, Key: key, Until: until, Value: passed{
		found: *p.found, kept: p.answer.cookies.without(text), // where text is a token, nobody looks at it
		methods: methods, at: at,
	}}
	e.Value.revocations.Store(revocations)
	p.gate.memory.Put(e, p.now)
}

// isAgain reports whether a remembered visitor asks for the very page that he was
// let pass to a moment ago, and takes over all that was found out then.
func (p *passage) isAgain() bool {
	d, r := p.memory.Value.decided.Load(), p.r
	if d == nil || d.path != r.RequestURI || d.path != r.URL.Path || d.method != r.Method ||
		r.URL.RawPath != "" || r.URL.RawQuery != "" || r.Trailer != nil || d.by != p.gate.app.policy() {
		return false
	}
	if uri, _ := askedFor(r); uri != d.path || !p.recall() { // Caddy's routes may have made this page of another
		return false
	}
	p.sent.Path, p.decision, p.told = d.path, &d.decision, d.told
	p.judged, p.atOnce = true, true
	return true
}

// isLike reports whether a remembered visitor asks for a page of which the same is
// decided as of the one he was let pass to a moment ago, and takes that over.
func (p *passage) isLike(pol *policy.Policy, at *policy.Place) bool {
	d := p.memory.Value.decided.Load()
	if d == nil || d.by != pol || p.r.Trailer != nil || p.gate.watches && p.gate.chain.OnRoute(p.r) {
		return false
	}
	area, ok := pol.Alike(at, &p.sent, &d.decision)
	if !ok || !p.recall() {
		return false
	}
	p.decision, p.told, p.atOnce = &d.decision, d.told, true
	if area != d.decision.Area {
		own := d.decision
		own.Area = area
		p.decision = &own
	}
	return true
}

// keepDecision keeps for the visitor's next request that he was let pass here, if
// who he is settled it: neither the store, nor his address, nor how long ago he
// proved had a say, nor will a date that comes before he is forgotten. Of a second's
// targets it is the first: who asks for many asks for each once, and who asks again
// and again asks for one.
func (p *passage) keepDecision(pol *policy.Policy, f *policy.Facts) {
	d := p.decision
	if d.Reason != policy.ReasonVerified || d.Fresh != 0 || pol.LooksAtClient() ||
		p.gate.watches && p.gate.chain.OnRoute(p.r) {
		return
	}
	if was := p.memory.Value.decided.Load(); was == nil || was.by != pol {
		then := *f
		if then.Now = p.memory.Until; pol.Decide(&then) != *d {
			return
		}
		path := ""
		if p.sent.RawQuery == "" { // else a page of this path alone may be another
			path = strings.Clone(p.sent.Path)
		}
		p.memory.Value.decided.Store(&decided{pol, path, p.r.Method, *d, p.tells()})
	}
}

// changesNothing reports whether a request asks for no change, and has no body.
func changesNothing(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.ContentLength == 0 && len(r.TransferEncoding) == 0
}

// namesNobody reports whether the target of a request names a page, and nothing
// that could say who asks: no parameters in its path, and no credential in its query.
func (p *passage) namesNobody() bool {
	sent, url := &p.sent, p.r.URL
	if hasMarks(sent.Path) || url.Path != sent.Path && hasMarks(url.Path) {
		return false
	}
	return sent.RawQuery == "" && url.RawQuery == "" || !p.gate.chain.Credentials.NamedInTarget(p.r)
}

// hasMarks reports whether a path may hold more than names: parameters, escapes,
// or a session in brackets.
func hasMarks(path string) bool {
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case ';', '=', '(', '%', '?':
			return true
		}
	}
	return false
}
