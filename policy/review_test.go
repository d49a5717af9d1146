package policy

import (
	"strings"
	"testing"
	"time"
)

const reviewing = `version: 1
defaults: {require: mfa, protect: [/documents, {path: /orders, fresh: 5m}], methods: [totp, passkey]}
tenants:
  plain: {hosts: [plain.example]}
  review: {hosts: [review.example], review: 180d, share: everywhere}
  soft: {hosts: [soft.example], review: 180d, prove: enrolled, remind: {every: 1d, times: unlimited}}
`

// S3.26, S3.33: when methods are due to be looked through, and that nobody who
// proved waits for the store before they may be.
func TestS3_26_ReviewDecides(t *testing.T) {
	p := mustParse(t, reviewing)
	const due = 180 * day
	app := func(tenant string, looked time.Duration) func(*Facts) {
		return func(f *Facts) {
			f.Account.Methods = append(f.Account.Methods, AccountMethod{Kind: "totp", Tenant: tenant, First: "email", Reviewed: before(looked)})
		}
	}
	prove := func(tenant string, ago, looked time.Duration) func(*Facts) {
		return func(f *Facts) {
			proven(ago, tenant, "email", "totp")(f)
			f.Proof.Reviewed = before(looked)
		}
	}
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/looked at not long ago":             {known("review.example", "/documents", app("review", due-time.Second), prove("review", time.Hour, due-time.Second)), ReasonVerified},
		"ok/…which needs no store":              {known("review.example", "/documents", store(AccountDown), prove("review", time.Hour, due-time.Second)), ReasonVerified},
		"fail/due":                              {known("review.example", "/documents", app("review", due), prove("review", time.Hour, due)), ReasonReview},
		"fail/one of two is":                    {known("review.example", "/documents", app("review", time.Hour), app("review", due), prove("review", time.Hour, due)), ReasonReview},
		"fail/a proof that does not know":       {known("review.example", "/documents", app("review", due), proven(time.Hour, "review", "email", "totp")), ReasonReview},
		"ok/a proof that does not know, as yet": {known("review.example", "/documents", app("review", time.Hour), proven(time.Hour, "review", "email", "totp")), ReasonVerified},
		"ok/reviewed in another browser since":  {known("review.example", "/documents", app("review", time.Hour), prove("review", time.Hour, due)), ReasonVerified},
		"ok/one that counts in no tenant here":  {known("review.example", "/documents", app("review", time.Hour), app("plain", due), prove("review", time.Hour, due)), ReasonVerified},
		"fail/the store cannot say":             {known("review.example", "/documents", store(AccountDown), prove("review", time.Hour, due)), ReasonStoreDown},
		"fail/a proof comes first":              {known("review.example", "/documents", app("review", due)), ReasonVerify},
		"fail/a fresh one where it must be":     {known("review.example", "/orders", app("review", due), prove("review", time.Hour, due)), ReasonStale},
		"ok/never where nobody asks for it":     {known("plain.example", "/documents", app("plain", 10*due), prove("plain", time.Hour, 10*due)), ReasonVerified},
		"ok/the identity's own word":            {known("review.example", "/documents", claim(before(time.Minute))), ReasonVerified},
		"fail/it may be put off as all is":      {known("soft.example", "/documents", app("soft", due), first("soft", due, 0)), ReasonRemind},
		"ok/put off":                            {known("soft.example", "/documents", app("soft", due), first("soft", due, time.Hour)), ReasonPostponed},
		"ok/having one is enough":               {known("soft.example", "/documents", app("soft", time.Hour)), ReasonEnrolled},
	} {
		d := p.Decide(&c.facts)
		if d.Reason != c.want || d.Ask != AskNothing {
			t.Errorf("%s: %v (ask %v), want %v", name, d.Reason, d.Ask, c.want)
		}
		if strings.HasPrefix(name, "ok/") != (d.Verdict == Allow) {
			t.Errorf("%s: %v", name, d.Verdict)
		}
	}
}
