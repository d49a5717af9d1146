package enroll

import (
	"testing"
	"time"
)

// A review is of what was shown, needs a proof, and gives no newer one.
func TestReview(t *testing.T) {
	w := newWorld(t)
	p, r := person("bob"), silva()
	r.Review = 180 * 24 * time.Hour
	costa := lax()
	costa.Tenant = "costa"
	began := w.clock.now()
	e, a := w.enrol(p, r, nil)
	w.enrol(p, costa, &e.Flag)
	if !e.Flag.Reviewed.Equal(began) {
		t.Errorf("the flag knows %v, want %v", e.Flag.Reviewed, began)
	}
	here := func() []Method {
		var list []Method
		for _, m := range w.account(p).Methods {
			if m.Tenant == r.Tenant {
				list = append(list, m)
			}
		}
		return list
	}
	if r.DueForReview(here(), began.Add(r.Review-time.Second)) || !r.DueForReview(here(), began.Add(r.Review)) || silva().DueForReview(here(), began.Add(10*r.Review)) {
		t.Error("when it is due")
	}
	w.clock.add(r.Review)
	_, err := w.Review(ctx, p, r, nil)
	w.refused(err, ErrFreshProof)
	_, err = w.Review(ctx, person("eve"), r, &e.Flag)
	w.refused(err, ErrFreshProof)
	flag, err := w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.ok(err)
	if !flag.Reviewed.Equal(began) {
		t.Errorf("a proof counts as a look: %v", flag.Reviewed)
	}
	token := w.sign(*flag)
	read, err := w.ReadFlag(token, p.Realm, w.clock.now())
	w.ok(err)
	if read.Reviewed.Unix() != began.Unix() {
		t.Errorf("the token says %v", read.Reviewed)
	}
	w.clock.add(time.Hour)
	after, err := w.Review(ctx, p, r, read)
	w.ok(err)
	if !after.At.Equal(read.At) || !after.Expires.Equal(read.Expires) || after.ID != read.ID || after.Gen != read.Gen {
		t.Errorf("a review renews the proof: %+v, it was %+v", after, read)
	}
	if !after.Reviewed.Equal(began) { // the one of costa was not shown
		t.Errorf("the flag knows %v", after.Reviewed)
	}
	if r.DueForReview(here(), w.clock.now().Add(r.Review-time.Second)) {
		t.Error("it is due again")
	}
}
