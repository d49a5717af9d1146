package enroll

import (
	"testing"
	"time"
)

// app is an authenticator app.
type app struct{ key secret }

func newApp(t testing.TB, b32 string) app {
	t.Helper()
	key, err := base32Key.DecodeString(b32)
	if err != nil {
		t.Fatal(err)
	}
	return app{key}
}

func (a app) code(t testing.TB, at time.Time) string {
	t.Helper()
	c, err := totpAt(a.key, stepAt(at))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wrong is a code of six digits that is not right at any step near at.
func (a app) wrong(t testing.TB, at time.Time, skip int) string {
	t.Helper()
	for n := 0; ; n++ {
		c := string([]byte{'0', '0', '0', '0' + byte(n/100%10), '0' + byte(n/10%10), '0' + byte(n%10)})
		m, err := matchTOTP(a.key, c, at)
		if err != nil {
			t.Fatal(err)
		}
		if m.step == 0 && m.off == 0 {
			if skip == 0 {
				return c
			}
			skip--
		}
	}
}
