package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// party is who passkeys are for at this address; without an id where there can be
// none (an IP address, plain http, a host that is not the tenant's).
func (t *turn) party() enroll.Party {
	party, err := enroll.NewParty(t.v.Rules.RPID, t.v.Rules.TenantName, t.v.Scheme, t.v.Host, t.v.Rules.Related)
	if err != nil {
		return enroll.Party{}
	}
	return party
}

// beginPasskey is POST methods/passkey. Its answer is for a script: a form that
// asks for it without one is shown the page that says so.
func (t *turn) beginPasskey() {
	t.way = string(enroll.KindPasskey)
	z, err := t.wizard()
	if err == nil {
		err = t.inOrder(z, "methods")
	}
	if err == nil && t.form {
		t.see(withQuery(t.page("/enroll"), "way", t.way))
		return
	}
	var options json.RawMessage
	if err == nil {
		options, err = t.p.service.BeginPasskey(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.party(), t.in["replaces"])
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.v.step("secret")
	t.json(http.StatusOK, map[string]any{"publicKey": options})
}

// finishPasskey is POST methods/passkey/verify.
func (t *turn) finishPasskey() {
	z, err := t.finishing(enroll.KindPasskey)
	var done *enroll.Enrolled
	if err == nil {
		done, err = t.p.service.FinishPasskey(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, t.party(),
			[]byte(t.in["credential"]), func(maker string) string { return t.keyName(z.account, maker) })
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.enrolled(z, done)
}

// keyName is the name that was given, else that of the authenticator's maker, else
// that of the browser, with a number where the person has one of that name.
func (t *turn) keyName(a *enroll.Account, maker string) string {
	if name := strings.TrimSpace(t.in["name"]); name != "" {
		return name
	}
	name := maker
	if name == "" {
		name = unmarked(t.s.T("passkey.name", "browser", browserName(t.s, t.v.UserAgent)))
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(a.Methods, func(m enroll.Method) bool { return m.Name == name })
	}
	unique := name
	for n := 2; taken(unique); n++ {
		unique = name + " " + strconv.Itoa(n)
	}
	return unique
}

// beginKeyProof is POST verify/passkey.
func (t *turn) beginKeyProof() {
	if t.form {
		t.beginProof(enroll.KindPasskey)
		return
	}
	options, err := t.p.service.BeginPasskeyProof(t.r.Context(), t.v.Person, t.rules(), t.party(), t.knownBrowser())
	if err != nil {
		t.problem(err)
		return
	}
	t.json(http.StatusOK, map[string]any{"publicKey": options})
}

// readCredential keeps what an authenticator answered as the JSON text that it
// is. A text that holds JSON, which is what a form sends, is as good.
func readCredential(d *json.Decoder, in map[string]string) error {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	text := string(raw)
	if text[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return fmt.Errorf("reading JSON: %w", err)
		}
	}
	if text == "null" {
		text = ""
	}
	in["credential"] = text
	return nil
}
