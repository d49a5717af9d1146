package enroll

import (
	"sync"
	"testing"
	"time"
)

// However many ask at once, on however many nodes, there is one first time, and
// it is kept for good.
func TestDueIsNotedOnce(t *testing.T) {
	w := newWorld(t)
	other := w.node()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := []*Service{w.Service, other}[i%2].NoteDue(ctx, "default", "bob", "silva"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	since := w.clock.now()
	w.clock.add(time.Hour)
	p := person("bob")
	e, _ := w.enrol(p, silva(), nil)
	w.ok(w.Remove(ctx, p, silva(), &e.Flag, e.Method.ID))
	for _, tenant := range []string{"silva", "costa"} {
		d, err := w.NoteDue(ctx, "default", "bob", tenant)
		w.ok(err)
		if want := map[string]time.Time{"silva": since, "costa": w.clock.now()}[tenant]; !d.Since.Equal(want) {
			t.Errorf("%s: owed since %v, want %v", tenant, d.Since, want)
		}
	}
	if a := w.account(p); len(a.Due) != 2 || a.Due[1].Tenant != "silva" || !a.Had {
		t.Errorf("%+v", a)
	}
}

func TestPostpone(t *testing.T) {
	const day = 24 * time.Hour
	w := newWorld(t)
	p, r := person("bob"), silva()
	later := func() (time.Time, error) { return w.Postpone(ctx, p, r) }
	_, err := later()
	w.refused(err, ErrNotOffered)
	r.Grace, r.Remind = 2*day, Reminder{Every: day, Times: 3}
	_, err = later()
	w.refused(err, ErrWrongStep) // nothing is owed yet
	_, err = w.NoteDue(ctx, p.Realm, p.User, r.Tenant)
	w.ok(err)
	since := w.clock.now()
	w.clock.add(2*day - time.Second)
	_, err = later()
	w.refused(err, ErrWrongStep) // in grace nobody asks
	w.clock.add(time.Second)
	for range 3 { // the attack is to say it all day long
		until, err := later()
		w.ok(err)
		if !until.Equal(since.Add(3 * day)) {
			t.Fatalf("put off until %v", until)
		}
		w.clock.add(time.Hour)
	}
	w.clock.add(2 * day)
	until, err := later()
	w.ok(err)
	if last := since.Add(5 * day); !until.Equal(last) || !r.LastReminder(w.account(p).Due).Equal(last) {
		t.Errorf("put off until %v, the last reminder is %v", until, last)
	}
	w.clock.add(day)
	_, err = later()
	w.refused(err, ErrWrongStep)
	r.Remind.Times = 0
	if until, err := later(); err != nil || !until.Equal(w.clock.now().Add(day)) || !r.LastReminder(w.account(p).Due).IsZero() {
		t.Errorf("without limit: %v, %v", until, err)
	}
	w.clock.add(2 * day)
	e, _ := w.enrol(p, r, nil)
	w.ok(w.Remove(ctx, p, r, &e.Flag, e.Method.ID))
	_, err = later()
	w.refused(err, ErrWrongStep) // who had a factor once is let off no more
}
