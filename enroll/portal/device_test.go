package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

func trusting(site *portaltest.Site, life time.Duration) {
	change(site, func(r *enroll.Rules) { r.TrustDevice = life })
}

// TestDevice_Choice: the page offers it where the tenant trusts browsers, and
// nothing is trusted that was not chosen.
func TestDevice_Choice(t *testing.T) {
	site := newSite(t)
	_, key, codes := enrolled(t, site, "ana")
	c := visitor(t, site, "ana")
	if page := c.follow(c.get("/mensagens")); strings.Contains(page.body, "trust_device") {
		t.Error("it is offered though no browser is trusted")
	}
	trusting(site, 30*24*time.Hour)
	page := c.get("/.mfa/verify?to=/mensagens").want(t, 200)
	if !strings.Contains(page.body, "Do not ask again in this browser for 30 days") || strings.Contains(page.body, " checked") {
		t.Errorf("the page: %s", page.body)
	}
	for _, where := range []string{"?way=codes", "?next=manage", "?next=add"} {
		if page := c.get("/.mfa/verify" + where); strings.Contains(page.body, "trust_device") {
			t.Errorf("it is offered at %s", where)
		}
	}
	site.Strong["/mensagens"] = true
	if page := c.get("/.mfa/verify?to=/mensagens"); strings.Contains(page.body, "trust_device") {
		t.Error("it is offered where only a passkey will do")
	}
	delete(site.Strong, "/mensagens")

	c.submit("/.mfa/api/verify/totp/verify", "code", appCode(t, site, key)).want(t, 200)
	if c.cookies["mfa-device"] != "" {
		t.Fatal("trusted without a choice")
	}
	c.call("POST", "/.mfa/api/verify/codes/verify", `{"code":"`+codes[0]+`","trust_device":true}`).want(t, 200)
	if c.cookies["mfa-device"] != "" {
		t.Fatal("a recovery code made it trusted")
	}
	site.Clock.Add(30 * time.Second)
	a := c.submit("/.mfa/api/verify/totp/verify", "code", appCode(t, site, key), "trust_device", "true").want(t, 200)
	if c.cookies["mfa-device"] == "" {
		t.Fatal("chosen, and not trusted")
	}
	for _, k := range a.Cookies() {
		if k.Name == "mfa-device" && (!k.HttpOnly || k.MaxAge != 30*24*3600 || k.Path != "/") {
			t.Errorf("cookie %+v", k)
		}
	}
	trusting(site, enroll.TrustForever)
	if page := c.get("/.mfa/verify?to=/x&next=manage"); strings.Contains(page.body, "for 30 days") {
		t.Error("it still says 30 days")
	}
}

// TestDevice_IgnoredWherePolicySaysNo: a client that sends the choice gets none.
func TestDevice_IgnoredWherePolicySaysNo(t *testing.T) {
	site := newSite(t)
	_, key, _ := enrolled(t, site, "ana")
	c := visitor(t, site, "ana")
	c.call("POST", "/.mfa/api/verify/totp/verify", `{"code":"`+appCode(t, site, key)+`","trust_device":true}`).want(t, 200)
	if c.cookies["mfa-device"] != "" {
		t.Error("a client chose what the policy does not offer")
	}
}

// TestDevice_List: the page and the API list trusted browsers and end them.
func TestDevice_List(t *testing.T) {
	site := newSite(t)
	trusting(site, 30*24*time.Hour)
	_, key, _ := enrolled(t, site, "ana")
	trust := func() *client {
		c := visitor(t, site, "ana")
		c.call("POST", "/.mfa/api/verify/totp/verify", `{"code":"`+appCode(t, site, key)+`","trust_device":true}`).want(t, 200)
		site.Clock.Add(30 * time.Second)
		return c
	}
	first, c := trust(), trust()
	list := c.call("GET", "/.mfa/api/devices", "").want(t, 200).json(t)["devices"].([]any)
	if len(list) != 2 {
		t.Fatalf("got %v", list)
	}
	newest, oldest := list[0].(map[string]any), list[1].(map[string]any)
	if newest["current"] != true || oldest["current"] != false || newest["name"] != "Firefox on Linux" || newest["expires"] == nil || newest["created"] == nil {
		t.Errorf("got %v", list)
	}
	page := c.get("/.mfa/").want(t, 200)
	for _, part := range []string{"Trusted browsers", "Firefox on Linux", "This browser", "Trusted since <time datetime=\"2026-11-24T", "Ask again in all of them"} {
		if !strings.Contains(page.body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	// The password alone sees and ends nothing.
	pw := visitor(t, site, "ana")
	pw.call("GET", "/.mfa/api/devices", "").refused(t, 403, "needs-fresh-proof")
	pw.call("DELETE", "/.mfa/api/devices", "").refused(t, 403, "needs-fresh-proof")
	pw.call("DELETE", "/.mfa/api/devices/"+oldest["id"].(string), "").refused(t, 403, "needs-fresh-proof")
	// A trusted browser that proved nothing is no better.
	pw.cookies["mfa-device"] = c.cookies["mfa-device"]
	pw.call("GET", "/.mfa/api/devices", "").refused(t, 403, "needs-fresh-proof")
	pw.get("/.mfa/").want(t, 303)

	if page := c.follow(c.submit("/.mfa/api/devices/"+oldest["id"].(string), "action", "remove")); !strings.Contains(page.body, "is asked for there again") || strings.Contains(page.body, "in all of them") {
		t.Errorf("the page: %s", page.body)
	}
	c.submit("/.mfa/api/devices", "action", "x").want(t, 400)
	c.call("DELETE", "/.mfa/api/devices/"+oldest["id"].(string), "").refused(t, 404, "not-found")
	if c.cookies["mfa-device"] == "" || first.cookies["mfa-device"] == "" {
		t.Error("another browser's end takes this one's cookie")
	}
	c.call("DELETE", "/.mfa/api/devices", "").want(t, 204)
	if c.cookies["mfa-device"] != "" {
		t.Error("the cookie stays")
	}
	if list := c.call("GET", "/.mfa/api/devices", "").json(t)["devices"].([]any); len(list) != 0 {
		t.Errorf("left: %v", list)
	}
	if page := c.get("/.mfa/"); strings.Contains(page.body, "Trusted browsers") {
		t.Error("the page lists what is not there")
	}
}
