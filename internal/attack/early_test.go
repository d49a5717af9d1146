package attack

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"
)

// watch is a handler before the gate that notes whether a request came with the
// handshake still under way.
type watch struct{}

// early counts them.
var early atomic.Int64

func init() {
	caddy.RegisterModule(watch{})
	httpcaddyfile.RegisterHandlerDirective("attack_watch", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		h.Next()
		return new(watch), nil
	})
	httpcaddyfile.RegisterDirectiveOrder("attack_watch", httpcaddyfile.Before, "forward_auth")
}

// CaddyModule names the handler.
func (watch) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.attack_watch", New: func() caddy.Module { return new(watch) }}
}

func (watch) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.TLS != nil && !r.TLS.HandshakeComplete {
		early.Add(1)
	}
	return next.ServeHTTP(w, r)
}

// recording is what an attacker on the network sends who has recorded the first
// packets of a visitor: with early data in them, and no answer to whatever the
// server says, since that takes the visitor's key.
type recording struct{ net.PacketConn }

func (r recording) WriteTo(p []byte, to net.Addr) (int, error) {
	for rest := p; len(rest) > 0; {
		kind := rest[0] >> 4
		if kind == 0xe || kind < 0x8 { // a packet of the handshake, or of after it
			return len(p), nil
		}
		if rest = afterPacket(rest, kind == 0xc); rest == nil {
			break
		}
	}
	return r.PacketConn.WriteTo(p, to)
}

// afterPacket skips one packet with a long header (RFC 9000, section 17.2); nil
// where it cannot be read.
func afterPacket(p []byte, initial bool) []byte {
	at := 5
	for range 2 { // the connection ids
		if at >= len(p) {
			return nil
		}
		at += 1 + int(p[at])
	}
	for range map[bool]int{true: 2, false: 1}[initial] { // the token, and what remains
		if at >= len(p) {
			return nil
		}
		n, size, err := quicvarint.Parse(p[at:])
		if err != nil || uint64(len(p)-at-size) < n {
			return nil
		}
		at += size + int(n)
	}
	return p[at:]
}

// TestDesign_M18_AChangeSentAsEarlyDataWaits: what is sent as TLS early data can be
// sent again by whoever recorded it, so a change gets 425, on the gate's pages
// and on the app's, and nothing of it reaches the app. A look passes.
func TestDesign_M18_AChangeSentAsEarlyDataWaits(t *testing.T) {
	s := startTLS(t, twoHosts, strings.Replace(plainSite, "mfa {", "attack_watch\n\tmfa {", 1), "office.test")
	m := s.visitor("office.test", "mallory").enrol()
	conf := clientTLS("office.test", "h3")
	kept := &tickets{ClientSessionCache: tls.NewLRUClientSessionCache(1), came: make(chan struct{}, 1)}
	conf.ClientSessionCache = kept
	ask := func(method, path string, early bool) string {
		h := dialKept(t, s.addr, conf, early)
		status, _ := h.ask(":method", method, ":scheme", "https", ":authority", "office.test", ":path", path, "origin", "https://office.test", "sec-fetch-site", "same-origin", "cookie", strings.TrimPrefix(m.cookies(), "Cookie: "))
		return status
	}
	// A server that does not take the ticket shows nothing: then it is all done
	// again.
	for _, c := range []struct{ method, path, want string }{
		{"POST", documents, "425"}, {"DELETE", documents, "425"}, {"POST", "/open", "425"}, {"PUT", "/.mfa/api/nothing", "425"}, {"POST", "/.mfa/api/remind", "425"}, {"GET", documents, "200"},
	} {
		status := ""
		early.Store(0)
		for try := 0; early.Load() == 0; try++ {
			if try == 5 {
				t.Fatalf("%s %s came after its handshake five times: nothing is shown", c.method, c.path)
			}
			ask("GET", "/open", false)
			kept.wait(t)
			s.app.last()
			early.Store(0)
			status = ask(c.method, c.path, true)
		}
		if r, _ := s.app.last(); status != c.want || (r != nil) != (c.want == "200") {
			t.Errorf("%s %s before the end of the handshake: %s, reached the app: %v", c.method, c.path, status, r != nil)
		}
	}
	// A proxy in front says so.
	for method, want := range map[string]string{"POST": "425", "GET": "200"} {
		for version, status := range s.versions("office.test", method, "office.test", documents, m.cookies(), "Early-Data: 1") {
			if status != want {
				t.Errorf("%s over %s: %s, want %s", method, version, status, want)
			}
		}
	}
}

// tickets keeps the ticket of the connection before, and tells when one came.
type tickets struct {
	tls.ClientSessionCache
	came chan struct{}
}

func (k *tickets) Put(key string, state *tls.ClientSessionState) {
	k.ClientSessionCache.Put(key, state)
	if state != nil {
		select {
		case k.came <- struct{}{}:
		default:
		}
	}
}

func (k *tickets) wait(t *testing.T) {
	t.Helper()
	select {
	case <-k.came:
	case <-time.After(20 * time.Second):
		t.Fatal("no ticket came")
	}
}

// deaf hears nothing of the server before it is told to, so that a client has
// sent all it has to say before the handshake goes on.
type deaf struct {
	net.PacketConn
	until <-chan struct{}
}

func (d deaf) ReadFrom(p []byte) (int, net.Addr, error) {
	<-d.until
	return d.PacketConn.ReadFrom(p)
}

// dialKept connects with what was kept of the connection before; early: and
// speaks before the handshake is over, as somebody who replays a recording.
func dialKept(t *testing.T, addr string, conf *tls.Config, early bool) *h3conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = udp.Close() })
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	h := &h3conn{t: t}
	if version := (&quic.Config{Versions: []quic.Version{quic.Version1}}); early {
		until := make(chan struct{})
		hear := sync.OnceFunc(func() { close(until) })
		h.sent = hear
		t.Cleanup(hear)
		h.c, err = quic.DialEarly(ctx, recording{deaf{udp, until}}, to, conf, version)
	} else {
		h.c, err = quic.Dial(ctx, udp, to, conf, version)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.c.CloseWithError(0x100, "") })
	h.settle()
	return h
}
