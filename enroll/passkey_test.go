package enroll

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/passkeytest"
)

var here = Party{ID: "portal.example", Name: "Portal", Origin: "https://silva.portal.example"}

// keyed is a tenant that offers passkeys as well.
func keyed() Rules {
	r := silva()
	r.Methods, r.Limits[KindPasskey] = []Kind{KindPasskey, KindTOTP}, 2
	return r
}

func device() *passkeytest.Device { return &passkeytest.Device{Origin: here.Origin, Counts: true} }

func named(maker string) string { return maker }

// key registers a passkey with a device, the whole way.
func (w *world) key(p Person, r Rules, f *Flag, d *passkeytest.Device) *Enrolled {
	w.t.Helper()
	e, err := w.tryKey(p, r, f, d)
	w.ok(err)
	return e
}

func (w *world) tryKey(p Person, r Rules, f *Flag, d *passkeytest.Device) (*Enrolled, error) {
	w.t.Helper()
	v := w.begin(p, r, f)
	options, err := w.BeginPasskey(ctx, v, p, r, f, here, "")
	w.ok(err)
	answer, err := d.Create(options)
	w.ok(err)
	return w.FinishPasskey(ctx, v, p, r, f, here, answer, named)
}

// use proves with a device.
func (w *world) use(p Person, r Rules, d *passkeytest.Device) (*Flag, error) {
	w.t.Helper()
	options, err := w.BeginPasskeyProof(ctx, p, r, here, false)
	w.ok(err)
	answer, err := d.Get(options)
	w.ok(err)
	return w.ProvePasskey(ctx, p, r, here, answer)
}

// detail demands a refusal for a reason, and which of its explanations.
func (w *world) detail(err, want error, detail string) {
	w.t.Helper()
	var e *Error
	if !errors.Is(err, want) || !errors.As(err, &e) || e.Detail != detail {
		w.t.Fatalf("got %v, want %v, %q", err, want, detail)
	}
}

func TestPasskey(t *testing.T) {
	w, p, r, d := newBoltWorld(t), person("bob"), keyed(), device()
	d.AAGUID = [16]byte{0xd5, 0x48, 0x82, 0x6e, 0x79, 0xb4, 0xdb, 0x40, 0xa3, 0xd8, 0x11, 0x11, 0x6f, 0x7e, 0x83, 0x49}
	e := w.key(p, r, nil, d)
	if m := e.Method; m.Kind != KindPasskey || m.Name != "Bitwarden" || !m.Default || m.Tenant != "silva" || m.First != "email" || m.Party != here.ID {
		t.Errorf("%+v", m)
	}
	if len(e.RecoveryCodes) != recoveryCodes || !e.Flag.Resistant || !slices.Equal(e.Flag.AMR, []string{"pop", "user", "mfa"}) {
		t.Errorf("%+v", e)
	}
	w.told("A new way to confirm")
	w.restart()
	w.clock.add(time.Hour)
	f, err := w.use(p, r, d)
	w.ok(err)
	if !f.Resistant || !slices.Equal(f.Methods, []string{"passkey"}) || !slices.Equal(f.AMR, []string{"pop", "user", "mfa"}) || f.Tenant != "silva" || f.First != "email" || !f.At.Equal(w.clock.now()) {
		t.Errorf("%+v", f)
	}
	token, err := w.SignFlag(*f)
	w.ok(err)
	if back, err := w.ReadFlag(token, p.Realm, w.clock.now()); err != nil || !back.Resistant {
		t.Errorf("%+v, %v", back, err)
	}
	if m := w.account(p).Methods[0]; !m.LastUsed.Equal(w.clock.now()) {
		t.Errorf("last used %v", m.LastUsed)
	}
	// An app beside it does not make the flag of a code a strong one.
	v := w.begin(p, r, f)
	setup, err := w.BeginTOTP(ctx, v, p, r, f, "")
	w.ok(err)
	app := newApp(t, setup.Secret)
	_, err = w.FinishTOTP(ctx, v, p, r, f, app.code(t, w.clock.now()), "")
	w.ok(err)
	w.clock.add(time.Minute)
	weak, err := w.ProveTOTP(ctx, p, r, app.code(t, w.clock.now()), false)
	w.ok(err)
	if weak.Resistant || slices.Contains(weak.AMR, "pop") {
		t.Errorf("%+v", weak)
	}
}

// TestPasskey_Options: what browsers are asked for is what the checks demand.
func TestPasskey_Options(t *testing.T) {
	w, p, r, d := newWorld(t), person("bob"), keyed(), device()
	first := w.key(p, r, nil, d)
	f := &first.Flag
	v := w.begin(p, r, f)
	raw, err := w.BeginPasskey(ctx, v, p, r, f, here, "")
	w.ok(err)
	var o struct {
		Challenge, Attestation string
		RP                     struct{ ID, Name string }
		User                   struct{ ID, Name, DisplayName string }
		Exclude                []struct{ ID string }             `json:"excludeCredentials"`
		Selection              struct{ UserVerification string } `json:"authenticatorSelection"`
		Timeout                int
	}
	w.ok(json.Unmarshal(raw, &o))
	if o.RP.ID != here.ID || o.RP.Name != "Portal" || o.User.Name != "bob@example.com" || o.Selection.UserVerification != "required" ||
		o.Attestation != "none" && o.Attestation != "" || len(o.Exclude) != 1 || o.Timeout != 300000 {
		t.Errorf("%s", raw)
	}
	for _, text := range []string{o.Challenge, o.User.ID} {
		if b, err := base64.RawURLEncoding.DecodeString(text); err != nil || len(b) != 32 || bytes.Contains(b, []byte("bob")) {
			t.Errorf("%q", text)
		}
	}
	if _, err := d.Create(raw); !errors.Is(err, passkeytest.ErrExcluded) {
		t.Errorf("the device that has one makes another: %v", err)
	}
	again, err := w.BeginPasskey(ctx, v, p, r, f, here, "")
	w.ok(err)
	if bytes.Equal(raw, again) {
		t.Error("the same challenge twice")
	}
	// The one that is replaced may be on the very device.
	replacing, err := w.BeginPasskey(ctx, v, p, r, f, here, first.Method.ID)
	w.ok(err)
	answer, err := d.Create(replacing)
	w.ok(err)
	_, err = w.FinishPasskey(ctx, v, p, r, f, here, answer, named)
	w.ok(err)
	if ms := w.account(p).Methods; len(ms) != 1 || ms[0].ID == first.Method.ID || !ms[0].Default {
		t.Errorf("%+v", ms)
	}
	// The handle stays, so that authenticators put the new one in the old one's place.
	if !bytes.Equal(d.Keys[0].Handle, d.Keys[1].Handle) {
		t.Error("another user handle")
	}
	raw, err = w.BeginPasskeyProof(ctx, p, r, here, false)
	w.ok(err)
	var get struct {
		Allow            []struct{ ID string } `json:"allowCredentials"`
		UserVerification string
		RPID             string `json:"rpId"`
	}
	w.ok(json.Unmarshal(raw, &get))
	if len(get.Allow) != 1 || get.UserVerification != "required" || get.RPID != here.ID {
		t.Errorf("%s", raw)
	}
}

func TestNewParty(t *testing.T) {
	for name, c := range map[string]struct{ id, scheme, host, origin string }{
		"ok/host":            {"portal.example", "https", "portal.example", "https://portal.example"},
		"ok/port":            {"portal.example", "https", "portal.example:8443", "https://portal.example:8443"},
		"ok/port of https":   {"portal.example", "https", "portal.example:443", "https://portal.example"},
		"ok/letters":         {"portal.example", "https", "Portal.Example", "https://portal.example"},
		"ok/parent":          {"portal.example", "https", "a.portal.example", "https://a.portal.example"},
		"ok/localhost":       {"localhost", "http", "localhost:8480", "http://localhost:8480"},
		"ok/below localhost": {"a.localhost", "http", "a.localhost:80", "http://a.localhost"},
		"ok/related":         {"portal.example", "https", "Portal.test:443", "https://portal.test"},
		"ok/related, below":  {"a.portal.example", "https", "portal.example", "https://portal.example"},
		"fail/related http":  {"localhost", "http", "portal.localhost", ""},
		"fail/related port":  {"portal.example", "https", "portal.test:8443", ""},
		"fail/related dot":   {"portal.example", "https", "portal.test.", ""},
		"fail/related no id": {"", "https", "portal.test", ""},
		"fail/related IP":    {"portal.example", "https", "192.0.2.1", ""},
		"fail/plain http":    {"portal.example", "http", "portal.example", ""},
		"fail/address":       {"127.0.0.1", "http", "127.0.0.1:80", ""},
		"fail/address, six":  {"::1", "https", "[::1]:443", ""},
		"fail/other domain":  {"portal.example", "https", "evilportal.example", ""},
		"fail/below":         {"a.portal.example", "https", "portal.example", ""},
		"fail/no id":         {"", "https", "portal.example", ""},
		"fail/no host":       {"portal.example", "https", "", ""},
		"fail/path":          {"portal.example", "https", "portal.example/x", ""},
		"fail/user":          {"portal.example", "https", "evil@portal.example", ""},
		"fail/query":         {"portal.example", "https", "portal.example?x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			party, err := NewParty(c.id, "", c.scheme, c.host, strings.Contains(name, "related"))
			if (err != nil) != strings.HasPrefix(name, "fail/") || party.Origin != c.origin || err == nil && (party.ID != c.id || party.Name != c.id) {
				t.Errorf("%+v, %v", party, err)
			}
		})
	}
}

// TestPasskeyList: what a browser is told is whole, and told to nobody without a
// proof.
func TestPasskeyList(t *testing.T) {
	w, p, r, d := newWorld(t), person("bob"), keyed(), device()
	first := w.key(p, r, nil, d)
	if l, err := w.Passkeys(ctx, p, &first.Flag, here); err != nil || len(l.IDs) != 1 || l.Party != here.ID || l.User != base64.RawURLEncoding.EncodeToString(d.Keys[0].Handle) {
		t.Errorf("%+v, %v", l, err)
	}
	w.ok(w.Remove(ctx, p, r, &first.Flag, first.Method.ID))
	e, _ := w.enrol(p, r, nil)
	if l, err := w.Passkeys(ctx, p, &e.Flag, here); err != nil || len(l.IDs) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
	_, err := w.Passkeys(ctx, p, nil, here)
	w.refused(err, ErrFreshProof)
	eve, _ := w.enrol(person("eve"), r, nil)
	_, err = w.Passkeys(ctx, p, &eve.Flag, here)
	w.refused(err, ErrFreshProof)
	if l, err := w.Passkeys(ctx, person("eve"), &eve.Flag, here); err != nil || l != nil {
		t.Errorf("%+v, %v", l, err)
	}
}
