package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/passkeytest"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// newKeySite is a site on https that offers passkeys beside apps.
func newKeySite(t *testing.T) *portaltest.Site {
	t.Helper()
	site := newSite(t)
	site.Secure = true
	change(site, func(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindTOTP, enroll.KindPasskey} })
	return site
}

func newDevice() *passkeytest.Device {
	return &passkeytest.Device{Origin: "https://example.com", Counts: true}
}

// confirmed is a visitor who has proven the address.
func confirmed(t *testing.T, site *portaltest.Site, user string) *client {
	t.Helper()
	c := visitor(t, site, user)
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	return c
}

// options are the publicKey of a call that begins.
func (c *client) options(path string) []byte {
	c.t.Helper()
	var told struct{ PublicKey json.RawMessage }
	if err := json.Unmarshal([]byte(c.call("POST", path, "").want(c.t, 200).body), &told); err != nil {
		c.t.Fatal(err)
	}
	return told.PublicKey
}

// created is the device's answer to a registration, used its answer to a proof.
func (c *client) created(d *passkeytest.Device) string {
	c.t.Helper()
	answer, err := d.Create(c.options("/.mfa/api/methods/passkey"))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(answer)
}

func (c *client) used(d *passkeytest.Device) string {
	c.t.Helper()
	answer, err := d.Get(c.options("/.mfa/api/verify/passkey"))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(answer)
}

// keyed is a visitor who has just made a passkey, through the API.
func keyed(t *testing.T, site *portaltest.Site, user string, d *passkeytest.Device) *client {
	t.Helper()
	c := confirmed(t, site, user)
	c.call("POST", "/.mfa/api/methods/passkey/verify", `{"credential":`+c.created(d)+`}`).want(t, 200)
	return c
}

func TestPasskey_API(t *testing.T) {
	site, d := newKeySite(t), newDevice()
	c := visitor(t, site, "bob")
	c.get("/mensagens?pasta=1").want(t, 403)
	if s := c.call("GET", "/.mfa/api/state", "").json(t); s["step"] != "email" || joined(s["offered"]) != "passkey totp" {
		t.Errorf("%v", s)
	}
	c.call("POST", "/.mfa/api/methods/passkey", "").refused(t, 409, "wrong-step")
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	answer := c.created(d)
	done := c.call("POST", "/.mfa/api/methods/passkey/verify", `{"name":"Chave do Bob","credential":`+answer+`}`).want(t, 200).json(t)
	m := done["method"].(map[string]any)
	if m["kind"] != "passkey" || m["name"] != "Chave do Bob" || len(done["recovery_codes"].([]any)) != 10 || done["return_to"] != "/mensagens?pasta=1" {
		t.Errorf("%v", done)
	}
	c.get("/mensagens").want(t, 200)

	site.Clock.Add(13 * time.Hour)
	if s := c.call("GET", "/.mfa/api/state", "").json(t); joined(s["offered"]) != "passkey codes" || len(s["methods"].([]any)) != 0 {
		t.Errorf("before a proof: %v", s)
	}
	again := c.used(d)
	proof := c.call("POST", "/.mfa/api/verify/passkey/verify", `{"to":"/mensagens?pasta=1","credential":`+again+`}`).want(t, 200).json(t)
	if proof["return_to"] != "/mensagens?pasta=1" {
		t.Errorf("%v", proof)
	}
	c.get("/mensagens").want(t, 200)
	c.call("POST", "/.mfa/api/verify/passkey/verify", `{"credential":`+again+`}`).refused(t, 409, "used-code")
	p := c.call("POST", "/.mfa/api/verify/passkey/verify", `{"credential":{}}`).refused(t, 400, "bad-code")
	if p["field"] != "credential" {
		t.Errorf("%v", p)
	}
	id := m["id"].(string)
	c.call("PATCH", "/.mfa/api/methods/"+id, `{"name":"Outra"}`).want(t, 200)
	c.call("DELETE", "/.mfa/api/methods/"+id, "").want(t, 204)
	c.get("/mensagens").want(t, 403)
}

func joined(list any) string {
	var words []string
	for _, w := range list.([]any) {
		words = append(words, w.(string))
	}
	return strings.Join(words, " ")
}

// TestPasskey_WhereNoneCanBe: an address, plain http and another party's host
// offer none, and say no word of them.
func TestPasskey_WhereNoneCanBe(t *testing.T) {
	for name, prepare := range map[string]func(*portaltest.Site, *http.Request){
		"plain http": func(s *portaltest.Site, _ *http.Request) { s.Secure = false },
		"an address": func(_ *portaltest.Site, r *http.Request) { r.Host = "192.0.2.1" },
		"another host": func(s *portaltest.Site, _ *http.Request) {
			change(s, func(r *enroll.Rules) { r.RPID = "portal.example" })
		},
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			site := newKeySite(t)
			c := visitor(t, site, "bob")
			for _, path := range []string{"methods/passkey", "methods/passkey/verify", "verify/passkey", "verify/passkey/verify"} {
				r := httptest.NewRequest("POST", "/.mfa/api/"+path, nil)
				prepare(site, r)
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				a := c.send(r)
				if a.StatusCode != 403 && !(path == "verify/passkey/verify" && a.StatusCode == 400) {
					t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
				}
			}
			r := httptest.NewRequest("GET", "/.mfa/api/state", nil)
			prepare(site, r)
			if s := c.send(r).json(t); joined(s["offered"]) != "totp" {
				t.Errorf("%v", s)
			}
		})
	}
}

// TestPasskey_Wizard: the choice is there where there is one, the strongest
// first; what was chosen can be left for something else (S3.30, S3.47).
func TestPasskey_Wizard(t *testing.T) {
	site := newKeySite(t)
	c := confirmed(t, site, "bob")
	page := c.get("/.mfa/enroll?to=/mensagens").want(t, 200).body
	key, app := strings.Index(page, `href="/.mfa/enroll?to=%2Fmensagens&amp;way=passkey"`), strings.Index(page, `href="/.mfa/enroll?to=%2Fmensagens&amp;way=totp"`)
	if key < 0 || app < key || !strings.Contains(page, "Choose your second step") || !strings.Contains(page, `aria-current="step"><span>Method</span>`) {
		t.Fatalf("%s", page)
	}
	const other = `href="/.mfa/enroll?to=%2Fmensagens&amp;way=choose">I want to set up a different method</a>`
	page = c.get("/.mfa/enroll?to=/mensagens&way=passkey").want(t, 200).body
	for _, want := range []string{
		`<h1>Create a passkey</h1>`, `data-begin="/.mfa/api/methods/passkey"`, `action="/.mfa/api/methods/passkey/verify"`,
		`<input type="hidden" name="to" value="/mensagens">`, other, "JavaScript switched off", `src="/.mfa/assets/passkey-`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the passkey lacks %s", want)
		}
	}
	if page = c.get("/.mfa/enroll?to=/mensagens&way=totp").want(t, 200).body; !strings.Contains(page, "Get an authenticator app") || !strings.Contains(page, other) {
		t.Errorf("%s", page)
	}
	page = c.follow(c.submit("/.mfa/api/methods/totp", "to", "/mensagens")).want(t, 200).body
	if !strings.Contains(page, "otpauth://") || !strings.Contains(page, other) {
		t.Errorf("%s", page)
	}
	if page = c.get("/.mfa/enroll?way=choose").body; !strings.Contains(page, "Choose your second step") {
		t.Errorf("%s", page)
	}
	if page = c.get("/.mfa/enroll?way=sms").body; !strings.Contains(page, "otpauth://") {
		t.Error("an unknown way does not lead to what was begun")
	}
	// Without a script, beginning leads to the page that says what is needed.
	if a := c.submit("/.mfa/api/methods/passkey").want(t, 303); a.Header.Get("Location") != "/.mfa/enroll?way=passkey" {
		t.Errorf("%s", a.Header.Get("Location"))
	}

	change(site, func(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindPasskey} })
	page = c.get("/.mfa/enroll").body
	if !strings.Contains(page, `<h1>Create a passkey</h1>`) || strings.Contains(page, "different method") || !strings.Contains(page, "<span>Passkey</span>") {
		t.Errorf("%s", page)
	}
	site.Secure = false
	c2 := confirmedPlain(t, site, "eve")
	if page = c2.get("/.mfa/enroll").want(t, 403).body; !strings.Contains(page, "Passkeys cannot be used at this address") {
		t.Errorf("%s", page)
	}
}

func confirmedPlain(t *testing.T, site *portaltest.Site, user string) *client {
	t.Helper()
	change(site, func(r *enroll.Rules) { r.First = "none" })
	return visitor(t, site, user)
}

// TestPasskey_Forms: what the script posts is answered with pages, as any form.
func TestPasskey_Forms(t *testing.T) {
	site, d := newKeySite(t), newDevice()
	c := confirmed(t, site, "bob")
	d.Unverified = true
	page := c.submit("/.mfa/api/methods/passkey/verify", "credential", c.created(d), "to", "/mensagens").want(t, 400).body
	if !strings.Contains(page, `<h1>Create a passkey</h1>`) || !strings.Contains(page, `role="alert"><p>Your device did not check that it is you.`) ||
		!strings.Contains(page, "<title>Error: ") {
		t.Errorf("%s", page)
	}
	d.Unverified, d.Keys = false, nil
	d.Origin = "https://example.com.evil.test"
	if page = c.submit("/.mfa/api/methods/passkey/verify", "credential", c.created(d)).want(t, 403).body; !strings.Contains(page, "Your browser answered for another address") {
		t.Errorf("%s", page)
	}
	d.Origin, d.Keys = "https://example.com", nil
	answer := c.created(d)
	site.Clock.Add(6 * time.Minute)
	if page = c.submit("/.mfa/api/methods/passkey/verify", "credential", answer).want(t, 410).body; !strings.Contains(page, "That took too long") || !strings.Contains(page, `<h1>Create a passkey</h1>`) {
		t.Errorf("%s", page)
	}
	d.Keys = nil
	page = c.submit("/.mfa/api/methods/passkey/verify", "credential", c.created(d), "to", "/mensagens").want(t, 200).body
	if !strings.Contains(page, "Save your recovery codes") || strings.Count(page, "<li><code>") != 10 {
		t.Errorf("%s", page)
	}
	if name := c.call("GET", "/.mfa/api/state", "").json(t)["methods"].([]any)[0].(map[string]any)["name"]; name != "Passkey (Firefox on Linux)" {
		t.Errorf("it is called %q", name)
	}
	// A second one, to an account that has one already: no codes, and a name of its own.
	page = c.submit("/.mfa/api/methods/passkey/verify", "credential", c.created(newDevice())).want(t, 200).body
	if !strings.Contains(page, "Your passkey is ready") {
		t.Errorf("%s", page)
	}
	if name := c.call("GET", "/.mfa/api/state", "").json(t)["methods"].([]any)[1].(map[string]any)["name"]; name != "Passkey (Firefox on Linux) 2" {
		t.Errorf("it is called %q", name)
	}

	site.Clock.Add(13 * time.Hour)
	page = c.follow(c.get("/mensagens")).want(t, 200).body
	for _, want := range []string{
		`data-passkey="get" data-begin="/.mfa/api/verify/passkey"`, `action="/.mfa/api/verify/passkey/verify?way=passkey"`,
		"Use a recovery code", "Lost your passkey and your codes?",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "Firefox on Linux") {
		t.Error("a device is named before a proof")
	}
	d.Forge = true
	if page = c.submit("/.mfa/api/verify/passkey/verify", "credential", c.used(d)).want(t, 400).body; !strings.Contains(page, "That passkey was not accepted") || !strings.Contains(page, "data-passkey=") {
		t.Errorf("%s", page)
	}
	d.Forge = false
	if page = c.submit("/.mfa/api/verify/passkey/verify", "credential", c.used(d), "to", "/mensagens").want(t, 200).body; !strings.Contains(page, "Thank you, confirmed") {
		t.Errorf("%s", page)
	}
	c.get("/mensagens").want(t, 200)
}
