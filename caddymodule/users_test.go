package caddymodule

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
)

// administered is a running site with an admin endpoint of its own, at the
// address returned.
func administered(t *testing.T, site string, files map[string]string) (*live, string) {
	t.Helper()
	address := "127.0.0.1:" + freeport.Get(t)
	s := start(t, strings.Replace(site, "%PRELUDE%", strings.Replace(prelude, "admin off", "admin "+address, 1), 1), files)
	return s, address
}

// command runs `caddy mfa user` with arguments.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return run(userCommand(), args...)
}

// run runs a subcommand with arguments.
func run(c *cobra.Command, args ...string) (string, error) {
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	err := c.Execute()
	return out.String(), err
}

// askAdmin sends a body to the admin endpoint.
func askAdmin(t *testing.T, address, method, path, kind, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, b.String()
}

const passPolicy = `version: 1
defaults: {require: mfa, protect: [/documents, /account/password], share: everywhere}
tenants:
  hr: {first: pass, enroll_from: ["127.0.0.1", "::1"]}
  costa: {first: pass}
  mail: {}
`

func issued(t *testing.T, address, user, tenant string) string {
	t.Helper()
	out, err := command(t, "pass", user, "--tenant", tenant, "--address", address, "--json")
	var made passIssued
	if err != nil || json.Unmarshal([]byte(out), &made) != nil || made.Pass == "" {
		t.Fatalf("%v: %s", err, out)
	}
	return made.Pass
}

// S3.43, S3.41: with an administrator's pass and from the right place a user sets
// a factor up. The pass opens that and nothing else: no area, not the page on
// which the app changes a password, no change of methods that are there.
func TestS3_41_APassOpensEnrolmentAlone(t *testing.T) {
	s, address := administered(t, offices, map[string]string{"policy.yaml": passPolicy})
	s.app.setTenant("bob", "hr")
	b := s.signedIn("bob")
	b.call("POST", "/.mfa/api/email", nil).want(409).reason("wrong-step")
	b.call("POST", "/.mfa/api/methods/totp", nil).want(409).reason("wrong-step")
	pass := issued(t, address, "bob", "hr")
	b.call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": pass}).want(200)
	if b.value("mfa") != "" {
		t.Fatal("a pass gave a flag")
	}
	b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	b.get("/account/password", "Accept", "application/json").want(403).reason("enroll")
	b.form("/account/password", url.Values{"new": {"x"}}).want(403)
	b.call("POST", "/.mfa/api/recovery-codes", nil).want(403).reason("needs-fresh-proof")
	b.call("GET", "/.mfa/api/devices", nil).want(403).reason("needs-fresh-proof")
	if s.app.hitsOn("/account/password")+s.app.hitsOn("/documents") != 0 {
		t.Error("the app was reached with a pass alone")
	}
	b.addTOTP()
	// S3.40: who has proved is let through to it, and the app is told so.
	b.form("/account/password", url.Values{"new": {"x"}}).want(200)
	r, _ := s.app.lastRequest()
	if r.Header.Get("Mfa-Status") != "verified" || r.Header.Get("Mfa-Methods") != "totp" || r.Header.Get("Mfa-Time") == "" {
		t.Errorf("the app is told %v", r.Header)
	}
	s.signedIn("bob").call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": issued(t, address, "bob", "hr")}).want(403).reason("needs-fresh-proof")

	// C3: of one tenant. What its administrator let in does not count in another
	// that asks for a pass of its own.
	s.app.setTenant("bob", "costa")
	b.get("/documents/1", "Accept", "application/json").want(403)
	b.call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": pass}).want(400).reason("bad-code")
}

// S3.40: who signed in with a password and proved a factor may have the app change
// the password without the old one: the gate lets through, and says what it knows
// in fields that nobody else can set. Without the proof the app is not reached.
func TestS3_40_TheAppIsToldOfTheProof(t *testing.T) {
	s := office(t, "require: mfa\nprotect: [/account/password]")
	b := s.signedIn("bob")
	b.call("POST", "/account/password", map[string]any{"new": "x"}).want(403).reason("enroll")
	b.send("POST", "/account/password", "new=x", "Accept", "application/json", "Mfa-Status", "verified", "Mfa-Methods", "totp").want(403)
	if s.app.hitsOn("/account") != 0 {
		t.Error("the app is reached without a proof")
	}
	b.enroll()
	b.send("POST", "/account/password", "new=x", "Mfa-Status", "not-required", "Mfa-Methods", "passkey", "Mfa-User", "eve").want(200)
	r, body := s.app.lastRequest()
	if r.Header.Get("Mfa-Status") != "verified" || r.Header.Get("Mfa-Methods") != "totp" || r.Header.Get("Mfa-Time") == "" || r.Header.Get("Mfa-User") == "eve" || body != "new=x" {
		t.Errorf("the app is told %v, with %q", r.Header, body)
	}
}

// S3.56: an administrator has a user set up again: the next protected request is
// blocked, in every browser, and the password alone sets nothing up.
func TestS3_56_ResetByTheCommandLine(t *testing.T) {
	s, address := administered(t, offices, map[string]string{"policy.yaml": passPolicy})
	s.app.setTenant("bob", "mail")
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	for _, args := range [][]string{{"reset", "nobody-here"}, {"reset", "bob", "--realm", "elsewhere"}, {"reset", "bob", "--tenant", "elsewhere"}, {"pass", "bob"}, {"pass", "bob", "--tenant", "hr", "--life", "90d"}} {
		if out, err := command(t, append(args, "--address", address)...); err == nil {
			t.Errorf("%v: %s", args, out)
		}
	}
	b.get("/documents/1").want(200)
	if out, err := command(t, "reset", "bob", "--address", address); err != nil || !strings.Contains(out, "reset in every tenant of realm default") {
		t.Fatalf("%v: %s", err, out)
	}
	b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	b.call("POST", "/.mfa/api/methods/totp", nil).want(409).reason("wrong-step")
	b.call("POST", "/.mfa/api/verify/codes/verify", map[string]any{"code": b.codes[0]}).want(409)
	eventually(t, func() bool { return s.mail.has("was reset at") })
	again := s.signedIn("bob").enroll()
	again.get("/documents/1").want(200)
}

// TestAdvisory_EN3_AResetIsNoNewBeginning: an account that was reset, or lay
// untouched for years, is what whoever has the password waits for. Neither begins
// anew: not where the organisation asks nothing of newcomers, not with old codes or
// an old pass; a new pass ends within the hour, and the owner is told of each.
func TestAdvisory_EN3_AResetIsNoNewBeginning(t *testing.T) {
	s, address := administered(t, offices, map[string]string{"policy.yaml": passPolicy + "  open: {first: none}\n"})
	shut := func(thief *browser, begin string) {
		t.Helper()
		thief.get("/documents/1").want(403)
		thief.call("POST", "/.mfa/api/methods/totp", nil).reason(begin)
		if r := thief.call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": "0000-0000-0000"}); r.StatusCode < 400 {
			t.Errorf("a pass of nobody: %d", r.StatusCode)
		}
	}
	for user, tenant := range map[string]string{"ann": "open", "bob": "mail", "eve": "hr"} {
		s.app.setTenant(user, tenant)
		var old string
		b := s.signedIn(user)
		switch tenant {
		case "open":
			b.addTOTP()
		case "mail":
			b.enroll()
		case "hr":
			old = issued(t, address, user, tenant)
			b.call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": old}).want(200)
			b.addTOTP()
		}
		b.get("/documents/1").want(200)
		advance(t, 3*365*24*time.Hour)
		shut(s.signedIn(user), "needs-fresh-proof") // dormant
		if out, err := command(t, "reset", user, "--address", address); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		thief := s.signedIn(user)
		shut(thief, "wrong-step")
		thief.call("POST", "/.mfa/api/verify/codes/verify", map[string]any{"code": b.codes[0]}).want(409)
		if r := thief.call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": cmp.Or(old, "x")}); r.StatusCode < 400 {
			t.Errorf("%s: an old pass: %d", tenant, r.StatusCode)
		}
		pass := issued(t, address, user, tenant)
		advance(t, time.Hour)
		if r := s.signedIn(user).call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": pass}); r.StatusCode < 400 {
			t.Errorf("%s: a pass of an hour ago: %d", tenant, r.StatusCode)
		}
		again := s.signedIn(user)
		again.call("POST", "/.mfa/api/verify/pass/verify", map[string]any{"code": issued(t, address, user, tenant)}).want(200)
		again.addTOTP().get("/documents/1").want(200)
		s.signedIn(user).call("POST", "/.mfa/api/verify/codes/verify", map[string]any{"code": b.codes[0]}).want(400).reason("bad-code")
		eventually(t, func() bool {
			return s.mail.tells(user, "was reset at") && s.mail.tells(user, "temporary access pass")
		})
	}
}

// TestAdvisory_CVE_2026_56212_AD1_NoDoorForAdministrators: whoever a policy calls
// an administrator, with a factor and without, can switch nothing, see nobody and
// reset nobody by the site: there are no such pages. The operator's command resets
// in the one tenant that it names.
func TestAdvisory_CVE_2026_56212_AD1_NoDoorForAdministrators(t *testing.T) {
	s, address := administered(t, offices, map[string]string{"policy.yaml": passPolicy + "  led: {admins: {roles: [lead], users: [ana]}}\n"})
	s.app.setTenant("ana", "led")
	s.app.setTenant("bob", "led")
	bob := s.signedIn("bob").enroll()
	s.signedIn("ana").get("/documents/1").want(403).reason("enroll")
	for who, ana := range map[string]*browser{"without a factor": s.signedIn("ana"), "with one": s.signedIn("ana").enroll()} {
		for _, path := range []string{
			"/.mfa/api/admin", "/.mfa/api/tenants", "/.mfa/api/tenants/led", "/.mfa/api/tenants/mail", "/.mfa/api/tenants/led/users", "/.mfa/api/tenants/led/users.csv",
			"/.mfa/api/tenants/led/reset", "/.mfa/api/tenants/led/users/bob/reset", "/.mfa/api/tenants/led/users/bob/pass", "/.mfa/api/tenants/led/impact", "/.mfa/api/users/bob/reset",
		} {
			for _, method := range []string{"GET", "POST", "PATCH", "PUT", "DELETE"} {
				if r := ana.call(method, path, map[string]any{}); r.StatusCode != 404 {
					t.Errorf("%s: %s %s: %d %s", who, method, path, r.StatusCode, r.body)
				}
			}
		}
		ana.page("/.mfa/admin").want(404)
		ana.page("/.mfa/admin/").want(404)
		for _, path := range []string{"/mfa/users/bob/reset", "/mfa/policy"} { // the operator's, on the port of the site: the app's
			ana.call("POST", path, map[string]any{}).want(200)
		}
	}
	bob.get("/documents/1").want(200)
	s.signedIn("eve").get("/documents/1").want(403)

	for _, args := range [][]string{{"reset", "bob", "--tenant", "hr"}, {"reset", "bob", "--tenant", "elsewhere"}, {"reset", "bob", "--realm", "elsewhere"}} {
		if out, err := command(t, append(args, "--address", address)...); (err == nil) != (args[3] == "hr") {
			t.Errorf("%v: %v: %s", args, err, out)
		}
	}
	bob.get("/documents/1").want(200)
	s.signedIn("bob").get("/documents/1").want(403).reason("verify") // his factor is there
	if out, err := command(t, "reset", "bob", "--tenant", "led", "--address", address); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	bob.get("/documents/1").want(403)
}

// tells whether somebody was mailed words.
func (b *postbox) tells(user, words string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.mail, func(m string) bool {
		return strings.Contains(m, user+"@mail.test") && strings.Contains(m, words)
	})
}

func (b *postbox) has(words string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.mail {
		if strings.Contains(m, words) {
			return true
		}
	}
	return false
}

// The endpoint is as strict as everything that changes something, and shows and
// logs no more than it must.
func TestUsersAdmin_Refusals(t *testing.T) {
	s, address := administered(t, offices, map[string]string{"policy.yaml": passPolicy})
	s.app.setTenant("bob", "hr")
	for name, c := range map[string]struct {
		method, path, body string
		kind               string // "": JSON
		status             int
	}{
		"ok/a pass":                {"POST", "/mfa/users/bob/pass", `{"tenant":"hr"}`, "", 200},
		"ok/a user of odd letters": {"POST", "/mfa/users/b%2Fo%40b/pass", `{"tenant":"hr","realm":"default","life":"5m"}`, "", 200},
		"fail/GET":                 {"GET", "/mfa/users/bob/pass", "", "", 405},
		"fail/no user":             {"POST", "/mfa/users//pass", `{"tenant":"hr"}`, "", 404},
		"fail/another word":        {"POST", "/mfa/users/bob/secrets", `{"tenant":"hr"}`, "", 404},
		"fail/no tenant":           {"POST", "/mfa/users/bob/pass", `{}`, "", 400},
		"fail/unknown tenant":      {"POST", "/mfa/users/bob/pass", `{"tenant":"x"}`, "", 404},
		"fail/unknown member":      {"POST", "/mfa/users/bob/pass", `{"tenant":"hr","forever":true}`, "", 400},
		"fail/two values":          {"POST", "/mfa/users/bob/pass", `{"tenant":"hr"}{}`, "", 400},
		"fail/too long":            {"POST", "/mfa/users/bob/pass", `{"tenant":"` + strings.Repeat("x", maxCall) + `"}`, "", 413},
		"fail/life":                {"POST", "/mfa/users/bob/pass", `{"tenant":"hr","life":"1s"}`, "", 400},
		"fail/a form":              {"POST", "/mfa/users/bob/reset", "", "application/x-www-form-urlencoded", 415},
		"fail/no body":             {"POST", "/mfa/users/bob/reset", "", "", 400},
		"fail/nobody":              {"POST", "/mfa/users/eve/reset", `{}`, "", 404},
	} {
		status, text := askAdmin(t, address, c.method, c.path, cmp.Or(c.kind, "application/json"), c.body)
		if status != c.status {
			t.Errorf("%s: %d %s, want %d", name, status, text, c.status)
		}
	}
	app, err := caddy.ActiveContext().AppIfConfigured("mfa")
	if err != nil {
		t.Fatal(err)
	}
	if got := app.(*App).state.gates.realms(); len(got) != 1 || got[0] != "default" {
		t.Errorf("realms %v", got)
	}
}
