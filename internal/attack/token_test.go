package attack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// withFlag asks for the protected area in mallory's session with a flag cookie
// of the attacker's making.
func (s *site) withFlag(flag string) answer {
	s.t.Helper()
	return raw(s.t, s.addr, message("GET", "/documents/1", "office.test", "Cookie: sid=mallory; mfa="+flag))
}

func TestDesign_C9_NoTokenIsTakenForAnother(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory")
	if a := m.send("GET", "/documents/1", "", "Accept", "text/html", "Sec-Fetch-Mode", "navigate"); a.status != 403 {
		t.Fatal(a.status)
	}
	ticket := m.cookie("mfa-ticket")
	m.enrol()
	flag := m.cookie("mfa")
	if ticket == "" || flag == "" {
		t.Fatalf("ticket %q, flag %q", ticket, flag)
	}
	if a := s.withFlag(flag); a.status != 200 {
		t.Fatalf("the flag itself: %d", a.status)
	}
	for name, value := range map[string]string{"ticket": ticket, "visit": m.cookie("mfa-visit"), "known": m.cookie("mfa-known"), "language": "pt-BR", "session": "mallory"} {
		if a := s.withFlag(value); a.status == 200 {
			t.Errorf("the %s counts as a flag", name)
		}
	}
	for _, as := range []string{"mfa-ticket", "mfa-visit", "mfa-known", "mfa-device", "__Host-mfa", "__Secure-mfa", "MFA", " mfa", "\u2003mfa"} {
		if a := raw(t, s.addr, message("GET", "/documents/1", "office.test", "Cookie: sid=bob; "+as+"="+flag)); a.status == 200 {
			t.Errorf("bob's session with mallory's flag as %q passes", as)
		}
	}
	if l := s.app.loot(); len(l) > 0 {
		t.Errorf("served to bob: %q", l)
	}
}

func TestDesign_C9_AnotherPersonsFlag(t *testing.T) {
	s := start(t, oneHost, plainSite)
	flag := s.visitor("office.test", "mallory").enrol().cookie("mfa")
	s.app.loot()
	a := raw(t, s.addr, message("GET", "/documents/1", "office.test", "Cookie: sid=bob; mfa="+flag))
	if l := s.app.loot(); a.status == 200 || len(l) > 0 {
		t.Errorf("%d, served %q", a.status, l)
	}
}

// Tampering, and every confusion of algorithms (CVE-2015-9235 and its kin).
func TestAdvisory_CVE_2015_9235_FlagsOfOnesOwnMaking(t *testing.T) {
	s := start(t, oneHost, plainSite)
	flag := s.visitor("office.test", "mallory").enrol().cookie("mfa")
	parts := strings.Split(flag, ".")
	b64 := base64.RawURLEncoding.EncodeToString
	head, _ := base64.RawURLEncoding.DecodeString(parts[0])
	claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
	forged := map[string]string{
		"two parts": parts[0] + "." + parts[1], "no signature": parts[0] + "." + parts[1] + ".", "four parts": flag + ".", "empty": "", "dots": strings.Repeat(".", 4000),
		"padding": flag + "=", "tail": flag + "A", "space": flag + "%20", "quoted": `"` + flag + `"`, "huge": flag + strings.Repeat("A", 8000), "line end": flag[:len(flag)-2] + "%0a" + flag[len(flag)-2:],
		"encoded": strings.ReplaceAll(flag, ".", "%2E"), "swapped": parts[1] + "." + parts[0] + "." + parts[2],
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256"} {
		h := b64([]byte(strings.Replace(string(head), "HS256", alg, 1)))
		forged["alg "+alg] = h + "." + parts[1] + "." + parts[2]
		forged["alg "+alg+" unsigned"] = h + "." + parts[1] + "."
	}
	for name, key := range map[string]string{"empty": "", "the configured key": "0123456789abcdef0123456789abcdef", "its text": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="} {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(parts[0] + "." + parts[1]))
		forged["signed with "+name] = parts[0] + "." + parts[1] + "." + b64(mac.Sum(nil))
	}
	for _, more := range []string{`{"crit":["x"],"x":1,`, `{"b64":false,`, `{"jku":"http://127.0.0.1/k",`, `{"jwk":{},`, `{"alg":"none",`} {
		forged["header "+more] = b64([]byte(more+string(head[1:]))) + "." + parts[1] + "." + parts[2]
	}
	forged["claims for bob"] = parts[0] + "." + b64([]byte(strings.Replace(string(claims), "mallory", "bob", 1))) + "." + parts[2]
	for i := 0; i < len(flag); i += 7 {
		c := byte('A')
		if flag[i] == c {
			c = 'B'
		}
		forged["byte "+flag[:i]] = flag[:i] + string(c) + flag[i+1:]
	}
	t.Logf("%d forgeries", len(forged))
	for name, f := range forged {
		if a := s.withFlag(f); a.status == 200 {
			t.Errorf("%.60s passes", name)
		}
	}
	// CK1: two of one name count as none, in either order and in two fields.
	for _, line := range []string{"Cookie: sid=mallory; mfa=x; mfa=" + flag, "Cookie: sid=mallory; mfa=" + flag + "; mfa=x", "Cookie: mfa=x\r\nCookie: sid=mallory; mfa=" + flag, "Cookie: sid=mallory; mfa=" + flag + "; mfa=" + flag} {
		if a := raw(t, s.addr, message("GET", "/documents/1", "office.test", line)); a.status == 200 {
			t.Errorf("%.60q passes", line)
		}
	}
	if a := s.withFlag(flag); a.status != 200 {
		t.Errorf("after all that the flag itself gets %d", a.status)
	}
	advance(t, 13*time.Hour)
	if a := s.withFlag(flag); a.status == 200 {
		t.Error("an expired flag passes")
	}
	advance(t, -26*time.Hour)
	if a := s.withFlag(flag); a.status == 200 {
		t.Error("a flag from the future passes")
	}
}

// A flag of another realm, and one of another installation with the same key.
func TestDesign_C9_FlagOfAnotherRealmOrInstallation(t *testing.T) {
	two := strings.Replace(plainSite, ":0", "office.test:0", 1) + strings.NewReplacer("http://:0", "http://other.test:0", "mfa {", "mfa {\n\t\trealm other").Replace(plainSite)
	policy := strings.Replace(oneHost, "office.test", "office.test, other.test", 1)
	s := start(t, policy, two)
	flag := s.visitor("office.test", "mallory").enrol().cookie("mfa")
	if a := raw(t, s.addr, message("GET", "/documents/1", "other.test", "Cookie: sid=mallory; mfa="+flag)); a.status == 200 {
		t.Error("a flag of another realm passes")
	}
	s2 := &site{t: t, app: newApp(t), dir: t.TempDir()}
	s2.run(policy, two)
	if a := s2.withFlag(flag); a.status == 200 {
		t.Error("a flag of another installation passes")
	}
	if a := s2.withFlag(s2.visitor("office.test", "mallory").enrol().cookie("mfa")); a.status != 200 {
		t.Errorf("its own gets %d", a.status)
	}
}
