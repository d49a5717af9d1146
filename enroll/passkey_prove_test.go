package enroll

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll/passkeytest"
)

// TestPasskey_WrongRegistration: nothing of a wrong answer is kept.
func TestPasskey_WrongRegistration(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*passkeytest.Device)
		want   error
		detail string
	}{
		"fail/origin of a phishing site":  {func(d *passkeytest.Device) { d.Origin = "https://silva.portal.example.evil.test" }, ErrNotHere, "passkey"},
		"fail/sister origin":              {func(d *passkeytest.Device) { d.Origin = "https://costa.portal.example" }, ErrNotHere, "passkey"},
		"fail/origin with a port":         {func(d *passkeytest.Device) { d.Origin += ":8443" }, ErrNotHere, "passkey"},
		"fail/origin with a path":         {func(d *passkeytest.Device) { d.Origin += "/x" }, ErrNotHere, "passkey"},
		"fail/plain http":                 {func(d *passkeytest.Device) { d.Origin = "http://silva.portal.example" }, ErrNotHere, "passkey"},
		"fail/in another site's frame":    {func(d *passkeytest.Device) { d.CrossOrigin = true }, ErrNotHere, "passkey"},
		"fail/another relying party":      {func(d *passkeytest.Device) { d.RP = "evil.test" }, ErrBadCode, "passkey"},
		"fail/host instead of the parent": {func(d *passkeytest.Device) { d.RP = "silva.portal.example" }, ErrBadCode, "passkey"},
		"fail/no user verification":       {func(d *passkeytest.Device) { d.Unverified = true }, ErrBadCode, "unverified"},
		"fail/nobody there":               {func(d *passkeytest.Device) { d.Absent = true }, ErrBadCode, "passkey"},
		"fail/an answer to a proof":       {func(d *passkeytest.Device) { d.Type = "webauthn.get" }, ErrBadCode, "passkey"},
		"fail/challenge of its own":       {func(d *passkeytest.Device) { d.Challenge = make([]byte, 32) }, ErrExpired, "passkey"},
		"fail/empty challenge":            {func(d *passkeytest.Device) { d.Challenge = []byte{} }, ErrExpired, "passkey"},
	} {
		t.Run(name, func(t *testing.T) {
			w, p, r, d := newWorld(t), person("bob"), keyed(), device()
			c.change(d)
			_, err := w.tryKey(p, r, nil, d)
			w.detail(err, c.want, c.detail)
			if a := w.account(p); len(a.Methods) != 0 || a.Had || a.CodesLeft != 0 {
				t.Errorf("kept: %+v", a)
			}
		})
	}
}

// TestPasskey_WrongProof: no flag for a wrong answer, and nothing is learnt from
// it but what is wrong.
func TestPasskey_WrongProof(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*passkeytest.Device)
		want   error
		detail string
	}{
		"fail/origin of a phishing site": {func(d *passkeytest.Device) { d.Origin = "https://evil.test" }, ErrNotHere, "passkey"},
		"fail/sister origin":             {func(d *passkeytest.Device) { d.Origin = "https://costa.portal.example" }, ErrNotHere, "passkey"},
		"fail/in another site's frame":   {func(d *passkeytest.Device) { d.CrossOrigin = true }, ErrNotHere, "passkey"},
		"fail/another relying party":     {func(d *passkeytest.Device) { d.RP = "evil.test" }, ErrBadCode, "passkey"},
		"fail/no user verification":      {func(d *passkeytest.Device) { d.Unverified = true }, ErrBadCode, "unverified"},
		"fail/nobody there":              {func(d *passkeytest.Device) { d.Absent = true }, ErrBadCode, "passkey"},
		"fail/another's signature":       {func(d *passkeytest.Device) { d.Forge = true }, ErrBadCode, "passkey"},
		"fail/another's user handle":     {func(d *passkeytest.Device) { d.Handle = []byte("eve") }, ErrBadCode, "passkey"},
		"fail/an answer to registering":  {func(d *passkeytest.Device) { d.Type = "webauthn.create" }, ErrBadCode, "passkey"},
		"fail/challenge of its own":      {func(d *passkeytest.Device) { d.Challenge = make([]byte, 32) }, ErrExpired, "passkey"},
		"fail/backup eligible since":     {func(d *passkeytest.Device) { d.Synced = true }, ErrBadCode, "passkey"},
	} {
		t.Run(name, func(t *testing.T) {
			w, p, r, d := newWorld(t), person("bob"), keyed(), device()
			w.key(p, r, nil, d)
			before := w.text(p)
			c.change(d)
			f, err := w.use(p, r, d)
			w.detail(err, c.want, c.detail)
			if f != nil || w.text(p) != before {
				t.Error("something has changed")
			}
		})
	}
	t.Run("fail/not JSON", func(t *testing.T) {
		w, p, r, d := newWorld(t), person("bob"), keyed(), device()
		w.key(p, r, nil, d)
		for _, text := range []string{"", "{}", "[]", "null", `{"id":"YQ","rawId":"YQ","type":"public-key","response":{}}`, strings.Repeat("[", 60000)} {
			_, err := w.ProvePasskey(ctx, p, r, here, []byte(text))
			w.detail(err, ErrBadCode, "passkey")
			v := w.begin(p, r, w.prove(p, r, d))
			_, err = w.FinishPasskey(ctx, v, p, r, nil, here, []byte(text), named)
			w.detail(err, ErrBadCode, "passkey")
		}
	})
}

// prove is use, of what works.
func (w *world) prove(p Person, r Rules, d *passkeytest.Device) *Flag {
	w.t.Helper()
	f, err := w.use(p, r, d)
	w.ok(err)
	return f
}

// TestPasskey_OfAnother: a credential of another person opens nothing, even one
// that was made with the same device.
func TestPasskey_OfAnother(t *testing.T) {
	w, bob, eve, r, d := newWorld(t), person("bob"), person("eve"), keyed(), device()
	w.key(bob, r, nil, d)
	w.key(eve, r, nil, d)
	if bytes.Equal(d.Keys[0].Handle, d.Keys[1].Handle) {
		t.Fatal("two people of one user handle")
	}
	options, err := w.BeginPasskeyProof(ctx, bob, r, here, false)
	w.ok(err)
	var o struct{ Challenge string }
	w.ok(json.Unmarshal(options, &o))
	challenge, err := base64.RawURLEncoding.DecodeString(o.Challenge)
	w.ok(err)
	answer, err := d.Sign(d.Keys[1], here.ID, challenge)
	w.ok(err)
	_, err = w.ProvePasskey(ctx, bob, r, here, answer)
	w.detail(err, ErrBadCode, "unknown")
}

// TestPasskey_Clone: a counter that does not grow is refused, from whichever copy
// it comes, and its owner is told once.
func TestPasskey_Clone(t *testing.T) {
	w, p, r, d := newWorld(t), person("bob"), keyed(), device()
	w.key(p, r, nil, d)
	copied := &passkeytest.Device{Origin: here.Origin, Counts: true, Keys: []*passkeytest.Key{d.Keys[0].Clone()}}
	for range 3 {
		_, err := w.use(p, r, d)
		w.ok(err)
	}
	_, err := w.use(p, r, copied)
	w.detail(err, ErrBadCode, "copied")
	w.told("may be a copy of it")
	if m := w.account(p).Methods[0]; !m.Copied {
		t.Error("not marked")
	}
	before := len(w.post.all())
	_, err = w.use(p, r, copied)
	w.detail(err, ErrBadCode, "copied")
	w.mails.Wait()
	if len(w.post.all()) != before {
		t.Error("told again")
	}
	_, err = w.use(p, r, d)
	w.ok(err)
	if !w.account(p).Methods[0].Copied {
		t.Error("forgotten")
	}
	// Synced passkeys do not count: 0 and 0 is no sign of anything.
	eve, synced := person("eve"), &passkeytest.Device{Origin: here.Origin, Synced: true}
	w.key(eve, r, nil, synced)
	for range 2 {
		_, err := w.use(eve, r, synced)
		w.ok(err)
	}
	// One that counted and stands at 0 again has gone back.
	d.Counts, d.Keys[0].Count = false, 0
	_, err = w.use(p, r, d)
	w.detail(err, ErrBadCode, "copied")
}

// TestPasskey_Removed: what is gone proves nothing, also with a challenge that
// was given before.
func TestPasskey_Removed(t *testing.T) {
	w, p, r, d := newWorld(t), person("bob"), keyed(), device()
	first := w.key(p, r, nil, d)
	second := device()
	f := &w.key(p, r, &first.Flag, second).Flag
	options, err := w.BeginPasskeyProof(ctx, p, r, here, false)
	w.ok(err)
	answer, err := d.Get(options)
	w.ok(err)
	w.ok(w.Remove(ctx, p, r, f, first.Method.ID))
	_, err = w.ProvePasskey(ctx, p, r, here, answer)
	w.detail(err, ErrBadCode, "unknown")
	_, err = w.use(p, r, second)
	w.ok(err)
	options, err = w.BeginPasskeyProof(ctx, p, r, here, false)
	w.ok(err)
	if _, err := d.Get(options); !errors.Is(err, passkeytest.ErrNone) {
		t.Errorf("the removed one is still asked for: %v", err)
	}
}
