package attack

import (
	"fmt"
	"strings"
	"testing"
)

// TestPN14: CVE-2026-27588, a fast path for many hosts that read them otherwise.
func TestAdvisory_CVE_2026_27588_ManyTenantsSameVerdict(t *testing.T) {
	for _, n := range []int{1, 100, 101, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var b strings.Builder
			b.WriteString("version: 1\ndefaults: {first: none, require: mfa, protect: [/documents]}\ntenants:\n")
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
				if a := raw(t, s.addr, message("GET", "/open", host, "Cookie: sid=bob")); a.status != 200 {
					t.Errorf("%s, open: %d", host, a.status)
				}
			}
			for _, host := range []string{"unknown.test", "t0.test.evil.test", "127.0.0.1", "[::1]", "", "t0.test%00", "x@t0.test", "xn--t0.test", "w0.test"} {
				raw(t, s.addr, message("GET", documents, host, "Cookie: sid=bob"))
			}
			s.clean("some host")
		})
	}
}

// TN3: the proof made in one tenant is not one in another.
func TestTN3_FlagOfAnotherTenant(t *testing.T) {
	s := start(t, "version: 1\ndefaults: {first: none, require: mfa, protect: [/documents]}\ntenants:\n  office: {hosts: [office.test]}\n  other: {hosts: [other.test]}\n", plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	if a := raw(t, s.addr, message("GET", documents, "other.test", m.cookies())); a.status == 200 {
		t.Error("passes")
	}
}

// PN11, PN12: what Caddy rewrote, and what was sent, are both judged.
func TestPN12_EveryPlacement(t *testing.T) {
	gate := "mfa {\n%WHOAMI%\n}\n"
	for name, c := range map[string]struct {
		site    string
		targets []string
		open    string
	}{
		"rewrite before":      {"rewrite /d /documents\nrewrite /e/* /documents{path}\n" + gate + "reverse_proxy %APP%", []string{"/d", "/d?x", "/%64", "/e/1", "/E/1", "/documents", "/x/../d"}, "/open"},
		"rewrite of the area": {"rewrite /documents/* /open{path}\n" + gate + "reverse_proxy %APP%", []string{"/documents/1", "/documents/../documents", "/documents"}, "/open"},
		"strip_prefix before": {"uri strip_prefix /strip\n" + gate + "reverse_proxy %APP%", []string{"/strip/documents", "/strip/%2e%2e/documents", "/strip//documents", "/strip%2fdocuments", "/strip/strip/../documents", "/stri%70/documents", "/strip/documents;x", "/strip/..%2fdocuments"}, "/strip/open"},
		"replace before":      {"uri replace /v1/ /\n" + gate + "reverse_proxy %APP%", []string{"/v1/documents", "/v1/v1/documents", "/v1/%64ocuments", "/docu/v1/../documents"}, "/v1/open"},
		"handle_path":         {"handle_path /strip/* {\n" + gate + "reverse_proxy %APP%\n}\nhandle {\n" + gate + "reverse_proxy %APP%\n}", []string{"/strip/documents", "/strip/%2e%2e/documents", "/strip/..;/documents", "/documents", "/strip//documents"}, "/strip/open"},
		"try_files":           {"root * %DIR%/www\ntry_files {path} /documents/index.html\n" + gate + "reverse_proxy %APP%", []string{"/nothing-here", "/x/y/z", "/documents/1"}, ""},
		"path_regexp":         {"uri path_regexp ^/z(.*)$ /documents$1\n" + gate + "reverse_proxy %APP%", []string{"/z", "/z/1", "/%7a/1", "/zz/../documents"}, "/open"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, oneHost, "http://:0 {\n"+c.site+"\n}\n")
			for _, target := range c.targets {
				for _, form := range []string{target, "http://office.test" + target} {
					s.get(form)
					s.clean(form)
				}
			}
			if c.open == "" {
				return
			}
			if a := s.get(c.open); a.status != 200 {
				t.Errorf("%s: %d %s", c.open, a.status, a.reason())
			}
		})
	}
}

// PN22: CVE-2025-22871 and its kin: one connection, one reading of where a
// request ends.
func TestAdvisory_CVE_2025_22871_NoSecondRequestInside(t *testing.T) {
	s := start(t, oneHost, plainSite)
	inner := "GET /documents/1 HTTP/1.1\r\nHost: office.test\r\nCookie: sid=bob\r\n\r\n"
	for _, lines := range [][]string{
		{"Content-Length: 0", "Transfer-Encoding: chunked"}, {"Content-Length: 5", "Content-Length: 0"}, {"Transfer-Encoding: chunked, identity"}, {"Transfer-Encoding: xchunked"}, {"Transfer-Encoding : chunked"}, {"Transfer-Encoding: chunked\r\n x"},
		{"Content-Length: +0"}, {"X: a\nTransfer-Encoding: chunked"}, {"Transfer-Encoding: chunked", "Transfer-Encoding: identity"},
	} {
		for _, start := range []string{"0\r\n\r\n", "0\n\r\n", "1\nx\r\n0\r\n\r\n", "5;\nhello\r\n0\r\n\r\n", ""} {
			raw(t, s.addr, message("POST", "/open", "office.test", append(lines, "Cookie: sid=bob", "Connection: keep-alive")...)+start+inner)
			s.clean(fmt.Sprintf("%q %q", lines, start))
		}
	}
}
