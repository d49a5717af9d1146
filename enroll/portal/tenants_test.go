package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// twoTenants is a site whose people are at home in one tenant and guests in
// another, each of which counts what was set up in it alone.
func twoTenants(t *testing.T) *portaltest.Site {
	t.Helper()
	site := newSite(t)
	change(site, func(r *enroll.Rules) { texting(r); r.Share = "tenant" })
	moura := site.Rules["silva"]
	moura.Tenant, moura.TenantName = "moura", "Moura Advogados"
	site.Rules["moura"] = moura
	return site
}

// TestS3_53_54_EachTenantItsOwn: what is changed in the home tenant changes nothing
// in the other, and the page says whose methods it shows. The text message that
// was taken back at home, and was registered in the other as well, is still asked
// for there.
func TestS3_53_54_EachTenantItsOwn(t *testing.T) {
	site := twoTenants(t)
	c := confirmed(t, site, "ana")
	home := enrolledWith(t, site, c, enroll.KindSMS, "+31612345678")
	c.get("/mensagens").want(t, 200)
	site.Tenant = "moura"
	c.get("/mensagens").want(t, 403) // nothing of it counts here
	site.Clock.Add(time.Minute)
	guest := enrolledWith(t, site, c, enroll.KindSMS, "+31612345679")
	c.get("/mensagens").want(t, 200)

	site.Tenant = "silva"
	c.call("DELETE", "/.mfa/api/methods/"+home, "").refused(t, 403, "needs-fresh-proof") // the proof is the other's
	c.call("POST", "/.mfa/api/verify/sms", "").want(t, 200)
	c.call("POST", "/.mfa/api/verify/sms/verify", `{"code":"`+texted(t, site)+`"}`).want(t, 200)
	c.call("DELETE", "/.mfa/api/methods/"+home, "").want(t, 204)
	for tenant, name := range map[string]string{"silva": "Escritório Silva", "moura": "Moura Advogados"} {
		site.Tenant = tenant
		for _, path := range []string{"/.mfa/", "/.mfa/enroll"} {
			if page := c.get(path).want(t, 200); !strings.Contains(page.body, name) {
				t.Errorf("S3.53: %s in %s does not name it: %s", path, tenant, page.body)
			}
		}
		if has := strings.Contains(c.call("GET", "/.mfa/api/state", "").want(t, 200).body, guest); has != (tenant == "moura") {
			t.Errorf("S3.53: %s lists the method of Moura: %v", tenant, has)
		}
	}

	site.Tenant = "moura"
	site.Clock.Add(13 * time.Hour)
	again := visitor(t, site, "ana")
	again.get("/mensagens").want(t, 303)
	if page := again.get("/.mfa/verify").want(t, 200); !strings.Contains(page.body, `/.mfa/api/verify/sms`) {
		t.Errorf("S3.54: no text is offered: %s", page.body)
	}
	again.call("POST", "/.mfa/api/verify/sms", "").want(t, 200)
	if number, _ := site.Texts.Last(); number != "+31612345679" {
		t.Errorf("S3.54: the text went to %s", number)
	}
	again.call("POST", "/.mfa/api/verify/sms/verify", `{"code":"`+texted(t, site)+`"}`).want(t, 200)
	again.get("/mensagens").want(t, 200)
}
