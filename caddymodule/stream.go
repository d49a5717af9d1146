package caddymodule

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
)

// stream is one request that goes on after it was let pass, with all that it
// was judged by.
type stream struct {
	gate   *gateState
	r      *http.Request // its context; what the handlers make of the rest is theirs
	facts  policy.Facts  // as they were; Now, Proof and Account are looked up again
	realm  string
	given  []string     // the Cookie fields as they came
	names  *cookieNames // of the gate's own among them
	token  string       // the flag that the proof came from; "" where it came from elsewhere
	opened time.Time
	blind  bool // the last look had no word from the store

	w     http.ResponseWriter
	ended atomic.Bool
	cut   context.CancelFunc // ends the request, where a deadline does not; or nil
	conn  net.Conn           // of an upgraded stream
}

// mayGoOn judges the stream by the configuration in force.
func (s *stream) mayGoOn() bool {
	gates, running := s.judges()
	if !running {
		return true // the server goes down, and lets what is open come to its end
	}
	list := make([]policy.Decision, len(gates))
	for i, g := range gates {
		list[i] = s.judge(g)
	}
	return s.weigh(list)
}

// weigh puts together what the gates say that have a say; none of them lets
// nothing go on. Where one cannot tell because the store cannot be asked, the
// stream gets one more look: a moment without the store must not cut every
// stream there is.
func (s *stream) weigh(list []policy.Decision) bool {
	blind := false
	for i := range list {
		switch d := &list[i]; {
		case passes(d):
		case d.Reason == policy.ReasonStoreDown && !s.blind:
			blind = true
		default:
			return false
		}
	}
	s.blind = blind
	return len(list) > 0
}

// passes reports whether a request that is no page visit is let pass.
func passes(d *policy.Decision) bool {
	return d.Ask == policy.AskNothing && (d.Verdict == policy.Allow || d.Verdict == policy.Remind)
}

// judges are the gates that have a say: the one that let the stream pass, or,
// once another configuration is in force, all that took its place. Where none
// did, nobody can say that it may go on.
func (s *stream) judges() (gates []*gateState, running bool) {
	app, err := caddy.ActiveContext().AppIfConfigured("mfa")
	if err != nil {
		return nil, false
	}
	active := app.(*App).state
	if active == s.gate.app {
		return []*gateState{s.gate}, true
	}
	return active.gates.like(s.gate), true
}

// like are the gates that know the same people by the same means as one of an
// earlier configuration did.
func (l *gateList) like(was *gateState) (list []*gateState) {
	before := was.app.gates.of(was)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.gates {
		if st := g.state; st != nil && before != nil && !g.PagesOnly && st.realm == was.realm && st.mount == was.mount &&
			g.Tenant == before.Tenant && sameIdentities(g, before) {
			list = append(list, st)
		}
	}
	return list
}

// of is the directive of a state.
func (l *gateList) of(st *gateState) *Gate {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.gates {
		if g.state == st {
			return g
		}
	}
	return nil
}

// judge decides the request again, as it was made, by what holds now. How fresh
// its proof was, it was asked when it was made: a film does not end because the
// code was typed in before it began.
func (s *stream) judge(g *gateState) policy.Decision {
	f, now, blind := s.facts, now(), false
	f.Now, f.Account = now, policy.Account{}
	f.Place = g.at(f.Host)
	if s.token != "" {
		f.Proof = policy.Proof{}
		svc := g.app.service()
		blind = svc == nil || !svc.Current(now)
		if svc != nil {
			if flag, err := svc.ReadFlag(s.token, s.realm, now); err == nil && (!blind || svc.LastKnown(flag, now)) {
				f.Proof = proofOf(flag, blind)
			}
		}
	}
	if !f.Proof.At.IsZero() {
		f.Proof.At = f.Proof.At.Add(now.Sub(s.opened))
	}
	pol := g.app.policy()
	look := passage{gate: g, rare: &rare{deaf: blind}, found: &found{who: &nobodyYet, realm: s.realm}, r: s.r, given: s.given}
	look.answer.cookies = s.names
	return look.settle(pol, &f, pol.Decide(&f), supposeDue)
}

// errEnded is what whoever serves a stream gets once it has been ended.
var errEnded = errors.New("mfa: the stream was ended: what let it pass holds no more")

// end breaks the stream off, in the middle of an answer where need be: the
// client sees that it is not whole. Nothing more is written or read of it, and
// whoever waits is woken: a client that reads no more, by a deadline that lies
// in the past; an app that says nothing, by the end of the request's context,
// which follows from that over HTTP/1.1 and 2. The deadlines are set beneath
// Caddy's own writers, which are the handler's alone.
func (s *stream) end() {
	s.ended.Store(true)
	if s.conn != nil {
		go func() { _ = s.conn.Close() }() // TLS may take its time to say goodbye
		return
	}
	if s.cut != nil {
		s.cut()
	}
	past, c := time.Unix(1, 0), http.NewResponseController(bottom(s.w))
	_ = c.SetReadDeadline(past)
	_ = c.SetWriteDeadline(past)
}

// bottom is the server's own writer.
func bottom(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = u.Unwrap()
	}
}

// judgedReader ends with its stream.
type judgedReader struct {
	io.Reader
	stream *stream
}

func (r judgedReader) Read(p []byte) (int, error) {
	if r.stream.ended.Load() {
		return 0, errEnded
	}
	return r.Reader.Read(p)
}

var errFormGone = errors.New("reading a form: it was passed on")

// formGone stands for a form that went to the app: a rule that would look into
// it protects.
func formGone() (url.Values, error) { return nil, errFormGone }
