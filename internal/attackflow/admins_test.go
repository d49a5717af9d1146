package attackflow

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestDesign_C14_NobodyIsAnAdministrator: every office has an office-admin, and a
// role's name says nothing of whose. Nobody administers anything through the site
// yet: whom a policy lists, by name or role, in his own tenant or the one above,
// owes his own factor, finds each address of a console answer like one that cannot
// be, and moves nobody's account.
func TestDesign_C14_NobodyIsAnAdministrator(t *testing.T) {
	s := start(t, "tenant json tenant", "tenant json tenant\n\t\t\troles json roles")
	s.addTenants(`  head: {name: Head, first: none, admins: {roles: [office-admin], users: [mallory, bob]}}
  branch: {name: Branch, parent: head, first: none, admins: {roles: [office-admin], users: [mallory, bob]}}
`)
	for _, who := range []string{"mallory", "bob"} {
		s.app.set(who, "roles", []string{"office-admin"})
	}
	s.signedInTo("head", "bob").page("/documents/1").want(http.StatusForbidden)
	victim := s.signedInTo("head", "ana").beginTOTP().finishTOTP()
	mallory := s.signedInTo("branch", "mallory").beginTOTP().finishTOTP()
	mallory.page("/documents/1").want(http.StatusOK)
	once := regexp.MustCompile(`"reference":"[^"]*"`)
	ask := func(method, path, body string) string {
		r := mallory.send(method, "/.mfa/"+path, body, "Content-Type", "application/json", "Accept", "application/json", "Origin", s.base, "Sec-Fetch-Site", "same-origin")
		return r.Status + once.ReplaceAllString(r.body, "")
	}
	before := s.witness().standing(victim)
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		for _, body := range []string{"{}", `{"require":"none"}`} {
			nowhere := ask(method, "api/no-such-thing", body)
			if !strings.HasPrefix(nowhere, "404") && body == "{}" || strings.HasPrefix(nowhere, "2") {
				t.Fatalf("%s of nothing: %s", method, nowhere)
			}
			for _, tenant := range []string{"", "/branch", "/head", "/no-such-tenant"} {
				for _, path := range []string{
					"", "/impact", "/audit", "/users", "/users.csv", "/references/AAAA-AAAA-AAAA", "/reset",
					"/users/ana", "/users/ana/reset", "/users/ana/pass", "/users/mallory/pass", "/users/ana/exempt",
				} {
					if got := ask(method, "api/tenants"+tenant+path, body); got != nowhere {
						t.Errorf("%s tenants%s%s: %s", method, tenant, path, got)
					}
				}
			}
		}
		for _, path := range []string{"api/users", "api/users/ana/reset", "api/policy", "admin/", "admin", "admin/tenants/head", "mfa/users/ana/reset"} {
			if got := ask(method, path, "{}"); !strings.HasPrefix(got, "404") {
				t.Errorf("%s %s: %s", method, path, got)
			}
		}
	}
	if moved := before.diff(s.witness().standing(victim)); moved != "" {
		t.Error(moved)
	}
	victim.page("/documents/1").want(http.StatusOK)
}
