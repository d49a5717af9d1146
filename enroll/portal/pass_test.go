package portal_test

import (
	"context"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

func issue(t *testing.T, site *portaltest.Site, user string) string {
	t.Helper()
	code, _, err := site.Service.IssuePass(context.Background(), enroll.Person{Realm: "default", User: user}, site.Rules[site.Tenant], 0)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestPass_Pages: the field of a pass, what it says of a wrong one, and on to
// the method.
func TestPass_Pages(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { r.First = enroll.FirstPass })
	c := visitor(t, site, "ana")
	page := c.get("/.mfa/enroll").want(t, 200)
	if !strings.Contains(page.body, "Enter your access pass") || !strings.Contains(page.body, `action="/.mfa/api/verify/pass/verify"`) || strings.Contains(page.body, "api/email") {
		t.Errorf("the page: %s", page.body)
	}
	code := issue(t, site, "ana")
	wrong := c.submit("/.mfa/api/verify/pass/verify", "code", "0000-0000-0000").want(t, 400)
	if !strings.Contains(wrong.body, "That pass is not right. Compare it with the one you were given") || !strings.Contains(wrong.body, `aria-invalid="true"`) {
		t.Errorf("the page: %s", wrong.body)
	}
	page = c.follow(c.submit("/.mfa/api/verify/pass/verify", "code", code))
	if !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) {
		t.Errorf("it does not go on: %s", page.body)
	}
	if c.cookies["mfa"] != "" {
		t.Error("a pass gave a flag")
	}
	c.get("/mensagens").want(t, 403)
}

// TestPass_JSON: state, begin, finish; and the refusals.
func TestPass_JSON(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { r.First = enroll.FirstPass })
	c := visitor(t, site, "ana")
	if step := c.call("GET", "/.mfa/api/state", "").json(t)["step"]; step != "pass" {
		t.Errorf("step %v", step)
	}
	c.call("POST", "/.mfa/api/email", "").refused(t, 409, "wrong-step")
	c.call("POST", "/.mfa/api/verify/pass", "").want(t, 200)
	code := issue(t, site, "ana")
	c.call("POST", "/.mfa/api/verify/pass/verify", `{"code":"x"}`).refused(t, 400, "bad-code")
	visitor(t, site, "bob").call("POST", "/.mfa/api/verify/pass/verify", `{"code":"`+code+`"}`).refused(t, 400, "bad-code")
	c.call("POST", "/.mfa/api/verify/pass/verify", `{"code":"`+code+`"}`).want(t, 200)
	if step := c.call("GET", "/.mfa/api/state", "").json(t)["step"]; step != "method" {
		t.Errorf("step %v", step)
	}
	c.call("POST", "/.mfa/api/verify/pass/verify", `{"code":"`+code+`"}`).refused(t, 409, "wrong-step")
	owner, _, _ := enrolledBy(t, site, "eve")
	owner.call("POST", "/.mfa/api/verify/pass/verify", `{"code":"`+issue(t, site, "eve")+`"}`).refused(t, 409, "wrong-step")
	pw := visitor(t, site, "eve")
	pw.call("POST", "/.mfa/api/verify/pass/verify", `{"code":"`+issue(t, site, "eve")+`"}`).refused(t, 403, "needs-fresh-proof")
}

// enrolledBy is a visitor who enrolled with a pass.
func enrolledBy(t *testing.T, site *portaltest.Site, user string) (*client, string, string) {
	t.Helper()
	c := visitor(t, site, user)
	c.call("POST", "/.mfa/api/verify/pass/verify", `{"code":"`+issue(t, site, user)+`"}`).want(t, 200)
	key := c.call("POST", "/.mfa/api/methods/totp", "").want(t, 200).json(t)["secret"].(string)
	c.call("POST", "/.mfa/api/methods/totp/verify", `{"code":"`+appCode(t, site, key)+`"}`).want(t, 200)
	return c, key, ""
}

// TestPass_BesideTheMail: where the mailbox is asked for, who was given a pass
// finds the way to it.
func TestPass_BesideTheMail(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	const link = `href="/.mfa/enroll?pass=1"`
	if page := c.get("/.mfa/enroll"); strings.Contains(page.body, link) {
		t.Error("a way to the pass is shown to who has none")
	}
	code := issue(t, site, "ana")
	if page := c.get("/.mfa/enroll"); !strings.Contains(page.body, link) {
		t.Errorf("no way to the pass: %s", page.body)
	}
	if page := c.get("/.mfa/enroll?pass=1"); !strings.Contains(page.body, "Enter your access pass") {
		t.Errorf("the page: %s", page.body)
	}
	c.follow(c.submit("/.mfa/api/verify/pass/verify", "code", code)).want(t, 200)
}
