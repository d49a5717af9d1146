package caddymodule

import (
	"strings"
	"testing"
)

const servicePolicy = `version: 1
tenants:
  acme:
    hosts: [localhost]
    require: mfa
    protect: [/documents]
    service_accounts:
      - {user: svc-backup, from: [FROM], until: 2100-01-01, owner: ana@acme.test, reason: nightly copy}
`

// TestAdvisory_AD3_AServiceAccountIsWrittenDown: a service account passes by
// whatever the identity knows it by, or by a password of its own where people
// come with a cookie; and not one step further.
func TestAdvisory_AD3_AServiceAccountIsWrittenDown(t *testing.T) {
	const basic = "Basic c3ZjLWJhY2t1cDpwdw==" // svc-backup:pw
	head := strings.Replace(simple, "\tmfa {", "\tmfa %DIR%/policy.yaml {", 1)
	cookieOnly := strings.Replace(scripted, "\tmfa {", "\tmfa %DIR%/policy.yaml {", 1)
	cookieOnly = strings.Replace(cookieOnly, "header Authorization", "cookie jwt", 1)
	for name, c := range map[string]struct{ site, from string }{
		"here": {head, "127.0.0.1, \"::1\""}, "elsewhere": {head, "192.0.2.0/24"},
		"here, by a password": {cookieOnly, "127.0.0.1, \"::1\""}, "elsewhere, by a password": {cookieOnly, "192.0.2.0/24"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, c.site, map[string]string{"policy.yaml": strings.Replace(servicePolicy, "FROM", c.from, 1), "key": scriptKey})
			b, fields := s.browser(), []string{"Authorization", basic, "Accept", "application/json"}
			if c.site == head {
				b.signIn("svc-backup")
				fields = fields[2:]
			}
			if strings.HasPrefix(name, "elsewhere") {
				if r := b.get("/documents/1", fields...); r.StatusCode != 403 && r.StatusCode != 400 {
					t.Errorf("%d %s", r.StatusCode, r.body)
				}
				return
			}
			b.get("/documents/1", fields...).want(200)
			r, _ := s.app.lastRequest()
			if got := r.Header.Get("Mfa-Status"); got != "exempt" {
				t.Errorf("Mfa-Status %q", got)
			}
			if got, want := r.Header.Get("Mfa-User"), map[bool]string{true: "svc-backup"}[c.site == head]; got != want {
				t.Errorf("Mfa-User %q, want %q: a password that nobody has checked yet", got, want)
			}
			if c.site == head {
				s.signedIn("bob").get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
				s.signedIn("bob").get("/documents/1", "Authorization", basic, "Accept", "application/json").want(400).reason("mixed-credentials")
				return
			}
			bob := strings.TrimPrefix(bearer(t, "bob"), "Bearer ")
			b.setCookie("jwt", bob)
			b.get("/documents/1", fields...).want(400).reason("mixed-credentials")
			b.get("/documents/1?u=1", "Authorization", "Basic Ym9iOnB3", "Accept", "application/json").want(400).reason("mixed-credentials")
		})
	}
}
