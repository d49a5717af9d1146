package identity

import (
	"context"
	"testing"
)

// The user of a Basic Authorization is named only where nobody else is in the
// request, by any credential.
func TestChainNamesAMachine(t *testing.T) {
	const backup = "Authorization: Basic c3ZjLWJhY2t1cDpwdw==" // svc-backup:pw
	cookie := mustJWT(t, func(c *JWT) { c.Header = "" })
	bob := hs256(t, claimsOf(nil))
	for name, tc := range map[string]struct {
		target  string
		headers []string
		want    string
	}{
		"ok/alone":                 {"/", []string{backup}, "svc-backup"},
		"ok/beside a language":     {"/", []string{backup, "Cookie: lang=en"}, "svc-backup"},
		"fail/beside a session":    {"/", []string{backup, "Cookie: jwt=" + bob}, ""},
		"fail/beside a forged one": {"/", []string{backup, "Cookie: jwt=x.y.z"}, ""},
		"fail/beside two sessions": {"/", []string{backup, "Cookie: jwt=" + bob + "; jwt=x"}, ""},
		"fail/beside a key":        {"/", []string{backup, "X-Api-Key: k"}, ""},
		"fail/beside another":      {"/", []string{backup, "Authorization: Basic Ym9iOnB3"}, ""},
		"fail/in the target too":   {"/?access_token=t", []string{backup}, ""},
		"fail/another scheme":      {"/", []string{"Authorization: Bearer " + bob}, ""},
		"fail/no name":             {"/", []string{"Authorization: Basic OnB3"}, ""},
		"fail/unreadable":          {"/", []string{"Authorization: Basic !"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			res := (&Chain{Sources: []Source{cookie}}).Identify(context.Background(), visitTo(nil, tc.target, tc.headers...))
			if res.State != Mixed || res.Person.User != tc.want {
				t.Errorf("%v %q, want %q", res.State, res.Person.User, tc.want)
			}
		})
	}
}
