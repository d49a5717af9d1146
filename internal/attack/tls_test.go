package attack

import (
	"strings"
	"testing"
)

const twoHosts = `version: 1
defaults: {first: none, protect: [/documents]}
tenants:
  office: {hosts: [office.test], require: mfa}
  lax: {hosts: [lax.test]}
`

// TestAdvisory_TN2_NameOfTheConnectionAndOfTheRequest: a connection made for
// the lax host asks for the strict one, over every version of HTTP. The host of
// the request decides; a proof of one host is none at the other.
func TestAdvisory_TN2_NameOfTheConnectionAndOfTheRequest(t *testing.T) {
	s := startTLS(t, twoHosts, plainSite, "office.test", "lax.test")
	m := s.visitor("office.test", "mallory").enrol()
	for _, sni := range []string{"lax.test", "office.test"} {
		for _, host := range []string{"office.test", "OFFICE.test", "office.test.", "office.test:443"} {
			s.app.last()
			s.versions(sni, "GET", host, documents, "Cookie: sid=bob")
			if r, _ := s.app.last(); r != nil {
				t.Errorf("connected to %s, asked for %s: reaches the app", sni, host)
			}
			s.clean(sni + " " + host)
		}
		for version, status := range s.versions(sni, "GET", "office.test", documents, m.cookies()) {
			if status != "200" {
				t.Errorf("%s: mallory herself, connected to %s, gets %s", version, sni, status)
			}
		}
		for version, status := range s.versions(sni, "GET", "lax.test", documents, "Cookie: sid=bob") {
			if status != "200" {
				t.Errorf("%s: the lax host, connected to %s, gives %s", version, sni, status)
			}
		}
		s.app.loot()
	}
	// Two hosts in one request: whichever a server takes, it is not the lax one
	// for the gate and the strict one for the app.
	for _, pairs := range [][]string{
		{":authority", "lax.test", "host", "office.test"}, {":authority", "office.test", "host", "lax.test"}, {"host", "office.test"},
	} {
		ask := append([]string{":method", "GET", ":scheme", "https", ":path", documents}, pairs...)
		ask = append(ask, "cookie", "sid=bob")
		s.app.last()
		talkH2(t, s.secure("lax.test", "h2")).try(ask...)
		dialH3(t, s.addr, "lax.test").ask(ask...)
		for _, l := range s.app.loot() {
			if r, _ := s.app.last(); r == nil || r.Host != "lax.test" {
				t.Errorf("%q: served %s", pairs, l)
			}
		}
	}
}

// TestDesign_M1_OnHTTPSOnlyTheHostNamesCount: a flag under the name without the
// prefix, which a page on plain http or a sibling domain can toss in, counts for
// nothing on https; two of one name count for nothing either (CK1, CK2, CK3).
func TestDesign_M1_OnHTTPSOnlyTheHostNamesCount(t *testing.T) {
	if err := verdict(t, global, oneHost, strings.Replace(plainSite, "%WHOAMI%", "%WHOAMI%\n\t\tflag proof", 1)); err == nil {
		t.Error("a flag without the prefix is taken")
	}
	for _, named := range []string{"", "flag __Host-proof 1h"} {
		s := startTLS(t, twoHosts, strings.Replace(plainSite, "%WHOAMI%", "%WHOAMI%\n\t\t"+named, 1), "office.test")
		name := "__Host-mfa"
		if named != "" {
			name = "__Host-proof"
		}
		m := s.visitor("office.test", "mallory").enrol()
		flag := m.cookie(name)
		if flag == "" {
			t.Fatalf("%q: no cookie %s", named, name)
		}
		ask := func(cookies string) map[string]string {
			return s.versions("office.test", "GET", "office.test", documents, "Cookie: sid=mallory; "+cookies)
		}
		for version, status := range ask(name + "=" + flag) {
			if status != "200" {
				t.Errorf("%q: %s: the flag itself gives %s", named, version, status)
			}
		}
		// Browsers send each cookie in a field of its own over HTTP/2 and 3.
		for version, status := range s.versions("office.test", "GET", "office.test", documents, "Cookie: a=b", "Cookie: sid=mallory", "Cookie: "+name+"="+flag) {
			if status != "200" {
				t.Errorf("%q: %s: cookies in fields of their own give %s", named, version, status)
			}
		}
		bare := strings.TrimPrefix(name, "__Host-")
		for _, tossed := range []string{
			bare + "=" + flag, "__Secure-" + bare + "=" + flag, strings.ToLower(name) + "=" + flag, "\u2000" + name + "=" + flag, "$" + name + "=" + flag,
			"$Version=1; " + bare + "=" + flag, name + "=" + flag + "; " + name + "=" + flag, name + "=x; " + name + "=" + flag, name + "=" + flag + "; " + name + "=x",
			name + "-ticket=" + flag, name + "-device=" + flag, name + "-known=" + flag,
		} {
			for version, status := range ask(tossed) {
				if status == "200" {
					t.Errorf("%q: %s: %.40q passes", named, version, tossed)
				}
			}
		}
		// A tossed one beside the good one takes nothing away.
		for version, status := range ask(bare + "=x; " + name + "=" + flag) {
			if status != "200" {
				t.Errorf("%q: %s: a tossed cookie of the bare name gives %s", named, version, status)
			}
		}
	}
}

// TestAdvisory_CK3_WhatTheCookiesSay reads the attributes of every cookie the
// gate sets on https (NIST SP 800-63B-4 5.1.1, ASVS 3.3).
func TestAdvisory_CK3_WhatTheCookiesSay(t *testing.T) {
	s := startTLS(t, twoHosts, plainSite, "office.test")
	v := s.visitor("office.test", "mallory")
	var set []string
	look := func(a answer) { set = append(set, a.header["Set-Cookie"]...) }
	look(v.send("GET", documents, "", "Accept", "text/html", "Sec-Fetch-Mode", "navigate"))
	v.seen = look
	v.enrol()
	look(v.send("GET", "/.mfa/enroll?lng=de", "", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"))
	look(v.send("POST", "/logout", ""))
	names := map[string]bool{}
	for _, c := range set {
		name, _, _ := strings.Cut(c, "=")
		if name == "sid" {
			continue
		}
		names[name] = true
		low := strings.ToLower(c)
		if !strings.HasPrefix(name, "__Host-mfa") && name != "mfa-lng" {
			t.Errorf("a cookie of another name: %s", name)
		}
		for _, want := range []string{"; path=/", "; secure", "; samesite=lax"} {
			if !strings.Contains(low+";", want+";") && !(want == "; samesite=lax" && strings.Contains(low, "samesite=strict")) {
				t.Errorf("%s lacks %q: %s", name, want, c)
			}
		}
		if !strings.Contains(low, "; httponly") || strings.Contains(low, "; domain") || len(c) >= 4096 {
			t.Errorf("%s: %d bytes, %s", name, len(c), c)
		}
		if name == "__Host-mfa" && (strings.Contains(low, "expires=") || strings.Contains(low, "max-age=") && !strings.Contains(low, "max-age=0")) {
			t.Errorf("the flag outlives the browser's session: %s", c)
		}
	}
	for _, want := range []string{"__Host-mfa", "__Host-mfa-ticket", "__Host-mfa-visit", "__Host-mfa-known"} {
		if !names[want] {
			t.Errorf("%s was never set: %v", want, names)
		}
	}
}

// TestDesign_M1_TheWordOfATrustedProxy: behind a trusted proxy that says https
// only the __Host- names count; a client's own word changes nothing.
func TestDesign_M1_TheWordOfATrustedProxy(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		s := &site{t: t, app: newApp(t), dir: t.TempDir()}
		if trusted {
			s.global = strings.Replace(global, "protocols h1 h2c\n", "protocols h1 h2c\n\t\ttrusted_proxies static 127.0.0.1/32\n\t\ttrusted_proxies_strict\n", 1)
		}
		s.run(oneHost, plainSite)
		v := s.visitor("office.test", "mallory")
		v.base.Scheme = "http"
		v.enrol()
		flag := v.cookie("mfa")
		for _, c := range []struct {
			proto, name string
			passes      bool
		}{
			{"http", "mfa", true}, {"http", "__Host-mfa", false},
			{"https", "mfa", !trusted}, {"https", "__Host-mfa", trusted},
		} {
			a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=mallory; "+c.name+"="+flag, "X-Forwarded-Proto: "+c.proto))
			if (a.status == 200) != c.passes {
				t.Errorf("trusted %v, %s, %s: %d", trusted, c.proto, c.name, a.status)
			}
		}
		// Another host or path only such a proxy may name.
		for _, name := range []string{"Forwarded", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Original-Host", "X-Host", "X-Http-Host-Override"} {
			s.app.last()
			raw(t, s.addr, message("GET", "/open", "office.test", name+": other.test"))
			if r, _ := s.app.last(); r == nil || (r.Header.Get(name) != "") != trusted {
				t.Errorf("trusted %v, %s: %v", trusted, name, r)
			}
		}
	}
}
