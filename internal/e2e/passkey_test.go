package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll/passkeytest"
	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// answer asks the gate for a challenge and has a device answer it.
func answer(t *testing.T, v *apptest.Visitor, path string, with func([]byte) ([]byte, error)) map[string]any {
	t.Helper()
	begun := v.Call(http.MethodPost, path, map[string]any{})
	options := begun.JSON("publicKey")
	if begun.Status != http.StatusOK || options == "" {
		t.Fatalf("%s: %d %s", path, begun.Status, begun.Body)
	}
	got, err := with([]byte(options))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"credential": json.RawMessage(got)}
}

const (
	addKey = "/.mfa/api/methods/passkey"
	useKey = "/.mfa/api/verify/passkey"
)

// enrolKey makes a passkey with a device.
func enrolKey(t *testing.T, v *apptest.Visitor, device *passkeytest.Device) apptest.Answer {
	t.Helper()
	v.VerifyEmail()
	done := v.Call(http.MethodPost, addKey+"/verify", answer(t, v, addKey, device.Create))
	if done.Status != http.StatusOK || done.JSON("method.kind") != "passkey" {
		t.Fatalf("finishing: %d %s", done.Status, done.Body)
	}
	return done
}

// TestPasskey_Calls: the calls of the API, through a running Caddy.
func TestPasskey_Calls(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "carla")
	device := &passkeytest.Device{Origin: d.URL, Counts: true}
	wantBlocked(t, v, "/documentos-recebidos/1")
	done := enrolKey(t, v, device)
	if done.JSON("return_to") != "/documentos-recebidos/1" || !strings.Contains(done.JSON("method.name"), "Chave de acesso") {
		t.Errorf("%s", done.Body)
	}
	if got := v.Open("/documentos-recebidos"); got.Status != http.StatusOK {
		t.Errorf("after enrolling: %d", got.Status)
	}
	hits := d.Portal.Hits(t)
	if h := hits[len(hits)-1].Header; h.Get("Mfa-Methods") != "passkey" || h.Get("Mfa-Status") != "verified" {
		t.Errorf("the application is told %v", h)
	}

	again := as(t, d, "carla")
	wantVerify(t, again, "/mensagens")
	phished := answer(t, again, useKey, (&passkeytest.Device{Origin: "http://localhost.evil.example", Keys: device.Keys}).Get)
	wantReason(t, again.Call(http.MethodPost, useKey+"/verify", phished), http.StatusForbidden, "not-here")
	for name, liar := range map[string]*passkeytest.Device{
		"another relying party": {Origin: d.URL, RP: "evil.example"}, "no user verification": {Origin: d.URL, Unverified: true},
		"another key": {Origin: d.URL, Forge: true}, "another user": {Origin: d.URL, Handle: []byte("ana")},
	} {
		liar.Counts, liar.Keys = true, device.Keys
		got := again.Call(http.MethodPost, useKey+"/verify", answer(t, again, useKey, liar.Get))
		if got.Status != http.StatusBadRequest || got.JSON("reason") != "bad-code" {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	wantVerify(t, again, "/mensagens")
	proof := answer(t, again, useKey, device.Get)
	if got := again.Call(http.MethodPost, useKey+"/verify", proof); got.Status != http.StatusOK {
		t.Fatalf("proving: %d %s", got.Status, got.Body)
	}
	if got := again.Open("/mensagens"); got.Status != http.StatusOK {
		t.Errorf("after the proof: %d", got.Status)
	}
	third := as(t, d, "carla")
	wantReason(t, third.Call(http.MethodPost, useKey+"/verify", proof), http.StatusConflict, "used-code")
	wantVerify(t, third, "/mensagens")

	d.Caddy.Stop(t)
	d.StartCaddy(t)
	if got := again.Open("/mensagens"); got.Status != http.StatusOK {
		t.Errorf("after a restart: %d", got.Status)
	}
	if got := third.Call(http.MethodPost, useKey+"/verify", answer(t, third, useKey, device.Get)); got.Status != http.StatusOK {
		t.Errorf("after a restart: %d %s", got.Status, got.Body)
	}
	// The office of others does not offer passkeys, so none can be made there.
	wantReason(t, as(t, d, "ana").Call(http.MethodPost, addKey, map[string]any{}), http.StatusForbidden, "not-offered")
}

// TestPasskey_AreaThatTakesNothingElse: whoever proved with a code is asked for a
// passkey where the policy says so, and sent to make one where there is none.
func TestPasskey_AreaThatTakesNothingElse(t *testing.T) {
	d := apptest.StartDemo(t, apptest.WithoutPolicyTests,
		apptest.Policy("  methods: [totp]\n", "  methods: [passkey, totp]\n"),
		apptest.Policy("    - path: /mensagens # one area under two addresses\n", "    - path: /mensagens\n      require: phishing-resistant\n"))
	v := as(t, d, "carla")
	app := v.Enrol().App
	if got := v.Open("/documentos-recebidos"); got.Status != http.StatusOK {
		t.Fatalf("where any factor will do: %d", got.Status)
	}
	d.Portal.Forget(t)
	if got := wantBlocked(t, v, "/mensagens"); !strings.Contains(got.Body, "Crie uma chave de acesso para abrir Mensagens") {
		t.Errorf("%s", got.Body)
	}
	wantReason(t, v.Call(http.MethodGet, "/mensagens", nil), http.StatusForbidden, "enroll")
	wantNoHits(t, d)
	device := &passkeytest.Device{Origin: d.URL}
	if got := v.Call(http.MethodPost, addKey+"/verify", answer(t, v, addKey, device.Create)); got.Status != http.StatusOK {
		t.Fatalf("finishing: %d %s", got.Status, got.Body)
	}
	wantPassed(t, v, "/mensagens")

	again := as(t, d, "carla")
	again.Prove(app)
	if got := again.Open("/documentos-recebidos"); got.Status != http.StatusOK {
		t.Errorf("with a code: %d", got.Status)
	}
	wantReason(t, again.Call(http.MethodGet, "/mensagens", nil), http.StatusForbidden, "weak")
	wantVerify(t, again, "/mensagens")
	again.Call(http.MethodPost, useKey+"/verify", answer(t, again, useKey, device.Get))
	wantPassed(t, again, "/mensagens")
}

// TestPasskey_Endpoints: password managers are told where passkeys are made.
func TestPasskey_Endpoints(t *testing.T) {
	const path = "/.well-known/passkey-endpoints"
	d := apptest.StartDemo(t)
	v := apptest.NewVisitor(t, d.URL)
	got := v.Open(path)
	if got.Status != http.StatusOK || got.Header.Get("Content-Type") != "application/json" ||
		got.JSON("enroll") != d.URL+"/.mfa/enroll?way=passkey" || got.JSON("manage") != d.URL+"/.mfa/" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	wantNoHits(t, d)
	if got := v.Do(http.MethodPost, path, ""); got.JSON("enroll") != "" {
		t.Errorf("a POST: %s", got.Body)
	}
	without := apptest.StartDemo(t, apptest.WithoutPolicyTests, apptest.Policy("    methods: [passkey, totp] # the choice is the client's, the strongest first\n", ""))
	if got := apptest.NewVisitor(t, without.URL).Open(path); got.Status == http.StatusOK {
		t.Errorf("where there are none: %d %s", got.Status, got.Body)
	}
}

// TestPasskey_OtherHost: where base_url names the host, a request by another name
// makes no passkeys: they would be for that name.
func TestPasskey_OtherHost(t *testing.T) {
	d := apptest.StartDemo(t, apptest.Caddyfile("base_url http://localhost:{$PORT:8480}", "base_url http://portal.localhost:8480"))
	v := as(t, d, "carla")
	if got := v.Call(http.MethodGet, "/.mfa/api/state", nil); strings.Contains(got.JSON("offered"), "passkey") {
		t.Errorf("offered: %s", got.Body)
	}
	v.VerifyEmail()
	wantReason(t, v.Call(http.MethodPost, addKey, map[string]any{}), http.StatusForbidden, "not-offered")
	if got := v.Open("/.well-known/passkey-endpoints"); got.Status == http.StatusOK {
		t.Errorf("%s", got.Body)
	}
}
