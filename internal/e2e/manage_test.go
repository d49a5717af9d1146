package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

func TestS1_19_EachNewSignInProvesTheFactor(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "carla")
	app := v.Enrol().App
	if got := v.Open("/documentos-recebidos"); got.Status != http.StatusOK {
		t.Fatalf("right after enrolling: %d", got.Status)
	}
	// The same browser, signed in anew.
	v.SignOut()
	v.SignIn("carla")
	d.Portal.Forget(t)
	wantVerify(t, v, "/documentos-recebidos?de=10")
	wantReason(t, v.Call(http.MethodGet, "/documentos-recebidos", nil), http.StatusForbidden, "verify")
	wantReason(t, v.Call(http.MethodPost, "/.mfa/api/verify/totp/verify", map[string]any{"code": app.Wrong(t)}), http.StatusBadRequest, "bad-code")
	wantVerify(t, v, "/documentos-recebidos")
	wantNoHits(t, d)
	v.Prove(app)
	if got := v.Open("/documentos-recebidos"); got.Status != http.StatusOK {
		t.Errorf("after the code: %d", got.Status)
	}
	// Another browser has proved nothing yet.
	wantVerify(t, as(t, d, "carla"), "/mensagens")
}

func TestS3_2_TheSecurityPageListsTheMethods(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	none := v.Open("/.mfa/")
	if none.Status != http.StatusOK || strings.Contains(none.Body, "Telefone") {
		t.Fatalf("before enrolling: %d\n%s", none.Status, none.Body)
	}
	e := v.Enrol()
	got := v.Open("/.mfa/")
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "Telefone") {
		t.Errorf("the page does not list the method: %d\n%s", got.Status, got.Body)
	}
	if ms := methods(t, v); len(ms) != 1 || ms[0].ID != e.MethodID || ms[0].Kind != "totp" || ms[0].Name != "Telefone" || !ms[0].Default {
		t.Errorf("state lists %+v", ms)
	}
}

func TestS3_5_LngForcesTheLanguage(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	for _, path := range []string{"/.mfa/", "/.mfa/enroll", "/.mfa/enroll?to=/mensagens"} {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		for lng, want := range map[string]string{"en": "en", "pt-BR": "pt-BR", "pt": "pt-BR", "xx": "pt-BR", "%22%3E": "pt-BR"} {
			fresh := as(t, d, "ana")
			if got := fresh.Open(path + sep + "lng=" + lng); !strings.Contains(got.Body, `<html lang="`+want+`"`) {
				t.Errorf("%s in %q: %d\n%.200s", path, lng, got.Status, got.Body)
			}
		}
	}
	// The choice stays with the browser, for the block page too.
	v.Open("/.mfa/enroll?lng=en")
	if got := wantBlocked(t, v, "/mensagens"); !strings.Contains(got.Body, `<html lang="en"`) {
		t.Errorf("the block page does not keep the language:\n%.200s", got.Body)
	}
}

func TestS3_17_AWizardAtTheBlockAndAPageOfOnesOwn(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	wantBlocked(t, v, "/mensagens")
	steps := []string{}
	step := func() { steps = append(steps, v.Call(http.MethodGet, "/.mfa/api/state", nil).JSON("step")) }
	step()
	v.VerifyEmail()
	step()
	e := v.AddApp()
	if want := []string{"email", "method"}; !slices.Equal(steps, want) {
		t.Errorf("the wizard's steps are %q, want %q", steps, want)
	}
	if len(e.RecoveryCodes) < 8 {
		t.Errorf("%d recovery codes", len(e.RecoveryCodes))
	}
	for page, want := range map[string]string{"/.mfa/": "Telefone", "/.mfa/enroll": "/mensagens"} {
		if got := v.Open(page); got.Status != http.StatusOK || !strings.Contains(got.Body, want) {
			t.Errorf("%s does not show %q: %d\n%s", page, want, got.Status, got.Body)
		}
	}
}

func TestS3_18_WhoHasAFactorProvesItBeforeSeeingOrChangingAny(t *testing.T) {
	d := apptest.StartDemo(t)
	e := as(t, d, "ana").Enrol()
	v := as(t, d, "ana") // knows the password alone
	page := v.Open("/.mfa/")
	if strings.Contains(page.Body, "Telefone") || strings.Contains(page.Body, e.MethodID) {
		t.Errorf("the page shows the method without a proof:\n%s", page.Body)
	}
	state := v.Call(http.MethodGet, "/.mfa/api/state", nil)
	if strings.Contains(state.Body, "Telefone") || strings.Contains(state.Body, e.MethodID) {
		t.Errorf("state shows the method without a proof: %s", state.Body)
	}
	refused := func(method, path string, body any) {
		t.Helper()
		got := v.Call(method, path, body)
		if got.Status != http.StatusForbidden || got.JSON("secret") != "" || got.JSON("recovery_codes") != "" {
			t.Errorf("%s %s without a proof: %d %s", method, path, got.Status, got.Body)
		}
	}
	refused(http.MethodDelete, "/.mfa/api/methods/"+e.MethodID, nil)
	refused(http.MethodPatch, "/.mfa/api/methods/"+e.MethodID, map[string]any{"name": "meu"})
	refused(http.MethodPost, "/.mfa/api/recovery-codes", map[string]any{})
	refused(http.MethodPost, "/.mfa/api/methods/totp", map[string]any{})
	v.Call(http.MethodPost, "/.mfa/api/email", map[string]any{})
	refused(http.MethodPost, "/.mfa/api/methods/totp", map[string]any{})
	v.Prove(e.App)
	if ms := methods(t, v); len(ms) != 1 || ms[0].Name != "Telefone" {
		t.Errorf("after the proof state lists %+v", ms)
	}
	if got := v.Open("/.mfa/"); !strings.Contains(got.Body, "Telefone") {
		t.Errorf("after the proof the page does not list the method: %d", got.Status)
	}
}

func TestS3_39_AVisitEndsAfterFifteenMinutes(t *testing.T) {
	d := apptest.StartDemo(t, apptest.MovableClock)
	v := as(t, d, "ana")
	v.VerifyEmail()
	begun := v.Call(http.MethodPost, "/.mfa/api/methods/totp", map[string]any{})
	secret := begun.JSON("secret")
	if secret == "" {
		t.Fatalf("beginning: %d %s", begun.Status, begun.Body)
	}
	d.Later(t, 14*time.Minute)
	if got := v.Call(http.MethodPost, "/.mfa/api/methods/totp", map[string]any{}); got.JSON("secret") != secret {
		t.Errorf("after 14 minutes the visit is over: %d %s", got.Status, got.Body)
	}
	d.Later(t, 16*time.Minute)
	app := &apptest.Authenticator{Secret: secret, Ahead: 16 * time.Minute}
	late := v.Call(http.MethodPost, "/.mfa/api/methods/totp/verify", map[string]any{"code": app.Code(t), "name": "tarde"})
	wantReason(t, late, http.StatusGone, "expired")
	if late.JSON("recovery_codes") != "" {
		t.Error("recovery codes are given after the end")
	}
	if ms := methods(t, v); len(ms) != 0 {
		t.Errorf("half an enrolment was saved: %+v", ms)
	}
	wantBlocked(t, v, "/documentos-recebidos")
	if got := v.Call(http.MethodGet, "/.mfa/api/state", nil); got.JSON("step") != "email" {
		t.Errorf("the next visit begins at %q", got.JSON("step"))
	}
}

func TestS3_48_ADeletedMethodIsGoneFromTheList(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	first := v.Enrol()
	second := v.AddApp()
	if got := v.Call(http.MethodPatch, "/.mfa/api/methods/"+second.MethodID, map[string]any{"name": "Tablet"}); got.Status/100 != 2 {
		t.Fatalf("renaming: %d %s", got.Status, got.Body)
	}
	if got := v.Call(http.MethodDelete, "/.mfa/api/methods/"+first.MethodID, nil); got.Status/100 != 2 {
		t.Fatalf("deleting: %d %s", got.Status, got.Body)
	}
	page := v.Open("/.mfa/").Body
	if strings.Contains(page, "Telefone") || !strings.Contains(page, "Tablet") {
		t.Errorf("the page after deleting:\n%s", page)
	}
	if ms := methods(t, v); len(ms) != 1 || ms[0].ID != second.MethodID {
		t.Errorf("state lists %+v", ms)
	}
	wantReason(t, as(t, d, "ana").Call(http.MethodPost, "/.mfa/api/verify/totp/verify", map[string]any{"code": first.App.Code(t)}), http.StatusBadRequest, "bad-code")
}

func TestS3_49_WithoutItsLastFactorTheAccountIsBlockedAgain(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	e := v.Enrol()
	wantPassed(t, v, "/documentos-recebidos")
	if got := v.Call(http.MethodDelete, "/.mfa/api/methods/"+e.MethodID, nil); got.Status/100 != 2 {
		t.Fatalf("deleting: %d %s", got.Status, got.Body)
	}
	again := as(t, d, "ana")
	d.Portal.Forget(t)
	wantBlocked(t, v, "/documentos-recebidos")
	wantBlocked(t, again, "/documentos-recebidos")
	wantNoHits(t, d)
	v.Enrol()
	wantPassed(t, v, "/documentos-recebidos")
}

func TestS3_50_TheNewDefaultIsAskedForFirst(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "carla")
	v.Enrol()
	second := v.AddApp()
	if got := v.Call(http.MethodPatch, "/.mfa/api/methods/"+second.MethodID, map[string]any{"name": "Tablet", "default": true}); got.Status/100 != 2 {
		t.Fatalf("changing the default: %d %s", got.Status, got.Body)
	}
	for _, m := range methods(t, v) {
		if m.Default != (m.ID == second.MethodID) {
			t.Errorf("state lists %+v", m)
		}
	}
	v.SignOut()
	v.SignIn("carla")
	wantVerify(t, v, "/mensagens")
	// Before a proof the page asks for the default's kind and names no device:
	// whoever has the password alone would read it.
	if got := v.Open("/.mfa/verify"); !strings.Contains(got.Body, "/api/verify/totp/verify") || strings.Contains(got.Body, "Tablet") || strings.Contains(got.Body, "Telefone") {
		t.Errorf("the default's kind is not asked for, or a device is named:\n%s", got.Body)
	}
	v.Prove(second.App)
	if got := v.Open("/mensagens"); got.Status != http.StatusOK {
		t.Errorf("after the proof: %d", got.Status)
	}
	if list := methods(t, v); len(list) != 2 || list[0].ID != second.MethodID {
		t.Errorf("the default does not come first: %+v", list)
	}
}

// method is one as state lists it.
type method struct {
	ID, Kind, Name string
	Default        bool
}

func methods(t *testing.T, v *apptest.Visitor) []method {
	t.Helper()
	got := v.Call(http.MethodGet, "/.mfa/api/state", nil)
	var state struct{ Methods []method }
	if err := json.Unmarshal([]byte(got.Body), &state); err != nil {
		t.Fatalf("state: %d %s", got.Status, got.Body)
	}
	return state.Methods
}
