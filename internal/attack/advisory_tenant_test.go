package attack

import (
	"strings"
	"testing"
	"time"
)

// TestAdvisory_TN1_ForwardedHostNamesNoTenant: the request's own host says whose it
// is, not a field that calls it another, nor does the app hear of such a field
// (caddy-security #269).
func TestAdvisory_TN1_ForwardedHostNamesNoTenant(t *testing.T) {
	for what, options := range map[string]string{"no proxy": global, "the world is a proxy": before("trusted_proxies static 0.0.0.0/0 ::/0")} {
		t.Run(what, func(t *testing.T) {
			s := startWith(t, options, twoHosts, plainSite)
			for _, line := range []string{"X-Forwarded-Host: lax.test", "Forwarded: host=lax.test", "X-Host: lax.test", "X-Original-Host: lax.test", "X-Forwarded-Server: lax.test", "X-HTTP-Host-Override: lax.test", "X-Tenant: lax", "X-Forwarded-Host: lax.test, office.test", "Forwarded: for=1;host=lax.test;proto=https"} {
				for _, o := range both(s.both("GET", documents, "office.test", line)) {
					if o.arrived != "" {
						t.Errorf("%s with %s reaches the app", o.version, line)
					}
				}
				s.clean(line)
				s.app.last()
				name, value, _ := strings.Cut(line, ": ")
				raw(t, s.addr, message("GET", "/open", "office.test", "Cookie: sid=bob", line))
				if r, _ := s.app.last(); r == nil || what == "no proxy" && name != "X-Tenant" && r.Header.Get(name) == value {
					t.Errorf("with %s on an open path the app gets %v", line, r)
				}
			}
			for _, o := range both(s.both("GET", documents, "lax.test", "X-Forwarded-Host: office.test")) {
				if !o.ok {
					t.Errorf("%s: a host that asks for nothing is taken for another", o.version)
				}
			}
		})
	}
}

// TestAdvisory_TN3_FlagOfAnotherTenant: a proof is of the tenant it was made in, and
// counts at another only where both share; the next person's session makes nothing
// of it anywhere.
func TestAdvisory_TN3_FlagOfAnotherTenant(t *testing.T) {
	for _, c := range []struct {
		office, other string
		counts        bool
	}{{"tenant", "tenant", false}, {"everywhere", "tenant", false}, {"tenant", "everywhere", false}, {"everywhere", "everywhere", true}} {
		s := start(t, "version: 1\ndefaults: {first: none, require: mfa, protect: [/documents]}\ntenants:\n  office: {hosts: [office.test], share: "+c.office+"}\n  other: {hosts: [other.test], share: "+c.other+"}\n", plainSite)
		flag := s.visitor("office.test", "mallory").enrol().cookie("mfa")
		for range 2 { // once more, from memory
			if s.passed("office.test", "sid=mallory; mfa="+flag) == nil {
				t.Errorf("%v: the tenant itself does not take it", c)
			}
			if r := s.passed("other.test", "sid=mallory; mfa="+flag); (r != nil) != c.counts {
				t.Errorf("%v: at the other tenant the app gets %v", c, r)
			}
		}
		for _, host := range []string{"office.test", "other.test"} {
			if r := s.passed(host, "sid=bob; mfa="+flag); r != nil {
				t.Errorf("%v: bob passes at %s with mallory's flag", c, host)
			}
		}
		s.clean("another tenant's flag")
	}
}

// TestAdvisory_TN4_AHostOfNobodys: a host that no tenant has is the way round none of
// them, whether the app would know it or not, and every such host gets one answer.
func TestAdvisory_TN4_AHostOfNobodys(t *testing.T) {
	s := start(t, twoHosts, plainSite)
	var first answer
	for _, host := range []string{"nobody.test", "office.test.evil.test", "evil-office.test", "a.office.test", "127.0.0.1", "[::1]:80", "xn--office.test", "office.test..", "localhost", "0", "office", "<b>.test"} {
		s.app.last()
		a := raw(t, s.addr, message("GET", documents, host, "Cookie: sid=bob"))
		if got := s.arrived(); got != "" || a.status == 200 {
			t.Errorf("%q: %d, the app gets %q", host, a.status, got)
		}
		if status := dialH2(t, s.addr).try(":method", "GET", ":scheme", "http", ":authority", host, ":path", documents, "cookie", "sid=bob"); status == "200" || s.arrived() != "" {
			t.Errorf("%q over HTTP/2: %s", host, status)
		}
		s.clean(host)
		if a.status == 400 {
			continue // no host at all
		}
		before, ref, _ := strings.Cut(a.body, `"reference":"`)
		_, after, _ := strings.Cut(ref, `"`)
		a.body = before + after
		if first.status == 0 {
			first = a
		}
		if a.status != first.status || a.body != first.body || a.reason() != "unknown-tenant" {
			t.Errorf("%q: %d %s, the first was %d %s", host, a.status, a.body, first.status, first.body)
		}
	}
	flag := s.visitor("office.test", "mallory").enrol().cookie("mfa")
	if s.passed("nobody.test", "sid=mallory; mfa="+flag) != nil {
		t.Error("a proof of one host opens one of nobody's")
	}
	for _, host := range []string{"office.test", "OFFICE.TEST", "office.test:80", "office.test."} {
		if s.passed(host, "sid=mallory; mfa="+flag) == nil {
			t.Errorf("mallory herself does not pass at %s", host)
		}
	}
}

// TestAdvisory_GHSA_4mq7_pvjg_xp2r_TN5_WhatIsRememberedIsOfOneQuestion: an answer was
// kept for a credential and given out for another question: another tenant's, or
// one that wanted more.
func TestAdvisory_GHSA_4mq7_pvjg_xp2r_TN5_WhatIsRememberedIsOfOneQuestion(t *testing.T) {
	for name, tenants := range map[string]string{
		"GHSA-4mq7-pvjg-xp2r":             "  office: {hosts: [office.test]}\n  other: {hosts: [other.test]}\n",
		"GHSA-4mq7-pvjg-xp2r, one tenant": "  office: {hosts: [office.test, other.test]}\n",
		"GHSA-4mq7-pvjg-xp2r, shared":     "  office: {hosts: [office.test], share: everywhere}\n  other: {hosts: [other.test], share: everywhere}\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "version: 1\ndefaults: {first: none, require: mfa, protect: [/documents]}\ntenants:\n"+tenants, plainSite)
			s.app.do(func() { s.app.users["other.test|mallory"] = "bob" }) // the app numbers the sessions of each host by themselves
			flag := s.visitor("office.test", "mallory").enrol().cookie("mfa")
			for range 3 {
				if s.passed("office.test", "sid=mallory; mfa="+flag) == nil {
					t.Fatal("mallory herself does not pass")
				}
			}
			if s.passed("other.test", "sid=mallory; mfa="+flag) != nil {
				t.Error("the other host goes by what is remembered of the first")
			}
			s.clean(name)
		})
	}
	t.Run("CVE-2021-32701", func(t *testing.T) {
		s := start(t, strings.Replace(oneHost, "- /documents", "- /documents\n      - {path: /documents/vault, fresh: 5m}", 1), plainSite)
		cookies := s.visitor("office.test", "mallory").enrol().cookies()
		ask := func(target string) (reason string) {
			s.app.last()
			reason = raw(t, s.addr, message("GET", target, "office.test", cookies)).reason()
			if got := s.arrived(); (got == "") != (reason != "") {
				t.Errorf("%s: %q, and the app gets %q", target, reason, got)
			}
			return reason
		}
		if got := ask("/documents/vault"); got != "" {
			t.Errorf("with a fresh proof: %s", got)
		}
		advance(t, 6*time.Minute)
		for range 3 {
			if got := ask(documents); got != "" {
				t.Errorf("an area that asks for less: %s", got)
			}
			if got := ask("/documents/vault"); got != "stale" {
				t.Errorf("an area that asks for more: %q", got)
			}
		}
	})
}
