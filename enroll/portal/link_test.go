package portal_test

import (
	"regexp"
	"strings"
	"testing"
)

var mailedLink = regexp.MustCompile(`(?m)^https://portal\.example(/\.mfa/link/\S+)$`)

// asked is a visitor who asked for the mail, and the link in it.
func asked(t *testing.T) (c *client, link string) {
	t.Helper()
	site := newSite(t)
	site.BaseURL = "https://portal.example/"
	c = visitor(t, site, "ana")
	c.submit("/.mfa/api/email").want(t, 303)
	mails := site.Mails.All()
	m := mailedLink.FindStringSubmatch(mails[len(mails)-1].Text)
	if m == nil {
		t.Fatalf("no link in the mail:\n%s", mails[len(mails)-1].Text)
	}
	return c, m[1]
}

// TestLink_OnlyItsButtonSpendsIt: scanners open links.
func TestLink_OnlyItsButtonSpendsIt(t *testing.T) {
	c, link := asked(t)
	for range 3 {
		visitor(t, c.site, "").get(link).want(t, 200)
		if page := c.get(link).want(t, 200); !strings.Contains(page.body, `value="confirm"`) || !strings.Contains(page.body, `value="disown"`) {
			t.Fatalf("the page: %s", page.body)
		}
	}
	page := c.follow(c.submit(link, "action", "confirm"))
	if !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) {
		t.Errorf("it does not go on: %s", page.body)
	}
	c.get(link).want(t, 410)
	c.submit(link, "action", "confirm").want(t, 409)
}

// TestLink_C8_OnlyWhereItWasAskedFor: on another device it says where to type
// the code, and proves nothing.
func TestLink_C8_OnlyWhereItWasAskedFor(t *testing.T) {
	c, link := asked(t)
	other := visitor(t, c.site, "ana") // with an enrolment of its own under way
	other.submit("/.mfa/api/email").want(t, 303)
	if page := other.get(link).want(t, 200); strings.Contains(page.body, `value="confirm"`) {
		t.Errorf("another enrolment of ana's sees %s", page.body)
	}
	for _, user := range []string{"", "ana", "bob"} {
		elsewhere := visitor(t, c.site, user)
		if page := elsewhere.get(link).want(t, 200); strings.Contains(page.body, `value="confirm"`) || !strings.Contains(page.body, "Go back there and type the code") {
			t.Errorf("%q sees %s", user, page.body)
		}
		if a := elsewhere.submit(link, "action", "confirm"); a.StatusCode != 403 && a.StatusCode != 401 {
			t.Errorf("%q: status %d", user, a.StatusCode)
		}
	}
	if got := c.call("GET", "/.mfa/api/state", "").json(t)["email"].(map[string]any); got["verified"] != false || got["masked"] != "a•••@cliente.example" {
		t.Errorf("email %v", got)
	}
}

// TestLink_NotMe ends what was begun, from anywhere.
func TestLink_NotMe(t *testing.T) {
	c, link := asked(t)
	if a := visitor(t, c.site, "").submit(link, "action", "disown").want(t, 200); !strings.Contains(a.body, "Whoever asked for that email cannot go on") {
		t.Errorf("the page: %s", a.body)
	}
	c.submit("/.mfa/api/email/verify", "code", mailed(t, c.site)).want(t, 410)
	c.get("/.mfa/link/no-such").want(t, 410)
	c.submit(link, "action", "nonsense").want(t, 400)
}
