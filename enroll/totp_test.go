package enroll

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

func TestEnrolFirstMethod(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	if v.Masked != "b•••@example.com" || v.EmailVerified || v.Owed == "" || v.MailsLeft != 3 {
		t.Fatalf("got %+v", v)
	}
	_, err = w.BeginTOTP(ctx, v, p, r, nil, "")
	w.refused(err, ErrWrongStep) // the address comes first
	w.ok(w.SendCode(ctx, v, p, r, write))
	w.ok(w.VerifyCode(ctx, v, p, r, mailedCode(t, w.post.letter(t))))
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	again, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	if *again != *setup {
		t.Fatal("a reload gave another key")
	}
	if len(w.account(p).Methods) != 0 {
		t.Fatal("something counts before it is finished")
	}
	a := newApp(t, setup.Secret)
	e, err := w.FinishTOTP(ctx, v, p, r, nil, a.code(t, w.clock.now()), "  My\x00 phone ")
	w.ok(err)
	if e.Method.Name != "My phone" || !e.Method.Default || e.Method.First != "email" || e.Method.Tenant != "silva" {
		t.Fatalf("got %+v", e.Method)
	}
	if len(e.RecoveryCodes) != 10 {
		t.Fatalf("%d recovery codes", len(e.RecoveryCodes))
	}
	if f := e.Flag; f.User != "bob" || f.First != "email" || f.Session == "" || !f.At.Equal(w.clock.now()) {
		t.Fatalf("got %+v", f)
	}
	// The code that set it up is spent (another tab, a double click, a sign-in).
	_, err = w.FinishTOTP(ctx, v, p, r, nil, a.code(t, w.clock.now()), "x")
	w.refused(err, ErrUsedCode)
	_, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.refused(err, ErrUsedCode)
	w.told("new way")
}

// TestAdvisory_RFC6238_5_2: a code is accepted once, however it is spelled, on
// whichever node, after a restart, and with the clock set back.
func TestAdvisory_CVE_2026_103655_TO1_Replay(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	_, a := w.enrol(p, r, nil)
	w.clock.add(time.Minute)
	code := a.code(t, w.clock.now())
	f, err := w.ProveTOTP(ctx, p, r, code, false)
	w.ok(err)
	if f.Tenant != "silva" || f.First != "email" || f.Methods[0] != "totp" {
		t.Fatalf("got %+v", f)
	}
	for _, again := range []string{code, " " + code, code[:3] + "\u00a0" + code[3:], a.code(t, w.clock.now().Add(-30*time.Second))} {
		_, err = w.ProveTOTP(ctx, p, r, again, false)
		w.refused(err, ErrUsedCode)
	}
	_, err = w.node().ProveTOTP(ctx, p, r, code, false)
	w.refused(err, ErrUsedCode)
	w.restart()
	_, err = w.ProveTOTP(ctx, p, r, code, false)
	w.refused(err, ErrUsedCode)
	w.clock.add(-20 * time.Second)
	_, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.refused(err, ErrUsedCode)
	w.clock.add(80 * time.Second)
	_, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.ok(err) // used codes were no wrong tries
}

// TestAdvisory_CVE_2026_107276: read, check and spend are one step.
func TestAdvisory_CVE_2026_107276_TO2_Race(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	e, a := w.enrol(p, r, nil)
	w.clock.add(time.Minute)
	nodes := []*Service{w.Service, w.node()}
	race := func(name string, submit func(s *Service) error) {
		t.Helper()
		var wins, used atomic.Int32
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				switch err := submit(nodes[i%2]).(type) {
				case nil:
					wins.Add(1)
				case *Error:
					if err.Reason == "used-code" {
						used.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 || used.Load() != 99 {
			t.Fatalf("%s: %d accepted, %d used", name, wins.Load(), used.Load())
		}
	}
	race("totp", func(s *Service) error {
		_, err := s.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
		return err
	})
	race("recovery", func(s *Service) error {
		_, err := s.ProveRecovery(ctx, p, r, e.RecoveryCodes[3], false)
		return err
	})

	p = person("eve")
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, v, p, r, write))
	m := w.post.letter(t)
	race("mail", func(s *Service) error {
		mine := *v
		return s.VerifyCode(ctx, &mine, p, r, mailedCode(t, m))
	})
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	race("finish", func(s *Service) error {
		mine := *v
		_, err := s.FinishTOTP(ctx, &mine, p, r, nil, newApp(t, setup.Secret).code(t, w.clock.now()), "")
		return err
	})
	if n := len(w.account(p).Methods); n != 1 {
		t.Fatalf("%d methods", n)
	}

	p = person("amy")
	v, err = w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, v, p, r, write))
	link := mailedLink(t, w.post.letter(t))
	race("link", func(s *Service) error {
		mine := *v
		return s.VerifyLink(ctx, &mine, p, r, link)
	})
}

func TestTOTPWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		steps int
		want  error
		off   time.Duration
	}{
		"ok/now":                {0, nil, 0},
		"ok/one before":         {-1, nil, 0},
		"ok/one after":          {1, nil, 0},
		"fail/two after":        {2, ErrClockOff, time.Minute},
		"fail/two before":       {-2, ErrClockOff, -time.Minute},
		"fail/ten after":        {10, ErrClockOff, 5 * time.Minute},
		"fail/ten before":       {-10, ErrClockOff, -5 * time.Minute},
		"fail/eleven after":     {11, ErrBadCode, 0},
		"fail/an hour before":   {-120, ErrBadCode, 0},
		"fail/the day tomorrow": {2880, ErrBadCode, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, p, r := newWorld(t), person("bob"), silva()
			_, a := w.enrol(p, r, nil)
			w.clock.add(time.Hour)
			code := a.code(t, w.clock.now().Add(time.Duration(tt.steps)*totpStep))
			_, err := w.ProveTOTP(ctx, p, r, code, false)
			w.refused(err, tt.want)
			if e, ok := err.(*Error); ok && (e.Offset != tt.off || e.Left != 4) {
				t.Fatalf("offset %v, left %d", e.Offset, e.Left)
			}
			// What a clock-off answer told is never right later.
			if tt.steps > 1 && tt.off != 0 {
				w.clock.add(time.Duration(tt.steps) * totpStep)
				_, err := w.ProveTOTP(ctx, p, r, code, false)
				w.refused(err, ErrUsedCode)
			}
		})
	}
}

// Two neighbouring steps can have the same six digits: the digits count once.
func TestTOTPSameDigitsNextStep(t *testing.T) {
	key := secret("01234567890123456789")
	var step int64
	for step = 1; ; step++ {
		x, err := totpAt(key, step)
		if err != nil {
			t.Fatal(err)
		}
		if y, _ := totpAt(key, step+1); x == y {
			break
		}
	}
	code, _ := totpAt(key, step)
	at := time.Unix(step*30, 0)
	m := &method{Kind: KindTOTP, Secret: key, LastStep: step - 1}
	if _, err := spendTOTP([]*method{m}, code, at); err != nil || m.LastStep != step+1 {
		t.Fatalf("got %v, step %d", err, m.LastStep-step)
	}
	if _, err := spendTOTP([]*method{m}, code, at.Add(30*time.Second)); err != ErrUsedCode {
		t.Fatalf("the same digits counted twice: %v", err)
	}
	m.LastStep = step // the older of the two was used: the newer still counts
	if _, err := spendTOTP([]*method{m}, code, at); err != nil {
		t.Fatal(err)
	}
}

// TestAdvisory_TO7_TheEmptySecretHasNoCode: of a record whose secret is gone
// everybody could compute the code. It has none, neither as a method nor as one
// that is being set up.
func TestAdvisory_TO7_TheEmptySecretHasNoCode(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	_, app := w.enrol(p, r, nil)
	code := func() string {
		c, err := hotp.GenerateCodeCustom("", uint64(stepAt(w.clock.now())), hotp.ValidateOpts{Digits: otp.DigitsSix})
		w.ok(err)
		return c
	}
	empty := func(s secret) { // of the method
		w.ok(w.change(ctx, p.Realm, p.User, func(a *account) (bool, error) { a.Methods[0].Secret = s; return true, nil }))
	}
	key := secret(app.key)
	w.clock.add(time.Hour)
	for _, none := range []secret{nil, {}} {
		empty(none)
		if f, err := w.ProveTOTP(ctx, p, r, code(), false); err == nil || f != nil {
			t.Fatalf("%v proves: %v", none, err)
		}
	}
	empty(key)
	_, err := w.ProveTOTP(ctx, p, r, app.code(t, w.clock.now()), false)
	w.ok(err)

	eve := person("eve")
	v := w.begin(eve, r, nil)
	_, err = w.BeginTOTP(ctx, v, eve, r, nil, "")
	w.ok(err)
	w.ok(w.change(ctx, eve.Realm, eve.User, func(a *account) (bool, error) { a.Visits[0].Pending.Secret = nil; return true, nil }))
	_, err = w.FinishTOTP(ctx, v, eve, r, nil, code(), "")
	w.refused(err, ErrWrongStep)
	if len(w.account(eve).Methods) != 0 {
		t.Error("a method without a secret is kept")
	}
	if _, err := totpAt(nil, 1); err == nil {
		t.Fatal("the empty secret has a code")
	}
	if _, err := spendTOTP([]*method{{Kind: KindTOTP}}, "328482", time.Unix(1e9, 0)); err == nil || isRefusal(err) {
		t.Fatalf("got %v", err)
	}
}

// RFC 6238, appendix B (SHA-1, the last six digits).
func TestTOTPVectors(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got, err := totpAt(secret("12345678901234567890"), stepAt(time.Unix(at, 0))); err != nil || got != want {
			t.Errorf("at %d: %s, %v", at, got, err)
		}
	}
}

// TestAdvisory_TO8_NamesOfAnyLetters: whatever people and organisations are called,
// an authenticator app reads one issuer, one account and the key.
func TestAdvisory_TO8_NamesOfAnyLetters(t *testing.T) {
	key := secret("12345678901234567890")
	for name, tt := range map[string]struct{ issuer, account, wantIssuer, wantAccount string }{
		"ok/plain":         {"Silva", "bob@example.com", "Silva", "bob@example.com"},
		"ok/spaces":        {"Escritório Silva & Cia", "bob o'neil", "Escritório Silva & Cia", "bob o'neil"},
		"ok/colons":        {"A:B", "x:y@z", "A-B", "x-y@z"},
		"ok/emoji":         {"🔐 Cofre", "👩‍💻@example.com", "🔐 Cofre", "👩‍💻@example.com"},
		"ok/URI in a name": {"x?secret=AAAA&issuer=evil#", "a/b%2f", "x?secret=AAAA&issuer=evil#", "a/b%2f"},
		"ok/control":       {"a\r\nb", "c\u202ed", "ab", "cd"},
		"ok/long":          {strings.Repeat("ã", 200), "u", strings.Repeat("ã", 64), "u"},
		"ok/no issuer":     {" ", "u", "MFA", "u"},
	} {
		t.Run(name, func(t *testing.T) {
			uri := totpURI(key, tt.issuer, tt.account)
			k, err := otp.NewKeyFromURL(uri)
			if err != nil {
				t.Fatal(err)
			}
			if k.Issuer() != tt.wantIssuer || k.AccountName() != tt.wantAccount || k.Type() != "totp" ||
				k.Secret() != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || k.Period() != 30 || k.Digits() != otp.DigitsSix || k.Algorithm() != otp.AlgorithmSHA1 {
				t.Fatalf("%s is read as %q, %q", uri, k.Issuer(), k.AccountName())
			}
			if strings.ContainsAny(uri, " +\r\n") || strings.Count(uri, ":") != 2 || !strings.HasPrefix(uri, "otpauth://totp/") {
				t.Fatalf("got %s", uri)
			}
		})
	}
}
