package attack

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// saying has the app answer who a session is with a piece of JSON as it stands.
func (s *site) saying(words map[string]string) {
	s.app.do(func() {
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/api/me" {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			sid := ""
			if c, err := r.Cookie("sid"); err == nil {
				sid = c.Value
			}
			word, ok := words[sid]
			if !ok {
				word = "null"
			}
			_, _ = io.WriteString(w, `{"login":`+word+`}`)
			return true
		}
	})
}

// TestAdvisory_TN6_TwoNamesAreTwoPeople: no name is another's by the way it is
// kept, folded, trimmed, rounded or joined to a tenant (CVE-2026-47203,
// CVE-2026-48794; M8: numbers over 2^53).
func TestAdvisory_TN6_TwoNamesAreTwoPeople(t *testing.T) {
	s := start(t, oneHost, uncached)
	pairs := [][2]string{
		{`"alice"`, `"Alice"`}, {`"alice"`, `"alice "`}, {`"alice"`, `" alice"`}, {`"alice"`, `"ａlice"`}, {`"alice"`, `"al\u0131ce"`}, {`"alice"`, `"alice\u0000"`}, {`"alice"`, `"alice:office"`}, {`"alice"`, `"alice/office"`},
		{`"a/b"`, `"a%2Fb"`}, {`"a/b"`, `"a"`}, {`"a/../b"`, `"b"`}, {`"c d"`, `"c+d"`}, {`"e%20f"`, `"e f"`}, {`"default/a"`, `"a"`}, {`"é"`, `"e\u0301"`}, {`"bob@mail.test"`, `"bob"`}, {`"bob@mail.test"`, `"bob@MAIL.test"`},
		{"9007199254740993", "9007199254740992"}, {"9007199254740993", "9007199254740993.0"}, {"100", "1e2"}, {"1", `"01"`}, {`"-2"`, "2"}, {`"` + strings.Repeat("a", 200) + `b"`, `"` + strings.Repeat("a", 200) + `c"`},
	}
	for i, p := range pairs {
		owner, other := "one", "two"
		s.saying(map[string]string{owner: p[0], other: p[1]})
		v := s.visitor("office.test", owner)
		if a := v.send("GET", documents, ""); a.reason() != "enroll" {
			if a.reason() == "verify" || a.status == 200 {
				continue // enrolled by an earlier pair
			}
			t.Errorf("%d %s: %d %s", i, p[0], a.status, a.reason())
			continue
		}
		v.enrol()
		line := strings.Replace(v.cookies(), "sid="+owner, "sid="+other, 1)
		a := raw(t, s.addr, message("GET", documents, "office.test", line))
		if a.status == 200 || a.reason() == "verify" {
			t.Errorf("%s enrolled, and %s gets %d %s", p[0], p[1], a.status, a.reason())
		}
	}
}

// TestDesign_M8_NothingIsNobodysName: what an app says where it means nobody is no
// person, least of all one that all visitors share.
func TestDesign_M8_NothingIsNobodysName(t *testing.T) {
	s := start(t, oneHost, strings.Replace(uncached, "user json login", "user json login\n\t\t\tnobody guest anonymous", 1))
	for word, want := range map[string]int{
		"null": 401, "false": 401, "0": 401, `""`: 401, `"guest"`: 401, `"anonymous"`: 401, `"null"`: 401, `" false "`: 401, `"0"`: 401, "-0": 401, "0.0": 401,
		"true": 503, "[]": 503, "{}": 503, `["bob"]`: 503, `{"a":"bob"}`: 503,
	} {
		s.saying(map[string]string{"x": word})
		a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=x"))
		if a.status != want && (want == 401 || a.status == 200 || a.reason() == "enroll") {
			t.Errorf("%s: %d %s, want %d", word, a.status, a.reason(), want)
		}
	}
}

// TestAdvisory_HD8_NamesEndNoField: a name with line ends, a NUL or a placeholder
// in it reaches the app as it is, or not at all.
func TestAdvisory_HD8_NamesEndNoField(t *testing.T) {
	s := start(t, oneHost, uncached)
	for _, c := range []struct{ json, plain string }{
		{`"bob\r\nX-Evil: 1"`, ""}, {`"bob\nX-Evil: 1"`, ""}, {`"bob\u0000x"`, ""}, {`"bob\u007f"`, ""}, {`"bob%0d%0aX-Evil: 1"`, "bob%0d%0aX-Evil: 1"}, {`"{http.request.uri}"`, "{http.request.uri}"}, {`"böb"`, "böb"}, {`"a, b"`, "a, b"},
	} {
		s.saying(map[string]string{"x": c.json})
		s.app.last()
		v := s.visitor("office.test", "x")
		if c.plain == "" {
			if a := v.send("GET", documents, ""); a.status != 503 || s.arrived() != "" {
				t.Errorf("%s is somebody: %d %s", c.json, a.status, a.reason())
			}
			continue
		}
		v.enrol()
		r, _ := s.app.last()
		if r == nil || len(r.Header["X-Evil"]) > 0 || strings.Join(r.Header["Mfa-User"], "|") != c.plain {
			t.Errorf("%s: the app gets %v", c.json, r)
		}
	}
}

// TestDesign_M15_TheAppSetsNoCookieOfTheGate, in no spelling that some browser or
// server takes for one, and every other cookie arrives as it was set.
func TestDesign_M15_TheAppSetsNoCookieOfTheGate(t *testing.T) {
	s := start(t, oneHost, plainSite)
	ours := []string{"mfa=x", "mfa=; Max-Age=0", "MFA=x", "__Host-mfa=x; Secure; Path=/", "__Secure-mfa=x", "__host-MFA-Ticket=x", "mfa-ticket=x", "mfa-visit=x", "mfa-known=x", "mfa-device=x", " mfa=x", "\tmfa=x", "mfa =x", "mfa-lng=xx", "mfa"}
	theirs := []string{"own=1; Path=/", "own=2; Path=/", "mfaa=1", "x-mfa=2", "a=mfa=3", "mfa-other=4", "  two spaces=5; HttpOnly"}
	s.app.do(func() {
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/open" && !underDocuments(r.URL.Path) {
				return false
			}
			for _, c := range append(append([]string{}, ours...), theirs...) {
				w.Header().Add("Set-Cookie", c)
			}
			return true
		}
	})
	m := s.visitor("office.test", "mallory").enrol()
	for _, target := range []string{"/open", documents} {
		a := raw(t, s.addr, message("GET", target, "office.test", m.cookies()))
		if a.status != 200 {
			t.Fatalf("%s: %d", target, a.status)
		}
		var got []string
		for _, c := range a.header["Set-Cookie"] {
			name, _, _ := strings.Cut(c, "=")
			low := strings.ToLower(strings.TrimSpace(name))
			low = strings.TrimPrefix(strings.TrimPrefix(low, "__host-"), "__secure-")
			if low == "mfa" || strings.HasPrefix(low, "mfa-") && low != "mfa-other" {
				t.Errorf("%s: the app sets %q", target, c)
			}
			got = append(got, strings.TrimSpace(c))
		}
		for _, c := range theirs {
			if !strings.Contains(strings.Join(got, "\n")+"\n", strings.TrimSpace(c)+"\n") {
				t.Errorf("%s: %q is lost: %q", target, c, got)
			}
		}
	}
}
