package portal_test

import (
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestS3_27_TheLeastIsShownStrongestFirst: whoever has to set up several methods
// reads how many, and how many there are already, above a choice that begins
// with the strongest.
func TestS3_27_TheLeastIsShownStrongestFirst(t *testing.T) {
	site := newSite(t)
	site.Secure = true // else there are no passkeys
	change(site, func(r *enroll.Rules) {
		r.Methods, r.Minimum, r.First = []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP}, 2, enroll.FirstNone
	})
	c := visitor(t, site, "ana")
	c.get("/mensagens").want(t, 403)
	page := c.get("/.mfa/enroll").want(t, 200).body
	if !strings.Contains(page, "Escritório Silva asks for 2 ways to verify. You have 0 so far.") {
		t.Errorf("the page does not say how many: %s", page)
	}
	passkey, app := strings.Index(page, ">Passkey<"), strings.Index(page, ">Authenticator app<")
	if passkey < 0 || app < passkey {
		t.Errorf("the passkey stands at %d, the app at %d", passkey, app)
	}
	change(site, func(r *enroll.Rules) { r.Minimum = 1 })
	if page := c.get("/.mfa/enroll").want(t, 200).body; strings.Contains(page, "ways to verify. You have") {
		t.Errorf("one is enough, and the page counts: %s", page)
	}
}

// TestS3_58_PagesLinkToTheGuide: where the tenant has a guide for its people,
// every page that is not the last of a way leads to it; elsewhere to none.
func TestS3_58_PagesLinkToTheGuide(t *testing.T) {
	const guide = `href="https://silva.example/guia"`
	for help, want := range map[string]int{"https://silva.example/guia": 1, "": 0} {
		site := newSite(t)
		change(site, func(r *enroll.Rules) { r.Brand.Help = help })
		c := visitor(t, site, "ana")
		pages := map[string]string{
			"block": c.get("/mensagens").want(t, 403).body, "wizard": c.get("/.mfa/enroll").want(t, 200).body,
			"manage": c.get("/.mfa/").want(t, 200).body, "not found": c.get("/.mfa/x").want(t, 404).body,
			"link": c.get("/.mfa/link/x").body,
		}
		c, _, _ = enrolled(t, site, "bob")
		delete(c.cookies, "mfa")
		c.get("/mensagens").want(t, 303)
		pages["verify"] = c.get("/.mfa/verify").want(t, 200).body
		for name, page := range pages {
			if got := strings.Count(page, guide); got != want {
				t.Errorf("%s with help %q: %d links to the guide", name, help, got)
			}
			if help == "" && strings.Contains(page, "Help with two-step verification") {
				t.Errorf("%s: offers help where there is none", name)
			}
		}
	}
}
