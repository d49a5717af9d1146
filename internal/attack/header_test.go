package attack

import (
	"fmt"
	"strings"
	"testing"
)

// HD1, HD2, TN1, PN17, PN18: no header and no method talks the gate past the
// area (CVE-2026-40575, GHSA-5hvv-m4w4-gf6v, CVE-2018-14773).
func TestHD1_NoHeaderOpensTheArea(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, line := range []string{
		"X-Forwarded-Uri: /open", "X-Original-URL: /open", "X-Rewrite-URL: /open", "X-Forwarded-Host: other.test", "Forwarded: host=other.test;proto=https", "X-Host: other.test", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Real-Ip: 127.0.0.1",
		"User-Agent: kube-probe/1.29", "User-Agent: GoogleHC/1.0", "Mfa-Status: verified", "Mfa-User: mallory", "X-HTTP-Method-Override: OPTIONS", "Range: bytes=0-10", "If-None-Match: *", "Origin: http://office.test", "Remote-User: mallory", "X-Mfa-Inner: 1",
		"Sec-Fetch-Mode: cors", "Purpose: prefetch", "Accept: text/event-stream", "HX-Request: true", "Content-Type: application/grpc", "Authorization: Bearer x", "Expect: 100-continue", "Connection: close, Cookie", "Transfer-Encoding: identity",
	} {
		s.get(documents, line)
		s.clean(line)
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "Get", "PROPFIND", "REPORT", "FOO", "TRACE", "CONNECT", "QUERY", "PRI"} {
		for _, target := range []string{documents, "/open/../documents", "http://office.test/documents"} {
			a := raw(t, s.addr, message(method, target, "office.test", "Cookie: sid=bob"))
			s.clean(method + " " + target)
			if (method == "TRACE" || method == "CONNECT") && a.status == 200 {
				t.Errorf("%s: %d", method, a.status)
			}
		}
	}
	raw(t, s.addr, message("CONNECT", "office.test:80", "office.test:80", "Cookie: sid=bob"))
	if r, _ := s.app.last(); r != nil && r.Method == "CONNECT" {
		t.Error("CONNECT reached the app")
	}
	raw(t, s.addr, message("OPTIONS", "*", "office.test", "Cookie: sid=bob"))
	s.clean("OPTIONS *")
}

// GHSA-49wc-4hcv-v58q, CVE-2025-64484, GHSA-7r4p-vjf4-gxv4, httpoxy: what a client
// must not say to the app on any path.
func TestAdvisory_GHSA_49wc_4hcv_v58q_HD4_FieldsOfTheGateAreTheGates(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, name := range []string{"Mfa-User", "mfa-user", "MFA-STATUS", "Mfa_User", "Mfa.User", "mfa_status", "Mfa-Tenant", "Mfa-Methods", "Mfa-Time", "Mfa-Anything", "Mfa_Status.x", "X-Original-URL", "x_original_url", "X-Rewrite-URL", "X.Rewrite.Url", "Proxy", "PROXY", "X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method",
		"X-Script-Name", "SCRIPT_NAME", "Script-Name", "X_Script_Name", "X-Forwarded-Script-Name", "X-Forwarded-Port", "x_forwarded_port", "X-Forwarded-Prefix", "x_forwarded_prefix", "X.Forwarded.Prefix", "X-Traversal-Path", "X-Vhm-Root", "x_vhm_root", "X-Vhm-Host", "X-Sendfile-Type", "X-Accel-Mapping",
		"Forwarded", "FORWARDED", "X-Forwarded-Server", "X-Host", "X_Host", "X-Original-Host", "X-HTTP-Host-Override", "X.Http.Host.Override"} {
		for _, more := range []string{"X-A: b", "Connection: close, " + name} {
			s.get("/open", name+": mallory", more)
			r, _ := s.app.last()
			if r == nil {
				continue
			}
			for k := range r.Header {
				if strings.EqualFold(k, name) && r.Header[k][0] == "mallory" || strings.HasPrefix(strings.ToLower(k), "mfa") && strings.Contains(fmt.Sprint(r.Header[k]), "mallory") {
					t.Errorf("%s arrives as %s: %v", name, k, r.Header[k])
				}
			}
		}
	}
}

// TestAdvisory_HD6_HopByHopListLeavesTheGatesFields: a client lists the gate's fields
// as ones of this connection alone, for the proxy to drop them behind the gate.
func TestAdvisory_HD6_HopByHopListLeavesTheGatesFields(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	for _, list := range []string{"close, Mfa-Status", "Mfa-Status, Mfa-User, Mfa-Methods, close", "close,mfa-status,MFA-USER"} {
		s.app.last()
		raw(t, s.addr, message("GET", documents, "office.test", m.cookies(), "Connection: "+list, "Mfa-User: admin", "Mfa_User: admin"))
		r, _ := s.app.last()
		//lint:ignore SA1008 the spelling is the attack
		if r == nil || r.Header.Get("Mfa-Status") != "verified" || strings.Join(r.Header["Mfa-User"], ",") != "mallory" || len(r.Header["Mfa_User"]) > 0 {
			t.Errorf("%q: %v", list, r)
		}
	}
}

// TestAdvisory_GHSA_j8px_rmrx_76h9_HD8_NamesAreLiteral: what stood in braces in a value
// was replaced once more (CVE-2026-77281), so that a name read the server's secrets.
func TestAdvisory_GHSA_j8px_rmrx_76h9_HD8_NamesAreLiteral(t *testing.T) {
	t.Setenv("ATTACK_PLANTED", "planted-secret")
	s := start(t, oneHost, strings.Replace(plainSite, "reverse_proxy %APP%", "reverse_proxy %APP% {\n\t\theader_up X-Told {http.mfa.user}\n\t}", 1))
	for _, name := range []string{"{env.ATTACK_PLANTED}", "{http.request.uri}", "{http.request.header.X-Planted}", "a{env.ATTACK_PLANTED}b", "{{env.ATTACK_PLANTED}}", "{http.mfa.user}", "\\{env.ATTACK_PLANTED\\}"} {
		s.app.do(func() { s.app.users["odd"] = name })
		v := s.visitor("office.test", "odd").enrol()
		s.app.last()
		v.send("GET", documents, "", "X-Planted", "planted-field")
		r, _ := s.app.last()
		if r == nil || r.Header.Get("Mfa-User") != name || strings.Contains(r.Header.Get("X-Told"), "planted") {
			t.Errorf("of %s the app gets %v", name, r)
		}
		v.send("POST", "/logout", "")
	}
}

// TestAdvisory_CK4_CookiesOfTheGateStayAndOthersPassByteForByte: an app that is handed
// the gate's cookies can use them as the visitor, and one whose own are written anew
// may read them otherwise.
func TestAdvisory_CK4_CookiesOfTheGateStayAndOthersPassByteForByte(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, c := range []struct{ in, want string }{
		{"sid=bob;  a=b ;c=\"d e\"; =x; y", "sid=bob;  a=b ;c=\"d e\"; =x; y"}, {"a=1; a=2;a=3", "a=1; a=2;a=3"}, {"mfaa=1; x-mfa=2; mfa-other=3", "mfaa=1; x-mfa=2; mfa-other=3"},
		{"a=1; mfa=x; b=2", "a=1; b=2"}, {"__Host-mfa=x; a=1", "a=1"}, {"a=1; MFA=x", "a=1"}, {"mfa-ticket=1; mfa-visit=2; mfa-device=3; mfa-known=4; a=1", "a=1"}, {"a=1; \u2000__Host-mfa=x", "a=1"}, {"mfa-lng=pt; a=1", "a=1"}, {"mfa=x", ""}, {"a=m\u00e9; b=\x80", "a=m\u00e9; b=\x80"},
	} {
		raw(t, s.addr, message("GET", "/open", "office.test", "Cookie: "+c.in))
		r, _ := s.app.last()
		if r == nil || strings.Join(r.Header["Cookie"], "|") != c.want {
			t.Errorf("%q arrives as %v", c.in, r)
		}
	}
}

func TestDesign_H19_PassedAnswersAreNotForCaches(t *testing.T) {
	s := start(t, oneHost, plainSite)
	a := s.visitor("office.test", "mallory").enrol().send("GET", documents, "")
	if cc := a.header.Get("Cache-Control"); !strings.Contains(cc, "private") || strings.Contains(cc, "public") {
		t.Errorf("Cache-Control: %s", cc)
	}
}
