package caddymodule

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
)

// office is a site of one tenant with the lines given.
func office(t *testing.T, lines string) *live {
	t.Helper()
	return start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": "version: 1\ntenants:\n  office:\n    name: Office\n    " +
		strings.ReplaceAll(lines, "\n", "\n    ") + "\n"})
}

// methods are the ids of the person's methods, as the state lists them.
func (b *browser) methods() (ids []string) {
	b.t.Helper()
	var state struct {
		Methods []struct{ ID string }
	}
	b.call("GET", "/.mfa/api/state", nil).want(200).json(&state)
	for _, m := range state.Methods {
		ids = append(ids, m.ID)
	}
	return ids
}

// X4: only where something is protected (S0.11, S3.23), or at the first request
// after the sign-in (S3.22, S4.4, S4.5).
func TestX4_WhereItBites(t *testing.T) {
	t.Run("S3.23 where something is protected", func(t *testing.T) {
		s := office(t, "require: mfa\nprotect: [/documents]")
		b := s.signedIn("bob")
		for _, path := range []string{"/", "/finance", "/documents-old"} {
			b.get(path).want(200)
		}
		b.get("/documents/1").want(403).reason("enroll")
	})
	t.Run("S3.22, S4.4, S4.5 at the sign-in", func(t *testing.T) {
		s := office(t, "require: mfa\nprotect: [/]\nallow: [{path: /login, method: [GET, POST]}, /assets]")
		b := s.browser()
		b.form("/login", url.Values{"user": {"bob"}}).want(200)
		b.get("/assets/site.css").want(200)
		for _, path := range []string{"/", "/finance", "/documents-old", "/login/x/../../finance"} {
			b.call("GET", path, nil).want(403).reason("enroll")
		}
		if at := b.page("/welcome?x=1").want(403); !strings.Contains(at.body, `href="/.mfa/enroll?to=%2Fwelcome%3Fx%3D1"`) {
			t.Errorf("the first page after the sign-in does not lead to setting up:\n%s", at.body)
		}
		if s.app.hitsOn("/welcome") != 0 {
			t.Error("the app is reached with a password alone")
		}
		b.enroll().get("/welcome?x=1").want(200)
	})
}

// X5: what cannot be put off is not offered to be.
func TestX5_CannotBePutOff(t *testing.T) {
	s := office(t, "require: mfa\nprotect: [/documents]")
	b := s.signedIn("bob")
	if page := b.page("/documents/1").want(403); strings.Contains(page.body, "api/remind") {
		t.Error("the page offers to put it off")
	}
	b.call("POST", "/.mfa/api/remind", map[string]any{"to": "/documents/1"}).want(403).reason("not-offered")
	b.form("/.mfa/api/remind", url.Values{}).want(403)
	b.get("/documents/1").want(403).reason("enroll")
}

// X6: having a factor is enough (S0.19), or each sign-in proves it (S1.19).
func TestX6_Prove(t *testing.T) {
	for prove, status := range map[string]int{"enrolled": 200, "session": 403} {
		t.Run(prove, func(t *testing.T) {
			s := office(t, "require: mfa\nprotect: [/documents, {path: /orders, fresh: 5m}]\nprove: "+prove)
			s.signedIn("bob").enroll().get("/documents/1").want(200)
			again := s.signedIn("bob")
			again.get("/documents/1").want(status)
			again.get("/orders/1").want(403).reason("verify") // enough for no fresh proof
			s.signedIn("eve").get("/documents/1").want(403).reason("enroll")
		})
	}
}

// X7: nobody is excepted (S0.23), or a service account is (S1.5).
func TestX7_Exemptions(t *testing.T) {
	account := "[{user: svc, from: [127.0.0.1, '::1'], until: 2100-01-01, owner: o@x.test, reason: r}]"
	for list, status := range map[string]int{"none": 403, account: 200} {
		s := office(t, "require: mfa\nprotect: [/documents]\nservice_accounts: "+list)
		s.signedIn("svc").get("/documents/1").want(status)
		s.signedIn("bob").get("/documents/1").want(403).reason("enroll")
	}
}

// X9, S3.48, S3.49, S4.12: the last factor may go, and the next protected request
// blocks; or neither a page nor a call takes it away, required or not.
func TestX9_Undo(t *testing.T) {
	t.Run("allowed", func(t *testing.T) {
		s := office(t, "require: mfa\nprotect: [/documents]")
		b := s.signedIn("bob").enroll()
		b.call("DELETE", "/.mfa/api/methods/"+b.methods()[0], nil).want(204)
		if left := b.methods(); len(left) != 0 {
			t.Errorf("%v are left", left)
		}
		b.get("/documents/1").want(403).reason("enroll")
	})
	for _, require := range []string{"mfa", "none"} {
		t.Run("S4.12 never, require "+require, func(t *testing.T) {
			s := office(t, "require: "+require+"\nprotect: [/documents]\nundo: never\non_disable: keep")
			b := s.signedIn("bob").enroll().addTOTP()
			ids := b.methods()
			b.call("DELETE", "/.mfa/api/methods/"+ids[0], nil).want(204)
			b.prove() // a removal ends other proofs
			b.call("DELETE", "/.mfa/api/methods/"+ids[1], nil).want(409).reason("last-method")
			b.form("/.mfa/api/methods/"+ids[1], url.Values{"action": {"remove"}}).want(409)
			if page := b.page("/.mfa/?remove=" + ids[1]).want(200); strings.Contains(page.body, `value="remove"`) {
				t.Errorf("the page offers it:\n%s", page.body)
			}
			if got := b.methods(); !slices.Equal(got, ids[1:]) {
				t.Errorf("methods are %v, want %v", got, ids[1:])
			}
			s.signedIn("bob").get("/documents/1").want(403).reason("verify") // S4.13
		})
	}
}

// S3.36, S3.38: a tenant may let any proof of the session do for a change of
// methods, where the default wants one of the last five minutes.
func TestS3_36_38_ManageInTheSession(t *testing.T) {
	for manage, status := range map[string]int{"session": 200, "5m": 403} {
		t.Run(manage, func(t *testing.T) {
			s := office(t, "require: mfa\nprotect: [/documents]\nmethods: [passkey, totp]\nrp_id: localhost\nmanage: "+manage)
			b := s.signedIn("bob").enroll()
			advance(t, 5*time.Minute+time.Second)
			b.call("PATCH", "/.mfa/api/methods/"+b.methods()[0], map[string]any{"name": "work phone"}).want(status)
			b.call("POST", "/.mfa/api/methods/totp", map[string]any{}).want(status)
			// S3.37: whatever the tenant says, not for a passkey.
			b.call("POST", "/.mfa/api/methods/passkey", map[string]any{}).want(403).reason("needs-fresh-proof")
			b.prove()
			b.call("POST", "/.mfa/api/methods/passkey", map[string]any{}).want(200)
		})
	}
}

// S3.30, S3.47: while one kind is set up, another can be chosen, of exactly those
// that the policy allows, the strongest first.
func TestS3_30_AnotherKindCanBeChosen(t *testing.T) {
	s := office(t, "require: mfa\nprotect: [/documents]\nmethods: [email, totp, passkey]\nrp_id: localhost\nfirst: none")
	b := s.signedIn("bob")
	if page := b.page("/.mfa/enroll?way=totp").want(200); !strings.Contains(page.body, `href="/.mfa/enroll?way=choose">I want to set up a different method`) {
		t.Errorf("no other can be chosen:\n%s", page.body)
	}
	choose := b.page("/.mfa/enroll?way=choose").want(200).body
	last := 0
	for _, kind := range []string{"passkey", "totp", "email"} {
		at := strings.Index(choose, `href="/.mfa/enroll?way=`+kind+`"`)
		if at <= last {
			t.Errorf("%s stands at %d:\n%s", kind, at, choose)
		}
		last = at
	}
	if n := strings.Count(choose, `class="choice"`); n != 3 {
		t.Errorf("%d are offered", n)
	}
	if kinds, _ := b.offered("/documents/1"); !slices.Equal(kinds, []string{"passkey", "totp", "email"}) {
		t.Errorf("the state offers %v", kinds)
	}
}

// S3.45, S4.8, S4.10: who is asked for nothing sets up the same way, step by
// step, and finds the method in the list.
func TestS4_8_TheSameStepsOfOnesOwnAccord(t *testing.T) {
	walk := func(require string) (steps []string) {
		s := office(t, "require: "+require+"\nprotect: [/documents]")
		b := s.signedIn("bob")
		note := func() {
			_, step := b.offered("/documents/1")
			steps = append(steps, step)
		}
		note()
		b.call("POST", "/.mfa/api/email", map[string]any{}).want(200)
		note()
		b.call("POST", "/.mfa/api/email/verify", map[string]any{"code": s.mail.code(t)}).want(200)
		note()
		b.addTOTP()
		note()
		if len(b.methods()) != 1 || !strings.Contains(b.page("/.mfa/").want(200).body, "phone") {
			t.Error("the method is not in the list")
		}
		return steps
	}
	forced, own := walk("mfa"), walk("none")
	if want := []string{"email", "email", "method", "done"}; !slices.Equal(forced, want) || !slices.Equal(own, want) {
		t.Errorf("forced %v, of one's own accord %v, want %v", forced, own, want)
	}
}

// S3.16: a method that the policy newly allows can be registered at the next look,
// also by whoever is in the middle of it, and one that it takes back cannot.
func TestS3_16_WhatIsNewlyAllowedIsThere(t *testing.T) {
	s := office(t, "require: mfa\nprotect: [/documents]\nfirst: none")
	b := s.signedIn("bob")
	for _, kinds := range [][]string{{"totp"}, {"totp", "email"}, {"email"}} {
		s.write("policy.yaml", "version: 1\ntenants:\n  office: {require: mfa, protect: [/documents], first: none, methods: ["+strings.Join(kinds, ", ")+"]}\n")
		s.policyCounts()
		if got, _ := b.offered("/documents/1"); !slices.Equal(got, kinds) {
			t.Errorf("offered %v, want %v", got, kinds)
		}
		for _, kind := range []string{"totp", "email"} {
			status := 403
			if slices.Contains(kinds, kind) {
				status = 200
			}
			b.page("/.mfa/enroll?way=" + kind).want(200)
			b.call("POST", "/.mfa/api/methods/"+kind, map[string]any{}).want(status)
		}
	}
}

// S4.9: the key is one that every authenticator app reads, Google's too: SHA-1,
// six digits, thirty seconds (Key Uri Format).
func TestS4_9_AnyAuthenticatorApp(t *testing.T) {
	s := office(t, "require: mfa\nprotect: [/documents]\nfirst: none")
	b := s.signedIn("bob")
	var begun struct{ Secret, URI string }
	b.call("POST", "/.mfa/api/methods/totp", map[string]any{}).want(200).json(&begun)
	key, err := otp.NewKeyFromURL(begun.URI)
	if err != nil {
		t.Fatal(err)
	}
	if key.Type() != "totp" || key.Secret() != strings.ReplaceAll(begun.Secret, " ", "") || key.Digits() != otp.DigitsSix || key.Period() != 30 ||
		key.Algorithm() != otp.AlgorithmSHA1 || key.Issuer() != "Office" || key.AccountName() != "bob@mail.test" {
		t.Errorf("%s", key)
	}
}
