package attack

import (
	"fmt"
	"strings"
	"testing"
)

// TestAdvisory_CVE_2026_27588_PN14_ManyTenantsSameVerdict: a faster way to look up many
// hosts compared them with regard to case. However many there are, no spelling of a
// host gives the verdict of another, which a wildcard beside it would have.
func TestAdvisory_CVE_2026_27588_PN14_ManyTenantsSameVerdict(t *testing.T) {
	for _, n := range []int{1, 100, 101, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var b strings.Builder
			b.WriteString("version: 1\ndefaults: {first: none, require: mfa, protect: [/documents]}\ntenants:\n  lax: {hosts: [\"*.test\"], require: none}\n")
			for i := range n {
				fmt.Fprintf(&b, "  t%d: {hosts: [t%d.test, \"*.w%d.test\"]}\n", i, i, i)
			}
			s := start(t, b.String(), plainSite)
			last := n - 1
			for _, f := range []string{"t%d.test", "T%d.TEST", "t%d.test.", "T%d.test.:80", "t%d.test:443", "a.w%d.test", "A.W%d.Test.:8080"} {
				host := fmt.Sprintf(f, last)
				if a := raw(t, s.addr, message("GET", documents, host, "Cookie: sid=bob")); a.status != 403 || a.reason() != "enroll" {
					t.Errorf("%s: %d %s", host, a.status, a.reason())
				}
				if h1, h2 := s.both("GET", documents, host); h1.arrived != "" || h2.arrived != "" {
					t.Errorf("%s reaches the app: %q, %q", host, h1.arrived, h2.arrived)
				}
				if h1, h2 := s.both("GET", "/open", host); !h1.ok || !h2.ok {
					t.Errorf("%s, open: %v, %v", host, h1.ok, h2.ok)
				}
			}
			s.clean("a spelling of a host")
			for _, host := range []string{"x.test", "X.TEST", fmt.Sprintf("t%d.test", n)} {
				if h1, h2 := s.both("GET", documents, host); !h1.ok || !h2.ok {
					t.Errorf("%s, which asks for nothing: %v, %v", host, h1.ok, h2.ok)
				}
			}
			s.app.loot()
			// What is no name of a host, some app reads as one: it falls under no wildcard.
			for _, host := range []string{"t0.test.evil.example", "127.0.0.1", "[::1]", "", "t0.test%00", "t0%2etest", "x@t0.test", "%740.test", "t%30.test", ".t0.test", ".test", "t0,x.test", "t0;.test", "t0_.test/x", "'t0.test", "t0=.test", "(t0).test", "ｔ0.test", "t0\u00ad.test"} {
				if h1, h2 := s.both("GET", documents, host); h1.arrived != "" || h2.arrived != "" {
					t.Errorf("%q reaches the app: %q, %q", host, h1.arrived, h2.arrived)
				}
			}
			s.clean("some host")
		})
	}
}

// TestAdvisory_PN12_EveryPlacement: what Caddy rewrote before the gate, and what was
// sent, are both judged, wherever the gate stands.
func TestAdvisory_PN12_EveryPlacement(t *testing.T) {
	gate := "mfa {\n%WHOAMI%\n}\n"
	for name, c := range map[string]struct {
		site      string
		targets   []string // of the area, as sent or as rewritten
		open      string
		elsewhere []string // rewritten to what is none of it
	}{
		"rewrite before":      {"rewrite /d /documents\nrewrite /e/* /documents{path}\n" + gate + "reverse_proxy %APP%", []string{"/d", "/d?x", "/%64", "/e/1", "/E/1", "/documents", "/x/../d"}, "/open", nil},
		"rewrite of the area": {"rewrite /documents/* /open{path}\n" + gate + "reverse_proxy %APP%", []string{"/documents/1", "/documents/../documents", "/documents", "/%64ocuments/1"}, "/open", nil},
		"strip_prefix before": {"uri strip_prefix /strip\n" + gate + "reverse_proxy %APP%", []string{"/strip/documents", "/strip/%2e%2e/documents", "/strip//documents", "/strip%2fdocuments", "/strip/strip/../documents", "/stri%70/documents", "/strip/documents;x", "/strip/..%2fdocuments"}, "/strip/open", nil},
		"replace before":      {"uri replace /v1/ /\n" + gate + "reverse_proxy %APP%", []string{"/v1/documents", "/v1/%64ocuments", "/docu/v1/../../documents"}, "/v1/open", []string{"/v1/v1/documents", "/docu/v1/../documents"}},
		"handle_path":         {"handle_path /strip/* {\n" + gate + "reverse_proxy %APP%\n}\nhandle {\n" + gate + "reverse_proxy %APP%\n}", []string{"/strip/documents", "/strip/%2e%2e/documents", "/strip/..;/documents", "/documents", "/strip//documents"}, "/strip/open", nil},
		"try_files":           {"root * %DIR%/www\ntry_files {path} /documents/index.html\n" + gate + "reverse_proxy %APP%", []string{"/nothing-here", "/x/y/z", "/documents/1"}, "/there.txt", nil},
		"path_regexp":         {"uri path_regexp ^/z(.*)$ /documents$1\n" + gate + "reverse_proxy %APP%", []string{"/z", "/z/1", "/zz/../../documents"}, "/open", []string{"/%7a/1", "/zz/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{t: t, app: newApp(t), dir: t.TempDir()}
			write(t, s.dir+"/www/documents/index.html", "")
			write(t, s.dir+"/www/there.txt", "")
			s.run(oneHost, "http://:0 {\n"+c.site+"\n}\n")
			s.closed(c.targets...)
			for _, target := range c.targets {
				s.get("http://office.test" + target)
				if got := s.arrived(); got != "" {
					t.Errorf("%s in absolute form reaches the app as %s", target, got)
				}
			}
			for _, target := range c.elsewhere {
				s.get(target)
				s.clean(target)
			}
			if a := s.get(c.open); a.status != 200 || s.arrived() == "" {
				t.Errorf("%s: %d %s", c.open, a.status, a.reason())
			}
		})
	}
}

// TestAdvisory_CVE_2025_22871_PN22_NoSecondRequestInside: where one reader of a connection
// ends a body another goes on, and takes the rest for a request that was let pass.
// Whatever is sent, the app gets one request at most, and nothing of an area.
func TestAdvisory_CVE_2025_22871_PN22_NoSecondRequestInside(t *testing.T) {
	s := start(t, oneHost, plainSite)
	inner := "GET /documents/1 HTTP/1.1\r\nHost: office.test\r\nCookie: sid=bob\r\n\r\n"
	raw(t, s.addr, message("POST", "/open", "office.test", "Transfer-Encoding: chunked", "Cookie: sid=bob")+"5;x=y\r\nhello\r\n0\r\n\r\n")
	if r, body := s.app.last(); r == nil || body != "hello" {
		t.Errorf("of an honest body in pieces the app gets %v %q", r, body)
	}
	n := 0
	for _, lines := range [][]string{
		{"Content-Length: 0", "Transfer-Encoding: chunked"}, {"Content-Length: 5", "Content-Length: 0"}, {"Transfer-Encoding: chunked, identity"}, {"Transfer-Encoding: xchunked"}, {"Transfer-Encoding : chunked"}, {"Transfer-Encoding: chunked\r\n x"},
		{"Content-Length: +0"}, {"X: a\nTransfer-Encoding: chunked"}, {"Transfer-Encoding: chunked", "Transfer-Encoding: identity"}, {"Transfer-Encoding: chunked"}, {"Transfer-Encoding:\vchunked"}, {"Content-Length: 0x0"}, {"Content-Length: 0, 0"},
	} {
		for _, start := range []string{"0\r\n\r\n", "0\n\r\n", "0\r\n\n", "1\nx\r\n0\r\n\r\n", "5;\nhello\r\n0\r\n\r\n", "5;\n0\r\n\r\n", "2;\nxx\r\n0\r\n\r\n", "-0\r\n\r\n", ""} {
			n++
			raw(t, s.addr, message("POST", "/open", "office.test", append(lines, fmt.Sprint("X-Try: ", n), "Cookie: sid=bob", "Connection: keep-alive")...)+start+inner)
			s.clean(fmt.Sprintf("%q %q", lines, start))
		}
	}
	s.app.Close() // and so waits for all that it was sent
	got := map[string]bool{}
	for i, r := range s.app.seen {
		try := r.Header.Get("X-Try")
		if got[try] || r.URL.Path != "/open" {
			t.Errorf("try %s: the app gets %s, once more %v, with %q", try, r.URL, got[try], s.app.bodies[i])
		}
		got[try] = true
	}
	s.clean("late")
}
