package caddymodule

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// What makes a request long: how long it is at work, and how many bytes of body
// it sends or of a file it gets. Below these a request has ended before anybody
// would look at it again.
const (
	longAfter = 10 * time.Second
	longBody  = 1 << 20
	longFile  = 256 << 10
)

// cuttable lets a request over HTTP/3 for an event stream be ended by its
// context: there, a deadline ends writing alone, and a stream that says nothing
// would stay.
func (p *passage) cuttable() {
	if strings.Contains(p.r.Header.Get("Accept"), "text/event-stream") {
		var ctx context.Context
		ctx, p.rarely().cut = context.WithCancel(p.r.Context())
		p.r = p.r.WithContext(ctx)
	}
}

// follow has the request looked at again and again until it ends. conn is that
// of an upgraded stream.
func (p *passage) follow(conn net.Conn) {
	if !p.judged || p.stream != nil {
		return
	}
	s := p.newStream()
	s.conn = conn
	p.rarely().stream = s
	openStreams.add(s)
}

// broken reports whether the request has been broken off.
func (p *passage) broken() bool { return p.stream != nil && p.stream.ended.Load() }

// followBody has a request looked at while its body is on its way.
func (p *passage) followBody() {
	if p.follow(nil); p.stream != nil && p.r.Body != nil {
		p.r.Body = &joined{judgedReader{p.r.Body, p.stream}, p.r.Body}
	}
}

// leave must run before the handler returns, or gives up: what is under way ends
// with it.
func (p *passage) leave() {
	if p.watched {
		p.heard(nil, http.StatusBadGateway) // there was no answer
	}
	if p.rare == &noRare {
		return // nearly always
	}
	if p.cut != nil {
		p.cut()
	}
	if p.stream != nil {
		openStreams.remove(p.stream)
	}
}

// newStream is the request as it was judged.
func (p *passage) newStream() *stream {
	s := &stream{gate: p.gate, r: p.r, realm: p.realm, opened: p.now, w: p.writer(), cut: p.cut, facts: policy.Facts{
		Place: policy.Place{Host: p.r.Host}, Method: p.r.Method, Sent: p.sent, Client: clientAddr(p.r),
	}}
	if p.asked != nil {
		s.facts.Rewritten = *p.asked
	}
	if p.r.Body != nil && p.r.Body != http.NoBody {
		s.facts.Form = formGone
	}
	if p.who != &nobodyYet {
		p.tell(&s.facts)
		s.facts.Began = p.beganBefore()
	}
	s.given, s.names = p.given, p.answer.cookies
	if p.flag != nil {
		s.token = cookieValue(p.given, p.answer.cookies.flag)
	}
	return s
}

// late reports whether the request has been at work for long.
func (p *passage) late() bool { return since(p.now) > longAfter }

// goesOn hears that the answer goes on, and reports whether it may. The first
// piece of a body follows its header at once, which was looked at.
func (p *passage) goesOn(first bool) bool {
	if !first && p.stream == nil && p.late() {
		p.follow(nil)
	}
	return !p.broken()
}

// sends returns what of r may be sent in one go.
func (p *passage) sends(r io.Reader) io.Reader {
	if l, ok := r.(*io.LimitedReader); !ok || l.N > longFile {
		p.follow(nil)
	}
	if p.stream == nil {
		return r
	}
	return judgedReader{r, p.stream}
}

// stands reports whether a request whose answer comes late would still be let
// pass; otherwise it has been refused.
func (p *passage) stands() bool {
	if !p.judged {
		return true
	}
	d := p.newStream().judge(p.gate)
	if passes(&d) {
		return true
	}
	clear(p.writer().Header())
	p.decision = &d
	p.refuse()
	return false
}

// isLong reports whether a request's body may be on its way for long.
func isLong(r *http.Request) bool { return r.ContentLength < 0 || r.ContentLength > longBody }

// isStream reports whether an answer goes on by its kind.
func isStream(h http.Header) bool {
	kinds := h["Content-Type"]
	return len(kinds) == 1 && strings.HasPrefix(kinds[0], "text/event-stream")
}
