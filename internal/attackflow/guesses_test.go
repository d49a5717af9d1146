package attackflow

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// guesses is how many wrong codes are sent: a day of a script.
const guesses = 10_000

// fromAnywhere trusts the proxy in front, so that each guess has an address of
// its own.
var fromAnywhere = []string{"\tauto_https off\n", "\tauto_https off\n\tservers {\n\t\ttrusted_proxies static 127.0.0.1/32\n\t}\n"}

// storm sends n guesses, each from a session and an address of its own, and
// tells what came back, by reason. An answer of 503 is none: on a machine that
// is short of breath the app may be found too slow, and the guess is not sent
// again.
func storm(t *testing.T, s *site, n int, user string, guess func(i int, b *browser) (*reply, error)) map[string]int {
	t.Helper()
	var mu sync.Mutex
	var next atomic.Int64
	var wg sync.WaitGroup
	reasons := map[string]int{}
	for range 8 {
		wg.Go(func() {
			b := s.browser()
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				b.plant("sid", s.app.session(user))
				r, err := guess(i, b)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				reasons[fmt.Sprint(r.StatusCode, " ", r.reason())]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return reasons
}

// TestAdvisory_GHSA_m5mf_3963_4x26_TO3_TenThousandGuesses: new sessions,
// addresses, header fields and browsers buy no further try: five wrong codes are
// checked, of whatever kind, and bob still gets in (CVE-2026-78655,
// GHSA-c55g-q6f4-5qxr, NIST SP 800-63B-4, 3.2.2).
func TestAdvisory_GHSA_m5mf_3963_4x26_TO3_TenThousandGuesses(t *testing.T) {
	s := start(t, fromAnywhere...)
	bob := s.signedIn("bob").enrolled()
	wrong, right := bob.wrong(), bob.at(1)
	address := func(i int) []string {
		return []string{"X-Forwarded-For", fmt.Sprintf("198.51.%d.%d", i/250, i%250), "User-Agent", fmt.Sprint("agent", i)}
	}
	got := storm(t, s, guesses, "bob", func(i int, b *browser) (*reply, error) {
		code := wrong
		if i > 5000 {
			code = right // a lucky guess, while the wait lasts
		}
		return b.tryCall("POST", "verify/totp/verify", object("code", code), address(i)...)
	})
	if got["400 bad-code"] != 5 || got["200 "] != 0 || got["429 too-many-tries"]+got["503 "]+got["503 identity-down"]+5 != guesses {
		t.Errorf("app codes: %v", got)
	}
	got = storm(t, s, 500, "bob", func(i int, b *browser) (*reply, error) {
		return b.tryCall("POST", "verify/codes/verify", object("code", fmt.Sprintf("%016d", i)), address(i)...)
	})
	if got["400 bad-code"] > 5 || got["200 "] != 0 {
		t.Errorf("recovery codes: %v", got)
	}
	t.Run("a valid flag goes on", func(*testing.T) { bob.page("/documents/1").want(200) })
	t.Run("his own browser proves", func(t *testing.T) {
		b := bob.tab()
		b.plant("mfa", "")
		b.page("/documents/1").want(303)
		b.post("verify/totp/verify", "code", bob.at(1)).want(200)
	})
	t.Run("others are not kept waiting", func(t *testing.T) {
		ann := s.signedIn("ann").enrolled()
		b := s.signedIn("ann")
		b.post("verify/totp/verify", "code", ann.at(1)).want(200)
	})
	// The codes of a first enrolment: each has its visit, all one count.
	visits := make([]*browser, 8)
	for i := range visits {
		visits[i] = s.signedIn("eve")
		visits[i].post("email")
	}
	got = storm(t, s, 500, "eve", func(i int, b *browser) (*reply, error) {
		b.plant("mfa-visit", visits[i%8].cookie("mfa-visit"))
		return b.tryCall("POST", "email/verify", object("code", fmt.Sprintf("%08d", i)), address(i)...)
	})
	if got["400 bad-code"] > 5 || got["200 "] != 0 {
		t.Errorf("mailed codes: %v", got)
	}
	begun := s.signedIn("fay").proveAddress().beginTOTP()
	bad := begun.wrong()
	got = storm(t, s, 500, "fay", func(i int, b *browser) (*reply, error) {
		b.plant("mfa-visit", begun.cookie("mfa-visit"))
		return b.tryCall("POST", "methods/totp/verify", object("code", bad), address(i)...)
	})
	if got["400 bad-code"] > 5 || got["200 "] != 0 {
		t.Errorf("set-up codes: %v", got)
	}
}

// TestAdvisory_CVE_2026_47203_TO3_OneCountHoweverTheUserSignsIn: an app that
// takes several spellings of a name at its login says one name of them all, and
// the gate counts by that; one that says another name is somebody else, who has
// none of bob's factors and cannot spend his tries.
func TestAdvisory_CVE_2026_47203_TO3_OneCountHoweverTheUserSignsIn(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	w := s.witness()
	spellings := []string{"BOB", "Bob", " bob", "bob ", "ｂｏｂ", "bob@mail.test", "bob\u200b"}
	for _, name := range spellings {
		s.app.set(name, "login", "bob") // the app knows bob by all of them
	}
	n := 0
	for _, name := range spellings {
		r := s.signedIn(name).post("verify/totp/verify", "code", bob.wrong())
		if r.StatusCode == 400 {
			n++
		}
	}
	if n != 5 {
		t.Errorf("%d wrong codes were checked under %d spellings of one name, want 5", n, len(spellings))
	}
	version := w.version("bob")
	for _, name := range spellings {
		s.app.set(name, "login", name) // and here they are people of their own
		s.app.set(name, "email", "somebody@mail.test")
		b := s.signedIn(name)
		b.plant("mfa", bob.cookie("mfa"))
		if r := b.page("/documents/1"); r.StatusCode == 200 {
			t.Errorf("%q passes with bob's flag", name)
		}
		for _, code := range []string{bob.at(1), bob.wrong()} {
			if r := s.signedIn(name).post("verify/totp/verify", "code", code); r.StatusCode == 200 || r.StatusCode == 429 {
				t.Errorf("%q: a code of bob's gives %d %s", name, r.StatusCode, r.reason())
			}
		}
		if r := s.signedIn(name).post("verify/codes/verify", "code", bob.codes[0]); r.StatusCode == 200 {
			t.Errorf("%q gets in with a recovery code of bob's", name)
		}
	}
	if v := w.version("bob"); v != version {
		t.Errorf("others wrote to bob's account %d times", v-version)
	}
}
