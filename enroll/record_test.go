package enroll

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Two people never meet in one record.
func TestAccountKeys(t *testing.T) {
	seen := map[string]string{}
	for _, n := range [][2]string{{"a", "b/c"}, {"a/b", "c"}, {"a", "b%2Fc"}, {"", "a/b/c"}, {"a", "B"}, {"a", "b"}, {"A", "b"}, {"a", "b "}, {"a", "é"}, {"a", "e\u0301"}} {
		key, err := accountKey(n[0], n[1])
		if err != nil || seen[key] != "" {
			t.Errorf("%q: %v, shared with %s", n, err, seen[key])
		}
		seen[key] = fmt.Sprint(n)
	}
	if key, _ := accountKey("a/b", "c"); strings.HasPrefix(key, "account/a/") {
		t.Error("a list of realm a holds realm a/b")
	}
	w := newWorld(t)
	for _, user := range []string{"", "\xff", string(make([]byte, maxName+1))} {
		if _, err := w.Account(ctx, "default", user); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%.10q: %v", user, err)
		}
	}
}

// A record that cannot be read is not somebody new (FO4).
func TestDamagedAccount(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), lax()
	w.enrol(p, r, nil)
	w.enrol(person("eve"), r, nil)
	bob, _ := accountKey(p.Realm, "bob")
	eve, _ := accountKey(p.Realm, "eve")
	theirs, err := w.store.Get(ctx, eve)
	w.ok(err)
	for name, value := range map[string][]byte{"cut": theirs.Value[:20], "another's": theirs.Value, "empty": {}} {
		w.ok(w.store.Update(ctx, bob, replace(value)))
		_, read := w.Account(ctx, p.Realm, p.User)
		_, begin := w.BeginVisit(ctx, p, r, nil)
		if !errors.Is(read, ErrStoreDown) || !errors.Is(begin, ErrStoreDown) {
			t.Errorf("%s: %v, %v", name, read, begin)
		}
	}
}

func replace(value []byte) func(store.Record) (*store.Record, error) {
	return func(store.Record) (*store.Record, error) { return &store.Record{Value: value}, nil }
}
