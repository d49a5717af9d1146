package policy

import (
	"strings"
	"testing"
	"time"
)

const puttingOff = `version: 1
defaults: {require: mfa, protect: [/documents, {path: /orders, fresh: 5m}, {path: /vault, require: phishing-resistant}], methods: [totp, passkey]}
tenants:
  hard: {hosts: [hard.example]}
  grace: {hosts: [grace.example], grace: 14d}
  remind: {hosts: [remind.example], remind: {every: 1d, times: 3}}
  both: {hosts: [both.example], grace: 14d, remind: {every: 1d, times: 3}}
  ever: {hosts: [ever.example], remind: {every: 7d, times: unlimited}}
  two: {hosts: [two.example], minimum: 2, grace: 14d}
`

// first notes when the person first came, and until when a reminder was put off.
func first(tenant string, ago, later time.Duration) func(*Facts) {
	return func(f *Facts) {
		d := Due{Tenant: tenant, Since: f.Now.Add(-ago)}
		if later != 0 {
			d.Later = f.Now.Add(later)
		}
		f.Account.Due = append(f.Account.Due, d)
	}
}

func had(f *Facts) { f.Account.Had = true }

// S3.21, X5: what may be put off, for how long, and what may not.
func TestX5_PutOffDecides(t *testing.T) {
	p := mustParse(t, puttingOff)
	app := func(tenant string) func(*Facts) { return has("totp", tenant, "email") }
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"fail/not at all":                       {known("hard.example", "/documents", first("hard", 0, 0)), ReasonEnroll},
		"ok/in grace":                           {known("grace.example", "/documents", first("grace", 0, 0)), ReasonGrace},
		"ok/to its last second":                 {known("grace.example", "/documents", first("grace", 14*day-time.Second, 0)), ReasonGrace},
		"fail/no longer":                        {known("grace.example", "/documents", first("grace", 14*day, 0)), ReasonEnroll},
		"fail/another tenant's grace":           {known("grace.example", "/documents", first("hard", 0, 0), first("grace", 15*day, 0)), ReasonEnroll},
		"fail/from the future":                  {known("grace.example", "/documents", first("grace", -2*time.Minute, 0)), ReasonEnroll},
		"fail/who has a factor is asked for it": {known("grace.example", "/documents", first("grace", 0, 0), app("grace")), ReasonVerify},
		"fail/not for a fresh proof":            {known("grace.example", "/orders", first("grace", 0, 0)), ReasonEnroll},
		"fail/not for one of a passkey":         {known("grace.example", "/vault", first("grace", 0, 0)), ReasonEnroll},
		"fail/nor with an app that was proven":  {known("grace.example", "/vault", first("grace", 0, 0), app("grace"), proven(time.Minute, "grace", "email", "totp")), ReasonEnroll},
		"fail/nor by an identity's old word":    {known("grace.example", "/orders", first("grace", 0, 0), claim(time.Time{})), ReasonEnroll},
		"fail/the store cannot say":             {known("grace.example", "/documents", store(AccountDown)), ReasonStoreDown},
		"fail/a reminder on a page":             {known("remind.example", "/documents", first("remind", 0, 0)), ReasonRemind},
		"fail/…that has just been noted":        {known("remind.example", "/documents", first("remind", -time.Second, 0)), ReasonRemind},
		"ok/put off":                            {known("remind.example", "/documents", first("remind", 0, day)), ReasonPostponed},
		"fail/put off, over":                    {known("remind.example", "/documents", first("remind", day, -time.Second)), ReasonRemind},
		"fail/put off for longer than allowed":  {known("remind.example", "/documents", first("remind", 0, day+time.Second)), ReasonRemind},
		"fail/reminded until it must be":        {known("remind.example", "/documents", first("remind", 3*day, 0)), ReasonEnroll},
		"fail/put off beyond that":              {known("remind.example", "/documents", first("remind", 3*day, time.Hour)), ReasonEnroll},
		"fail/a fresh proof is not put off":     {known("remind.example", "/orders", first("remind", 0, day)), ReasonEnroll},
		"ok/grace before reminders":             {known("both.example", "/documents", first("both", 14*day-time.Second, 0)), ReasonGrace},
		"fail/reminders after grace":            {known("both.example", "/documents", first("both", 14*day, 0)), ReasonRemind},
		"fail/and then it must be":              {known("both.example", "/documents", first("both", 17*day, 0)), ReasonEnroll},
		"ok/for ever":                           {known("ever.example", "/documents", first("ever", 3650*day, day)), ReasonPostponed},
		"fail/for ever, reminded":               {known("ever.example", "/documents", first("ever", 3650*day, 0)), ReasonRemind},
		"ok/a second factor in grace":           {known("two.example", "/documents", first("two", day, 0), app("two"), proven(time.Hour, "two", "email", "totp")), ReasonGrace},
		"ok/…in a fresh area, freshly proven":   {known("two.example", "/orders", first("two", day, 0), app("two"), proven(time.Minute, "two", "email", "totp")), ReasonGrace},
		"fail/…not freshly":                     {known("two.example", "/orders", first("two", day, 0), app("two"), proven(time.Hour, "two", "email", "totp")), ReasonStale},
		"fail/a second factor after it":         {known("two.example", "/documents", first("two", 14*day, 0), app("two"), proven(time.Hour, "two", "email", "totp")), ReasonMoreMethods},

		// H6: nothing begins anew after a removal or a reset.
		"fail/TestDesign_H6 grace after a removal":  {known("grace.example", "/documents", first("grace", 0, 0), had), ReasonEnroll},
		"fail/TestDesign_H6 remind after a removal": {known("remind.example", "/documents", first("remind", 0, day), had), ReasonEnroll},
		"fail/TestDesign_H6 for ever, after one":    {known("ever.example", "/documents", first("ever", 0, day), had), ReasonEnroll},
	} {
		d := p.Decide(&c.facts)
		if d.Reason != c.want || d.Ask != AskNothing || d.Verdict != c.want.Verdict() {
			t.Errorf("%s: %v %v (ask %v), want %v", name, d.Verdict, d.Reason, d.Ask, c.want)
		}
		if strings.HasPrefix(name, "ok/") != (d.Verdict == Allow) {
			t.Errorf("%s: %v", name, d.Verdict)
		}
	}
	for _, host := range []string{"grace.example", "remind.example"} {
		f := known(host, "/documents")
		if d := p.Decide(&f); d.Ask != AskDue || d.Verdict != Deny || d.Tenant == nil || d.Tenant.Key+".example" != host {
			t.Errorf("%s: the first visit asks for %v of %v, %v", host, d.Ask, d.Tenant, d.Verdict)
		}
		proven := known(host, "/documents", store(AccountNotAsked), proven(time.Hour, strings.TrimSuffix(host, ".example"), "email", "totp"))
		if d := p.Decide(&proven); d.Ask != AskNothing || d.Reason != ReasonVerified {
			t.Errorf("%s: who proved asks for %v", host, d.Ask)
		}
	}
}

func TestPutOffInTestsOfAFile(t *testing.T) {
	mustParse(t, puttingOff+`tests:
  - {as: {user: bob}, host: grace.example, get: /documents, want: grace}
  - {as: {user: bob, since: 15d}, host: grace.example, get: /documents, want: enroll}
  - {as: {user: bob}, host: remind.example, get: /documents, want: remind}
`)
	var q Question
	if err := q.As("user=bob,since=3d"); err != nil || q.Since != 3*day {
		t.Errorf("%v, %v", q.Since, err)
	}
}

func TestRemindIsWhole(t *testing.T) {
	for text, want := range map[string]string{
		"{every: 1d}":                      "write remind: {every: 1d, times: 3}",
		"{times: 3}":                       "write remind: {every: 1d, times: 3}",
		"{every: 30d, times: 1000}":        "remind lasts over 3650d",
		"{every: 1d, times: 0}":            "times, where it is not unlimited, is a whole number",
		"{every: 1d, times: often}":        "times, where it is not unlimited, is a whole number",
		"{every: daily, times: unlimited}": "every is a duration",
	} {
		_, err := parseText(head1+"    remind: "+text+"\n", Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	p := mustParse(t, "version: 1\ndefaults: {grace: 14d}\ntenants: {a: {}, b: {grace: 0}}\n")
	if p.Tenant("a").Grace != 14*day || p.Tenant("b").Grace != 0 {
		t.Error("grace is not inherited, or not taken back")
	}
}
