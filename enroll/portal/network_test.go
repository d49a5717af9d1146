package portal_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestS3_43_Network: where registration is for certain networks, every other
// place is told so, and gets no mail, no secret and no code.
func TestS3_43_Network(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) {
		r.EnrollFrom = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		r.Manage = 0
	})
	inside, outside := netip.MustParseAddr("::ffff:10.1.2.3"), netip.MustParseAddr("203.0.113.7")
	at := func(a netip.Addr) { site.Client = a }
	refused := func(a *answer) {
		t.Helper()
		if a.want(t, 403); !strings.Contains(a.body, "only from certain networks") || strings.Contains(a.body, "otpauth") || strings.Contains(a.body, `name="code"`) {
			t.Errorf("the page: %s", a.body)
		}
	}
	c := visitor(t, site, "ana")
	at(outside)
	refused(c.get("/.mfa/enroll"))
	refused(c.submit("/.mfa/api/email"))
	c.call("POST", "/.mfa/api/email", "").refused(t, 403, "not-here")
	if len(site.Mails.All()) != 0 || c.cookies["mfa-visit"] != "" {
		t.Error("an enrolment was begun from outside")
	}
	if page := c.get("/.mfa/").want(t, 200); strings.Contains(page.body, "add=1") || !strings.Contains(page.body, "only from certain networks") {
		t.Errorf("the list of methods: %s", page.body)
	}
	at(inside)
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	code := mailed(t, site)
	at(outside)
	refused(c.submit("/.mfa/api/email/verify", "code", code))
	at(inside)
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+code+`"}`).want(t, 200)
	at(outside)
	c.call("POST", "/.mfa/api/methods/totp", "").refused(t, 403, "not-here")
	at(inside)
	key := c.call("POST", "/.mfa/api/methods/totp", "").want(t, 200).json(t)["secret"].(string)
	at(outside)
	refused(c.get("/.mfa/enroll"))
	finish := `{"code":"` + appCode(t, site, key) + `"}`
	c.call("POST", "/.mfa/api/methods/totp/verify", finish).refused(t, 403, "not-here")
	at(inside)
	c.call("POST", "/.mfa/api/methods/totp/verify", finish).want(t, 200)

	// Who has a factor proves it anywhere, and registers no other one there.
	at(outside)
	c.get("/mensagens").want(t, 200)
	c.get("/.mfa/enroll").want(t, 200)
	refused(c.get("/.mfa/enroll?add=1"))
	c.call("POST", "/.mfa/api/methods/totp", "").refused(t, 403, "not-here")
	c.call("POST", "/.mfa/api/recovery-codes", "").refused(t, 403, "not-here")
	if page := c.get("/.mfa/").want(t, 200); strings.Contains(page.body, "api/recovery-codes") || strings.Contains(page.body, "add=1") {
		t.Error("the list of methods offers what is refused")
	}
	at(inside)
	c.call("POST", "/.mfa/api/recovery-codes", "").want(t, 200)
	at(netip.Addr{})
	c.call("POST", "/.mfa/api/recovery-codes", "").refused(t, 403, "not-here")
}
