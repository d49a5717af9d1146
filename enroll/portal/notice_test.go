package portal_test

import (
	"strings"
	"testing"
)

// TestNotice_Page: the page behind a notice's link says what its button does,
// changes nothing by itself, works without a sign-in, and once.
func TestNotice_Page(t *testing.T) {
	site := newSite(t)
	site.BaseURL = "https://portal.example/"
	c, _, _ := enrolled(t, site, "ana")
	if err := site.Service.Close(); err != nil { // the mail is sent in the background
		t.Fatal(err)
	}
	link, mail := lastLink(t, site)
	if mail.To != "ana@cliente.example" || !strings.Contains(mail.Text, "This was not you? Open this link and stop it there:") || !strings.Contains(mail.HTML, ">This was not me</a>") {
		t.Errorf("mailed %s", mail.Text)
	}
	stranger := visitor(t, site, "")
	for range 3 {
		page := stranger.get(link).want(t, 200)
		if !strings.Contains(page.body, "Was this not you?") || !strings.Contains(page.body, `value="disown"`) || strings.Contains(page.body, "Authenticator app") {
			t.Fatalf("the page: %s", page.body)
		}
	}
	c.get("/mensagens").want(t, 200)
	stranger.submit(link, "action", "confirm").want(t, 400)
	c.get("/mensagens").want(t, 200)
	done := stranger.submit(link, "action", "disown").want(t, 200)
	if !strings.Contains(done.body, "What was added is removed") || !strings.Contains(done.body, "Change it now at Escritório Silva") {
		t.Errorf("the page: %s", done.body)
	}
	c.get("/mensagens").want(t, 403)
	if step := c.call("GET", "/.mfa/api/state", "").json(t)["step"]; step != "pass" {
		t.Errorf("step %v", step)
	}
	if page := c.get("/.mfa/enroll"); !strings.Contains(page.body, "Enter your access pass") {
		t.Errorf("the page: %s", page.body)
	}
	stranger.get(link).want(t, 410)
	stranger.submit(link, "action", "disown").want(t, 410)
}
