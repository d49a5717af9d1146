package policy

import (
	"strings"
	"testing"
	"time"
)

const activating = `version: 1
defaults: {require: mfa, protect: [/documents, {path: /orders, fresh: 5m}]}
tenants:
  at-once: {hosts: [now.example]}
  next: {hosts: [next.example], activate: next-session}
  dated: {hosts: [dated.example], activate: 2027-01-15}
  off: {hosts: [off.example], activate: next-session, require: none}
`

// X1: the same switch bites at once, at the next session or at a date.
func TestX1_ActivateDecides(t *testing.T) {
	p := mustParse(t, activating)
	day := time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC)
	since := func(ago time.Duration) func(*Facts) {
		return func(f *Facts) { f.Began = func(*Tenant) time.Time { return f.Now.Add(-ago) } }
	}
	unknown := func(f *Facts) { f.Began = func(*Tenant) time.Time { return time.Time{} } }
	at := func(when time.Time) func(*Facts) { return func(f *Facts) { f.Now = when } }
	app := has("totp", "next", "email")
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"fail/at once, however old the session": {known("now.example", "/documents", since(time.Hour)), ReasonEnroll},
		"ok/one begun before goes on":           {known("next.example", "/documents", since(time.Hour)), ReasonNotRequired},
		"ok/…also where a proof must be fresh":  {known("next.example", "/orders", since(time.Hour)), ReasonNotRequired},
		"ok/…also of one who has a factor":      {known("next.example", "/documents", since(time.Hour), app), ReasonNotRequired},
		"ok/…while the store is down":           {known("next.example", "/documents", since(time.Hour), store(AccountDown)), ReasonNotRequired},
		"ok/…who proved is verified":            {known("next.example", "/documents", since(time.Hour), proven(time.Hour, "next", "email", "totp")), ReasonVerified},
		"ok/for a day":                          {known("next.example", "/documents", since(24*time.Hour)), ReasonNotRequired},
		"fail/no longer than a day":             {known("next.example", "/documents", since(24*time.Hour+time.Second)), ReasonEnroll},
		"fail/one from the future":              {known("next.example", "/documents", since(-time.Second)), ReasonEnroll},
		"fail/nobody can say":                   {known("next.example", "/documents", unknown), ReasonEnroll},
		"fail/nobody says":                      {known("next.example", "/documents"), ReasonEnroll},
		"fail/nobody says, who has a factor":    {known("next.example", "/documents", app), ReasonVerify},
		"ok/before the date":                    {known("dated.example", "/documents", at(day.Add(-time.Second))), ReasonNotRequired},
		"fail/at the date, 00:00 UTC":           {known("dated.example", "/documents", at(day)), ReasonEnroll},
		"fail/at the date, however old":         {known("dated.example", "/documents", at(day), since(time.Hour)), ReasonEnroll},
		"ok/nothing is required":                {known("off.example", "/documents", since(time.Hour)), ReasonNotRequired},
	} {
		d := p.Decide(&c.facts)
		if d.Reason != c.want || d.Ask != AskNothing {
			t.Errorf("%s: %v (ask %v), want %v", name, d.Reason, d.Ask, c.want)
		}
		if strings.HasPrefix(name, "ok/") != (d.Verdict == Allow) {
			t.Errorf("%s: %v", name, d.Verdict)
		}
	}
	f := known("next.example", "/documents", since(time.Hour), store(AccountNotAsked))
	if d := p.Decide(&f); d.Ask != AskNothing {
		t.Errorf("an old session asks for %v", d.Ask)
	}
	if !p.LooksAtSessions() || mustParse(t, offices).LooksAtSessions() {
		t.Error("LooksAtSessions")
	}
}

// The tests of a file hold before a date as after it: nobody would notice on
// the day that they do not.
func TestTestsOfAFileStandAfterItsDates(t *testing.T) {
	mustParse(t, activating+"tests:\n  - {as: {tenant: dated, user: bob}, get: /documents, want: enroll}\n  - {as: {tenant: next, user: bob}, get: /documents, want: enroll}\n")
}

func TestActivateIsADateOrAWord(t *testing.T) {
	for text, want := range map[string]string{
		"soon":       "activate, where it is no date such as 2027-01-15, is now or next-session, not",
		"2027-02-30": "activate, where it is no date",
		"[now]":      "activate is one value",
	} {
		_, err := parseText(head1+"    activate: "+text+"\n", Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	p := mustParse(t, "version: 1\ndefaults: {activate: 2027-01-15T08:30:00-03:00}\ntenants: {a: {}, b: {activate: now}}\n")
	if at := p.Tenant("a").Activate.From; !at.Equal(time.Date(2027, 1, 15, 11, 30, 0, 0, time.UTC)) {
		t.Errorf("a time of day: %v", at)
	}
	if !p.Tenant("b").Activate.From.IsZero() {
		t.Error("now does not stand over a date above it")
	}
}
