package caddymodule

import (
	"slices"
	"strings"
	"testing"
)

// offered is what the state says may be registered for a page.
func (b *browser) offered(path string) (kinds []string, step string) {
	b.t.Helper()
	var state struct {
		Offered []string
		Step    string
	}
	b.call("GET", "/.mfa/api/state?to="+path, nil).want(200).json(&state)
	return state.Offered, state.Step
}

// S3.25: where nothing but recovery is asked for, nothing but its ways are, and
// nobody is asked to prove anything.
func TestS3_25_RecoveryAlone(t *testing.T) {
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": `version: 1
tenants:
  office: {protect: [/documents], methods: [passkey], recovery: {methods: [totp], required: true}}
`})
	b := s.signedIn("bob")
	b.get("/documents/1").want(403).reason("enroll")
	if kinds, step := b.offered("/documents/1"); !slices.Equal(kinds, []string{"totp"}) || step != "email" {
		t.Errorf("offered %v at %s", kinds, step)
	}
	b.enroll()
	if len(b.codes) != 0 {
		t.Error("codes are given, which let nobody in here")
	}
	b.get("/documents/1").want(200)
	again := s.signedIn("bob")
	again.get("/documents/1").want(200)
	if s.told() != "not-required" {
		t.Errorf("the app is told %q", s.told())
	}
}

// S3.27, S3.28, S3.46, S3.47: the first is a method, the second may be a way of
// recovery; what is there counts, and the page says how many are wanted.
func TestS3_28_46_AMethodThenEither(t *testing.T) {
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": `version: 1
tenants:
  office: {require: mfa, protect: [/documents], methods: [totp], recovery: {methods: [totp], minimum: 2}}
`})
	b := s.signedIn("bob")
	if kinds, _ := b.offered("/documents/1"); !slices.Equal(kinds, []string{"totp"}) {
		t.Errorf("offered %v", kinds)
	}
	b.enroll().get("/documents/1").want(403).reason("more-methods")
	kinds, step := b.offered("/documents/1")
	if !slices.Equal(kinds, []string{"totp"}) || step != "method" {
		t.Errorf("offered %v at %s", kinds, step)
	}
	if page := b.page("/.mfa/enroll?to=/documents/1").want(200); !strings.Contains(page.body, "asks for 2 ways to verify. You have 1 so far.") {
		t.Errorf("the page does not say how many:\n%s", page.body)
	}
	b.addTOTP().get("/documents/1").want(200)
}

// S3.46: what somebody registered before anything was required counts; only what
// is missing is asked for, and only where something is required.
func TestS3_46_OnlyWhatIsMissingIsAskedFor(t *testing.T) {
	const rules = "version: 1\ntenants:\n  office: {REQUIRE, protect: [/documents], methods: [totp], recovery: {methods: [totp], minimum: 2}}\n"
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": strings.Replace(rules, "REQUIRE", "require: none", 1)})
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200) // one of two, and nothing asked for
	s.write("policy.yaml", strings.Replace(rules, "REQUIRE", "require: mfa", 1))
	s.policyCounts()
	b.get("/documents/1").want(403).reason("more-methods")
	if page := b.page("/.mfa/enroll?to=/documents/1").want(200); !strings.Contains(page.body, "asks for 2 ways to verify. You have 1 so far.") {
		t.Errorf("the page asks for more than is missing:\n%s", page.body)
	}
	b.addTOTP().get("/documents/1").want(200)
	if n := len(b.methods()); n != 2 {
		t.Errorf("%d methods", n)
	}
}
