package enroll

import (
	"context"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// hooked is a store after whose next line of the log something else happens.
type hooked struct {
	store.Store
	after func()
}

func (h *hooked) Revoke(ctx context.Context, value []byte, expires time.Time) (uint64, error) {
	seq, err := h.Store.Revoke(ctx, value, expires)
	if after := h.after; after != nil {
		h.after = nil
		after()
	}
	return seq, err
}

// TestDesign_ProvenWhileItIsTakenAway: a proof of a method that comes between the
// line of the log and the end of the method leaves no flag and no trusted browser.
func TestDesign_ProvenWhileItIsTakenAway(t *testing.T) {
	for name, take := range map[string]func(w *world, p Person, r Rules, e, kept *Enrolled) error{
		"reset":        func(w *world, p Person, r Rules, _, _ *Enrolled) error { return w.Reset(ctx, p, r) },
		"reset of all": func(w *world, p Person, _ Rules, _, _ *Enrolled) error { return w.Reset(ctx, p, Rules{}) },
		"one of two": func(w *world, p Person, r Rules, e, kept *Enrolled) error {
			return w.Remove(ctx, p, r, &kept.Flag, e.Method.ID)
		},
		"its own, of two": func(w *world, p Person, r Rules, e, _ *Enrolled) error {
			return w.Remove(ctx, p, r, &e.Flag, e.Method.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, p, r := newWorld(t), person("bob"), trustingRules()
			e, lost := w.enrol(p, r, nil)
			kept, _ := w.enrol(p, r, &e.Flag)
			h := &hooked{Store: w.Service.store}
			w.Service.store = h
			other := w.node()
			var flag, device string
			h.after = func() {
				w.clock.add(time.Minute)
				f, err := w.ProveTOTP(ctx, p, r, lost.code(t, w.clock.now()), false)
				w.ok(err)
				flag = w.sign(*f)
				device, err = w.TrustDevice(ctx, p, r, f, "x")
				w.ok(err)
			}
			w.ok(take(w, p, r, e, kept))
			w.ok(other.Poll(ctx))
			if flag == "" || w.counts(w.Service, flag) || w.counts(other, flag) || w.trusts(p, device) {
				t.Error("what was taken away still lets in")
			}
		})
	}
}

// TestDesign_EndedStaysEnded: a flag that was ended does not come back because a
// later removal, decided while it still counted, spares it.
func TestDesign_EndedStaysEnded(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	one, _ := w.enrol(p, r, nil)
	two, _ := w.enrol(p, r, &one.Flag)
	h := &hooked{Store: w.Service.store}
	w.Service.store = h
	other := w.node()
	token := w.sign(two.Flag)
	// Signed out everywhere while a method is being removed.
	h.after = func() { w.ok(other.SignOutEverywhere(ctx, p, &two.Flag)) }
	w.ok(w.Remove(ctx, p, r, &two.Flag, one.Method.ID))
	w.ok(other.Poll(ctx))
	w.ok(w.Poll(ctx))
	if w.counts(w.Service, token) || w.counts(other, token) {
		t.Error("signed out everywhere, and it still counts")
	}
}
