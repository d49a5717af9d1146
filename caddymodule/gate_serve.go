package caddymodule

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// ServeHTTP takes a request through the gate.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if isInner(r.Context()) {
		return next.ServeHTTP(w, r) // the gate's own question to the app
	}
	if r.Method == http.MethodTrace || r.Method == http.MethodConnect {
		w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		return caddyhttp.Error(http.StatusMethodNotAllowed, nil)
	}
	p, where := g.state.enter(w, r, next)
	switch {
	case where == whereBefore:
		p.note()
		return p.handOn()
	case where == mountYes:
		return p.servePages()
	case where == mountNo && (p.servePasskeyEndpoints() || p.serveRelatedOrigins()):
		return nil
	case g.PagesOnly && where == mountNo:
		p.decision = &openToAll
		return p.pass()
	}
	if p.decide() {
		p.note()
		return p.handOn()
	}
	return p.carryOut()
}

// passage is one request on its way through the gate. Each request makes one, and
// comes back to it when the app has answered, with everything else long out of
// the processor's sight: so what the answer needs lies together.
type passage struct {
	answer   answer
	*rare              // noRare until some of it is needed
	now      time.Time // when the request came
	secure   bool
	judged   bool
	atOnce   bool             // it was decided without a wait worth measuring
	watched  bool             // identity sources look on: the request may change who the visitor is
	heeded   bool             // a header field beside Cookie may tell who the visitor is
	keyed    bool             // Authorization, or a server in front that says by what host or scheme it was asked, is part of who the visitor is
	calm     bool             // nothing but header fields could hold a credential, and it changes nothing
	plain    bool             // the gate may remember the visitor: he has a proof, as far as can be seen, and nothing but his key tells who he is
	decision *policy.Decision // undecided until decided; others may see it

	gate   *gateState
	r      *http.Request
	next   caddyhttp.Handler
	sent   policy.Target // as the client sent it
	given  []string      // the Cookie fields as they came, with the gate's own
	cookie [1]string     // room for the one that stays of them
	told   mfaValues     // what the app is told; its request's fields lie here
	*found               // noneFound until asked
	memory *passedEntry  // what the gate remembers of this visitor, if it still holds; nil: nothing
}

// Decisions of many requests. They are shared, and never written to.
var (
	undecided policy.Decision
	openToAll = policy.Decision{Verdict: policy.Allow, Reason: policy.ReasonOpen}
)

// found is who the visitor is. The gate's memory shares it: nobody writes to one
// that others may have seen.
type found struct {
	who   *identity.Result // nobodyYet until asked
	named string           // the tenant that the identity, or a placeholder, names
	realm string
	flag  *enroll.Flag // counts for this person, now
}

// nobodyYet stands for the answer of identities that were not asked, and noneFound
// for what follows from it. They are shared, and never written to.
var (
	nobodyYet identity.Result
	noneFound = found{who: &nobodyYet}
)

// rare is what few requests need.
type rare struct {
	asked   *policy.Target     // what the request asks for where Caddy's routes changed it; nil: as sent
	ticket  *enroll.Ticket     // of the last block, where it speaks
	looked  *lookedUp          // what was read and put together for a request that does not simply pass; nil until then
	looks   *identity.Visit    // this request as identity sources that only look on see it; nil until they do
	stream  *stream            // nil until the request turns out to go on for long
	blocked *saidOfBlock       // what there is to say of a request that was stopped; nil: it was let pass
	cut     context.CancelFunc // ends the request; nil where nothing but a deadline can
	onPages bool               // the request is for a page of the gate's own
	deaf    bool               // this node has not heard of revocations lately
	ending  bool               // the flag was seen with nobody, and ends unless the app asks for a password
}

// noRare is shared, and never written to.
var noRare rare

// writer is the visitor's, past what the gate does to an answer of the app.
func (p *passage) writer() http.ResponseWriter { return p.answer.ResponseWriter }

// rarely returns what is rare of this request, to be written to.
func (p *passage) rarely() *rare {
	if p.rare == &noRare {
		p.rare = new(rare)
	}
	return p.rare
}

// apart returns what was found, to be written to: a copy, since others may see it.
func (p *passage) apart() *found {
	own := *p.found
	p.found = &own
	return p.found
}

// enter notes what the request says of itself, and takes away what must not
// reach the app from a client, on every path of a gated site. It tells where
// the request is for.
func (g *gateState) enter(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) (p *passage, to where) {
	p = &passage{gate: g, r: r, next: next, rare: &noRare, found: &noneFound, decision: &undecided, now: now()}
	p.answer.ResponseWriter = w
	saw := stripHeaders(r.Header, &g.heeds)
	p.given = saw.cookies
	if g.app.nested.Load() {
		p.shareGiven()
	}
	if saw.proxied {
		stripForwarded(r)
	}
	if saw.upgrade {
		stripUpgrade(r)
	}
	p.secure = r.TLS != nil || saw.fronted && isSecure(r)
	p.answer.cookies = g.cookieNames(p.secure)
	p.heeded, p.keyed = saw.heeded || saw.authorized, saw.fronted || saw.authorized
	p.calm = changesNothing(r)
	p.plain = p.calm && !saw.heeded && g.memory != nil && !g.app.nested.Load()
	p.memory = p.remembered()
	if p.memory != nil && p.isAgain() {
		to = whereBefore
	} else {
		to = p.aim()
	}
	if p.memory != nil {
		if kept := p.memory.Value.kept; len(p.given) > 0 && len(kept) != len(p.given[0]) {
			p.cookie[0] = kept
			setCookies(r.Header, p.cookie[:])
		}
	} else {
		own := p.answer.cookies.stripCookies(r.Header, &p.cookie)
		p.plain = p.plain && (own || g.claims)
	}
	return p, to
}

// aim notes what the request asks for, as the client sent it. What is remembered
// of the visitor counts only where his path holds no credential.
func (p *passage) aim() where {
	uri, url := askedFor(p.r)
	if strings.Contains(uri, servletMark) {
		url, uri = dropRepeatedSession(p.r, url, uri)
	}
	p.sent = wireTarget(uri, url)
	if p.calm = p.calm && p.namesNobody(); !p.calm {
		p.plain, p.memory = false, nil
	}
	return p.underMount(url)
}

// askedFor is what the client asked for, before Caddy's routes made something else of it.
func askedFor(r *http.Request) (uri string, parsed *url.URL) {
	if was, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return was.RequestURI, was.URL
	}
	return r.RequestURI, r.URL
}

// givenKey is the variable under which the outermost of several gates keeps
// the Cookie fields as they came, for those behind it.
const givenKey = "mfa.given"

// shareGiven takes the gate's own cookies over from a gate that stands before
// this one and has stripped them, or keeps them for those behind.
func (p *passage) shareGiven() {
	if outer, ok := caddyhttp.GetVar(p.r.Context(), givenKey).([]string); ok {
		p.given = outer
		return
	}
	caddyhttp.SetVar(p.r.Context(), givenKey, p.given)
}

// wireTarget splits a request target as it stood on the wire. Over HTTP/2 and
// in handlers that rebuild requests there may be none: then the parsed URL has
// to do.
func wireTarget(uri string, parsed *url.URL) policy.Target {
	if uri == "" {
		return policy.Target{Path: parsed.EscapedPath(), RawQuery: parsed.RawQuery}
	}
	path, query, _ := strings.Cut(uri, "?")
	return policy.Target{Path: path, RawQuery: query}
}

// isSecure reports whether the visitor came by https: by this connection, or
// by the word of a proxy that Caddy trusts.
func isSecure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if f := r.Header[forwardedProto]; len(f) != 1 || f[0] != "https" {
		return false
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

func clientAddr(r *http.Request) netip.Addr {
	s, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	a, _ := netip.ParseAddr(s)
	return a.Unmap()
}

// where says what a request is for.
type where uint8

const (
	mountNo       where = iota // the app
	mountYes                   // a page of the gate's own
	mountDoubtful              // what looks so only after decoding or folding: the app might read it as its own, so it is never served here
	whereBefore                // what the same visitor was let pass to a moment ago: all is known
)

// underMount reports whether the target is one of the gate's pages.
func (p *passage) underMount(parsed *url.URL) where {
	m := p.gate.mount
	if p.sent.Path == m || (strings.HasPrefix(p.sent.Path, m) && p.sent.Path[len(m)] == '/' && plainPath(p.sent.Path[len(m):])) {
		return mountYes
	}
	if path := parsed.Path; path == m || (len(path) > len(m) && path[:len(m)] == m && path[len(m)] == '/') {
		return mountDoubtful
	}
	return mountNo
}

// plainPath reports whether a path has one reading only: no escapes, dot or
// empty segments, parameters or backslashes.
func plainPath(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%', c == ';', c == '\\', c <= ' ', c >= 0x7f:
			return false
		case c == '/' && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '.'):
			return false
		}
	}
	return true
}

// innerContext is for questions to the app and the store that one visitor's
// closed tab must not end for the others.
func (p *passage) innerContext() context.Context { return context.WithoutCancel(p.r.Context()) }

func (p *passage) replacer() *caddy.Replacer {
	repl, _ := p.r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	return repl
}
