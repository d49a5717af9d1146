package portal_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// texting lets people choose codes by text beside an app.
func texting(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindSMS, enroll.KindTOTP} }

// texted is the code in the newest text.
func texted(t *testing.T, site *portaltest.Site) string {
	t.Helper()
	_, text := site.Texts.Last()
	code := regexp.MustCompile(`\d{6}`).FindString(text)
	if code == "" {
		t.Fatalf("no code in %q", text)
	}
	return code
}

// TestS2_4_TheNumberIsAskedFor: the way of somebody without scripts, from the
// choice to the proof at the next sign-in, with each thing that can go wrong.
func TestS2_4_TheNumberIsAskedFor(t *testing.T) {
	site := newSite(t)
	change(site, texting)
	c := confirmed(t, site, "ana")
	if page := c.get("/.mfa/enroll").want(t, 200); strings.Index(page.body, "Authenticator app") > strings.Index(page.body, "Text message") {
		t.Errorf("the weaker one is offered first: %s", page.body)
	}
	page := c.get("/.mfa/enroll?way=sms").want(t, 200)
	for _, mark := range []string{`type="tel"`, `autocomplete="tel"`, "for nothing else", `action="/.mfa/api/methods/sms"`} {
		if !strings.Contains(page.body, mark) {
			t.Errorf("the page has no %s: %s", mark, page.body)
		}
	}
	const begin, finish = "/.mfa/api/methods/sms", "/.mfa/api/methods/sms/verify"
	for number, says := range map[string]string{
		"06 12345678": "and the country code, for example", "+31 84 123 4567": "this kind of number", "+31 6 12": "no digit is missing", "": "not a phone number",
	} {
		wrong := c.submit(begin, "number", number).want(t, 400)
		if !strings.Contains(wrong.body, says) || !strings.Contains(wrong.body, `aria-invalid="true"`) || !strings.Contains(wrong.body, `value="`+strings.ReplaceAll(number, "+", "&#43;")+`"`) {
			t.Errorf("%q: %s", number, wrong.body)
		}
	}
	site.Texts.Fail(errors.New("down"))
	if down := c.submit(begin, "number", "+31 6 12345678").want(t, 503); !strings.Contains(down.body, "could not be sent") || !strings.Contains(down.body, `name="number"`) {
		t.Errorf("the page: %s", down.body)
	}
	site.Texts.Fail(nil)
	sent := c.follow(c.submit(begin, "number", "+31 6 12345678"))
	if !strings.Contains(sent.body, "31\u00a0•••78") || strings.Contains(sent.body, "12345678") || !strings.Contains(sent.body, `name="code"`) {
		t.Errorf("the page: %s", sent.body)
	}
	number, text := site.Texts.Last()
	if code := texted(t, site); number != "+31612345678" || text != code+" is your code for Escritório Silva. Do not give it to anybody.\n\n@example.com #"+code {
		t.Errorf("to %s: %q", number, text)
	}
	if other := c.get("/.mfa/enroll?way=sms&add=1").want(t, 200); !strings.Contains(other.body, `name="number"`) {
		t.Errorf("another number: %s", other.body)
	}
	c.submit(finish, "code", "000000").want(t, 400)
	done := c.submit(finish, "code", texted(t, site)).want(t, 200)
	if !strings.Contains(done.body, "Save your recovery codes") {
		t.Errorf("the last page: %s", done.body)
	}
	if list := c.get("/.mfa/").want(t, 200); !strings.Contains(list.body, "Mobile phone") || !strings.Contains(list.body, "•••78") || strings.Contains(list.body, "345678") {
		t.Errorf("the list: %s", list.body)
	}
	if state := c.call("GET", "/.mfa/api/state", ""); strings.Contains(state.body, "12345678") {
		t.Errorf("the state: %s", state.body)
	}

	site.Clock.Add(time.Minute)
	again := signedInAgain(t, c)
	asked := again.follow(again.get("/mensagens/7"))
	if strings.Contains(asked.body, "•••78") || strings.Contains(asked.body, `name="code"`) || strings.Contains(asked.body, "my other phone") {
		t.Errorf("before the code is sent, the page: %s", asked.body)
	}
	again.follow(again.submit("/.mfa/api/verify/sms?way=sms", "to", "/mensagens/7"))
	again.submit("/.mfa/api/verify/sms/verify?way=sms", "code", texted(t, site), "to", "/mensagens/7").want(t, 200)
	again.get("/mensagens/7").want(t, 200)
	if p := again.call("POST", "/.mfa/api/verify/sms/verify", `{"code":"`+texted(t, site)+`"}`).refused(t, 409, "used-code"); !strings.HasSuffix(p["detail"].(string), "Ask for a new one.") {
		t.Errorf("of a code that was used: %v", p["detail"])
	}
}

// TestText_Calls: the same as a program does it, and the second phone.
func TestText_Calls(t *testing.T) {
	site := newSite(t)
	change(site, texting)
	c := confirmed(t, site, "ana")
	begin, finish := "/.mfa/api/methods/sms", "/.mfa/api/methods/sms/verify"
	if p := c.call("POST", begin, `{"number":"+31 900 1234"}`).refused(t, 400, "bad-request"); p["field"] != "number" {
		t.Errorf("got %v", p)
	}
	begun := c.call("POST", begin, `{"number":"+31612345678"}`).want(t, 200).json(t)
	if begun["masked"] != "+31 •••78" || begun["expires"] == nil {
		t.Errorf("got %v", begun)
	}
	done := c.call("POST", finish, `{"code":"`+texted(t, site)+`","name":"Work"}`).want(t, 200).json(t)
	if m := done["method"].(map[string]any); m["kind"] != "sms" || m["name"] != "Work" {
		t.Errorf("got %v", done)
	}
	c.call("POST", begin, `{"number":"+31612345678"}`).refused(t, 409, "limit-reached")
	c.call("POST", begin, `{"number":"+31612345679"}`).want(t, 200)
	c.call("POST", finish, `{"code":"`+texted(t, site)+`"}`).want(t, 200)
	c.call("POST", begin, `{"number":"+31612345680"}`).refused(t, 409, "limit-reached")

	site.Clock.Add(time.Minute)
	again := signedInAgain(t, c)
	if page := again.get("/.mfa/verify").want(t, 200); !strings.Contains(page.body, `action="/.mfa/api/verify/sms?way=sms&amp;phone=2"`) {
		t.Errorf("the page: %s", page.body)
	}
	for query, want := range map[string]string{"": "+31612345678", "?phone=1": "+31612345678", "?phone=2": "+31612345679"} {
		again.call("POST", "/.mfa/api/verify/sms"+query, "").want(t, 200)
		if number, _ := site.Texts.Last(); number != want {
			t.Errorf("%q went to %s", query, number)
		}
	}
	again.call("POST", "/.mfa/api/verify/sms/verify", `{"code":"`+texted(t, site)+`"}`).want(t, 200)
	if state := again.call("GET", "/.mfa/api/state", "").json(t); len(state["methods"].([]any)) != 2 {
		t.Errorf("got %v", state)
	}
	third := signedInAgain(t, c)
	third.call("POST", "/.mfa/api/verify/sms?phone=3", "").refused(t, 403, "not-offered")
	third.call("POST", "/.mfa/api/verify/sms", "").refused(t, 429, "too-many-tries")
}

// TestText_LastLine: a name that a tenant chose adds no line to a text, whose last
// one says where the code belongs; where the site's name is not known, there is
// none.
func TestText_LastLine(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { texting(r); r.TenantName = "Evil\n\n@evil.example #000000" })
	c := confirmed(t, site, "ana")
	c.call("POST", "/.mfa/api/methods/sms", `{"number":"+31612345678"}`).want(t, 200)
	_, text := site.Texts.Last()
	lines := strings.Split(text, "\n")
	if len(lines) != 3 || lines[2] != "@example.com #"+regexp.MustCompile(`\d{6}`).FindString(text) {
		t.Errorf("the text: %q", text)
	}
}
