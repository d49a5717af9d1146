package attack

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"
)

// TestAdvisory_CK1_TwoCookiesOfOneName: a sibling domain tosses in a second cookie.
// Of two flags none counts, and with two sessions nobody can tell whom the app will
// serve.
func TestAdvisory_CK1_TwoCookiesOfOneName(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	flag := "mfa=" + m.cookie("mfa")
	for _, cookies := range [][]string{
		{"sid=mallory; mfa=x; " + flag}, {"sid=mallory; " + flag + "; mfa=x"}, {"sid=mallory; " + flag + "; " + flag}, {"mfa=x", "sid=mallory; " + flag}, {"sid=mallory; " + flag, "mfa=x"}, {"sid=mallory", flag, "mfa="}, {"sid=mallory; mfa=; " + flag},
		{"sid=bob; sid=mallory; " + flag}, {"sid=mallory; sid=bob; " + flag}, {"sid=bob", "sid=mallory; " + flag}, {"sid=bob", flag, "sid=mallory"},
	} {
		s.app.last()
		raw(t, s.addr, message("GET", documents, "office.test", "Cookie: "+strings.Join(cookies, "\r\nCookie: ")))
		if got := s.arrived(); got != "" {
			t.Errorf("HTTP/1.1 %.60q reaches the app", cookies)
		}
		ask := []string{":method", "GET", ":scheme", "http", ":authority", "office.test", ":path", documents}
		for _, c := range cookies {
			ask = append(ask, "cookie", c)
		}
		dialH2(t, s.addr).ask(ask...)
		if got := s.arrived(); got != "" {
			t.Errorf("HTTP/2 %.60q reaches the app", cookies)
		}
		s.clean(cookies[0])
	}
	for _, cookies := range []string{"sid=mallory; " + flag, flag + "; sid=mallory", "mfa-other=x; sid=mallory; " + flag} {
		if s.passed("office.test", cookies) == nil {
			t.Errorf("%.40q: mallory herself is stopped", cookies)
		}
		s.clean(cookies)
	}
}

// TestAdvisory_CK2_AFlagBehindAnOddSpace: servers that trim what browsers do not took
// a cookie that any page may set for one with the __Host- prefix. Neither does it
// count, nor does it reach an app that would trim.
func TestAdvisory_CK2_AFlagBehindAnOddSpace(t *testing.T) {
	s := startTLS(t, twoHosts, plainSite, "office.test")
	flag := s.visitor("office.test", "mallory").enrol().cookie("__Host-mfa")
	for _, name := range []string{"\u2000__Host-mfa", "\u00a0__Host-mfa", "\u0085__Host-mfa", "\ufeff__Host-mfa", "__Host-mfa\u3000", "\u2003__Secure-mfa", "__HOST-MFA", "__host-mfa", "mfa", "__Secure-mfa", "$__Host-mfa", "$Version=1; mfa", "$Version=\"1\"; $Path=/; __Secure-mfa"} {
		cookies := "Cookie: sid=mallory; a=1; " + name + "=" + flag
		s.app.last()
		for version, status := range s.versions("office.test", "GET", "office.test", documents, cookies) {
			if status == "200" {
				t.Errorf("%s: %q counts", version, name)
			}
		}
		if got := s.arrived(); got != "" {
			t.Errorf("%q reaches the app", name)
		}
		s.versions("office.test", "GET", "office.test", "/open", cookies)
		var seen []*http.Request
		s.app.do(func() { seen = s.app.seen })
		if len(seen) != 3 {
			t.Errorf("%q: %d requests for an open path arrive", name, len(seen))
		}
		for _, r := range seen {
			if got := strings.Join(r.Header["Cookie"], "; "); strings.Contains(got, flag) && name[0] != '$' || !strings.Contains(got, "sid=mallory; a=1") {
				t.Errorf("%s: of %q the app gets %q", r.Proto, name, got)
			}
		}
	}
	for version, status := range s.versions("office.test", "GET", "office.test", documents, "Cookie: sid=mallory; __Host-mfa="+flag) {
		if status != "200" {
			t.Errorf("%s: the flag itself gives %s", version, status)
		}
	}
}

// TestAdvisory_CK5_NothingOfBeforeAProofCountsAfterIt: one who has mallory's password
// begins to enrol, and puts his cookies into her browser for her to go on in his name
// or to prove what he goes on with. Her proof is of a session of her own, and ends
// what was begun elsewhere.
func TestAdvisory_CK5_NothingOfBeforeAProofCountsAfterIt(t *testing.T) {
	s := start(t, oneHost, strings.Replace(plainSite, "%WHOAMI%", strings.Replace(whoami, "user json login", "user json login\n\t\t\tsession json session", 1), 1))
	s.app.do(func() {
		s.app.users["thief"] = "mallory"
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			c, err := r.Cookie("sid")
			if r.URL.Path != "/api/me" || err != nil {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"login":%q,"session":"of %s"}`, s.app.users[c.Value], c.Value)
			return true
		}
	})
	thief, owner := s.visitor("office.test", "thief"), s.visitor("office.test", "mallory")
	thief.send("GET", documents, "", "Accept", "text/html", "Sec-Fetch-Mode", "navigate")
	var his struct{ Secret string }
	thief.call("/.mfa/api/methods/totp", map[string]any{}, &his)
	planted := []*http.Cookie{{Name: "mfa-visit", Value: thief.cookie("mfa-visit")}, {Name: "mfa-ticket", Value: thief.cookie("mfa-ticket")}}
	if planted[0].Value == "" || planted[1].Value == "" {
		t.Fatal("the thief has no cookies to plant")
	}
	owner.c.Jar.SetCookies(&owner.base, planted)
	if a := owner.api("methods/totp", "{}"); strings.Contains(a.body, his.Secret) {
		t.Errorf("the owner goes on with the thief's secret: %d", a.status)
	}
	if visit := owner.cookie("mfa-visit"); visit == planted[0].Value {
		t.Error("the owner goes on in the thief's visit")
	}
	owner.enrol()
	flag := owner.cookie("mfa")
	code, err := totp.GenerateCode(strings.ReplaceAll(his.Secret, " ", ""), clock())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a := thief.api("methods/totp/verify", `{"code":"`+code+`"}`); a.status == 200 {
			t.Error("the thief finishes what he began")
		}
		if a := thief.api("methods/totp", "{}"); a.status == 200 {
			t.Error("the thief begins once more")
		}
		for _, cookies := range []string{strings.TrimPrefix(thief.cookies(), "Cookie: "), "sid=thief; mfa=" + flag, "sid=thief; mfa=" + planted[0].Value, "sid=thief; mfa=" + planted[1].Value} {
			if s.passed("office.test", cookies) != nil {
				t.Errorf("%.40q passes", cookies)
			}
		}
	}
}

// api sends JSON to one of the gate's own calls.
func (v *visitor) api(path, body string) answer {
	v.t.Helper()
	return v.send("POST", "/.mfa/api/"+path, body, "Content-Type", "application/json", "Origin", v.base.Scheme+"://"+v.host, "Sec-Fetch-Site", "same-origin")
}

// TestAdvisory_CVE_2025_30204_CK6_DotsCostNothing: a token of dots alone was split into as
// many strings. Whatever size Caddy lets in, the gate makes no more of dots than of
// as many letters, and huge and binary cookies are nobody's.
func TestAdvisory_CVE_2025_30204_CK6_DotsCostNothing(t *testing.T) {
	const n = 500_000
	for name, c := range map[string]struct{ identity, before string }{
		"CVE-2025-30204 in a flag":         {whoami, "Cookie: sid=bob; mfa="},
		"CVE-2025-30204 in a cookie's JWT": {"identity jwt {\n\t\t\tcookie jwt\n\t\t\tsecret " + jwtSecret + "\n\t\t\tuser sub\n\t\t}", "Cookie: jwt="},
		"CVE-2025-30204 in Authorization":  {"identity jwt {\n\t\t\theader Authorization\n\t\t\tsecret " + jwtSecret + "\n\t\t\tuser sub\n\t\t}", "Authorization: Bearer "},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, before("max_header_size 1MiB"), oneHost, strings.Replace(plainSite, "%WHOAMI%", c.identity, 1))
			cost := func(value string) uint64 {
				var a, b runtime.MemStats
				runtime.ReadMemStats(&a)
				if got := raw(t, s.addr, message("GET", documents, "office.test", c.before+value)); got.status == 200 || got.status == 0 {
					t.Errorf("%.20q…: %d", value, got.status)
				}
				runtime.ReadMemStats(&b)
				if got := s.arrived(); got != "" {
					t.Errorf("%.20q… reaches the app", value)
				}
				return b.TotalAlloc - a.TotalAlloc
			}
			cost("warm")
			letters, dots := cost(strings.Repeat("aa", n/2)), cost(strings.Repeat("a.", n/2))
			if dots > letters+1<<20 {
				t.Errorf("%d bytes of dots cost %d bytes, of letters %d", n, dots, letters)
			}
			for _, value := range []string{strings.Repeat(".", n), strings.Repeat("a.", 2048), "\x80\xff\xfe.\x80.\x80", "a.b.c.d.e", "..", "é.é.é", strings.Repeat("a.b.c ", 1000)} {
				cost(value)
			}
			s.clean(name)
			if a := raw(t, s.addr, message("GET", "/open", "office.test", c.before+strings.Repeat(".", 5000))); a.status != 200 || s.arrived() == "" {
				t.Errorf("an open path: %d", a.status)
			}
		})
	}
}

// TestAdvisory_CK7_SignOutAndResetEndAProof: whoever signs out, ends his sessions or
// is reset by an administrator has proved nothing any more, in no browser that has a
// copy of the flag; an app that forgets to end the session does not make it last.
func TestAdvisory_CK7_SignOutAndResetEndAProof(t *testing.T) {
	admin := free(t)
	for name, end := range map[string]func(*testing.T, *visitor){
		"sign-out":           func(t *testing.T, m *visitor) { m.send("POST", "/logout", "") },
		"sign-out by a link": func(t *testing.T, m *visitor) { m.send("GET", "/logout", "") },
		"a sign-in": func(t *testing.T, m *visitor) {
			m.send("POST", "/login", "sid=mallory&user=mallory", "Content-Type", urlencoded)
		},
		"everywhere at once": func(t *testing.T, m *visitor) {
			m.send("DELETE", "/.mfa/api/sessions", "", "Origin", "http://office.test", "Sec-Fetch-Site", "same-origin")
		},
		"an administrator's":   func(t *testing.T, m *visitor) { reset(t, admin, "mallory") },
		"fail/somebody else's": func(t *testing.T, m *visitor) { reset(t, admin, "bob") },
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, strings.Replace(global, "admin off", "admin "+admin, 1), oneHost, plainSite)
			m := s.enrolled()
			copied := strings.TrimPrefix(m.cookies(), "Cookie: ")
			if s.passed("office.test", copied) == nil {
				t.Fatal("before it ended: a copy does not pass")
			}
			end(t, m)
			for range 3 {
				if r := s.passed("office.test", copied); (r != nil) != strings.HasPrefix(name, "fail/") {
					t.Errorf("afterwards the app gets %v", r)
				}
			}
			if h1, h2 := s.both("GET", "/open", "office.test"); !h1.ok || !h2.ok {
				t.Error("an open path is closed")
			}
		})
	}
}

// reset has an administrator take everything from a person.
func reset(t *testing.T, admin, user string) {
	t.Helper()
	res, err := http.Post("http://"+admin+"/mfa/users/"+user+"/reset", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 && user != "bob" {
		t.Fatalf("resetting %s: %d", user, res.StatusCode)
	}
}
