package caddymodule

import (
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

// follow has the request looked at again and again until it ends. conn is that
// of an upgraded stream.
func (p *passage) follow(conn net.Conn) {
	if !p.judged || p.stream != nil {
		return
	}
	s := p.newStream()
	s.conn = conn
	p.stream = s
	openStreams.add(s)
}

// leave must run before the handler returns.
func (p *passage) leave() {
	if p.stream != nil {
		openStreams.remove(p.stream)
	}
}

// newStream is the request as it was judged.
func (p *passage) newStream() *stream {
	s := &stream{gate: p.gate, r: p.r, realm: p.realm, opened: p.now, w: p.w, facts: policy.Facts{
		Host: p.r.Host, Method: p.r.Method, Sent: p.sent, Rewritten: p.asked,
	}}
	if p.r.Body != nil && p.r.Body != http.NoBody {
		s.facts.Form = formGone
	}
	if p.who != &nobodyYet {
		p.tell(&s.facts)
	}
	if p.flag != nil {
		s.token = cookieValue(p.given, p.cookies.flag)
	}
	return s
}

// late reports whether the request has been at work for long.
func (p *passage) late() bool { return p.gate.app.now().Sub(p.now) > longAfter }

// goesOn hears that the answer goes on.
func (p *passage) goesOn() {
	if p.stream == nil && p.late() {
		p.follow(nil)
	}
}

// sends hears that what r holds is to be sent in one go.
func (p *passage) sends(r io.Reader) {
	if l, ok := r.(*io.LimitedReader); !ok || l.N > longFile {
		p.follow(nil)
	}
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
	clear(p.w.Header())
	p.decision = d
	p.say()
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
