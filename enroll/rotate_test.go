package enroll

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// rotated waits for the end of a rotation.
func rotated(t *testing.T, s *Service) Rotation {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if r := s.Rotation(); !r.Running && !r.Ended.IsZero() {
			return r
		}
		if time.Now().After(deadline) {
			t.Fatal("the rotation does not end")
		}
	}
}

// with makes w a node with these keys, newest first.
func (w *world) with(keys ...string) {
	w.t.Helper()
	ring, err := NewKeys(keys...)
	w.ok(err)
	w.Service.Close()
	w.keys = ring
	w.Service = w.node()
}

// TestRotate: after it nobody has to sign in, prove or enrol anew, and nothing
// needs the old key: not an app, not a recovery code (of which the store has
// only what the old key made of it), not what was revoked.
func TestRotate(t *testing.T) {
	for name, open := range map[string]func(c *clock) store.Store{
		"memory": func(c *clock) store.Store { return store.NewMemory(c.now) },
		"bolt":   func(c *clock) store.Store { return store.NewBolt(filepath.Join(t.TempDir(), "mfa.db"), c.now) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			old, new := newKey(t), newKey(t)
			first, err := NewKeys(old)
			if err != nil {
				t.Fatal(err)
			}
			w := startWorld(t, c, open(c), first)
			bob, ann := person("bob"), person("ann/of/the office")
			ann.Email = "ann@example.com"
			has, app := w.enrol(bob, silva(), nil)
			annHas, _ := w.enrol(ann, silva(), nil)
			token, gone := w.sign(has.Flag), w.sign(annHas.Flag)
			w.ok(w.SignOutEverywhere(ctx, ann, w.read(gone)))
			half, err := w.BeginVisit(ctx, person("carl"), silva(), nil) // an enrolment under way, its code mailed
			w.ok(err)
			w.ok(w.SendCode(ctx, half, person("carl"), silva(), write))
			code := mailedCode(t, w.post.letter(t))
			_, err = w.Requirements(ctx, []string{"silva"})
			w.ok(err)

			w.with(new, old)
			if !w.counts(w.Service, token) || w.counts(w.Service, gone) {
				t.Fatal("with both keys, who proved must prove again, or who signed out is back")
			}
			w.ok(w.Rotate())
			r := rotated(t, w.Service)
			if !r.Done() || r.Key != w.keys.newest().id || r.Records < 5 || r.Resealed < 6 {
				t.Fatalf("%+v", r)
			}
			w.ok(w.VerifyCode(ctx, half, person("carl"), silva(), code))
			w.ok(w.Rotate())
			if r := rotated(t, w.Service); !r.Done() || r.Resealed > 1 { // the account that was just written, where the ring changed under it
				t.Fatalf("the second time it sealed %d anew", r.Resealed)
			}

			w.with(new)
			w.post.letter(t)
			if w.counts(w.Service, gone) {
				t.Error("who signed out is back")
			}
			c.add(time.Minute)
			_, err = w.ProveTOTP(ctx, bob, silva(), app.code(t, c.now()), false)
			w.ok(err)
			for i, code := range has.RecoveryCodes[:2] {
				_, err = w.ProveRecovery(ctx, bob, silva(), code, false)
				w.ok(err)
				_, err = w.ProveRecovery(ctx, bob, silva(), code, false)
				w.refused(err, ErrUsedCode)
				if i == 0 { // a write of the account must keep what the codes need
					w.restart()
				}
			}
			since, err := w.Requirements(ctx, []string{"silva"})
			w.ok(err)
			if len(since) != 1 {
				t.Errorf("%v", since)
			}
			if n := len(w.fails.errs); n != 2 || !strings.Contains(w.fails.errs[0].Error(), "1 of 2 lines do not open") { // at each of two starts
				t.Errorf("in the background: %v", w.fails.errs)
			}
		})
	}
}

func (w *world) read(token string) *Flag {
	w.t.Helper()
	f, err := w.ReadFlag(token, "default", w.clock.now())
	w.ok(err)
	return f
}

// TestRotate_BesideTraffic: two nodes rotate at once while people spend codes,
// and every code is spent once.
func TestRotate_BesideTraffic(t *testing.T) {
	c := newClock()
	old, new := newKey(t), newKey(t)
	first, err := NewKeys(old)
	if err != nil {
		t.Fatal(err)
	}
	w := startWorld(t, c, store.NewMemory(c.now), first)
	var codes [][]string
	for i := range 20 {
		has, _ := w.enrol(person(fmt.Sprint("user", i)), silva(), nil)
		codes = append(codes, has.RecoveryCodes)
	}
	w.with(new, old)
	other := w.node()
	var won, used atomic.Int32
	var all sync.WaitGroup
	w.ok(w.Rotate())
	if err := other.Rotate(); err != nil {
		t.Fatal(err)
	}
	for i := range codes {
		for _, s := range []*Service{w.Service, other} {
			all.Go(func() {
				for _, code := range codes[i] {
					switch _, err := s.ProveRecovery(context.Background(), person(fmt.Sprint("user", i)), silva(), code, false); {
					case err == nil:
						won.Add(1)
					case errors.Is(err, ErrUsedCode):
						used.Add(1)
					default:
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	for _, s := range []*Service{w.Service, other} {
		if r := rotated(t, s); !r.Done() {
			t.Errorf("%+v", r)
		}
	}
	if n := int32(len(codes) * recoveryCodes); won.Load() != n || used.Load() != n {
		t.Errorf("of %d codes, each sent twice, %d were taken and %d refused as used", n, won.Load(), used.Load())
	}
}

// TestRotate_CutOff: one that is cut off has half done its work, and the next
// does the rest.
func TestRotate_CutOff(t *testing.T) {
	c := newClock()
	old, new := newKey(t), newKey(t)
	first, err := NewKeys(old)
	if err != nil {
		t.Fatal(err)
	}
	st := &failing{Store: store.NewMemory(c.now)}
	w := startWorld(t, c, st, first)
	for i := range 10 {
		w.enrol(person(fmt.Sprint("user", i)), silva(), nil)
	}
	w.with(new, old)
	st.revoke.Store(false)
	n := 0
	st.updating = func() error {
		if n++; n > 4 {
			return errGone
		}
		return nil
	}
	w.ok(w.Rotate())
	r := rotated(t, w.Service)
	if r.Done() || r.Resealed != 4 || !strings.Contains(r.Error, errGone.Error()) {
		t.Fatalf("%+v", r)
	}
	if err := w.ForgetKeys(); !errors.Is(err, ErrKeyNeeded) {
		t.Fatalf("the old key may go: %v", err)
	}
	st.updating = nil
	w.restart()
	w.ok(w.Rotate())
	if r = rotated(t, w.Service); !r.Done() || r.Resealed < 6 {
		t.Fatalf("%+v", r)
	}
	w.with(new)
	for i := range 10 {
		if a := w.account(person(fmt.Sprint("user", i))); len(a.Methods) != 1 {
			t.Errorf("%+v", a)
		}
	}
}

// TestRotate_Unknown: a record that this program does not know is left alone,
// and the old key must stay.
func TestRotate_Unknown(t *testing.T) {
	w := newWorld(t)
	w.ok(w.store.Update(ctx, "vault/x", func(store.Record) (*store.Record, error) {
		return &store.Record{Value: []byte("of a later version")}, nil
	}))
	w.ok(w.Rotate())
	if r := rotated(t, w.Service); r.Done() || !strings.Contains(r.Error, `"vault"`) {
		t.Fatalf("%+v", r)
	}
	r, err := w.store.Get(ctx, "vault/x")
	if err != nil || string(r.Value) != "of a later version" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestKeyFile_Rotate: with a key file the new key is its first line; the old
// one goes when nothing needs it.
func TestKeyFile_Rotate(t *testing.T) {
	c := newClock()
	file := filepath.Join(t.TempDir(), "mfa.key")
	st := store.NewMemory(c.now)
	node := func() *Service {
		t.Helper()
		s, err := New(Config{Store: st, KeyFile: file, Now: c.now, Mailer: &postbox{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	w := &world{t: t, clock: c, store: st, Service: node(), post: &postbox{}}
	w.mailer = w.post
	has, _ := w.enrol(person("bob"), silva(), nil)
	token := w.sign(has.Flag)
	before := w.tokens().keys.IDs()
	w.refused(w.ForgetKeys(), ErrKeyNeeded)
	w.ok(w.NewKey())
	after := w.tokens().keys.IDs()
	if len(after) != 2 || after[1] != before[0] || after[0] == before[0] {
		t.Fatalf("%v, then %v", before, after)
	}
	if !w.counts(w.Service, token) || !w.counts(node(), token) {
		t.Fatal("who proved must prove again")
	}
	w.refused(w.ForgetKeys(), ErrKeyNeeded)
	w.ok(w.Rotate())
	if r := rotated(t, w.Service); !r.Done() {
		t.Fatalf("%+v", r)
	}
	held, err := w.ReadFlag(token, has.Flag.Realm, c.now())
	w.ok(err)
	if w.Revoked(held) {
		t.Error("a flag of a key that is there counts as revoked")
	}
	w.ok(w.ForgetKeys())
	if w.counts(w.Service, token) || !w.Revoked(held) {
		t.Error("a flag of the key that was taken away still counts")
	}
	if w.seen.put(token, &seenFlag{flag: held}); w.counts(w.Service, token) {
		t.Error("read while the key was taken away, it still counts")
	}
	w.Service = node()
	if ids := w.tokens().keys.IDs(); len(ids) != 1 || ids[0] != after[0] {
		t.Fatalf("the file holds %v", ids)
	}
	if a := w.account(person("bob")); len(a.Methods) != 1 {
		t.Errorf("%+v", a)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// Another process at it, or what looks like one.
	if err := os.WriteFile(file+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.NewKey(); err == nil || !strings.Contains(err.Error(), ".lock") {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(file + ".new-*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestKeysGiven: keys of the configuration are not this program's to change.
func TestKeysGiven(t *testing.T) {
	w := newWorld(t)
	w.refused(w.NewKey(), ErrKeysGiven)
	w.ok(w.Rotate())
	rotated(t, w.Service)
	w.refused(w.ForgetKeys(), ErrKeysInConfig)
}

// TestPlaceOf: whatever is sealed somewhere in this package, a rotation knows
// how to seal it anew.
func TestPlaceOf(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`place\{(?:kind: )?("?\w+"?)`)
	known := map[string]string{`"account"`: "account/default/bob", `"challenge"`: "challenge/default/bob/x", `"asking"`: "asking/default/bob", `"link"`: "link/x", `"texts"`: "texts/number/x",
		"requirementsKey": requirementsKey}
	elsewhere := map[string]bool{`"recovery"`: true, `"visit"`: true, `"mailed"`: true, `"pass"`: true, `"revocation"`: true, "kind": true} // hashed, or in the log
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if elsewhere[m[1]] {
				continue
			}
			key, ok := known[m[1]]
			if !ok {
				t.Errorf("%s seals something for %s: teach placeOf to name its place, and this test its key", file, m[1])
				continue
			}
			if _, ok := placeOf(key); !ok {
				t.Errorf("%s has no place", key)
			}
		}
	}
}
