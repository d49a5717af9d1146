package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

func TestS0_14_TheButtonLeadsToTheStartOfEnrolment(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	block := wantBlocked(t, v, "/documentos-recebidos")
	_, rest, _ := strings.Cut(block.Body, `<a class="button" href="`)
	href, rest, _ := strings.Cut(rest, `"`)
	if !strings.HasPrefix(href, "/.mfa/enroll") || !strings.Contains(rest[:min(len(rest), 200)], "Configurar agora") {
		t.Fatalf("the button leads to %q", href)
	}
	got := v.Open(strings.ReplaceAll(href, "&amp;", "&"))
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "a•••@padariaribeiro.example") {
		t.Errorf("the first page: %d\n%s", got.Status, got.Body)
	}
	if state := v.Call(http.MethodGet, "/.mfa/api/state", nil); state.JSON("step") != "email" {
		t.Errorf("the first step: %s", state.Body)
	}
}

func TestS0_15_NoSecretBeforeTheAddressIsVerified(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	begin := func() apptest.Answer { return v.Call(http.MethodPost, "/.mfa/api/methods/totp", map[string]any{}) }
	noSecret := func(when string, got apptest.Answer) {
		t.Helper()
		if strings.Contains(got.Body, "otpauth:") || got.JSON("secret") != "" || got.JSON("uri") != "" {
			t.Errorf("%s the secret is shown: %s", when, got.Body)
		}
	}
	early := begin()
	wantReason(t, early, http.StatusConflict, "wrong-step")
	noSecret("before anything", early)
	noSecret("on the first page", v.Open("/.mfa/enroll"))
	if got := v.Call(http.MethodPost, "/.mfa/api/email", map[string]any{}); got.Status/100 != 2 {
		t.Fatalf("asking for the mail: %d %s", got.Status, got.Body)
	}
	noSecret("with the mail under way", begin())
	wrong := v.Call(http.MethodPost, "/.mfa/api/email/verify", map[string]any{"code": other(v.MailedCode())})
	wantReason(t, wrong, http.StatusBadRequest, "bad-code")
	noSecret("after a wrong code", begin())
	if got := v.Call(http.MethodPost, "/.mfa/api/email/verify", map[string]any{"code": v.MailedCode()}); got.Status/100 != 2 {
		t.Fatalf("verifying the address: %d %s", got.Status, got.Body)
	}
	if got := begin(); got.JSON("secret") == "" || !strings.HasPrefix(got.JSON("uri"), "otpauth://totp/") {
		t.Errorf("after verifying there is no secret: %d %s", got.Status, got.Body)
	}
}

// other changes a code in its last digit.
func other(code string) string {
	last := byte('0' + (code[len(code)-1]-'0'+1)%10)
	return code[:len(code)-1] + string(last)
}

func TestS0_16_BackToTheVeryAddressAskedFor(t *testing.T) {
	const wanted = "/documentos-recebidos/1?competencia=10%2F2026&ordem=b&ordem=a"
	t.Run("ok/path and query", func(t *testing.T) {
		d := apptest.StartDemo(t)
		v := as(t, d, "ana")
		wantBlocked(t, v, wanted)
		v.VerifyEmail()
		begun := v.Call(http.MethodPost, "/.mfa/api/methods/totp", map[string]any{})
		app := &apptest.Authenticator{Secret: begun.JSON("secret")}
		done := v.Call(http.MethodPost, "/.mfa/api/methods/totp/verify", map[string]any{"code": app.Code(t), "name": "x"})
		if done.JSON("return_to") != wanted {
			t.Fatalf("return_to is %q", done.JSON("return_to"))
		}
		wantPassed(t, v, wanted)
	})
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	for _, to := range []string{
		"https://evil.example/documentos-recebidos", "//evil.example/", `/\evil.example/`, `\\evil.example`, "/\t/evil.example",
		"javascript:alert(1)", "/.mfa/", "evil.example", "/%0d%0aLocation:%20https://evil.example",
	} {
		t.Run("fail/"+url.QueryEscape(to), func(t *testing.T) {
			got := v.Call(http.MethodGet, "/.mfa/api/state?to="+url.QueryEscape(to), nil)
			if back := got.JSON("return_to"); strings.Contains(back, "evil") && !strings.HasPrefix(back, "/%0d") || back == "/.mfa/" {
				t.Errorf("the way back is %q", back)
			}
			page := v.Open("/.mfa/enroll?to=" + url.QueryEscape(to))
			if strings.Contains(page.Body, `href="https://evil`) || strings.Contains(page.Body, `href="//evil`) || strings.Contains(page.Body, "javascript:") {
				t.Errorf("the page holds a way out of the site:\n%s", page.Body)
			}
		})
	}
}

func TestS0_19_WhoHasEnrolledIsNotBlockedAgain(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	wantBlocked(t, v, "/documentos-recebidos")
	v.Enrol()
	again := as(t, d, "ana") // another browser, a new sign-in
	for path := range protected {
		wantPassed(t, v, path)
		wantPassed(t, again, path)
	}
	restartKeepsEverybody(t, d, v, again)
}

// restartKeepsEverybody shows that what was enrolled outlives the process. The
// portal, a process of its own, keeps its sessions.
func restartKeepsEverybody(t *testing.T, d *apptest.Demo, vs ...*apptest.Visitor) {
	t.Helper()
	d.Caddy.Stop(t)
	d.StartCaddy(t)
	for _, v := range vs {
		wantPassed(t, v, "/documentos-recebidos/1")
	}
}

func TestS0_20_OneEnrolmentCountsInEveryOfficeThatShares(t *testing.T) {
	t.Run("ok/everywhere", func(t *testing.T) {
		d := apptest.StartDemo(t)
		v := as(t, d, "fabio")
		wantBlocked(t, v, "/documentos-recebidos")
		v.Enrol()
		if got := wantPassed(t, v, "/documentos-recebidos"); !strings.Contains(got.Body, "Balancete") {
			t.Error("these are not the first office's documents")
		}
		v.MoveTo("costa")
		got := v.Open("/documentos-recebidos")
		if got.Status != http.StatusOK || !strings.Contains(got.Body, "Livro-caixa") {
			t.Errorf("in the second office: %d\n%.400s", got.Status, got.Body)
		}
	})
	t.Run("fail/tenant", func(t *testing.T) {
		d := apptest.StartDemo(t, apptest.Policy("share: everywhere", "share: tenant"))
		v := as(t, d, "fabio")
		v.Enrol()
		wantPassed(t, v, "/documentos-recebidos")
		v.MoveTo("costa")
		wantBlocked(t, v, "/documentos-recebidos")
	})
}
