package portal_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestPasskey_StrongArea: what takes a passkey alone offers nothing else, to whoever
// has none and to whoever proved something weaker.
func TestPasskey_StrongArea(t *testing.T) {
	site, d := newKeySite(t), newDevice()
	site.Strong["/mensagens"] = true
	c, key, _ := enrolled(t, site, "bob")
	c.get("/documentos-recebidos").want(t, 200)
	page := c.get("/mensagens").want(t, 403).body
	if !strings.Contains(page, "Create a passkey to open Mensagens") || !strings.Contains(page, "Another second step is not enough here") {
		t.Errorf("%s", page)
	}
	if p := c.call("GET", "/mensagens", "").refused(t, 403, "enroll"); joined(p["methods"]) != "passkey" {
		t.Errorf("%v", p)
	}
	if page = c.get("/.mfa/enroll?to=/mensagens").want(t, 200).body; !strings.Contains(page, "<h1>Create a passkey</h1>") || strings.Contains(page, "different method") {
		t.Errorf("%s", page)
	}
	if s := c.call("GET", "/.mfa/api/state?to=/mensagens", "").json(t); s["step"] != "method" {
		t.Errorf("%v", s)
	}
	page = c.submit("/.mfa/api/methods/passkey/verify", "credential", c.created(d), "to", "/mensagens").want(t, 200).body
	if !strings.Contains(page, "Your passkey is ready") {
		t.Errorf("%s", page)
	}
	c.get("/mensagens").want(t, 200)

	// With a code, the area asks once more, for the passkey and nothing else.
	site.Clock.Add(13 * time.Hour)
	c.submit("/.mfa/api/verify/totp/verify", "code", appCode(t, site, key)).want(t, 200)
	c.get("/documentos-recebidos").want(t, 200)
	page = c.follow(c.get("/mensagens")).want(t, 200).body
	if !strings.Contains(page, "This needs a passkey") || !strings.Contains(page, `data-passkey="get"`) || strings.Contains(page, "way=totp") || strings.Contains(page, "way=codes") {
		t.Errorf("%s", page)
	}
	r := httptest.NewRequest("GET", "/mensagens", nil)
	r.Header.Set("Authorization", "Bearer x")
	a := c.send(r).want(t, 401)
	if h := a.Header.Get("WWW-Authenticate"); !strings.Contains(h, `acr_values="phr"`) {
		t.Errorf("%s", h)
	}
	if p := a.json(t); p["reason"] != "weak" || joined(p["methods"]) != "passkey" {
		t.Errorf("%v", p)
	}
	c.submit("/.mfa/api/verify/passkey/verify", "credential", c.used(d), "to", "/mensagens").want(t, 200)
	c.get("/mensagens").want(t, 200)
}

// TestDesign_M14_APasskeyOfAnotherHostIsNone: a passkey that was made at another host cannot be
// used here, so one for this host is made with the proof that can be given.
func TestDesign_M14_APasskeyOfAnotherHostIsNone(t *testing.T) {
	site, d := newKeySite(t), newDevice()
	c := keyed(t, site, "bob", d)
	_ = c.call("POST", "/.mfa/api/methods/totp", "")
	site.Strong["/mensagens"] = true
	change(site, func(r *enroll.Rules) { r.RPID = "com" }) // above example.com, and not its own name
	if s := c.call("GET", "/.mfa/api/state", "").json(t); joined(s["offered"]) != "passkey totp" {
		t.Errorf("%v", s)
	}
	site.Clock.Add(13 * time.Hour)
	page := c.get("/.mfa/verify").want(t, 200).body
	if strings.Contains(page, "data-passkey=") || !strings.Contains(page, "Recovery code") {
		t.Errorf("%s", page)
	}
	c.call("POST", "/.mfa/api/verify/passkey", "").refused(t, 403, "not-offered")
}

// TestPasskey_Manage: the list says which is what, and a passkey is changed only
// after a proof of the last five minutes, whatever holds for apps.
func TestPasskey_Manage(t *testing.T) {
	site, d := newKeySite(t), newDevice()
	change(site, func(r *enroll.Rules) { r.Manage = 0 })
	c, _, _ := enrolled(t, site, "bob")
	c.submit("/.mfa/api/methods/passkey/verify", "credential", c.created(d)).want(t, 200)
	page := c.get("/.mfa/").want(t, 200).body
	for _, want := range []string{"Your ways to verify", "Passkey. Added <time datetime=\"2026-11-24T", ">24 November 2026</time>", "Authenticator app. Added", "Add another way", "Passkey (Firefox on Linux)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if n := strings.Count(page, `value="rename"`); n != 2 || strings.Contains(page, "confirm first that it is you") {
		t.Errorf("%d can be changed:\n%s", n, page)
	}
	site.Clock.Add(6 * time.Minute)
	page = c.get("/.mfa/").want(t, 200).body
	if n := strings.Count(page, `value="rename"`); n != 1 || !strings.Contains(page, "confirm first that it is you") {
		t.Errorf("%d can be changed after six minutes", n)
	}
	if a := c.get("/.mfa/enroll?add=1&way=passkey").want(t, 303); a.Header.Get("Location") != "/.mfa/verify?next=add" {
		t.Errorf("%s", a.Header.Get("Location"))
	}
	if page = c.get("/.mfa/enroll?add=1").want(t, 200).body; !strings.Contains(page, "Choose your second step") {
		t.Errorf("%s", page)
	}
	var id string
	for _, m := range c.call("GET", "/.mfa/api/state", "").json(t)["methods"].([]any) {
		if m := m.(map[string]any); m["kind"] == "passkey" {
			id = m["id"].(string)
		}
	}
	c.call("DELETE", "/.mfa/api/methods/"+id, "").refused(t, 403, "needs-fresh-proof")
	copied := newDevice()
	copied.Keys = append(copied.Keys, d.Keys[0].Clone())
	c.submit("/.mfa/api/verify/passkey/verify?next=manage", "credential", c.used(d)).want(t, 303)
	c.call("POST", "/.mfa/api/verify/passkey/verify", `{"credential":`+c.used(copied)+`}`).refused(t, 400, "bad-code")
	page = c.get("/.mfa/").want(t, 200).body
	if !strings.Contains(page, "There may be a copy of this passkey") {
		t.Errorf("%s", page)
	}
	if page = c.get("/.mfa/?remove="+id).want(t, 200).body; !strings.Contains(page, "Delete it from your device or password manager as well") {
		t.Errorf("%s", page)
	}
	c.submit("/.mfa/api/methods/"+id, "action", "remove").want(t, 303)
}

// TestS3_37_FiveMinutesToTheSecond: a proof that is five minutes old lets a passkey
// be added, renamed and removed; one second more and each is refused, nothing is
// changed, and a new proof opens it again.
func TestS3_37_FiveMinutesToTheSecond(t *testing.T) {
	for name, late := range map[string]time.Duration{"ok/5 min": 0, "fail/5 min 1 s": time.Second} {
		t.Run(name, func(t *testing.T) {
			site, d := newKeySite(t), newDevice()
			change(site, func(r *enroll.Rules) { r.Manage = 0 }) // for apps, any proof of the session
			c := keyed(t, site, "ana", d)
			id := methodsOf(t, c)[0].ID
			site.Clock.Add(5*time.Minute + late)
			calls := []func() *answer{
				func() *answer { return c.call("POST", "/.mfa/api/methods/passkey", "") },
				func() *answer { return c.call("PATCH", "/.mfa/api/methods/"+id, `{"name":"Chave"}`) },
				func() *answer { return c.call("DELETE", "/.mfa/api/methods/"+id, "") },
			}
			if late == 0 {
				for i, status := range []int{200, 200, 204} {
					calls[i]().want(t, status)
				}
				return
			}
			for _, call := range calls {
				call().refused(t, 403, "needs-fresh-proof")
			}
			if m := methodsOf(t, c); len(m) != 1 || m[0].Name == "Chave" {
				t.Errorf("a refusal changed something: %v", m)
			}
			c.call("POST", "/.mfa/api/methods/totp", "").want(t, 200) // an app may be added
			c.call("POST", "/.mfa/api/verify/passkey/verify", `{"credential":`+c.used(d)+`}`).want(t, 200)
			calls[1]().want(t, 200)
		})
	}
}

// TestPasskey_OfAnotherHost_ByMail: whoever comes back by mail, where the passkey
// cannot be used, is let in, makes none, and is told what to do instead of being
// sent in a circle.
func TestPasskey_OfAnotherHost_ByMail(t *testing.T) {
	site, d := newKeySite(t), newDevice()
	c := keyed(t, site, "bob", d)
	site.Strong["/mensagens"] = true
	change(site, func(r *enroll.Rules) { r.RPID, r.Recovery = "com", []enroll.Kind{enroll.KindEmail} })
	site.Clock.Add(13 * time.Hour)
	c.submit("/.mfa/api/verify/email?way=email").want(t, 303)
	c.submit("/.mfa/api/verify/email/verify?way=email", "code", mailed(t, site)).want(t, 200)
	c.get("/documentos-recebidos").want(t, 200)
	c.call("POST", "/.mfa/api/methods/totp", "").refused(t, 403, "needs-fresh-proof")
	for _, next := range []string{"manage", "add&to=/mensagens"} {
		page := c.get("/.mfa/verify?next="+next).want(t, 403).body
		if !strings.Contains(page, "reset your second step") || strings.Contains(page, "Mail me a code") || !strings.Contains(page, `<a class="button" href="/">Back to the start page</a>`) {
			t.Errorf("%s", page)
		}
	}
}
