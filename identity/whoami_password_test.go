package identity

import "testing"

func TestChangesPassword(t *testing.T) {
	chain := &Chain{Sources: []Source{mustWhoAmI(t, func(c *WhoAmI) { c.Password = []string{"/password"} })}}
	for _, tc := range []struct {
		method, path string
		want         bool
	}{{"POST", "/password", true}, {"PUT", "/password", true}, {"GET", "/password", false}, {"POST", "/other", false}} {
		if got := chain.ChangesPassword(visitBy(nil, tc.method, tc.path, "")); got != tc.want {
			t.Errorf("%s %s: %v, want %v", tc.method, tc.path, got, tc.want)
		}
	}
}
