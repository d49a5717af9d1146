package enroll

import (
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// One key in two installations: a node of the same store reads the other's
// flags, another installation does not.
func TestDesign_C9_InstallationsOfOneKey(t *testing.T) {
	w := newWorld(t)
	token, err := w.SignFlag(w.flag("bob"))
	w.ok(err)
	now := w.clock.now()
	if _, err := w.node().ReadFlag(token, "default", now); err != nil {
		t.Errorf("ok/another node: %v", err)
	}
	staging := startWorld(t, w.clock, store.NewMemory(w.clock.now), w.keys)
	if _, err := staging.ReadFlag(token, "default", now); err == nil {
		t.Error("fail/another installation: the flag counts")
	}
}

// A store that was emptied while a node could not reach it gets its name back,
// and a node that finds another's name there takes that: all read each other's
// flags again.
func TestInstallation_OfAnEmptiedStore(t *testing.T) {
	w := newWorld(t)
	token, err := w.SignFlag(w.flag("bob"))
	w.ok(err)
	w.Service.store = store.NewMemory(w.clock.now)
	w.ok(w.Service.store.Open(t.Context()))
	w.ok(w.nameInstallation(t.Context()))
	w.store = w.Service.store
	if _, err := w.node().ReadFlag(token, "default", w.clock.now()); err != nil {
		t.Errorf("ok/the name is back: %v", err)
	}
	other := startWorld(t, w.clock, store.NewMemory(w.clock.now), w.keys)
	w.Service.store = other.store
	w.ok(w.nameInstallation(t.Context()))
	if token, err = other.SignFlag(other.flag("eve")); err == nil {
		_, err = w.ReadFlag(token, "default", w.clock.now())
	}
	if err != nil {
		t.Errorf("ok/the other's name: %v", err)
	}
}
