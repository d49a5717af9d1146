package portal_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestServe_CS1_OtherSites: no change by a form or script of another site, of
// whatever kind; the state is as before.
func TestServe_CS1_OtherSites(t *testing.T) {
	site := newSite(t)
	c, _, _ := enrolled(t, site, "ana")
	account, _ := site.Service.Account(t.Context(), "default", "ana")
	id := account.Methods[0].ID
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		{"Origin", "http://example.com.evil.example"},
	} {
		for _, change := range [][3]string{
			{"POST", "/.mfa/api/methods/" + id, "action=remove"},
			{"DELETE", "/.mfa/api/methods/" + id, ""},
			{"POST", "/.mfa/api/recovery-codes", ""},
			{"POST", "/.mfa/api/sessions", "x"},
			{"POST", "/.mfa/api/email", ""},
			{"POST", "/.mfa/enroll", "action=extend"},
			{"POST", "/.mfa/link/abc", "action=disown"},
		} {
			r := httptest.NewRequest(change[0], change[1], strings.NewReader(change[2]))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(headers[0], headers[1])
			c.send(r).refused(t, 403, "not-allowed")
		}
	}
	if now, _ := site.Service.Account(t.Context(), "default", "ana"); len(now.Methods) != 1 || now.CodesLeft != 10 {
		t.Error("something changed")
	}
}

// TestServe_H17_OnlyWindows: a script of the app gets no page to read a secret
// from, and no frame.
func TestServe_H17_OnlyWindows(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	for _, path := range []string{"/.mfa/", "/.mfa/enroll", "/.mfa/verify", "/.mfa/link/x"} {
		for _, headers := range [][]string{
			{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, {"Sec-Fetch-Mode", "same-origin"},
			{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Dest", "object"}, {"Sec-Fetch-Dest", "script"},
		} {
			r := httptest.NewRequest("GET", path, nil)
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			c.send(r).refused(t, 403, "not-allowed")
		}
	}
}

func TestServe_Addresses(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	for _, path := range []string{
		"/.mfa/x", "/.mfa/enroll/", "/.mfa/api/", "/.mfa/api/x", "/.mfa/api/methods", "/.mfa/api/methods/totp/x", "/.mfa/api/methods/totp/verify/x",
		"/.mfa/api/verify", "/.mfa/api/verify/x", "/.mfa/api/tenants", "/.mfa/api/tenants/silva/users", "/.mfa/assets/x", "/.mfa/assets/", "/.mfa/assets/../en.json",
		"/.mfa/admin/",
	} {
		if a := c.get(path); strings.HasPrefix(path, "/.mfa/api/") || strings.HasPrefix(path, "/.mfa/assets/") {
			a.refused(t, 404, "not-found")
		} else if a.want(t, 404); !strings.Contains(a.body, "<h1>Not found</h1>") { // a person typed it
			t.Errorf("%s: %s", path, a.body)
		}
	}
	for _, call := range [][3]string{
		{"POST", "/.mfa/api/state", "GET, HEAD"}, {"GET", "/.mfa/api/email", "POST"}, {"GET", "/.mfa/api/email/verify", "POST"},
		{"GET", "/.mfa/api/methods/totp", "POST"}, {"PUT", "/.mfa/api/methods/x", "PATCH, DELETE"}, {"POST", "/.mfa/api/methods/x", "PATCH, DELETE"},
		{"GET", "/.mfa/api/recovery-codes", "POST"}, {"GET", "/.mfa/api/verify/totp/verify", "POST"}, {"POST", "/.mfa/api/sessions", "DELETE"}, {"POST", "/.mfa/api/devices", "DELETE, GET, HEAD"}, {"GET", "/.mfa/api/devices/x", "DELETE"},
		{"POST", "/.mfa/", "GET, HEAD"}, {"DELETE", "/.mfa/verify", "GET, HEAD"}, {"TRACE", "/.mfa/enroll", "GET, POST, HEAD"},
	} {
		r := httptest.NewRequest(call[0], call[1], nil)
		if a := c.send(r).want(t, 405); a.Header.Get("Allow") != call[2] {
			t.Errorf("%s %s: Allow %q, want %q", call[0], call[1], a.Header.Get("Allow"), call[2])
		}
	}
	for _, path := range []string{"methods/passkey", "methods/email", "methods/sms", "methods/oidc.entra", "methods/codes", "methods/passkey/verify", "verify/passkey", "verify/oidc.entra/verify", "remind"} {
		c.call("POST", "/.mfa/api/"+path, "").refused(t, 403, "not-offered")
	}
	c.call("POST", "/.mfa/api/review", "").refused(t, 403, "needs-fresh-proof")
	c.call("GET", "/.mfa/api/devices", "").refused(t, 403, "needs-fresh-proof")
	c.call("DELETE", "/.mfa/api/devices/x", "").refused(t, 403, "needs-fresh-proof")
}

// TestServe_Input: what cannot be read is refused whole.
func TestServe_Input(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	const path = "/.mfa/api/email/verify"
	for _, bad := range []struct {
		name, kind, body string
		status           int
	}{
		{"unknown member", "application/json", `{"kode":"1"}`, 400},
		{"other spelling", "application/json", `{"Code":"1"}`, 400},
		{"twice", "application/json", `{"code":"1","code":"2"}`, 400},
		{"number", "application/json", `{"code":123456}`, 400},
		{"nested", "application/json", `{"code":{"a":1}}`, 400},
		{"deep", "application/json", `{"code":` + strings.Repeat("[", 20000) + "", 400},
		{"array", "application/json", `["code"]`, 400},
		{"two values", "application/json", `{"code":"1"}{}`, 400},
		{"cut", "application/json", `{"code":"1"`, 400},
		{"not JSON", "application/json", `code=1`, 400},
		{"too long", "application/json", `{"code":"` + strings.Repeat("1", 70000) + `"}`, 413},
		{"plain text", "text/plain", `{"code":"1"}`, 415},
		{"no type", "", `{"code":"1"}`, 415},
		{"multipart", "multipart/form-data; boundary=x", "--x--", 415},
		{"unknown field", "application/x-www-form-urlencoded", "kode=1", 400},
		{"field twice", "application/x-www-form-urlencoded", "code=1&code=2", 400},
		{"bad escape", "application/x-www-form-urlencoded", "code=%zz", 400},
	} {
		t.Run("fail/"+bad.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", path, strings.NewReader(bad.body))
			if bad.kind != "" {
				r.Header.Set("Content-Type", bad.kind)
			}
			c.send(r).refused(t, bad.status, "bad-request")
		})
	}
	t.Run("ok/charset", func(t *testing.T) {
		r := httptest.NewRequest("POST", path, strings.NewReader(`{"code":"1","to":null}`))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		c.send(r).refused(t, 409, "wrong-step")
	})
}

func TestServe_NobodyKnown(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "")
	for _, path := range []string{"/.mfa/", "/.mfa/enroll", "/.mfa/verify"} {
		if a := c.get(path).want(t, 401); !strings.Contains(a.body, "Please sign in first") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	c.call("GET", "/.mfa/api/state", "").refused(t, 401, "no-identity")
	c.call("POST", "/.mfa/api/verify/totp/verify", `{"code":"1"}`).refused(t, 401, "no-identity")
	site.Down = true
	c.get("/.mfa/enroll").want(t, 503)
	if p := c.call("GET", "/.mfa/api/state", ""); p.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// TestServe_TicketOpensEnrolAndVerifyOnly: whoever is known by the ticket alone
// can enrol and prove, and manages nothing.
func TestServe_TicketOpensEnrolAndVerifyOnly(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.get("/mensagens").want(t, 403)
	delete(c.cookies, "login")
	c.get("/.mfa/enroll").want(t, 200)
	c.get("/.mfa/").want(t, 401)
	c.submit("/.mfa/api/email").want(t, 303)
	c.submit("/.mfa/api/email/verify", "code", mailed(t, site)).want(t, 303)
	page := c.follow(c.submit("/.mfa/api/methods/totp"))
	c.submit("/.mfa/api/methods/totp/verify", "code", appCode(t, site, keyOn(page.body))).want(t, 200)
	account, _ := site.Service.Account(t.Context(), "default", "ana")
	id := account.Methods[0].ID
	c.call("DELETE", "/.mfa/api/methods/"+id, "").refused(t, 403, "not-allowed")
	c.call("PATCH", "/.mfa/api/methods/"+id, `{"name":"x"}`).refused(t, 403, "not-allowed")
	c.call("POST", "/.mfa/api/recovery-codes", "").refused(t, 403, "not-allowed")
	c.call("DELETE", "/.mfa/api/sessions", "").refused(t, 403, "not-allowed")
	if state := c.call("GET", "/.mfa/api/state", "").json(t); len(state["methods"].([]any)) != 0 {
		t.Errorf("state lists methods to a ticket: %v", state)
	}
}

// TestS3_4_5_Language: ?lng= forces it and is kept until it is cleared, an unknown one falls back.
func TestS3_4_5_Language(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.headers["Accept-Language"] = "en-GB,en;q=0.9"
	lang := func(a *answer) string { return a.Header.Get("Content-Language") }
	if got := lang(c.get("/.mfa/enroll")); got != "en" {
		t.Errorf("Accept-Language gives %q", got)
	}
	if got := lang(c.get("/.mfa/enroll?lng=pt-BR")); got != "pt-BR" || c.cookies["mfa-lng"] != "pt-BR" {
		t.Errorf("?lng= gives %q, cookie %q", got, c.cookies["mfa-lng"])
	}
	if got := lang(c.get("/.mfa/enroll")); got != "pt-BR" {
		t.Errorf("S3.4: the cookie gives %q", got)
	}
	if got := lang(c.get("/mensagens")); got != "pt-BR" {
		t.Errorf("the block page is in %q", got)
	}
	if a := c.get("/.mfa/enroll?lng=xx-nonsense"); lang(a) != "pt-BR" || len(a.Cookies()) != 0 {
		t.Errorf("an unknown language gives %q and %v", lang(a), a.Cookies())
	}
	delete(c.cookies, "mfa-lng")
	delete(c.headers, "Accept-Language")
	change(site, func(r *enroll.Rules) { r.Language = "pt-BR" })
	if got := lang(c.get("/.mfa/enroll")); got != "pt-BR" {
		t.Errorf("the tenant's language gives %q", got)
	}
	r := httptest.NewRequest("GET", "/.mfa/enroll?lng=en", nil)
	r.Header.Set("Sec-Purpose", "prefetch;prerender")
	if a := c.send(r); len(a.Cookies()) != 0 {
		t.Errorf("CA3: a prefetch sets %v", a.Cookies())
	}
}

// TestServe_LanguageOfABlockedPage: the picker leads back to the page that was
// blocked, and to nowhere that the ticket does not hold.
func TestServe_LanguageOfABlockedPage(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	c.get("/mensagens/1").want(t, 403)
	for to, want := range map[string]string{"/mensagens/1": "/mensagens/1", "/conta/apagar": "/.mfa/", "//evil.example": "/.mfa/"} {
		a := c.get("/.mfa/language?lng=pt-BR&to="+to).want(t, 303)
		if got := a.Header.Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", to, got, want)
		}
	}
}

func TestServe_Assets(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "")
	page := visitor(t, site, "ana").get("/.mfa/enroll")
	for _, kind := range []struct{ mark, kind string }{{".css", "text/css; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".svg", "image/svg+xml"}} {
		at := strings.Index(page.body, kind.mark+`"`)
		from := strings.LastIndex(page.body[:at], `"`) + 1
		a := c.get(page.body[from:at+len(kind.mark)]).want(t, 200)
		if a.Header.Get("Content-Type") != kind.kind || a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || a.body == "" {
			t.Errorf("%s: %v", kind.mark, a.Header)
		}
	}
	if a := c.get("/.mfa/assets/brand-0b57d0.css").want(t, 200); !strings.Contains(a.body, "--brand:#0b57d0") {
		t.Errorf("brand: %s", a.body)
	}
	if size := len(page.body) + len(c.get("/.mfa/assets/brand-0b57d0.css").body); size > 60<<10 {
		t.Errorf("a page weighs %d bytes", size)
	}
}

// TestS3_51_52_Tenants: ?tenant= and ?tenantId= choose the tenant that is managed, and
// the page offers the others; only the person's own are found; a foreign one and one that
// does not exist are the same.
func TestS3_51_52_Tenants(t *testing.T) {
	site := newSite(t)
	other := site.Rules["silva"]
	other.Tenant, other.TenantName = "moura", "Moura Advogados"
	site.Rules["moura"] = other
	other.Tenant, other.TenantName = "santos", "Santos"
	site.Rules["santos"], site.Foreign = other, "santos"
	c, _, _ := enrolled(t, site, "ana")
	for _, q := range []string{"tenantId=moura", "tenant=Moura+Advogados", "tenant=moura"} {
		a := c.get("/.mfa/?"+q).want(t, 200)
		if !strings.Contains(a.body, "Moura Advogados</bdi>") || !strings.Contains(a.body, "You have not set up a second step yet") {
			t.Errorf("S3.53 %s: %s", q, a.body)
		}
		if !strings.Contains(a.body, `href="/.mfa/?tenantId=silva"`) || !strings.Contains(a.body, `href="/.mfa/?tenantId=moura" aria-current="true"`) {
			t.Errorf("%s: the page does not offer the person's tenants", q)
		}
		if !strings.Contains(a.body, "tenantId=moura") {
			t.Errorf("%s: the page forgets the tenant", q)
		}
	}
	foreign := c.get("/.mfa/?tenantId=santos")
	if foreign.want(t, 404); !strings.Contains(foreign.body, "<h1>Not found</h1>") || strings.Contains(foreign.body, "Santos") {
		t.Errorf("a foreign tenant: %s", foreign.body)
	}
	if none := c.get("/.mfa/?tenantId=no-such"); none.body != foreign.body {
		t.Error("a foreign tenant and none at all differ")
	}
}
