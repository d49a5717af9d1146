package caddymodule

import (
	"strings"
	"testing"
)

const partners = `version: 1
defaults: {require: none, protect: [/documents]}
tenants:
  partner: {stage: STAGE}
  branch: {parent: partner, stage: production}
  customer: {parent: branch}
`

// S1.1 to S1.4: a partner in production is required; on trial it is not, until
// its stage changes; and a file that would take it back keeps the last good one.
func TestS1_4_ProductionRequires(t *testing.T) {
	s := start(t, offices, map[string]string{"policy.yaml": strings.Replace(partners, "STAGE", "trial", 1)})
	of := map[string]*browser{}
	for _, tenant := range []string{"partner", "branch", "customer"} {
		s.app.setTenant("user-of-"+tenant, tenant)
		of[tenant] = s.signedIn("user-of-" + tenant)
	}
	of["partner"].get("/documents/1").want(200)
	of["branch"].get("/documents/1").want(403).reason("enroll")
	of["customer"].get("/documents/1").want(200)

	s.write("policy.yaml", strings.Replace(partners, "STAGE", "production", 1))
	s.policyCounts()
	of["partner"].get("/documents/1").want(403).reason("enroll")
	of["customer"].get("/documents/1").want(200)

	s.write("policy.yaml", strings.Replace(partners, "STAGE", "production, require: none", 1))
	s.policyCounts()
	of["partner"].get("/documents/1").want(403).reason("enroll") // S1.2
}

// H7: what a lock forbids below it does not come into force.
func TestDesign_H7_AWeakerFileIsNotTaken(t *testing.T) {
	const text = "version: 1\ndefaults: {require: mfa, locked: true, protect: [/documents]}\ntenants:\n  office: {minimum: 1LINE}\n"
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": strings.Replace(text, "LINE", "", 1)})
	b := s.signedIn("bob")
	for _, line := range []string{", mode: report", ", protect: []", ", grace: 14d", ", require: none"} {
		s.write("policy.yaml", strings.Replace(text, "LINE", line, 1))
		s.policyCounts()
		b.get("/documents/1").want(403).reason("enroll")
	}
}
