package enroll

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestManage(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	first, _ := w.enrol(p, r, nil)
	second, _ := w.enrol(p, r, &first.Flag)
	f := &second.Flag
	w.ok(w.Rename(ctx, p, r, f, second.Method.ID, " \u202eWork\tphone "+strings.Repeat("x", 100)))
	w.ok(w.SetDefault(ctx, p, r, f, second.Method.ID))
	for _, err := range []error{w.Rename(ctx, p, r, f, "none", "x"), w.SetDefault(ctx, p, r, f, "none"), w.Remove(ctx, p, r, f, "none")} {
		w.refused(err, ErrNotFound)
	}
	w.restart()
	a := w.account(p)
	if m := a.Methods[0]; m.ID != second.Method.ID || !m.Default || a.Methods[1].Default || len([]rune(m.Name)) != 64 || !strings.HasPrefix(m.Name, "Workphone xxx") {
		t.Fatalf("got %+v", a.Methods)
	}
	w.ok(w.Rename(ctx, p, r, f, second.Method.ID, "\x00 "))
	if m := w.account(p).Methods[0]; m.Name != "Authenticator app" {
		t.Fatalf("got %q", m.Name)
	}
	// Removing one ends every other flag, keeps this one, and hands on the default.
	stolen := w.sign(first.Flag)
	mine := w.sign(*f)
	w.ok(w.Remove(ctx, p, r, f, second.Method.ID))
	if w.counts(w.Service, stolen) || !w.counts(w.Service, mine) {
		t.Fatal("the wrong flags ended")
	}
	a = w.account(p)
	if len(a.Methods) != 1 || !a.Methods[0].Default || a.CodesLeft != 10 {
		t.Fatalf("got %+v", a)
	}
	_, err := w.ProveTOTP(ctx, p, r, "000000", false)
	w.refused(err, ErrBadCode)
	w.told("removed")
}

// S4.12: where the tenant says never, the last method stays, also by way of
// another tenant and when two requests each remove the last but one.
func TestS4_12_LastMethod(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	r.Undo = false
	first, _ := w.enrol(p, r, nil)
	w.refused(w.Remove(ctx, p, r, &first.Flag, first.Method.ID), ErrLastMethod)
	if !w.counts(w.Service, w.sign(first.Flag)) {
		t.Fatal("a refusal ends flags")
	}
	there := lima()
	elsewhere, _ := w.enrol(p, there, &first.Flag)
	w.refused(w.Remove(ctx, p, there, &elsewhere.Flag, first.Method.ID), ErrLastMethod)
	there.Of = func(tenant string) (Rules, bool) { return Rules{Tenant: tenant, Undo: tenant != "silva"}, true }
	w.refused(w.Remove(ctx, p, there, &elsewhere.Flag, first.Method.ID), ErrLastMethod)
	w.ok(w.Remove(ctx, p, there, &elsewhere.Flag, elsewhere.Method.ID))
	w.refused(w.Remove(ctx, p, r, &elsewhere.Flag, first.Method.ID), ErrFreshProof)

	p = person("eve")
	one, _ := w.enrol(p, r, nil)
	two, _ := w.enrol(p, r, &one.Flag)
	var gone atomic.Int32
	var wg sync.WaitGroup
	for _, id := range []string{one.Method.ID, two.Method.ID} {
		for range 10 {
			wg.Go(func() {
				switch err := w.Remove(ctx, p, r, &two.Flag, id); {
				case err == nil:
					gone.Add(1)
				case !errors.Is(err, ErrLastMethod) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrFreshProof):
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if n := len(w.account(p).Methods); n != 1 || gone.Load() != 1 {
		t.Fatalf("%d methods are left, %d removed", n, gone.Load())
	}
}

// Two requests that remove the last two leave no flag behind.
func TestRemoveBothAtOnce(t *testing.T) {
	for range 20 {
		w, p, r := newWorld(t), person("bob"), silva()
		one, _ := w.enrol(p, r, nil)
		two, _ := w.enrol(p, r, &one.Flag)
		token := w.sign(two.Flag)
		var wg sync.WaitGroup
		for _, id := range []string{one.Method.ID, two.Method.ID} {
			wg.Go(func() { _ = w.Remove(ctx, p, r, &two.Flag, id) })
		}
		wg.Wait()
		if len(w.account(p).Methods) == 0 && w.counts(w.Service, token) {
			t.Fatal("a flag outlives the last method")
		}
	}
}

// Nothing that is printed, logged or told holds a secret.
func TestSecretsAreHidden(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	_, a := w.enrol(p, r, nil)
	acc, err := w.load(ctx, p.Realm, p.User)
	w.ok(err)
	hidden := []string{string(a.key), fmt.Sprintf("%x", string(a.key)), base32Key.EncodeToString(a.key), fmt.Sprint([]byte(a.key))}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		text := fmt.Sprintf(verb, acc.Methods[0]) + fmt.Sprintf(verb, acc.Methods[0].Secret)
		for _, h := range hidden {
			if strings.Contains(text, h) {
				t.Errorf("%s shows the secret: %s", verb, text)
			}
		}
	}
}
