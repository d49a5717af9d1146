package caddymodule

import (
	"strings"
	"testing"
)

// offices is a site of several tenants, told apart by the identity.
const offices = `{
	%PRELUDE%
	mfa %DIR%/policy.yaml {
		store bolt %DIR%/mfa.db
		mail smtp smtp://%SMTP% {
			from security@portal.test
		}
	}
}
http://:0 {
	mfa {
		identity whoami /api/me {
			user json login
			email json email
			tenant json tenant
			login /login
			logout /logout
			cache 0s
		}
	}
	reverse_proxy %APP%
}
`

const officesPolicy = `version: 1
defaults:
  require: mfa
  share: SHARE
  protect: [/documents]
tenants:
  silva: {name: Silva}
  costa: {name: Costa}
  souza: {name: Souza, require: none}
`

func TestX3_EverywhereEnrolsOnce(t *testing.T) {
	s := start(t, offices, map[string]string{"policy.yaml": strings.Replace(officesPolicy, "SHARE", "everywhere", 1)})
	s.app.tenants["bob"] = "silva"
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	s.app.setTenant("bob", "costa")
	b.get("/documents/1").want(200)
}

func TestX3_TenantEnrolsInEach(t *testing.T) {
	s := start(t, offices, map[string]string{"policy.yaml": strings.Replace(officesPolicy, "SHARE", "tenant", 1)})
	s.app.tenants["bob"] = "silva"
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	s.app.setTenant("bob", "costa")
	b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	s.app.setTenant("bob", "souza")
	b.get("/documents/1").want(200)
	s.app.setTenant("bob", "nowhere")
	b.get("/documents/1", "Accept", "application/json").want(403).reason("unknown-tenant")
}

func (l *legacy) setTenant(user, tenant string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tenants[user] = tenant
}

// Two directories of people never meet: who enrolled in one is unknown in the
// other, though the names are the same.
func TestRealm_TwoNeverMeet(t *testing.T) {
	site := `http://:0 {
	handle /a/* {
		mfa {
			mount /a/.mfa
			realm %A%
			protect /a/documents
			identity whoami /a/api/me {
				user json login
				email json email
			}
		}
		reverse_proxy %APP%
	}
	handle /b/* {
		mfa {
			mount /b/.mfa
			realm %B%
			protect /b/documents
			identity whoami /b/api/me {
				user json login
				email json email
				cookies sid
			}
		}
		reverse_proxy %APP%
	}
	reverse_proxy %APP%
}
`
	head, _, _ := strings.Cut(simple, "http://:0")
	s := start(t, head+strings.NewReplacer("%A%", "one", "%B%", "two").Replace(site), nil)
	b := s.browser()
	b.signIn("bob")
	b.enrollAt("/a/.mfa")
	b.get("/a/documents/1").want(200)
	b.get("/b/documents/1", "Accept", "application/json").want(403).reason("enroll")

	unnamed := head + strings.NewReplacer("\t\t\trealm %A%\n", "", "\t\t\trealm %B%\n", "").Replace(site)
	if err := s.load(unnamed); err == nil || !strings.Contains(err.Error(), "realm") {
		t.Errorf("two directives that name no realm: %v", err)
	}
}
