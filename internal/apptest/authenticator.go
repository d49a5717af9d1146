package apptest

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// Authenticator is an authenticator app holding one account.
type Authenticator struct {
	Secret string        // base32
	Ahead  time.Duration // how far its clock is ahead of the machine's
	used   int64         // the newest step whose code was given out
}

// Code returns a code that was not given out before. A code works once, and
// the gate reads one step either way, so an app that is asked often waits for
// the next step, as a person would.
func (a *Authenticator) Code(t testing.TB) string {
	t.Helper()
	const step = 30
	for {
		now := time.Now().Add(a.Ahead).Unix()
		// The step before is safe only where this one does not end meanwhile.
		first := now / step
		if now%step < step-10 {
			first--
		}
		next := max(first, a.used+1)
		if next <= now/step+1 {
			code, err := totp.GenerateCode(a.Secret, time.Unix(next*step, 0))
			if err != nil {
				t.Fatal(err)
			}
			a.used = next
			return code
		}
		time.Sleep(time.Second)
	}
}

// Wrong returns six digits that no step near now has.
func (a *Authenticator) Wrong(t testing.TB) string {
	t.Helper()
	near := map[string]bool{}
	for d := -3; d <= 3; d++ {
		code, err := totp.GenerateCode(a.Secret, time.Now().Add(time.Duration(d)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		near[code] = true
	}
	for _, code := range []string{"000001", "000002", "000003", "000004", "000005", "000006", "000007", "000008"} {
		if !near[code] {
			return code
		}
	}
	return "000009"
}
