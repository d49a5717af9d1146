package portal_test

import (
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// newTypedSite asks for an address typed now.
func newTypedSite(t *testing.T) *portaltest.Site {
	t.Helper()
	site := newSite(t)
	site.BaseURL = "https://portal.example/"
	change(site, func(r *enroll.Rules) { r.First = enroll.FirstTyped })
	return site
}

func lastLink(t *testing.T, site *portaltest.Site) (path string, mail enroll.Mail) {
	t.Helper()
	mails := site.Mails.All()
	mail = mails[len(mails)-1]
	m := mailedLink.FindStringSubmatch(mail.Text)
	if m == nil {
		t.Fatalf("no link in the mail:\n%s", mail.Text)
	}
	return m[1], mail
}

// TestTyped_Pages walks from the field to the app's key, with a mistyped address
// on the way.
func TestTyped_Pages(t *testing.T) {
	site := newTypedSite(t)
	c := visitor(t, site, "ana")
	page := c.get("/.mfa/enroll").want(t, 200)
	for _, part := range []string{`name="address" type="email"`, "Type your own, real email address", "Check it letter by letter"} {
		if !strings.Contains(page.body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if strings.Contains(page.body, "a•••@cliente.example") {
		t.Error("the page shows the address of record")
	}
	wrong := c.submit("/.mfa/api/email", "address", "ana@").want(t, 400)
	if !strings.Contains(wrong.body, `aria-invalid="true"`) || !strings.Contains(wrong.body, `value="ana@"`) || !strings.Contains(wrong.body, "Look for a mistyped letter") {
		t.Errorf("a mistake is not shown at the field: %s", wrong.body)
	}
	if len(site.Mails.All()) != 0 {
		t.Error("something was mailed")
	}
	page = c.follow(c.submit("/.mfa/api/email", "address", "nna@mail.example"))
	if !strings.Contains(page.body, "nna@mail.example</bdi>") || !strings.Contains(page.body, "Open the link in it here, in this browser") || strings.Contains(page.body, `name="code"`) {
		t.Errorf("after the mail: %s", page.body)
	}
	mistyped, _ := lastLink(t, site)
	c.follow(c.submit("/.mfa/api/email", "address", "ana@mail.example"))
	link, mail := lastLink(t, site)
	if mail.To != "ana@mail.example" || onlyDigits.MatchString(mail.Text) || strings.Contains(mail.Text, "Ana") || !strings.Contains(mail.Text, "This was not me") || !strings.Contains(mail.Text, "Firefox") {
		t.Errorf("mailed %s: %s", mail.To, mail.Text)
	}
	c.submit(mistyped, "action", "confirm").want(t, 410)
	for _, user := range []string{"", "ana", "bob"} {
		if page := visitor(t, site, user).get(link).want(t, 200); strings.Contains(page.body, `value="confirm"`) || !strings.Contains(page.body, "copy the link from it into that browser") {
			t.Errorf("%q elsewhere sees %s", user, page.body)
		}
	}
	page = c.follow(c.submit(link, "action", "confirm"))
	if !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) {
		t.Errorf("it does not go on: %s", page.body)
	}
}

// TestTyped_JSON: the same by the API.
func TestTyped_JSON(t *testing.T) {
	site := newTypedSite(t)
	c := visitor(t, site, "ana")
	state := c.call("GET", "/.mfa/api/state", "").json(t)
	if state["step"] != "email" || state["email"].(map[string]any)["masked"] != "" {
		t.Errorf("state %v", state)
	}
	if p := c.call("POST", "/.mfa/api/email", "").refused(t, 400, "bad-request"); p["field"] != "address" {
		t.Errorf("field %v", p["field"])
	}
	if got := c.call("POST", "/.mfa/api/email", `{"address":"ana@mail.example"}`).want(t, 200).json(t)["masked"]; got != "a•••@mail.example" {
		t.Errorf("masked %v", got)
	}
	c.call("POST", "/.mfa/api/email/verify", `{"code":"12345678"}`).refused(t, 409, "wrong-step")
	link, _ := lastLink(t, site)
	c.submit(link, "action", "confirm").want(t, 303)
	if state := c.call("GET", "/.mfa/api/state", "").json(t); state["step"] != "method" || state["email"].(map[string]any)["verified"] != true {
		t.Errorf("state %v", state)
	}
}

// TestTyped_NoAddressOfTheSite: where no mail can name the site, a code is mailed
// in place of the link.
func TestTyped_NoAddressOfTheSite(t *testing.T) {
	site := newTypedSite(t)
	site.BaseURL = ""
	c := visitor(t, site, "ana")
	page := c.follow(c.submit("/.mfa/api/email", "address", "ana@mail.example"))
	if !strings.Contains(page.body, `name="code"`) {
		t.Fatalf("there is no field for the code: %s", page.body)
	}
	if mail := site.Mails.All()[0]; strings.Contains(mail.Text, "Ana") {
		t.Errorf("a stranger may read %s", mail.Text)
	}
	c.submit("/.mfa/api/email/verify", "code", mailed(t, site)).want(t, 303)
}
