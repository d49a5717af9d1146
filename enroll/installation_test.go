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
