package enroll

import (
	"testing"
	"time"
)

// TestPasskey_Enrolment: who may register one is decided at both ends, as for
// other methods, and a passkey asks for a proof of the last five minutes whatever
// the tenant says of others (S3.36, S3.37).
func TestPasskey_Enrolment(t *testing.T) {
	t.Run("fail/not offered", func(t *testing.T) {
		w, p, r := newWorld(t), person("bob"), silva()
		_, err := w.BeginPasskey(ctx, w.begin(p, r, nil), p, r, nil, here, "")
		w.refused(err, ErrNotOffered)
	})
	t.Run("fail/no party", func(t *testing.T) {
		w, p, r := newWorld(t), person("bob"), keyed()
		_, err := w.BeginPasskey(ctx, w.begin(p, r, nil), p, r, nil, Party{}, "")
		w.refused(err, ErrNotOffered)
		_, err = w.BeginPasskeyProof(ctx, p, r, here, false)
		w.refused(err, ErrWrongStep)
		w.enrol(p, silva(), nil)
		_, err = w.BeginPasskeyProof(ctx, p, r, here, false)
		w.refused(err, ErrNotOffered)
	})
	t.Run("fail/address not proven", func(t *testing.T) {
		w, p, r := newWorld(t), person("bob"), keyed()
		v, err := w.BeginVisit(ctx, p, r, nil)
		w.ok(err)
		_, err = w.BeginPasskey(ctx, v, p, r, nil, here, "")
		w.refused(err, ErrWrongStep)
	})
	t.Run("fail/parked", func(t *testing.T) { // H12: begun by a thief, finished after the owner enrolled
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		v := w.begin(p, r, nil)
		options, err := w.BeginPasskey(ctx, v, p, r, nil, here, "")
		w.ok(err)
		w.enrol(p, r, nil)
		answer, err := d.Create(options)
		w.ok(err)
		_, err = w.FinishPasskey(ctx, v, p, r, nil, here, answer, named)
		w.refused(err, ErrExpired)
		if n := len(w.account(p).Methods); n != 1 {
			t.Errorf("%d methods", n)
		}
	})
	t.Run("fail/in another visit", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		v, other := w.begin(p, r, nil), w.begin(p, r, nil)
		options, err := w.BeginPasskey(ctx, v, p, r, nil, here, "")
		w.ok(err)
		answer, err := d.Create(options)
		w.ok(err)
		_, err = w.FinishPasskey(ctx, other, p, r, nil, here, answer, named)
		w.detail(err, ErrNotHere, "passkey")
	})
	t.Run("fail/policy changed meanwhile", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		v := w.begin(p, r, nil)
		options, err := w.BeginPasskey(ctx, v, p, r, nil, here, "")
		w.ok(err)
		answer, err := d.Create(options)
		w.ok(err)
		_, err = w.FinishPasskey(ctx, v, p, silva(), nil, here, answer, named)
		w.refused(err, ErrNotOffered)
	})
	t.Run("fail/limit", func(t *testing.T) {
		w, p, r := newWorld(t), person("bob"), keyed()
		f := &w.key(p, r, nil, device()).Flag
		f = &w.key(p, r, f, device()).Flag
		_, err := w.BeginPasskey(ctx, w.begin(p, r, f), p, r, f, here, "")
		w.refused(err, ErrLimit)
		w.enrol(p, r, f) // of another kind there is room
		delete(r.Limits, KindPasskey)
		for range defaultPasskeys - 2 {
			f = &w.key(p, r, f, device()).Flag
		}
		_, err = w.BeginPasskey(ctx, w.begin(p, r, f), p, r, f, here, "")
		w.refused(err, ErrLimit)
	})
	t.Run("fail/the same twice", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		f := &w.key(p, r, nil, d).Flag
		v := w.begin(p, r, f)
		options, err := w.BeginPasskey(ctx, v, p, r, f, here, "")
		w.ok(err)
		id := d.Keys[0].ID
		twin := device()
		answer, err := twin.CreateAs(options, id)
		w.ok(err)
		_, err = w.FinishPasskey(ctx, v, p, r, f, here, answer, named)
		w.detail(err, ErrUsedCode, "passkey")
	})
	t.Run("fail/proof of an hour", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		r.Manage = 0 // manage: session
		e := w.key(p, r, nil, d)
		f := &e.Flag
		w.clock.add(5 * time.Minute)
		w.ok(w.Rename(ctx, p, r, f, e.Method.ID, "mine"))
		v := w.begin(p, r, f)
		w.clock.add(time.Second)
		_, err := w.BeginPasskey(ctx, v, p, r, f, here, "")
		w.refused(err, ErrFreshProof)
		w.refused(w.Rename(ctx, p, r, f, e.Method.ID, "other"), ErrFreshProof)
		w.refused(w.SetDefault(ctx, p, r, f, e.Method.ID), ErrFreshProof)
		w.refused(w.Remove(ctx, p, r, f, e.Method.ID), ErrFreshProof)
		_, err = w.BeginTOTP(ctx, v, p, r, f, "") // an app may be added in the session
		w.ok(err)
	})
	t.Run("ok/second tab keeps its challenge", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		v := w.begin(p, r, nil)
		options, err := w.BeginPasskey(ctx, v, p, r, nil, here, "")
		w.ok(err)
		_, err = w.BeginPasskey(ctx, v, p, r, nil, here, "")
		w.ok(err)
		setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
		w.ok(err)
		if back, err := w.ResumeVisit(ctx, v.ID, p, r, nil); err != nil || back.Begun != KindTOTP || setup.Secret == "" {
			t.Errorf("%+v, %v", back, err)
		}
		answer, err := d.Create(options)
		w.ok(err)
		_, err = w.FinishPasskey(ctx, v, p, r, nil, here, answer, named)
		w.ok(err)
	})
}
