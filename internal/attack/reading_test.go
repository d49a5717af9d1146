package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// Hundreds of spellings of a protected target, byte for byte, by a session that
// proved nothing. The app counts what it served (PN1-PN11, PN15-PN19, PN21).
func TestPN1_NoSpellingReachesTheObligingApp(t *testing.T) {
	s := start(t, oneHost, plainSite)
	targets := hostile()
	t.Logf("%d targets", len(targets))
	for _, target := range targets {
		s.get(target)
		if l := s.app.loot(); len(l) > 0 {
			t.Errorf("HTTP/1.1 %.120q: served %.200q", target, l)
		}
	}
	h2 := dialH2(t, s.addr)
	for _, target := range targets {
		h2.ask(":method", "GET", ":scheme", "http", ":authority", "office.test", ":path", target, "cookie", "sid=bob")
		if l := s.app.loot(); len(l) > 0 {
			t.Errorf("HTTP/2 %.120q: served %.200q", target, l)
		}
	}
}

func TestPN1_NoSpellingReachesRealServers(t *testing.T) {
	ups := []upstream{netHTTP(t), php(t), node(t, "http"), node(t, "express"), nginx(t), django(t), zend(t)}
	s := &site{t: t, app: newApp(t), dir: t.TempDir()}
	var sites, hosts strings.Builder
	for i, u := range ups {
		fmt.Fprintf(&sites, "http://up%d.test:0 {\n\tmfa {\n\t\trealm r%d\n\t\t%%WHOAMI%%\n\t}\n\t%s\n}\n", i, i, u.proxy)
		fmt.Fprintf(&sites, "http://free%d.test:0 {\n\t%s\n}\n", i, u.proxy)
		fmt.Fprintf(&hosts, ", up%d.test", i)
	}
	s.run(strings.Replace(oneHost, "office.test", "office.test"+hosts.String(), 1), sites.String())
	targets := hostile()
	for i, u := range ups {
		host := fmt.Sprintf("up%d.test", i)
		// The server is there, and does serve the secret where no gate is before it.
		if a := raw(t, s.addr, message("GET", "/documents/", fmt.Sprintf("free%d.test", i))); a.status != 200 {
			t.Fatalf("%s: status %d: the server is not what it should be", u.name, a.status)
		}
		apptest.Eventually(t, 10*time.Second, u.name+" to count what it served", func() bool { return u.looted() > 0 }) // nginx counts after it answered
		direct := u.looted()
		h2 := dialH2(t, s.addr)
		for _, target := range targets {
			target = strings.ReplaceAll(target, "office.test", host)
			raw(t, s.addr, message("GET", target, host, "Cookie: sid=bob"))
			if n := u.looted(); n != direct {
				t.Errorf("%s: HTTP/1.1 %.120q is served", u.name, target)
				direct = n
			}
			h2.ask(":method", "GET", ":scheme", "http", ":authority", host, ":path", target, "cookie", "sid=bob")
			if n := u.looted(); n != direct {
				t.Errorf("%s: HTTP/2 %.120q is served", u.name, target)
				direct = n
			}
		}
		if a := raw(t, s.addr, message("GET", "/open", host, "Cookie: sid=bob")); a.status != 200 {
			t.Errorf("%s: /open gives %d: the gate blocks everything", u.name, a.status)
		}
		if n := u.looted(); n != direct {
			t.Errorf("%s: one of the last targets is served", u.name)
		}
	}
}

// byPathAlone is oneHost without the rule of a query: behind Caddy's own rewrite to
// a script nobody could tell under which path that stands.
const byPathAlone = `version: 1
tenants:
  office:
    hosts: [office.test]
    require: mfa
    first: none
    protect:
      - /documents
`

// Caddy itself speaks FastCGI: the script sees the target as it first came.
func TestAdvisory_PN16_NoSpellingReachesPHPBehindFastCGI(t *testing.T) {
	u := caddyFPM(t)
	s := start(t, byPathAlone, "http://office.test:0 {\n\tmfa {\n\t\t%WHOAMI%\n\t}\n\t"+u.proxy+"\n}\nhttp://free.test:0 {\n\t"+u.proxy+"\n}\n")
	if a := raw(t, s.addr, message("GET", "/documents/", "free.test")); a.status != 200 || u.looted() == 0 {
		t.Fatalf("status %d, %d served: the server is not what it should be", a.status, u.looted())
	}
	h2 := dialH2(t, s.addr)
	for _, target := range hostile() {
		if strings.Contains(target, "?") && !strings.Contains(target, "?x=") {
			continue
		}
		s.get(target)
		h2.ask(":method", "GET", ":scheme", "http", ":authority", "office.test", ":path", target, "cookie", "sid=bob")
		if n := u.looted(); n != 1 {
			t.Fatalf("%.120q is served", target)
		}
	}
	for _, target := range []string{"/", "/open", "/index.php?page=home", "/x?next=/documents"} {
		if a := s.get(target); a.status != 200 {
			t.Errorf("%s: %d %s", target, a.status, a.reason())
		}
	}
}

func TestHarmlessTargetsPassByteForByte(t *testing.T) {
	s := start(t, oneHost, plainSite)
	targets := harmless()
	t.Logf("%d targets", len(targets))
	for _, target := range targets {
		a := s.get(target)
		r, _ := s.app.last()
		if a.status != 200 || r == nil {
			t.Errorf("%.100q: status %d %s", target, a.status, a.reason())
		} else if r.RequestURI != target {
			t.Errorf("%.100q arrives as %.100q", target, r.RequestURI)
		}
	}
}
