package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

func methodsOf(t *testing.T, c *client) []enroll.Method {
	t.Helper()
	account, err := c.site.Service.Account(t.Context(), "default", "ana")
	if err != nil {
		t.Fatal(err)
	}
	return account.Methods
}

// second adds another app to an account that has one.
func second(t *testing.T, c *client) enroll.Method {
	t.Helper()
	if page := c.get("/.mfa/enroll?add=1").want(t, 200); !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) {
		t.Fatalf("no form to add one: %s", page.body)
	}
	page := c.follow(c.submit("/.mfa/api/methods/totp"))
	done := c.submit("/.mfa/api/methods/totp/verify", "code", appCode(t, c.site, keyOn(page.body))).want(t, 200)
	if strings.Contains(done.body, "<li><code>") || !strings.Contains(done.body, "Your new app is connected") {
		t.Errorf("the page: %s", done.body)
	}
	all := methodsOf(t, c)
	if len(all) != 2 {
		t.Fatalf("%d methods, want 2", len(all))
	}
	for _, m := range all {
		if !m.Default {
			return m
		}
	}
	return enroll.Method{}
}

// TestS3_34_48_50_Manage adds, lists, renames, makes default and removes by forms.
func TestS3_34_48_50_Manage(t *testing.T) {
	site := newSite(t)
	c, _, _ := enrolled(t, site, "ana")
	m := second(t, c)
	if m.Name != "Authenticator app 2" {
		t.Errorf("named %q", m.Name)
	}
	page := c.follow(c.submit("/.mfa/api/methods/"+m.ID, "action", "rename", "name", "Celular <velho>")).want(t, 200)
	if !strings.Contains(page.body, "Celular &lt;velho&gt;") || !strings.Contains(page.body, "The name is saved") {
		t.Errorf("after renaming: %s", page.body)
	}
	page = c.follow(c.submit("/.mfa/api/methods/"+m.ID, "action", "default")).want(t, 200)
	if got := methodsOf(t, c)[0]; got.ID != m.ID || !got.Default {
		t.Errorf("the default is %v", got)
	}
	if strings.Index(page.body, "Asked for first") < strings.Index(page.body, "Celular") {
		t.Error("the default is not marked")
	}
	confirm := c.get("/.mfa/?remove="+m.ID).want(t, 200)
	if !strings.Contains(confirm.body, `value="remove"`) || strings.Contains(confirm.body, "It is your last one") {
		t.Errorf("the question: %s", confirm.body)
	}
	if len(methodsOf(t, c)) != 2 {
		t.Fatal("asking removed it")
	}
	page = c.follow(c.submit("/.mfa/api/methods/"+m.ID, "action", "remove")).want(t, 200)
	if strings.Contains(page.body, "Celular") || len(methodsOf(t, c)) != 1 {
		t.Errorf("it is still there: %s", page.body)
	}
	c.submit("/.mfa/api/methods/"+m.ID, "action", "nonsense").refused(t, 400, "bad-request")
	c.submit("/.mfa/api/methods/"+m.ID, "action", "remove").want(t, 404)
}

// TestS3_49_RemovingTheLast: the next protected request is blocked again.
func TestS3_49_RemovingTheLast(t *testing.T) {
	site := newSite(t)
	c, _, _ := enrolled(t, site, "ana")
	c.get("/mensagens").want(t, 200)
	id := methodsOf(t, c)[0].ID
	if ask := c.get("/.mfa/?remove=" + id); !strings.Contains(ask.body, "It is your last one") {
		t.Errorf("the question does not say so: %s", ask.body)
	}
	page := c.follow(c.submit("/.mfa/api/methods/"+id, "action", "remove")).want(t, 200)
	if !strings.Contains(page.body, "You have not set up a second step yet") {
		t.Errorf("the page: %s", page.body)
	}
	c.get("/mensagens").want(t, 403)
}

func TestManage_UndoNever(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { r.Undo = false })
	c, _, _ := enrolled(t, site, "ana")
	id := methodsOf(t, c)[0].ID
	if ask := c.get("/.mfa/?remove="+id).want(t, 200); strings.Contains(ask.body, `value="remove"`) || !strings.Contains(ask.body, "asks you to keep at least one") {
		t.Errorf("the question: %s", ask.body)
	}
	if a := c.submit("/.mfa/api/methods/"+id, "action", "remove").want(t, 409); !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("the page: %s", a.body)
	}
	c.call("DELETE", "/.mfa/api/methods/"+id, "").refused(t, 409, "last-method")
}

// TestManage_JSON: the same by a program.
func TestManage_JSON(t *testing.T) {
	site := newSite(t)
	c, _, old := enrolled(t, site, "ana")
	id := methodsOf(t, c)[0].ID
	got := c.call("PATCH", "/.mfa/api/methods/"+id, `{"name":"Celular","default":true}`).want(t, 200).json(t)["method"].(map[string]any)
	if got["name"] != "Celular" || got["default"] != true || got["kind"] != "totp" || got["created"] != "2026-11-24T12:00:00Z" || got["id"] != id {
		t.Errorf("method %v", got)
	}
	c.call("PATCH", "/.mfa/api/methods/"+id, `{}`).refused(t, 400, "bad-request")
	c.call("PATCH", "/.mfa/api/methods/no-such", `{"name":"x"}`).refused(t, 404, "not-found")
	fresh := c.call("POST", "/.mfa/api/recovery-codes", "").want(t, 200).json(t)["recovery_codes"].([]any)
	if len(fresh) != 10 || fresh[0] == old[0] {
		t.Errorf("codes %v", fresh)
	}
	state := c.call("GET", "/.mfa/api/state?to=/mensagens%23x", "").want(t, 200).json(t)
	if state["user"] != "ana" || state["tenant"] != "silva" || state["verdict"] != "allow" || state["return_to"] != "/mensagens" || state["step"] != "done" || len(state["methods"].([]any)) != 1 {
		t.Errorf("state %v", state)
	}
	c.call("DELETE", "/.mfa/api/methods/"+id, "").want(t, 204)
	if len(methodsOf(t, c)) != 0 {
		t.Error("it is still there")
	}
}

// TestS3_35_ProofGrowsOld (H17): a change needs a proof within the
// tenant's time; the page asks for it and comes back.
func TestS3_35_ProofGrowsOld(t *testing.T) {
	site := newSite(t)
	c, key, _ := enrolled(t, site, "ana")
	id := methodsOf(t, c)[0].ID
	site.Clock.Add(6 * time.Minute)
	page := c.get("/.mfa/").want(t, 200)
	if strings.Contains(page.body, "/api/methods/") || !strings.Contains(page.body, `href="/.mfa/verify?next=manage"`) {
		t.Errorf("the page: %s", page.body)
	}
	a := c.submit("/.mfa/api/methods/"+id, "action", "remove").want(t, 403)
	if !strings.Contains(a.body, "Nothing was changed") || !strings.Contains(a.body, `href="/.mfa/verify?next=manage"`) {
		t.Errorf("the page: %s", a.body)
	}
	p := c.call("DELETE", "/.mfa/api/methods/"+id, "").refused(t, 403, "needs-fresh-proof")
	if !strings.HasSuffix(p["verify_url"].(string), "/.mfa/verify") {
		t.Errorf("verify_url %v", p["verify_url"])
	}
	if ask := c.get("/.mfa/verify?next=manage").want(t, 200); !strings.Contains(ask.body, `name="code"`) {
		t.Errorf("a proof is not asked for: %s", ask.body)
	}
	back := c.submit("/.mfa/api/verify/totp/verify?next=manage", "code", appCode(t, site, key)).want(t, 303)
	if back.Header.Get("Location") != "/.mfa/" {
		t.Errorf("it leads to %s", back.Header.Get("Location"))
	}
	if page := c.follow(back).want(t, 200); !strings.Contains(page.body, "/.mfa/api/methods/"+id) {
		t.Errorf("the page: %s", page.body)
	}
}

func TestManage_CodesByForm(t *testing.T) {
	site := newSite(t)
	c, _, old := enrolled(t, site, "ana")
	page := c.submit("/.mfa/api/recovery-codes").want(t, 200)
	if strings.Count(page.body, "<li><code>") != 10 || strings.Contains(page.body, old[0]) || !strings.Contains(page.body, `action="/.mfa/"`) {
		t.Errorf("the page: %s", page.body)
	}
}

func TestManage_SignOutEverywhere(t *testing.T) {
	site := newSite(t)
	c, _, _ := enrolled(t, site, "ana")
	copied := visitor(t, site, "ana")
	copied.cookies["mfa"] = c.cookies["mfa"]
	copied.get("/mensagens").want(t, 200)
	if a := c.submit("/.mfa/api/sessions").want(t, 200); !strings.Contains(a.body, "Signed out everywhere") || c.cookies["mfa"] != "" {
		t.Errorf("the page: %s", a.body)
	}
	if a := copied.get("/mensagens"); a.StatusCode != 303 {
		t.Errorf("a copy of the flag still opens it: %d", a.StatusCode)
	}
}

// TestManage_AddingWithAnOldProof asks for a new one first, and then goes on.
func TestManage_AddingWithAnOldProof(t *testing.T) {
	site := newSite(t)
	c, key, _ := enrolled(t, site, "ana")
	site.Clock.Add(6 * time.Minute)
	if a := c.get("/.mfa/enroll?add=1").want(t, 303); a.Header.Get("Location") != "/.mfa/verify?next=add" {
		t.Errorf("it leads to %s", a.Header.Get("Location"))
	}
	refused := c.submit("/.mfa/api/methods/totp").want(t, 403)
	if !strings.Contains(refused.body, `href="/.mfa/verify?next=enroll"`) {
		t.Errorf("the page: %s", refused.body)
	}
	page := c.follow(c.submit("/.mfa/api/verify/totp/verify?next=add", "code", appCode(t, site, key))).want(t, 200)
	if !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) {
		t.Errorf("the page: %s", page.body)
	}
}
