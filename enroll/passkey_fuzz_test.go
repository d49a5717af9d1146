package enroll

import "testing"

// Whatever is sent as an authenticator's answer, nobody is proven by it who holds
// no key, and no account changes.
func FuzzPasskeyAnswer(f *testing.F) {
	w, p, r, d := newWorld(f), person("bob"), keyed(), device()
	w.key(p, r, nil, d)
	options, err := w.BeginPasskeyProof(ctx, p, r, here, false)
	w.ok(err)
	answer, err := d.Get(options)
	w.ok(err)
	_, err = w.ProvePasskey(ctx, p, r, here, answer) // spends the challenge
	w.ok(err)
	for _, s := range []string{string(answer), "", "{}", "[", `{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"","signature":""}}`} {
		f.Add([]byte(s))
	}
	before := w.text(p)
	f.Fuzz(func(t *testing.T, answer []byte) {
		w.t = t
		flag, err := w.ProvePasskey(ctx, p, r, here, answer)
		if err == nil || flag != nil {
			t.Fatalf("%q proves bob", answer)
		}
		v := &Visit{ID: "none", realm: p.Realm, user: p.User}
		if e, err := w.FinishPasskey(ctx, v, p, r, nil, here, answer, named); err == nil || e != nil {
			t.Fatalf("%q registers a passkey", answer)
		}
		if w.text(p) != before {
			t.Fatalf("%q changes the account", answer)
		}
	})
}
