package identity

import "testing"

// A browser tells cookies apart by name, domain and path, and by nothing else.
func TestSameCookie(t *testing.T) {
	for name, tc := range map[string]struct {
		a, b string
		want bool
	}{
		"ok/another value":         {"sid=1; Path=/", "sid=2; Path=/", true},
		"ok/attributes aside":      {"sid=1; Secure; Path=/", "sid=; path=/; Max-Age=0", true},
		"ok/a dot before":          {"sid=1; Domain=.a.test", "sid=1; domain=A.test", true},
		"fail/another path":        {"sid=1; Path=/", "sid=1; Path=/app", false},
		"fail/another domain":      {"sid=1; Domain=a.test", "sid=1", false},
		"fail/another name":        {"sid=1", "SID=1", false},
		"fail/nothing to be read":  {"", "", false},
		"fail/a value without one": {"sid", "sid", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := SameCookie(tc.a, tc.b); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
