package portal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// mailedMethods lets people choose codes by mail beside an app.
func mailedMethods(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindTOTP, enroll.KindEmail} }

// TestEmailMethod_Pages: the way of somebody without scripts, from the choice to
// the proof at the next sign-in.
func TestEmailMethod_Pages(t *testing.T) {
	site := newSite(t)
	change(site, mailedMethods)
	c := confirmed(t, site, "ana")
	if page := c.get("/.mfa/enroll").want(t, 200); !strings.Contains(page.body, "Code by email") || !strings.Contains(page.body, "Authenticator app") ||
		strings.Index(page.body, "Authenticator app") > strings.Index(page.body, "Code by email") {
		t.Errorf("the choice: %s", page.body)
	}
	page := c.get("/.mfa/enroll?way=email").want(t, 200)
	if !strings.Contains(page.body, `action="/.mfa/api/methods/email/verify"`) || !strings.Contains(page.body, "a•••@cliente.example") || strings.Contains(page.body, `name="code"`) {
		t.Errorf("the page: %s", page.body)
	}
	before := len(site.Mails.All())
	done := c.submit("/.mfa/api/methods/email/verify").want(t, 200)
	if !strings.Contains(done.body, "Save your recovery codes") {
		t.Errorf("the last page: %s", done.body)
	}
	for _, m := range site.Mails.All()[before:] {
		if strings.Contains(m.Subject, "Your code") {
			t.Error("a second code was mailed for a mailbox that was proven a moment ago")
		}
	}
	if list := c.get("/.mfa/").want(t, 200); !strings.Contains(list.body, "Code by email (<bdi translate=\"no\" dir=\"ltr\">a•••@cliente.example</bdi>)") {
		t.Errorf("the list: %s", list.body)
	}

	site.Clock.Add(time.Minute)
	again := signedInAgain(t, c)
	asked := again.follow(again.get("/mensagens/7"))
	if strings.Contains(asked.body, "cliente.example") || strings.Contains(asked.body, `name="code"`) || !strings.Contains(asked.body, "Send me the code") {
		t.Errorf("before the code is sent, the page: %s", asked.body)
	}
	send := "/.mfa/api/verify/email?way=email"
	site.Mails.Fail(errors.New("down"))
	if down := again.submit(send, "to", "/mensagens/7").want(t, 503); !strings.Contains(down.body, "could not be sent") {
		t.Errorf("the page: %s", down.body)
	}
	site.Mails.Fail(nil)
	sent := again.follow(again.submit(send, "to", "/mensagens/7"))
	if !strings.Contains(sent.body, `name="code"`) || !strings.Contains(sent.body, `data-digits="8"`) || strings.Contains(sent.body, "cliente.example") {
		t.Errorf("after it, the page: %s", sent.body)
	}
	verify := "/.mfa/api/verify/email/verify?way=email"
	if wrong := again.submit(verify, "code", "00000000").want(t, 400); !strings.Contains(wrong.body, "4 tries left") || !strings.Contains(wrong.body, `id="code-problem"`) {
		t.Errorf("the page: %s", wrong.body)
	}
	code := mailed(t, site)
	thief := signedInAgain(t, c)
	if stolen := thief.submit(verify, "code", code).want(t, 409); strings.Contains(stolen.body, `name="code"`) {
		t.Errorf("a browser that asked for nothing: %s", stolen.body)
	}
	again.submit(verify, "code", code, "to", "/mensagens/7").want(t, 200)
	again.get("/mensagens/7").want(t, 200)
	again.submit(verify, "code", code).want(t, 409)
}

// TestEmailMethod_Calls: the same as a program does it, with what each call says.
func TestEmailMethod_Calls(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { mailedMethods(r); r.First = "none" })
	c := visitor(t, site, "ana")
	begun := c.call("POST", "/.mfa/api/methods/email", "").want(t, 200).json(t)
	if begun["masked"] != "a•••@cliente.example" || begun["verified"] != false || begun["expires"] == nil {
		t.Errorf("got %v", begun)
	}
	if page := c.get("/.mfa/enroll").want(t, 200); !strings.Contains(page.body, `action="/.mfa/api/methods/email/verify"`) || !strings.Contains(page.body, `name="code"`) {
		t.Errorf("the page: %s", page.body)
	}
	c.call("POST", "/.mfa/api/methods/email/verify", `{"code":"12345678"}`).refused(t, 400, "bad-code")
	done := c.call("POST", "/.mfa/api/methods/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200).json(t)
	if m := done["method"].(map[string]any); m["kind"] != "email" || m["name"] != "Codes by email" || len(done["recovery_codes"].([]any)) != 10 {
		t.Errorf("got %v", done)
	}
	site.Clock.Add(time.Minute)
	again := signedInAgain(t, c)
	if state := again.call("GET", "/.mfa/api/state", "").json(t); state["offered"].([]any)[0] != "email" {
		t.Errorf("got %v", state)
	}
	again.call("POST", "/.mfa/api/verify/email/verify", `{"code":"12345678"}`).refused(t, 409, "wrong-step")
	if asked := again.call("POST", "/.mfa/api/verify/email", "").want(t, 200); strings.Contains(asked.body, "cliente") || asked.json(t)["kind"] != "email" {
		t.Errorf("got %s", asked.body)
	}
	site.Clock.Add(11 * time.Minute)
	late := again.call("POST", "/.mfa/api/verify/email/verify", `{"code":"`+mailed(t, site)+`"}`).refused(t, 410, "expired")
	if !strings.Contains(late["detail"].(string), "Ask for a new one") {
		t.Errorf("got %v", late)
	}
	again.call("POST", "/.mfa/api/verify/email", "").want(t, 200)
	again.call("POST", "/.mfa/api/verify/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	again.get("/mensagens").want(t, 200)
}

// TestRecoveryByMail_Page: it is one link away where the tenant says so, and
// nowhere else.
func TestRecoveryByMail_Page(t *testing.T) {
	site := newSite(t)
	old, _, _ := enrolled(t, site, "ana")
	c := signedInAgain(t, old)
	if page := c.get("/.mfa/verify").want(t, 200); strings.Contains(page.body, "way=email") {
		t.Errorf("the page: %s", page.body)
	}
	c.call("POST", "/.mfa/api/verify/email", "").refused(t, 403, "not-offered")
	change(site, func(r *enroll.Rules) { r.Recovery = []enroll.Kind{enroll.KindCodes, enroll.KindEmail} })
	if page := c.get("/.mfa/verify").want(t, 200); !strings.Contains(page.body, "/.mfa/verify?way=email") {
		t.Errorf("the page: %s", page.body)
	}
	c.submit("/.mfa/api/verify/email?way=email").want(t, 303)
	c.submit("/.mfa/api/verify/email/verify?way=email", "code", mailed(t, site)).want(t, 200)
}
