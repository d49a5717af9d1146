package attack

import (
	"strings"
	"testing"
)

// TestAdvisory_PN21_NoSpellingOverHTTP3: the targets of HTTP/1.1 once more, where :path
// is taken from no request line.
func TestAdvisory_PN21_NoSpellingOverHTTP3(t *testing.T) {
	s := startTLS(t, twoHosts, plainSite, "office.test")
	h3 := dialH3(t, s.addr, "office.test")
	passed := 0
	for _, target := range append(hostile(), harmless()...) {
		status, _ := h3.ask(":method", "GET", ":scheme", "https", ":authority", "office.test", ":path", target, "cookie", "sid=bob")
		if l := s.app.loot(); len(l) > 0 {
			t.Errorf("%.120q: served %.200q", target, l)
		}
		if status == "200" {
			passed++
		}
	}
	if passed < len(harmless()) {
		t.Errorf("only %d targets pass: the gate blocks everything", passed)
	}
}

// TestAdvisory_PN20_NoTunnelOverHTTP2AndHTTP3: CONNECT, plain and extended (RFC 8441, RFC
// 9220), and fields that belong to a connection reach no app.
func TestAdvisory_PN20_NoTunnelOverHTTP2AndHTTP3(t *testing.T) {
	s := startTLS(t, twoHosts, plainSite, "office.test")
	for name, pairs := range map[string][]string{
		"connect":           {":method", "CONNECT", ":authority", "office.test:443"},
		"connect with path": {":method", "CONNECT", ":scheme", "https", ":authority", "office.test", ":path", documents},
		"websocket":         {":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", "office.test", ":path", documents, "sec-websocket-version", "13"},
		"open websocket":    {":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", "office.test", ":path", "/open", "sec-websocket-version", "13"},
		"connect-tcp":       {":method", "CONNECT", ":protocol", "connect-tcp", ":scheme", "https", ":authority", "office.test", ":path", documents},
		"upgrade":           {":method", "GET", ":scheme", "https", ":authority", "office.test", ":path", documents, "upgrade", "h2c", "connection", "upgrade"},
		"trace":             {":method", "TRACE", ":scheme", "https", ":authority", "office.test", ":path", documents},
		"method override":   {":method", "POST", ":scheme", "https", ":authority", "office.test", ":path", documents, "x-http-method-override", "OPTIONS"},
	} {
		pairs = append(pairs, "cookie", "sid=bob")
		for version, ask := range map[string]func(...string) string{
			"HTTP/2": talkH2(t, s.secure("office.test", "h2")).try,
			"HTTP/3": func(p ...string) string { status, _ := dialH3(t, s.addr, "office.test").ask(p...); return status },
		} {
			s.app.last()
			if status := ask(pairs...); strings.HasPrefix(status, "2") || status == "101" {
				t.Errorf("%s by %s: %s", name, version, status)
			}
			if r, _ := s.app.last(); r != nil {
				t.Errorf("%s by %s reached the app as %s %s", name, version, r.Method, r.URL)
			}
		}
	}
	s.clean("a tunnel")
}
