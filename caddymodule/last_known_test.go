package caddymodule

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

const lastKnownSite = `{
	%PRELUDE%
	mfa %DIR%/policy.yaml {
		key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
		store redis REDIS {
			timeout 2s
		}
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
			login /login
			logout /logout
		}
	}
	reverse_proxy %APP%
}
`

const lastKnownPolicy = `version: 1
tenants:
  office:
    require: mfa
    protect: [{path: /documents, when_store_down: last-known}, /admin]
`

// TestLastKnown_TenMinutes: what a node last knew counts for ten minutes, and
// what it passes on meanwhile says so to nobody but where it decided.
func TestLastKnown_TenMinutes(t *testing.T) {
	redis := redistest.Start(t)
	s := start(t, strings.ReplaceAll(lastKnownSite, "REDIS", redis.URL()), map[string]string{"policy.yaml": lastKnownPolicy})
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	b.get("/admin").want(200)
	redis.Kill(t)
	redistest.Eventually(t, "the store to be away", func() bool { return b.get("/admin").StatusCode == 503 })
	b.get("/documents/1").want(200)
	if r, _ := s.app.lastRequest(); r.Header.Get("Mfa-Status") != "verified" || r.Header.Get("Mfa-Methods") != "totp" {
		t.Errorf("the app is told %v", r.Header)
	}
	b.get("/open").want(200)
	b.call("GET", "/.mfa/api/state", nil)
	b.page("/.mfa/").want(503)
	advance(t, 9*time.Minute)
	b.get("/documents/1").want(200)
	advance(t, time.Minute)
	b.get("/documents/1").want(503).reason("store-down")
}
