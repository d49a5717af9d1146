package policy

import (
	"time"

	"gopkg.in/yaml.v3"
)

// A Reminder lets people put off what they owe. The zero Reminder lets nobody.
type Reminder struct {
	Every time.Duration // how long a reminder is put off at a time
	Times int           // how often; 0: for ever
}

// lasts is how long people are reminded before they must; 0: for ever.
func (m Reminder) lasts() time.Duration { return m.Every * time.Duration(m.Times) }

// A Due is what is kept of a person who owes a tenant something.
type Due struct {
	Tenant string
	Since  time.Time // the person's first protected request that found something owed
	Later  time.Time // until when it was put off by a person's word; zero: it was not
}

// due finds what is kept for a tenant; nil: nothing yet.
func (a *Account) due(tenant string) *Due {
	for i := range a.Due {
		if a.Due[i].Tenant == tenant {
			return &a.Due[i]
		}
	}
	return nil
}

// putOff softens what a person owes the tenant, for as long as grace and
// reminders last. Both run by the clock from the person's first protected
// request of whatever kind, so that a program that never sees a page gains
// nothing, and they never begin anew: who had a factor once must register the
// next at once (TestDesign_H6).
func (t *Tenant) putOff(f *Facts, rec *recorder, owed Reason) (Reason, Ask) {
	if t.Grace == 0 && t.Remind.Every == 0 || owed == ReasonEnroll && f.Account.Had {
		return owed, AskNothing
	}
	due := f.Account.due(t.Key)
	if due == nil {
		return 0, AskDue
	}
	gone := f.Now.Sub(due.Since)
	if rec.step("the first visit is said to lie in the future", t, gone < -maxAhead, owed) {
		return owed, AskNothing
	}
	switch remindGone := max(gone, 0) - t.Grace; { // it may have been noted while this request was judged
	case rec.step("within the tenant's grace", t, remindGone < 0, ReasonGrace):
		return ReasonGrace, AskNothing
	case t.Remind.Every == 0:
	case rec.step("reminded often enough", t, t.Remind.Times > 0 && remindGone >= t.Remind.lasts(), owed):
	case rec.step("put off until later", t, f.Now.Before(due.Later) && due.Later.Sub(f.Now) <= t.Remind.Every, ReasonPostponed):
		return ReasonPostponed, AskNothing
	default:
		rec.step("may be put off", t, true, ReasonRemind)
		return ReasonRemind, AskNothing
	}
	return owed, AskNothing
}

func readGrace(r *reader, n *yaml.Node, s *settings) {
	if v, ok := r.scalar(n, "grace"); ok && v != "0" {
		s.Grace = r.duration(n, "grace, where it is not 0,")
	}
}

const schemaRemind = `{"type": "object", "required": ["every", "times"], "additionalProperties": false, "properties": {"every": ` + schemaDuration +
	`, "times": {"anyOf": [{"const": "unlimited"}, {"type": "integer", "minimum": 1, "maximum": 1000}]}}}`

func readRemind(r *reader, n *yaml.Node, s *settings) {
	before, given := len(r.list), map[string]bool{}
	r.mapping(n, "remind", []string{"every", "times"}, func(key string, v *yaml.Node) {
		given[key] = true
		if key == "every" {
			s.Remind.Every = r.duration(v, key)
		} else if w, ok := r.scalar(v, key); ok && w != "unlimited" {
			s.Remind.Times = r.whole(v, "times, where it is not unlimited,", 1, 1000)
		}
	})
	switch {
	case len(r.list) > before:
	case !given["every"] || !given["times"]:
		r.bad(n, "remind says how often and how many times: write remind: {every: 1d, times: 3}")
	case s.Remind.Every > 3650*day/time.Duration(max(s.Remind.Times, 1)):
		r.bad(n, "remind lasts over 3650d in all: write fewer times, or unlimited")
	}
}
