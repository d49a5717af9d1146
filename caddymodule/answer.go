package caddymodule

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// answer is the writer behind which the app works: it lets everything through
// but what the app may not say to a visitor of a gated site.
type answer struct {
	caddyhttp.ResponseWriterWrapper

	head      http.Header // as the writer beneath gives it, once asked
	passage   *passage    // asked whether the answer may go out; nil: it may
	protected bool        // under a protected prefix: no shared cache may keep it
	steady    bool        // its passage need not be asked but for its time, its kind or a cookie
	wrote     bool
	began     bool         // the first piece of the body has left
	withheld  bool         // something else was answered: what the app says goes nowhere
	more      *moreCookies // nil: none
	cookies   *cookieNames
	room      [1]string // for a field that is added
}

// moreCookies are Set-Cookie values that the answer gets beside the app's.
type moreCookies struct {
	relay []string // what the app gave when it was asked who this is
	own   []string // of the gate itself
}

// set adds a cookie of the gate's to the answer.
func (a *answer) set(cookie string) { a.added().own = append(a.added().own, cookie) }

func (a *answer) added() *moreCookies {
	if a.more == nil {
		a.more = new(moreCookies)
	}
	return a.more
}

// Header is that of the writer beneath. It is asked for at every field, and
// each of Caddy's writers would hand the question on.
func (a *answer) Header() http.Header {
	if a.head == nil {
		a.head = a.ResponseWriter.Header()
	}
	return a.head
}

// WriteHeader applies the gate's rules to the header fields, once, before they
// leave. Informational answers carry the same fields, so they are filtered too.
func (a *answer) WriteHeader(status int) {
	h := a.Header()
	set := h["Set-Cookie"]
	if len(set) > 0 {
		set = a.dropOwnCookies(h, set)
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	if a.wrote {
		return
	}
	a.wrote = true
	if p := a.passage; p != nil && (!a.steady || a.more != nil || len(set) > 0 || isStream(h) || p.late()) {
		if !p.sees(status, h, set) {
			a.withheld = true
			return
		}
		p.forgetOvertaken()
	}
	if a.more != nil {
		a.addRelayed(h)
		for _, c := range a.more.own {
			h.Add("Set-Cookie", c)
		}
	}
	if a.protected || a.more != nil && len(h["Set-Cookie"]) > len(set) { // on an open page, too, a cookie we add is one visitor's
		privateOnly(h, &a.room)
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if !a.wrote {
		a.WriteHeader(http.StatusOK)
	}
	if a.withheld {
		return len(p), nil
	}
	if p := a.passage; p != nil && (a.began || p.rare != &noRare) && !p.goesOn(!a.began) {
		return 0, errEnded
	}
	a.began = true
	return a.ResponseWriter.Write(p)
}

// ReadFrom keeps the copying of large answers as fast as without the gate.
func (a *answer) ReadFrom(r io.Reader) (int64, error) {
	if !a.wrote {
		a.WriteHeader(http.StatusOK)
	}
	if a.withheld {
		return io.Copy(io.Discard, r)
	}
	if a.passage != nil {
		r = a.passage.sends(r)
	}
	return a.ResponseWriterWrapper.ReadFrom(r)
}

// Hijack hands the connection over to an upgraded stream, unless its handshake
// was withheld.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if a.withheld {
		return nil, nil, http.ErrNotSupported
	}
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil && a.passage != nil {
		a.passage.follow(conn)
	}
	return conn, rw, err
}

// FlushError sends what is there. Without it a flush would reach the writer
// underneath first and send fields that were not looked at.
func (a *answer) FlushError() error {
	if !a.wrote {
		a.WriteHeader(http.StatusOK)
	}
	if a.passage != nil && a.passage.broken() {
		return errEnded
	}
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Flush is FlushError for callers that know only http.Flusher.
func (a *answer) Flush() { _ = a.FlushError() }

// dropOwnCookies removes Set-Cookie fields by which the app would set, or
// clear, a cookie of the gate, and returns those that stay.
func (a *answer) dropOwnCookies(h http.Header, set []string) []string {
	for i, c := range set {
		if a.cookies.own(setCookieName(c)) {
			kept := append([]string(nil), set[:i]...)
			for _, c := range set[i+1:] {
				if !a.cookies.own(setCookieName(c)) {
					kept = append(kept, c)
				}
			}
			if len(kept) == 0 {
				delete(h, "Set-Cookie")
			} else {
				h["Set-Cookie"] = kept
			}
			return kept
		}
	}
	return set
}

// addRelayed adds what the app set when the gate asked it who this is, unless
// its real answer sets a cookie of the same name.
func (a *answer) addRelayed(h http.Header) {
	answered := h["Set-Cookie"]
	for i, c := range a.more.relay {
		name := setCookieName(c)
		again := slices.ContainsFunc(answered, func(d string) bool { return setCookieName(d) == name })
		if !again && a.relays(i) {
			h.Add("Set-Cookie", c)
		}
	}
}

// relays reports whether the visitor is to get the cookie: none of the gate's,
// and of one that was set more than once, since the app was asked more than
// once, the last.
func (a *answer) relays(i int) bool {
	c := a.more.relay[i]
	return !a.cookies.own(setCookieName(c)) &&
		!slices.ContainsFunc(a.more.relay[i+1:], func(d string) bool { return identity.SameCookie(c, d) })
}

func setCookieName(c string) string {
	name, _, _ := strings.Cut(c, "=")
	return strings.TrimSpace(name)
}

// privateOnly makes an answer from a protected area one that no shared cache
// may keep and hand to somebody else (RFC 9111, section 5.2.2.7). no-store
// stays; public, s-maxage and the fields that only CDNs read go. What is added lies
// in room.
func privateOnly(h http.Header, room *[1]string) {
	var given []string
	for k, fields := range h {
		switch {
		case k == "Cache-Control":
			given = fields
		case strings.HasSuffix(k, "Cdn-Cache-Control"), k == "Surrogate-Control", k == "Edge-Control", k == "X-Accel-Expires":
			delete(h, k)
		}
	}
	if len(given) == 0 {
		room[0] = "private"
		h["Cache-Control"] = room[:]
		return
	}
	h["Cache-Control"] = []string{withoutShared(given)}
}

// withoutShared is what an answer says of caches without what it says of shared
// ones.
func withoutShared(given []string) string {
	var kept []string
	noStore := false
	for _, f := range given {
		for d := range strings.SplitSeq(f, ",") {
			d = strings.TrimSpace(d)
			name, _, _ := strings.Cut(d, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "", "public", "s-maxage", "private", "proxy-revalidate":
				continue
			case "no-store":
				noStore = true
			}
			kept = append(kept, d)
		}
	}
	if !noStore {
		kept = append([]string{"private"}, kept...)
	}
	return strings.Join(kept, ", ")
}

// Interface guards
var (
	_ http.ResponseWriter = (*answer)(nil)
	_ http.Flusher        = (*answer)(nil)
	_ http.Hijacker       = (*answer)(nil)
	_ io.ReaderFrom       = (*answer)(nil)
)
