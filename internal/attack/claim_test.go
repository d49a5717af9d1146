package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const claimPolicy = `version: 1
tenants:
  office:
    hosts: [office.test]
    require: mfa
    first: none
    protect:
      - /documents
      - {path: /admin, fresh: 5m}
`

// TestDesign_H14_AClaimIsReadAsItStands: the identity's own word counts for mfa only
// where it is mapped, says mfa, and stands in a list of exact texts; its time is
// auth_time and no other (RFC 8176).
func TestDesign_H14_AClaimIsReadAsItStands(t *testing.T) {
	now := time.Now()
	claims := func(more string) string {
		return fmt.Sprintf(`{"sub":"bob","exp":%d%s}`, now.Add(time.Hour).Unix(), more)
	}
	for _, mapped := range []bool{true, false} {
		block := "identity jwt {\n\t\t\tcookie jwt\n\t\t\tsecret " + jwtSecret + "\n\t\t\tuser sub\n"
		if mapped {
			block += "\t\t\tmethods amr\n\t\t\ttime auth_time\n"
		}
		s := start(t, claimPolicy, strings.Replace(plainSite, "%WHOAMI%", block+"\t\t}", 1))
		ask := func(target, more string) answer {
			return raw(t, s.addr, message("GET", target, "office.test", "Cookie: jwt="+token(`{"alg":"HS256"}`, claims(more), jwtSecret)))
		}
		for _, amr := range []string{
			"", `,"amr":["pwd"]`, `,"amr":["pwd","pin"]`, `,"amr":["pwd","kba"]`, `,"amr":["otp"]`, `,"amr":["hwk","swk","pop"]`, `,"amr":["sms"]`, `,"amr":["MFA"]`, `,"amr":["mfa "]`, `,"amr":[" mfa"]`, `,"amr":"mfa"`, `,"amr":"pwd mfa"`, `,"amr":["pwd mfa"]`, `,"amr":[["mfa"]]`, `,"amr":{"mfa":true}`, `,"amr":["mfa",1]`, `,"amr":[1,"mfa"]`, `,"amr":true`,
			`,"AMR":["mfa"]`, `,"amr":["pwd"],"amr":["mfa"]`, `,"acr":"mfa"`, `,"methods":["mfa"]`, `,"amr":["\u006dfa\u0000"]`, `,"amr":["ｍfa"]`,
		} {
			if a := ask(documents, amr); a.status == 200 {
				t.Errorf("mapped %v: %s passes", mapped, amr)
			}
		}
		a := ask(documents, `,"amr":["pwd","mfa"]`)
		if (a.status == 200) != mapped {
			t.Errorf("mapped %v: mfa gives %d %s", mapped, a.status, a.reason())
		}
		at := func(d time.Duration) string { return fmt.Sprintf(`,"auth_time":%d`, now.Add(d).Unix()) }
		for more, passes := range map[string]bool{
			at(-time.Minute): true, at(-6 * time.Minute): false, at(time.Hour): false, "": false, fmt.Sprintf(`,"iat":%d`, now.Unix()): false, `,"auth_time":"now"`: false, `,"auth_time":0`: false, fmt.Sprintf(`,"auth_time":"%d"`, now.Unix()): false, fmt.Sprintf(`,"AUTH_TIME":%d`, now.Unix()): false,
			fmt.Sprintf(`,"iat":%d`, now.Unix()) + at(-time.Hour): false,
		} {
			if a := ask("/admin", `,"amr":["mfa"]`+more); (a.status == 200) != (passes && mapped) {
				t.Errorf("mapped %v: an area that wants it fresh, %s: %d %s", mapped, more, a.status, a.reason())
			}
		}
	}
}

// TestDesign_H5_WhatIsNotWrittenIsStrict: a policy that says no more than what is
// protected enforces, from now on, at each new sign-in, in each tenant.
func TestDesign_H5_WhatIsNotWrittenIsStrict(t *testing.T) {
	s := start(t, "version: 1\ndefaults: {first: none, require: mfa, protect: [/documents]}\ntenants:\n  office: {hosts: [office.test]}\n  other: {hosts: [other.test]}\n", plainSite)
	s.app.do(func() { s.app.users["again"] = "mallory" })
	if a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=mallory")); a.reason() != "enroll" {
		t.Errorf("before any enrolment: %d %s", a.status, a.reason())
	}
	m := s.visitor("office.test", "mallory").enrol()
	if a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=again")); a.reason() != "verify" {
		t.Errorf("another sign-in: %d %s, want verify", a.status, a.reason())
	}
	if a := raw(t, s.addr, message("GET", documents, "other.test", m.cookies())); a.reason() != "enroll" {
		t.Errorf("another tenant: %d %s, want enroll", a.status, a.reason())
	}
	if a := raw(t, s.addr, message("GET", documents, "office.test")); a.reason() != "no-identity" {
		t.Errorf("nobody: %d %s", a.status, a.reason())
	}
	advance(t, 12*time.Hour+time.Minute)
	if a := raw(t, s.addr, message("GET", documents, "office.test", m.cookies())); a.reason() != "verify" {
		t.Errorf("after 12 hours: %d %s, want verify", a.status, a.reason())
	}
}

// TestDesign_M6_ReferencesCannotBeGuessed: 60 bits, no two alike, and never of what
// was asked.
func TestDesign_M6_ReferencesCannotBeGuessed(t *testing.T) {
	s := start(t, oneHost, plainSite)
	seen := map[string]bool{}
	var places [14]map[byte]bool
	for range 400 {
		_, rest, _ := strings.Cut(s.get(documents).body, `"reference":"`)
		ref, _, _ := strings.Cut(rest, `"`)
		if len(ref) != 14 || seen[ref] {
			t.Fatalf("reference %q, seen before: %v", ref, seen[ref])
		}
		seen[ref] = true
		for i := range ref {
			if places[i] == nil {
				places[i] = map[byte]bool{}
			}
			places[i][ref[i]] = true
		}
	}
	for i, letters := range places {
		if i != 4 && i != 9 && len(letters) < 30 {
			t.Errorf("place %d has only %d letters", i, len(letters))
		}
	}
}
