package portal_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

var groups = regexp.MustCompile(`<span>([A-Z2-7]{1,4})</span>`)

// keyOn is the setup key that a page shows.
func keyOn(page string) string {
	var key strings.Builder
	for _, g := range groups.FindAllStringSubmatch(page, -1) {
		key.WriteString(g[1])
	}
	return key.String()
}

var linksOut = regexp.MustCompile(`<a [^>]*href="([^"#][^"]*)"`)

func outOfMount(page string) (out []string) {
	for _, m := range linksOut.FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "/.mfa/") {
			out = append(out, m[1])
		}
	}
	return out
}

// TestS0_6_TheWholeWayByForms goes from the block page to the page wanted with
// nothing but forms and links.
func TestS0_6_TheWholeWayByForms(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	wanted := "/documentos-recebidos/42?ano=2026"
	block := c.get(wanted).want(t, 403)
	start := "/.mfa/enroll?to=" + url.QueryEscape(wanted)
	if !strings.Contains(block.body, `href="`+start+`"`) {
		t.Fatalf("no link to %s in %s", start, block.body)
	}
	page := c.get(start).want(t, 200)
	if strings.Contains(page.body, "otpauth") || keyOn(page.body) != "" {
		t.Error("S0.15: a secret is shown before the address is proven")
	}
	c.follow(c.submit("/.mfa/api/email", "to", wanted)).want(t, 200)
	c.submit("/.mfa/api/email/verify", "code", "00000000", "to", wanted).want(t, 400)
	page = c.follow(c.submit("/.mfa/api/email/verify", "code", mailed(t, site), "to", wanted)).want(t, 200)
	if !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) {
		t.Fatalf("no choice of method: %s", page.body)
	}
	page = c.follow(c.submit("/.mfa/api/methods/totp", "to", wanted)).want(t, 200)
	key := keyOn(page.body)
	if again := keyOn(c.get(start).want(t, 200).body); key == "" || again != key {
		t.Fatalf("the key changed from %q to %q", key, again)
	}
	wrong := c.submit("/.mfa/api/methods/totp/verify", "code", "000000", "to", wanted).want(t, 400)
	for _, mark := range []string{"<title>Error:", `aria-invalid="true"`, `role="alert"`, "autofocus", "4 tries left", keyOn(page.body)[:4]} {
		if !strings.Contains(wrong.body, mark) {
			t.Errorf("the page with the error has no %s", mark)
		}
	}
	code := appCode(t, site, key)
	last := c.submit("/.mfa/api/methods/totp/verify", "code", code[:3]+" "+code[3:], "to", wanted).want(t, 200)
	if got := outOfMount(last.body); len(got) != 1 || got[0] != wanted {
		t.Errorf("links out of the mount: %q, want the page wanted alone", got)
	}
	if n := strings.Count(last.body, "<li><code>"); n != 10 {
		t.Errorf("%d recovery codes, want 10", n)
	}
	done := c.get(start).want(t, 200)
	if got := outOfMount(done.body); len(got) != 1 || got[0] != wanted {
		t.Errorf("links out of the mount: %q, want the page wanted alone", got)
	}
	if !strings.Contains(done.body, "data-follow=") || strings.Contains(done.body, "<li><code>") {
		t.Error("the ticket holds the page wanted, so a script may follow it; the codes are not shown again")
	}
	if a := c.get(wanted).want(t, 200); !strings.Contains(a.body, "The app: GET "+wanted) {
		t.Error("S0.16: the page wanted does not open")
	}
	if flag := c.cookies["mfa"]; strings.Count(flag, ".") != 2 {
		t.Errorf("the flag is %q", flag)
	}
}

func TestEnroll_FlagCookie(t *testing.T) {
	site := newSite(t)
	site.Secure = true
	c := visitor(t, site, "ana")
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	key := c.call("POST", "/.mfa/api/methods/totp", "").json(t)["secret"].(string)
	done := c.call("POST", "/.mfa/api/methods/totp/verify", `{"code":"`+appCode(t, site, key)+`"}`).want(t, 200)
	for _, k := range done.Cookies() {
		if !k.HttpOnly || !k.Secure || k.SameSite != 2 || k.Path != "/" || k.Domain != "" || !strings.HasPrefix(k.Name, "__Host-mfa") {
			t.Errorf("cookie %v", k)
		}
		if k.Name == "__Host-mfa" && (k.MaxAge != 0 || !k.Expires.IsZero()) {
			t.Errorf("S2.19: the flag outlives the browser: %v", k)
		}
	}
	if c.cookies["__Host-mfa"] == "" || c.cookies["__Host-mfa-visit"] != "" {
		t.Errorf("cookies: %v", c.cookies)
	}
}

// TestEnroll_EN6_StepsOutOfOrder: nothing but the next step advances.
func TestEnroll_EN6_StepsOutOfOrder(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.call("POST", "/.mfa/api/email/verify", `{"code":"12345678"}`).refused(t, 409, "wrong-step")
	c.call("POST", "/.mfa/api/methods/totp", "").refused(t, 409, "wrong-step")
	c.call("POST", "/.mfa/api/methods/totp/verify", `{"code":"123456"}`).refused(t, 409, "wrong-step")
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	c.call("POST", "/.mfa/api/methods/totp", "").refused(t, 409, "wrong-step")
	c.call("POST", "/.mfa/api/email/verify", "").refused(t, 400, "bad-code")
	c.call("POST", "/.mfa/api/email/verify", `{"code":""}`).refused(t, 400, "bad-code")
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	c.call("POST", "/.mfa/api/email", "").refused(t, 409, "wrong-step")
	c.call("POST", "/.mfa/api/methods/totp/verify", `{"code":"123456"}`).refused(t, 409, "wrong-step")
	if account, _ := site.Service.Account(t.Context(), "default", "ana"); len(account.Methods) != 0 {
		t.Error("a method is saved")
	}
}

// TestEnroll_EN2_WhoHasAFactorProvesItFirst: the password alone adds nothing to
// an account that has a factor, and learns nothing of it (S3.18, M7).
func TestEnroll_EN2_WhoHasAFactorProvesItFirst(t *testing.T) {
	site := newSite(t)
	enrolled(t, site, "ana")
	thief := visitor(t, site, "ana")
	for _, path := range []string{"/.mfa/enroll", "/.mfa/"} {
		a := thief.get(path)
		if a.StatusCode != 303 || !strings.HasPrefix(a.Header.Get("Location"), "/.mfa/verify") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Header.Get("Location"))
		}
	}
	thief.call("POST", "/.mfa/api/email", "").refused(t, 403, "needs-fresh-proof")
	thief.call("POST", "/.mfa/api/methods/totp", "").refused(t, 403, "needs-fresh-proof")
	thief.call("POST", "/.mfa/api/methods/totp/verify", `{"code":"123456"}`).refused(t, 403, "needs-fresh-proof")
	thief.call("POST", "/.mfa/api/recovery-codes", "").refused(t, 403, "needs-fresh-proof")
	thief.call("DELETE", "/.mfa/api/sessions", "").refused(t, 403, "needs-fresh-proof")
	state := thief.call("GET", "/.mfa/api/state?to=/mensagens", "").want(t, 200)
	got := state.json(t)
	if got["verdict"] != "verify" || len(got["methods"].([]any)) != 0 || strings.Contains(state.body, "cliente.example") || strings.Contains(state.body, "2026") {
		t.Errorf("before a proof state says %s", state.body)
	}
	if offered := got["offered"].([]any); len(offered) != 2 || offered[0] != "totp" || offered[1] != "codes" {
		t.Errorf("offered %v", offered)
	}
}

// TestS3_39_FifteenMinutes: after that nothing goes on and nothing is saved.
func TestS3_39_FifteenMinutes(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.submit("/.mfa/api/email").want(t, 303)
	c.submit("/.mfa/api/email/verify", "code", mailed(t, site)).want(t, 303)
	page := c.follow(c.submit("/.mfa/api/methods/totp"))
	site.Clock.Add(10 * time.Minute)
	c.submit("/.mfa/enroll", "action", "extend").want(t, 303)
	site.Clock.Add(14 * time.Minute)
	if !strings.Contains(c.get("/.mfa/enroll").want(t, 200).body, "another 1 minute.") {
		t.Error("one click did not give more time")
	}
	site.Clock.Add(time.Minute + time.Second)
	late := c.submit("/.mfa/api/methods/totp/verify", "code", appCode(t, site, keyOn(page.body))).want(t, 410)
	if !strings.Contains(late.body, "Your time is up") || !strings.Contains(late.body, `href="/.mfa/enroll"`) {
		t.Errorf("the page does not say so: %s", late.body)
	}
	if account, _ := site.Service.Account(t.Context(), "default", "ana"); len(account.Methods) != 0 {
		t.Error("something was half-saved")
	}
	if again := c.get("/.mfa/enroll").want(t, 200); !strings.Contains(again.body, `action="/.mfa/api/email"`) {
		t.Errorf("it does not begin again: %s", again.body)
	}
}

func TestEnroll_MailDown(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	site.Mails.Fail(errors.New("connection refused by 10.0.0.5"))
	down := c.submit("/.mfa/api/email").want(t, 503)
	if !strings.Contains(down.body, "could not be sent") || !strings.Contains(down.body, `action="/.mfa/api/email"`) || strings.Contains(down.body, "10.0.0.5") {
		t.Errorf("the page: %s", down.body)
	}
	site.Mails.Fail(nil)
	c.submit("/.mfa/api/email").want(t, 303)
	for range 2 {
		c.submit("/.mfa/api/email").want(t, 303)
	}
	c.submit("/.mfa/api/email").want(t, 429)
	if p := c.call("POST", "/.mfa/api/email", "").refused(t, 429, "too-many-tries"); p["retry_after"] == nil {
		t.Errorf("no retry_after in %v", p)
	}
}

// TestEnroll_NoFirstStep: where the tenant asks for nothing first, the wizard
// begins with the app.
func TestEnroll_NoFirstStep(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { r.First = "none" })
	c := visitor(t, site, "ana")
	if page := c.get("/.mfa/enroll").want(t, 200); !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) || strings.Contains(page.body, "/api/email") {
		t.Errorf("the page: %s", page.body)
	}
	if step := c.call("GET", "/.mfa/api/state", "").json(t)["step"]; step != "method" {
		t.Errorf("step %v", step)
	}
	c.call("POST", "/.mfa/api/methods/totp", "").want(t, 200)
}

// TestEnroll_GetChangesNothing: neither a record, nor a cookie, nor a mail.
func TestEnroll_GetChangesNothing(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	for _, path := range []string{"/.mfa/enroll", "/.mfa/", "/.mfa/verify", "/.mfa/api/state", "/.mfa/enroll?add=1"} {
		r := c.get(path)
		for _, k := range r.Cookies() {
			t.Errorf("GET %s sets %s", path, k.Name)
		}
	}
	if len(site.Mails.All()) != 0 {
		t.Error("a mail was sent")
	}
}

// TestEnroll_AnotherAccountInThisBrowser_H9: the visit of one person is not
// gone on with by the next at the keyboard.
func TestEnroll_AnotherAccountInThisBrowser_H9(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.submit("/.mfa/api/email").want(t, 303)
	c.submit("/.mfa/api/email/verify", "code", mailed(t, site)).want(t, 303)
	c.submit("/.mfa/api/methods/totp").want(t, 303)
	c.cookies["login"] = "bob"
	page := c.get("/.mfa/enroll").want(t, 200)
	if keyOn(page.body) != "" || strings.Contains(page.body, "a•••@") {
		t.Errorf("bob sees ana's enrolment: %s", page.body)
	}

	c = visitor(t, site, "cia")
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	c.cookies["login"] = "bob"
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+mailed(t, site)+`"}`).refused(t, 403, "wrong-account")
}

// TestEnroll_OldMailedCode_EM3: a code is good for ten minutes, the visit for more.
func TestEnroll_OldMailedCode_EM3(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.submit("/.mfa/api/email").want(t, 303)
	site.Clock.Add(10*time.Minute + time.Second)
	old := c.submit("/.mfa/api/email/verify", "code", mailed(t, site)).want(t, 410)
	if !strings.Contains(old.body, "too old. Ask for a new one") || !strings.Contains(old.body, `action="/.mfa/api/email"`) {
		t.Errorf("the page: %s", old.body)
	}
}

// TestEnroll_TwoVisitCookies_H9: of two cookies of one name somebody planted one,
// and neither counts.
func TestEnroll_TwoVisitCookies_H9(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.submit("/.mfa/api/email").want(t, 303)
	r := httptest.NewRequest("GET", "/.mfa/enroll", nil)
	r.AddCookie(&http.Cookie{Name: "mfa-visit", Value: "planted"})
	if page := c.send(r).want(t, 200); strings.Contains(page.body, "/api/email/verify") {
		t.Errorf("one of two counts: %s", page.body)
	}
}

// TestEnroll_C8_NoAddressIsTyped: the mail goes to the address of record, never
// to one that whoever has the password types now.
func TestEnroll_C8_NoAddressIsTyped(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.call("POST", "/.mfa/api/email", `{"address":"thief@evil.example"}`).refused(t, 403, "not-allowed")
	if n := len(site.Mails.All()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}
