package enroll

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// counts tells whether a token counts on a node.
func (w *world) counts(s *Service, token string) bool {
	w.t.Helper()
	_, err := s.ReadFlag(token, "default", w.clock.now())
	if err != nil && err != ErrToken {
		w.t.Fatal(err)
	}
	return err == nil
}

func (w *world) sign(f Flag) string {
	w.t.Helper()
	token, err := w.SignFlag(f)
	w.ok(err)
	return token
}

func TestRevokeFlag(t *testing.T) {
	w := newBoltWorld(t)
	other := w.node()
	a, b := w.sign(w.flag("bob")), w.sign(w.flag("bob"))
	if !w.counts(w.Service, a) || !w.counts(other, a) {
		t.Fatal("it does not count")
	}
	f, _ := w.ReadFlag(a, "default", w.clock.now())
	w.ok(w.RevokeFlag(ctx, f))
	if w.counts(w.Service, a) || !w.counts(w.Service, b) {
		t.Fatal("not the one that was revoked")
	}
	w.ok(other.Poll(ctx))
	if w.counts(other, a) || !w.counts(other, b) {
		t.Fatal("another node does not hear of it")
	}
	w.restart()
	if w.counts(w.Service, a) || !w.counts(w.Service, b) {
		t.Fatal("a restart forgets it")
	}
}

func TestRevokeUser(t *testing.T) {
	w := newBoltWorld(t)
	other := w.node()
	p, r := person("bob"), silva()
	e, a := w.enrol(p, r, nil)
	before := w.sign(e.Flag)
	eve := w.sign(w.flag("eve"))
	elsewhere := w.flag("bob")
	elsewhere.Tenant = "lima"
	lima := w.sign(elsewhere)

	w.ok(w.RevokeUser(ctx, "default", "bob", "silva"))
	if w.counts(w.Service, before) || !w.counts(w.Service, lima) || !w.counts(w.Service, eve) {
		t.Fatal("one tenant's flags: the wrong ones ended")
	}
	// At the same instant, on a node that has not heard yet: a new proof counts.
	w.clock.add(time.Minute)
	f, err := other.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.ok(err)
	after := w.sign(*f)
	w.ok(other.Poll(ctx))
	if !w.counts(w.Service, after) || !w.counts(other, after) || w.counts(other, before) {
		t.Fatal("a proof after the revocation does not count, or one before does")
	}
	w.ok(w.RevokeUser(ctx, "default", "bob", ""))
	if w.counts(w.Service, after) || w.counts(w.Service, lima) || !w.counts(w.Service, eve) {
		t.Fatal("all of a user's flags: the wrong ones ended")
	}
	w.restart()
	if w.counts(w.Service, after) || w.counts(w.Service, lima) || !w.counts(w.Service, eve) {
		t.Fatal("a restart forgets it")
	}
	w.clock.add(time.Minute)
	f, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.ok(err)
	if !w.counts(w.Service, w.sign(*f)) {
		t.Fatal("nobody can sign in again")
	}
}

func TestSignOutEverywhere(t *testing.T) {
	w, p := newWorld(t), person("bob")
	e, _ := w.enrol(p, silva(), nil)
	token := w.sign(e.Flag)
	w.refused(w.SignOutEverywhere(ctx, p, nil), ErrFreshProof)
	w.refused(w.SignOutEverywhere(ctx, person("eve"), &e.Flag), ErrFreshProof)
	w.ok(w.SignOutEverywhere(ctx, p, &e.Flag))
	if w.counts(w.Service, token) {
		t.Fatal("it still counts")
	}
	w.refused(w.SignOutEverywhere(ctx, p, &e.Flag), ErrFreshProof)
}

// failing is a store that does not answer.
type failing struct {
	store.Store
	revoke, get, update atomic.Bool
	silent, older       atomic.Bool  // as get, for the log alone; older: it lost writes
	updating            func() error // asked before each Update; nil: nobody
}

// down makes all of it fail, or none.
func (f *failing) down(yes bool) {
	f.revoke.Store(yes)
	f.get.Store(yes)
	f.update.Store(yes)
}

var errGone = errors.New("the disk is gone")

func (f *failing) Revoke(ctx context.Context, v []byte, end time.Time) (uint64, error) {
	if f.revoke.Load() {
		return 0, errGone
	}
	return f.Store.Revoke(ctx, v, end)
}

func (f *failing) Revoked(ctx context.Context, after uint64) ([]store.Entry, error) {
	if f.get.Load() || f.silent.Load() {
		return nil, errGone
	}
	if f.older.Load() {
		return nil, store.ErrOlder
	}
	return f.Store.Revoked(ctx, after)
}

func (f *failing) Get(ctx context.Context, key string) (store.Record, error) {
	if f.get.Load() {
		return store.Record{}, errGone
	}
	return f.Store.Get(ctx, key)
}

func (f *failing) Update(ctx context.Context, key string, fn func(store.Record) (*store.Record, error)) error {
	if f.update.Load() {
		return errGone
	}
	if f.updating != nil {
		if err := f.updating(); err != nil {
			return err
		}
	}
	return f.Store.Update(ctx, key, fn)
}

// A store that fails is never taken for a wrong code, a right one, or somebody
// new; and who revoked is told.
func TestStoreDown(t *testing.T) {
	c := newClock()
	st := &failing{Store: store.NewMemory(c.now)}
	w := startWorld(t, c, st, nil)
	p, r := person("bob"), silva()
	e, a := w.enrol(p, r, nil)
	v, err := w.BeginVisit(ctx, p, r, &e.Flag)
	w.ok(err)
	token := w.sign(e.Flag)
	c.add(time.Minute)
	st.down(true)
	_, account := w.Account(ctx, "default", "bob")
	_, begin := w.BeginVisit(ctx, p, r, &e.Flag)
	_, resume := w.ResumeVisit(ctx, v.ID, p, r, &e.Flag)
	_, prove := w.ProveTOTP(ctx, p, r, a.code(t, c.now()), false)
	_, recover := w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
	_, peek := w.PeekLink(ctx, "x")
	for i, err := range []error{account, begin, resume, prove, recover, peek, w.Poll(ctx), w.RevokeUser(ctx, "default", "bob", ""),
		w.SignOutEverywhere(ctx, p, &e.Flag), w.SendCode(ctx, v, p, r, write), w.Notice(ctx, p, r), w.ExtendVisit(ctx, v)} {
		if !errors.Is(err, ErrStoreDown) || !errors.Is(err, errGone) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if !w.counts(w.Service, token) {
		t.Fatal("a flag needs the store")
	}
	f, _ := w.ReadFlag(token, "default", c.now())
	w.refused(w.RevokeFlag(ctx, f), ErrStoreDown)
	if w.counts(w.Service, token) {
		t.Fatal("this node goes on trusting it")
	}
	st.down(false)
	_, err = w.ProveTOTP(ctx, p, r, a.code(t, c.now()), false)
	w.ok(err) // the code was not spent
}

// The account cannot be written after the log was: the next proof still counts.
func TestRevokeUserHalfWritten(t *testing.T) {
	c := newClock()
	st := &failing{Store: store.NewMemory(c.now)}
	w := startWorld(t, c, st, nil)
	p, r := person("bob"), silva()
	e, a := w.enrol(p, r, nil)
	token := w.sign(e.Flag)
	st.update.Store(true)
	w.refused(w.RevokeUser(ctx, "default", "bob", ""), ErrStoreDown)
	st.update.Store(false)
	if w.counts(w.Service, token) {
		t.Fatal("it still counts")
	}
	c.add(time.Minute)
	f, err := w.ProveTOTP(ctx, p, r, a.code(t, c.now()), false)
	w.ok(err)
	if !w.counts(w.Service, w.sign(*f)) {
		t.Fatal("nobody can sign in again")
	}
}

// TestDesign_H11: a node that has not heard from the store for two seconds says
// so, and hears within one when it is there.
func TestDesign_H11_SilentStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &failing{Store: store.NewMemory(time.Now)}
		keys, err := NewKeys(newKey(t))
		if err != nil {
			t.Fatal(err)
		}
		fails := &failures{}
		s, err := New(Config{Store: st, Keys: keys, Failed: fails.add})
		if err != nil {
			t.Fatal(err)
		}
		other, err := New(Config{Store: st, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Start(ctx), other.Start(ctx)); err != nil {
			t.Fatal(err)
		}
		if s.Start(ctx) == nil {
			t.Fatal("it starts twice")
		}
		token, err := s.SignFlag(Flag{Realm: "default", User: "bob", At: time.Now(), Methods: []string{"totp"}})
		if err != nil {
			t.Fatal(err)
		}
		f, err := other.ReadFlag(token, "default", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if !s.Current(time.Now()) {
			t.Fatal("it does not listen")
		}
		if err := s.RevokeFlag(ctx, f); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if _, err := other.ReadFlag(token, "default", time.Now()); err != ErrToken {
			t.Fatalf("after a second, another node says %v", err)
		}
		st.silent.Store(true)
		time.Sleep(time.Second)
		if !s.Current(time.Now()) {
			t.Fatal("it gives up what it heard within two seconds")
		}
		time.Sleep(time.Second + pollEvery)
		if s.Current(time.Now()) {
			t.Fatal("it calls itself current")
		}
		st.silent.Store(false)
		time.Sleep(time.Second)
		if !s.Current(time.Now()) {
			t.Fatal("it does not come back")
		}
		if err := errors.Join(s.Close(), other.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		if len(fails.errs) != 1 || !errors.Is(fails.errs[0], errGone) {
			t.Fatalf("an outage is told once: %v", fails.errs)
		}
	})
}
