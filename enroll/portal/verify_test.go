package portal_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// signedInAgain is somebody with a factor at a new sign-in.
func signedInAgain(t *testing.T, c *client) *client {
	t.Helper()
	return visitor(t, c.site, c.cookies["login"])
}

// TestS1_19_Verify: a new sign-in proves it and lands on the page wanted.
func TestS1_19_Verify(t *testing.T) {
	site := newSite(t)
	old, key, _ := enrolled(t, site, "ana")
	c := signedInAgain(t, old)
	wanted := "/mensagens/7?x=1"
	page := c.follow(c.get(wanted))
	for _, mark := range []string{`inputmode="numeric"`, `autocomplete="one-time-code"`, `maxlength="20"`, `name="to" value="/mensagens/7?x=1"`, "Use a recovery code"} {
		if !strings.Contains(page.body, mark) {
			t.Errorf("the page has no %s: %s", mark, page.body)
		}
	}
	wrong := c.submit("/.mfa/api/verify/totp/verify", "code", "000000", "to", wanted).want(t, 400)
	if !strings.Contains(wrong.body, "<title>Error:") || !strings.Contains(wrong.body, `value="/mensagens/7?x=1"`) {
		t.Errorf("the page: %s", wrong.body)
	}
	code := appCode(t, site, key)
	done := c.submit("/.mfa/api/verify/totp/verify", "code", code, "to", wanted).want(t, 200)
	if got := outOfMount(done.body); len(got) != 1 || got[0] != wanted || !strings.Contains(done.body, `data-follow="soon"`) {
		t.Errorf("links out of the mount: %q", got)
	}
	c.get(wanted).want(t, 200)
	if again := c.get("/.mfa/verify").want(t, 200); strings.Contains(again.body, `name="code"`) {
		t.Error("it is asked for again at once")
	}
	c.submit("/.mfa/api/verify/totp/verify", "code", code).want(t, 409)
}

// TestVerify_ClockOff says by how much, and does not accept it.
func TestVerify_ClockOff(t *testing.T) {
	site := newSite(t)
	old, key, _ := enrolled(t, site, "ana")
	site.Clock.Add(10 * time.Minute)
	site.Clock.Add(-2 * time.Minute)
	late := appCode(t, site, key)
	site.Clock.Add(2 * time.Minute)
	c := signedInAgain(t, old)
	if a := c.submit("/.mfa/api/verify/totp/verify", "code", late).want(t, 400); !strings.Contains(a.body, "about 2 minutes behind") {
		t.Errorf("the page: %s", a.body)
	}
}

// TestVerify_RecoveryCode: a recovery code is taken as it is typed, once; of a wrong
// and of a used one the page says where there are others, and of no newer one to
// wait for.
func TestVerify_RecoveryCode(t *testing.T) {
	site := newSite(t)
	old, _, codes := enrolled(t, site, "ana")
	c := signedInAgain(t, old)
	if page := c.get("/.mfa/verify?way=codes").want(t, 200); !strings.Contains(page.body, `action="/.mfa/api/verify/codes/verify?way=codes"`) {
		t.Errorf("the page: %s", page.body)
	}
	c.submit("/.mfa/api/verify/codes/verify?way=codes", "code", " "+strings.ToLower(codes[3])+" ").want(t, 200)
	c = signedInAgain(t, old)
	wrong := c.submit("/.mfa/api/verify/codes/verify?way=codes", "code", "0000-0000-0000-0000").want(t, 400)
	if !strings.Contains(wrong.body, "Compare it with those you saved, or try another one. You have 4 tries left.") || strings.Contains(wrong.body, "newest") {
		t.Errorf("the page: %s", wrong.body)
	}
	used := c.submit("/.mfa/api/verify/codes/verify?way=codes", "code", codes[3]).want(t, 409)
	if !strings.Contains(used.body, "already used, and each works once. Use another one.") || strings.Contains(used.body, "the next one") || !strings.Contains(used.body, "input class=\"code wide\"") {
		t.Errorf("the page: %s", used.body)
	}
}

// TestVerify_TooMany: after five wrong codes the page says how long to wait, the
// recovery codes go on, and a browser that proved this account before has a
// count of its own.
func TestVerify_TooMany(t *testing.T) {
	site := newSite(t)
	old, key, codes := enrolled(t, site, "ana")
	thief := signedInAgain(t, old)
	for range 5 {
		thief.call("POST", "/.mfa/api/verify/totp/verify", `{"code":"000000"}`).want(t, 400)
	}
	a := thief.submit("/.mfa/api/verify/totp/verify", "code", "000000").want(t, 429)
	if !strings.Contains(a.body, "Too many tries. Nothing is lost") || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("the page: %s", a.body)
	}
	if p := thief.call("POST", "/.mfa/api/verify/totp/verify", `{"code":"000000"}`); p.refused(t, 429, "too-many-tries")["retry_after"] == nil || p.Header.Get("Retry-After") == "" {
		t.Errorf("no retry_after: %s", p.body)
	}
	thief.call("POST", "/.mfa/api/verify/codes/verify", `{"code":"`+codes[0]+`"}`).want(t, 200)
	back := signedInAgain(t, old)
	back.cookies["mfa-known"] = old.cookies["mfa-known"]
	back.call("POST", "/.mfa/api/verify/totp/verify", `{"code":"`+appCode(t, site, key)+`"}`).want(t, 200)
}

// TestVerify_H18_LinkAlone: a way back that came by a link alone is a button
// that shows it, and no script follows it.
func TestVerify_H18_LinkAlone(t *testing.T) {
	site := newSite(t)
	old, key, _ := enrolled(t, site, "ana")
	c := signedInAgain(t, old)
	c.get("/mensagens").want(t, 303)
	for _, to := range []string{"/conta/apagar?ok=1", "//evil.example", "/.mfa/enroll"} {
		done := c.submit("/.mfa/api/verify/totp/verify", "code", appCode(t, site, key), "to", to).want(t, 200)
		want := "/"
		if strings.HasPrefix(to, "/conta") {
			want = to
			if !strings.Contains(done.body, `translate="no">/conta/apagar?ok=1</bdi>`) {
				t.Errorf("the target is not shown: %s", done.body)
			}
		}
		if got := outOfMount(done.body); strings.Contains(done.body, "data-follow") || len(got) != 1 || got[0] != want {
			t.Errorf("%s: links %q", to, got)
		}
		site.Clock.Add(time.Minute)
	}
}

// TestVerify_WaitingTab: where a form waits in another tab, the page sends the
// person back there and follows nothing by itself.
func TestVerify_WaitingTab(t *testing.T) {
	site := newSite(t)
	old, key, _ := enrolled(t, site, "ana")
	c := signedInAgain(t, old)
	block := c.submit("/enviar-documentos/novo", "titulo", "x").want(t, 403)
	if !strings.Contains(block.body, `data-again="/.mfa/api/state?to=`+url.QueryEscape("/enviar-documentos/novo")) || !strings.Contains(block.body, `target="_blank"`) {
		t.Fatalf("the page: %s", block.body)
	}
	done := c.submit("/.mfa/api/verify/totp/verify", "code", appCode(t, site, key), "to", "/enviar-documentos/novo").want(t, 200)
	if !strings.Contains(done.body, "Go back to your other tab") || strings.Contains(done.body, "data-follow") {
		t.Errorf("the page: %s", done.body)
	}
	if hits, _ := site.Reached(); len(hits) != 0 {
		t.Errorf("the app was asked: %q", hits)
	}
}

// TestVerify_Stale asks again where the area wants a fresher proof.
func TestVerify_Stale(t *testing.T) {
	site := newSite(t)
	site.Fresh["/mensagens"] = 5 * time.Minute
	c, key, _ := enrolled(t, site, "ana")
	c.get("/mensagens").want(t, 200)
	site.Clock.Add(6 * time.Minute)
	page := c.follow(c.get("/mensagens"))
	if !strings.Contains(page.body, "once more") || !strings.Contains(page.body, `name="code"`) {
		t.Errorf("the page: %s", page.body)
	}
	c.submit("/.mfa/api/verify/totp/verify", "code", appCode(t, site, key)).want(t, 200)
	c.get("/mensagens").want(t, 200)
}

func TestVerify_BeginAndNoFactor(t *testing.T) {
	site := newSite(t)
	c := visitor(t, site, "ana")
	if a := c.get("/.mfa/verify").want(t, 303); a.Header.Get("Location") != "/.mfa/enroll" {
		t.Errorf("without a factor it leads to %s", a.Header.Get("Location"))
	}
	c.call("POST", "/.mfa/api/verify/totp", "").refused(t, 403, "not-offered")
	c.call("POST", "/.mfa/api/verify/totp/verify", `{"code":"123456"}`).refused(t, 409, "wrong-step")
	old, _, _ := enrolled(t, site, "ana")
	c = signedInAgain(t, old)
	if got := c.call("POST", "/.mfa/api/verify/totp", "").want(t, 200).json(t); got["kind"] != "totp" {
		t.Errorf("begin: %v", got)
	}
}

// TestVerify_H18_ForeignFormWaitsForNothing: the page after the proof does not
// send anybody back to a form that another site posted.
func TestVerify_H18_ForeignFormWaitsForNothing(t *testing.T) {
	site := newSite(t)
	old, key, _ := enrolled(t, site, "ana")
	c := signedInAgain(t, old)
	r := httptest.NewRequest("POST", "/enviar-documentos/novo", strings.NewReader("titulo=x"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if block := c.send(r).want(t, 403); strings.Contains(block.body, "data-again") {
		t.Errorf("the page: %s", block.body)
	}
	done := c.submit("/.mfa/api/verify/totp/verify", "code", appCode(t, site, key)).want(t, 200)
	if strings.Contains(done.body, "other tab") || strings.Contains(done.body, "data-follow") {
		t.Errorf("the page: %s", done.body)
	}
}
