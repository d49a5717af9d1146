package attack

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// TestDesign_M12_WhatIsSaidEndsNoAttribute: the way back is one value of a query,
// and every placeholder of the gate stands inside an HTML attribute without
// ending it.
func TestDesign_M12_WhatIsSaidEndsNoAttribute(t *testing.T) {
	all := `<a title="{http.mfa.verdict} {http.mfa.reason} {http.mfa.user} {http.mfa.tenant} {http.mfa.reference}" href="{http.mfa.enroll_url}" data-to="{http.mfa.return_to}">`
	s := start(t, oneHost, strings.Replace(plainSite, "%WHOAMI%\n\t}", "%WHOAMI%\n\t\tblock error\n\t}\n\thandle_errors {\n\t\trespond `"+all+"` 403\n\t}", 1))
	s.app.do(func() { s.app.users["odd"] = `"><script>alert('u')</script>` })
	for _, sid := range []string{"bob", "odd", "nobody"} {
		for _, target := range []string{`/documents/1?next=//evil.test&a=b#c`, "/documents/%22%3E%3Cscript%3E", `/documents/"><script>`, "/documents/'onx='", "/documents/%0d%0aX:y", "/documents/{http.request.header.X-Planted}", "/documents/%7Bhttp.request.header.X-Planted%7D"} {
			for _, host := range []string{"office.test", `office.test"onx=`, "office.test'", "office.test<b>", "{env.PATH}"} {
				a := raw(t, s.addr, message("GET", target, host, "Cookie: sid="+sid, "X-Planted: planted"))
				if a.status != 403 {
					continue // no host, or no target at all
				}
				if strings.ContainsAny(strings.TrimPrefix(a.body, "<a "), "<") || strings.Count(a.body, `"`) != 6 || strings.Contains(a.body, "planted") || strings.Contains(a.body, "'") {
					t.Errorf("%s %s as %s: %s", host, target, sid, a.body)
				}
			}
		}
	}
	a := raw(t, s.addr, message("GET", "/documents/1?next=//evil.test&a=b", "office.test", "Cookie: sid=bob"))
	_, to, _ := strings.Cut(a.body, `data-to="`)
	to, _, _ = strings.Cut(to, `"`)
	if back, err := url.QueryUnescape(html.UnescapeString(to)); err != nil || back != "/documents/1?next=//evil.test&a=b" || strings.ContainsAny(to, "&?/=") {
		t.Errorf("the way back is %q", to)
	}
}

// TestDesign_M12_TheLoginGetsOneValue: {http.mfa.return_to} in a login's address
// adds no parameter of its own.
func TestDesign_M12_TheLoginGetsOneValue(t *testing.T) {
	s := start(t, oneHost, strings.Replace(plainSite, "%WHOAMI%", "%WHOAMI%\n\t\tanonymous login /login?from=gate&next={http.mfa.return_to}", 1))
	for _, target := range []string{"/documents/1?a=b&next=//evil.test", "/documents/1?x=%26next%3D//evil.test", "/documents/%26next=%2f%2fevil.test", "/documents/1?x#&next=//evil.test", "/documents/1;next=//evil.test"} {
		a := raw(t, s.addr, message("GET", target, "office.test", "Accept: text/html", "Sec-Fetch-Mode: navigate"))
		u, err := url.Parse(a.header.Get("Location"))
		if a.status == 400 {
			continue
		}
		if a.status != 303 || err != nil || u.Host != "" || u.Path != "/login" {
			t.Errorf("%s: %d to %s", target, a.status, a.header.Get("Location"))
			continue
		}
		if q := u.Query(); len(q) != 2 || len(q["next"]) != 1 || len(q["from"]) != 1 || !strings.HasPrefix(q.Get("next"), "/documents/") || u.Fragment != "" {
			t.Errorf("%s: the login is asked for with %v", target, q)
		}
	}
}

// TestDesign_M19_APasswordThatWasChangedEndsEveryFlag of the person, copies and
// other browsers included; one that the app refused ends none.
func TestDesign_M19_APasswordThatWasChangedEndsEveryFlag(t *testing.T) {
	s := start(t, oneHost, strings.Replace(plainSite, "%WHOAMI%", strings.Replace(whoami, "logout /logout", "logout /logout\n\t\t\tpassword /password", 1), 1))
	s.app.do(func() { s.app.users["m2"], s.app.users["m3"] = "mallory", "mallory" })
	m := s.visitor("office.test", "mallory").enrol()
	flag := m.cookie("mfa")
	elsewhere := func() int {
		return raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=m2; mfa="+flag)).status
	}
	raw(t, s.addr, message("GET", "/password", "office.test", "Cookie: sid=m3"))
	if got := elsewhere(); got != 200 {
		t.Fatalf("a look at the form, and the flag gives %d", got)
	}
	raw(t, s.addr, message("POST", "/password", "office.test", "Cookie: sid=bob", "Content-Length: 0"))
	if got := elsewhere(); got != 200 {
		t.Fatalf("somebody else's password, and the flag gives %d", got)
	}
	raw(t, s.addr, message("POST", "/password", "office.test", "Cookie: sid=m3; mfa="+flag, "Content-Length: 0"))
	if got := elsewhere(); got == 200 {
		t.Error("the flag of before the change still counts")
	}
}

// TestDesign_C12_AHeaderIsAnIdentityOnlyWhereSomethingSetsIt, and a certificate
// only where its chain is verified.
func TestDesign_C12_AHeaderIsAnIdentityOnlyWhereSomethingSetsIt(t *testing.T) {
	gate := "mfa {\nidentity placeholder {header.Remote-User}\n}\nreverse_proxy %APP%\n"
	cert := "mfa {\nidentity placeholder {tls_client_subject}\n}\nreverse_proxy %APP%\n"
	for name, c := range map[string]struct {
		conf  string
		taken bool
	}{
		"nothing before it":        {"http://a.test {\n" + gate + "}", false},
		"deleted":                  {"http://a.test {\nroute {\nrequest_header -Remote-User\n" + gate + "}\n}", true},
		"set":                      {"http://a.test {\nroute {\nrequest_header Remote-User {http.auth.user.id}\n" + gate + "}\n}", true},
		"set, but behind the gate": {"http://a.test {\nrequest_header Remote-User {http.auth.user.id}\n" + gate + "}", false},
		"set from a query":         {"http://a.test {\nroute {\nrequest_header Remote-User {query.u}\n" + gate + "}\n}", false},
		"set from another header":  {"http://a.test {\nroute {\nrequest_header Remote-User {header.X-U}\n" + gate + "}\n}", false},
		"added":                    {"http://a.test {\nroute {\nrequest_header +Remote-User x\n" + gate + "}\n}", false},
		"set on some paths":        {"http://a.test {\nroute {\nrequest_header /api/* Remote-User {http.auth.user.id}\n" + gate + "}\n}", false},
		"another one deleted":      {"http://a.test {\nroute {\nrequest_header -Remote-Name\n" + gate + "}\n}", false},
		"forward_auth":             {"http://a.test {\nforward_auth 127.0.0.1:9 {\nuri /auth\ncopy_headers Remote-User\n}\n" + gate + "}", true},
		"forward_auth of another":  {"http://a.test {\nforward_auth 127.0.0.1:9 {\nuri /auth\ncopy_headers Remote-Name\n}\n" + gate + "}", false},
		"forward_auth on a path":   {"http://a.test {\nforward_auth /x 127.0.0.1:9 {\nuri /auth\ncopy_headers Remote-User\n}\n" + gate + "}", false},
		"candidate":                {"http://a.test {\nmfa {\nidentity placeholder {http.auth.candidate.id}\n}\nreverse_proxy %APP%\n}", false},
		"cookie":                   {"http://a.test {\nmfa {\nidentity placeholder {cookie.user}\n}\nreverse_proxy %APP%\n}", false},
		"a word":                   {"http://a.test {\nmfa {\nidentity placeholder bob\n}\nreverse_proxy %APP%\n}", false},
		"a var of a client's word": {"http://a.test {\nvars u {query.u}\nmfa {\nidentity placeholder {vars.u}\n}\nreverse_proxy %APP%\n}", false},
		"certificate, plain http":  {"http://a.test {\n" + cert + "}", false},
		"certificate, unverified":  {"https://a.test {\ntls internal {\nclient_auth {\nmode require\n}\n}\n" + cert + "}", false},
		"certificate, requested":   {"https://a.test {\ntls internal {\nclient_auth {\nmode request\n}\n}\n" + cert + "}", false},
	} {
		dir := t.TempDir()
		write(t, dir+"/policy.yaml", oneHost)
		conf, _, err := adapt(dir, fill(overTLS.Replace(global)+c.conf, dir, "127.0.0.1:9"))
		if err == nil {
			var cfg caddy.Config
			if err = json.Unmarshal(conf, &cfg); err == nil {
				err = caddy.Validate(&cfg)
			}
		}
		if (err == nil) != c.taken {
			t.Errorf("%s: %v, want taken %v", name, err, c.taken)
		}
	}
}
