package enroll

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/passkeytest"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// TestPasskey_Challenge: each challenge is one person's, lives five minutes, and
// is answered once: not again, not in another session, not for something else.
func TestPasskey_Challenge(t *testing.T) {
	setup := func(t *testing.T) (*world, Person, Rules, *passkeytest.Device, []byte) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		w.key(p, r, nil, d)
		options, err := w.BeginPasskeyProof(ctx, p, r, here, false)
		w.ok(err)
		answer, err := d.Get(options)
		w.ok(err)
		return w, p, r, d, answer
	}
	t.Run("ok/late", func(t *testing.T) {
		w, p, r, _, answer := setup(t)
		w.clock.add(ceremonyLife - time.Second)
		_, err := w.ProvePasskey(ctx, p, r, here, answer)
		w.ok(err)
	})
	t.Run("fail/too late", func(t *testing.T) {
		w, p, r, _, answer := setup(t)
		w.clock.add(ceremonyLife)
		_, err := w.ProvePasskey(ctx, p, r, here, answer)
		w.detail(err, ErrExpired, "passkey")
	})
	t.Run("fail/again", func(t *testing.T) {
		w, p, r, _, answer := setup(t)
		_, err := w.ProvePasskey(ctx, p, r, here, answer)
		w.ok(err)
		_, err = w.node().ProvePasskey(ctx, p, r, here, answer)
		w.detail(err, ErrUsedCode, "replayed")
	})
	t.Run("fail/again after a wrong answer", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		w.key(p, r, nil, d)
		options, err := w.BeginPasskeyProof(ctx, p, r, here, false)
		w.ok(err)
		d.Unverified = true
		bad, err := d.Get(options)
		w.ok(err)
		d.Unverified = false
		good, err := d.Get(options)
		w.ok(err)
		_, err = w.ProvePasskey(ctx, p, r, here, bad)
		w.detail(err, ErrBadCode, "unverified")
		_, err = w.ProvePasskey(ctx, p, r, here, good)
		w.detail(err, ErrUsedCode, "replayed")
	})
	t.Run("fail/another person", func(t *testing.T) {
		w, _, r, _, answer := setup(t)
		eve := person("eve")
		w.key(eve, r, nil, device())
		_, err := w.ProvePasskey(ctx, eve, r, here, answer)
		w.detail(err, ErrExpired, "passkey")
	})
	t.Run("fail/another realm", func(t *testing.T) {
		w, p, r, _, answer := setup(t)
		p.Realm = "other"
		_, err := w.ProvePasskey(ctx, p, r, here, answer)
		w.detail(err, ErrExpired, "passkey")
	})
	t.Run("fail/another session", func(t *testing.T) {
		w, p, r, _, answer := setup(t)
		p.Session = "a later one"
		_, err := w.ProvePasskey(ctx, p, r, here, answer)
		w.detail(err, ErrExpired, "passkey")
	})
	t.Run("fail/another origin of the same party", func(t *testing.T) { // WA1, M14
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		w.key(p, r, nil, d)
		options, err := w.BeginPasskeyProof(ctx, p, r, here, false)
		w.ok(err)
		costa := here
		costa.Origin = "https://costa.portal.example"
		d.Origin = costa.Origin
		answer, err := d.Get(options)
		w.ok(err)
		_, err = w.ProvePasskey(ctx, p, r, costa, answer)
		w.detail(err, ErrNotHere, "passkey")
	})
	t.Run("fail/another tenant", func(t *testing.T) {
		w, p, r, _, answer := setup(t)
		r.Tenant = "costa"
		_, err := w.ProvePasskey(ctx, p, r, here, answer)
		w.detail(err, ErrNotHere, "passkey")
	})
	t.Run("fail/of a registration", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		f := &w.key(p, r, nil, d).Flag
		v := w.begin(p, r, f)
		options, err := w.BeginPasskey(ctx, v, p, r, f, here, "")
		w.ok(err)
		var o struct{ Challenge string }
		w.ok(json.Unmarshal(options, &o))
		challenge, err := base64.RawURLEncoding.DecodeString(o.Challenge)
		w.ok(err)
		answer, err := d.Sign(d.Keys[0], here.ID, challenge)
		w.ok(err)
		_, err = w.ProvePasskey(ctx, p, r, here, answer)
		w.detail(err, ErrBadCode, "passkey")
	})
	t.Run("fail/a hundred times at once", func(t *testing.T) {
		w, p, r, _, answer := setup(t)
		nodes := []*Service{w.Service, w.node()}
		var passed atomic.Int32
		var wait sync.WaitGroup
		for i := range 100 {
			wait.Go(func() {
				if _, err := nodes[i%2].ProvePasskey(ctx, p, r, here, answer); err == nil {
					passed.Add(1)
				}
			})
		}
		wait.Wait()
		if passed.Load() != 1 {
			t.Errorf("counted %d times", passed.Load())
		}
	})
	t.Run("fail/a record moved", func(t *testing.T) { // who can write the store makes no challenge of another
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		w.key(p, r, nil, d)
		var keys [2]string
		var answers [2][]byte
		for i := range keys {
			options, err := w.BeginPasskeyProof(ctx, p, r, here, false)
			w.ok(err)
			var o struct{ Challenge string }
			w.ok(json.Unmarshal(options, &o))
			keys[i] = ceremonyKey(p, o.Challenge)
			answers[i], err = d.Get(options)
			w.ok(err)
		}
		other, err := w.store.Get(ctx, keys[0])
		w.ok(err)
		w.ok(w.store.Update(ctx, keys[1], func(store.Record) (*store.Record, error) { return &store.Record{}, nil }))
		w.ok(w.store.Update(ctx, keys[1], func(store.Record) (*store.Record, error) { return &store.Record{Value: other.Value}, nil }))
		_, err = w.ProvePasskey(ctx, p, r, here, answers[1])
		w.refused(err, ErrStoreDown)
	})
}

// TestDesign_H4_ChallengesAreCounted: whoever has the password cannot fill the
// store with challenges, nor keep the owner from a passkey in a browser that
// proved before, nor for longer than a challenge lives anywhere.
func TestDesign_H4_ChallengesAreCounted(t *testing.T) {
	w, p, r, d := newWorld(t), person("bob"), keyed(), device()
	w.key(p, r, nil, d)
	for range maxChallenges {
		_, err := w.BeginPasskeyProof(ctx, p, r, here, false)
		w.ok(err)
		w.clock.add(time.Second)
	}
	_, err := w.node().BeginPasskeyProof(ctx, p, r, here, false)
	w.refused(err, ErrTooMany)
	if e := new(Error); !errors.As(err, &e) || e.RetryAfter != ceremonyLife-maxChallenges*time.Second {
		t.Errorf("to be tried again after %v", e.RetryAfter)
	}
	options, err := w.BeginPasskeyProof(ctx, p, r, here, true)
	w.ok(err)
	answer, err := d.Get(options)
	w.ok(err)
	_, err = w.ProvePasskey(ctx, p, r, here, answer)
	w.ok(err)
	other := person("ann")
	w.key(other, r, nil, device())
	_, err = w.BeginPasskeyProof(ctx, other, r, here, false)
	w.ok(err)
	w.clock.add(ceremonyLife - maxChallenges*time.Second)
	_, err = w.BeginPasskeyProof(ctx, p, r, here, false)
	w.ok(err)
}
