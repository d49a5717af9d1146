package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

func TestS0_1_UnenrolledIsBlockedUnderEveryProtectedPrefix(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	d.Portal.Forget(t)
	for path := range protected {
		wantBlocked(t, v, path)
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"} {
			if got := v.Do(method, path, ""); got.Status != http.StatusForbidden {
				t.Errorf("%s %s: %d", method, path, got.Status)
			}
		}
	}
	wantNoHits(t, d)
	v.Enrol()
	for path := range protected {
		wantPassed(t, v, path)
	}
}

func TestS0_2_EachAreaBlocksOnItsOwn(t *testing.T) {
	d := apptest.StartDemo(t,
		apptest.Policy("    name: Escritório Silva\n", "    name: Escritório Silva\n    protect: [/documentos-recebidos]\n"),
		apptest.Policy("    name: Contábil Costa\n", "    name: Contábil Costa\n    protect: [/enviar-documentos]\n"),
		apptest.Policy("    name: Souza & Filhos\n", "    name: Souza & Filhos\n    require: mfa\n    protect: [/mensagens]\n"),
		apptest.Policy("  allow:\n    - /documentos-recebidos/ajuda\n", ""),
		apptest.WithoutPolicyTests)
	for login, blocked := range map[string]string{"ana": "/documentos-recebidos", "carla": "/enviar-documentos", "elisa": "/mensagens"} {
		v := as(t, d, login)
		for _, path := range []string{"/documentos-recebidos", "/enviar-documentos", "/mensagens"} {
			if path == blocked {
				wantBlocked(t, v, path)
			} else if got := v.Open(path); got.Status != http.StatusOK {
				t.Errorf("%s at %s: %d", login, path, got.Status)
			}
		}
	}
}

func TestS0_3_OneAreaUnderTwoAddresses(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana")
	for _, path := range []string{"/mensagens", "/atendimento"} {
		got := wantBlocked(t, v, path)
		if n := strings.Count(got.Body, "<bdi>Mensagens</bdi></li>"); n != 1 {
			t.Errorf("the block page of %s lists the area %d times:\n%s", path, n, got.Body)
		}
	}
}

func TestS0_4_NoByteOfTheApplicationIsShown(t *testing.T) {
	d := apptest.StartDemo(t, apptest.WithoutPolicyTests)
	// A message is planted while the office requires nothing of its clients.
	d.Change(t, "require: mfa", "require: none #")
	v := as(t, d, "ana")
	apptest.Eventually(t, patience, "the portal to open", func() bool { return v.Open("/mensagens").Status == http.StatusOK })
	if got := v.Post("/atendimento", url.Values{"assunto": {"Segredo-7731"}, "mensagem": {"Valor-8842"}}); got.Status != http.StatusSeeOther {
		t.Fatalf("writing a message: %d", got.Status)
	}
	shown := v.Open("/mensagens")
	if !strings.Contains(shown.Body, "Segredo-7731") {
		t.Fatal("the message is not there")
	}
	d.Change(t, "require: none #", "require: mfa")
	apptest.Eventually(t, patience, "the portal to close", func() bool { return v.Open("/mensagens").Status == http.StatusForbidden })
	d.Portal.Forget(t)
	for path, secret := range protected {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			got := v.Do(method, path, "", "Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
			for _, word := range []string{secret, "Segredo-7731", "Valor-8842", "Portal do Cliente", "/assets/portal.css"} {
				if strings.Contains(got.Body, word) {
					t.Errorf("%s %s shows %q", method, path, word)
				}
			}
			for _, name := range []string{"Etag", "Last-Modified", "Content-Disposition"} {
				if got.Header.Get(name) != "" {
					t.Errorf("%s %s answers with the application's %s", method, path, name)
				}
			}
			if got.Header.Get("Content-Security-Policy") == shown.Header.Get("Content-Security-Policy") {
				t.Errorf("%s %s answers with the application's own policy of content", method, path)
			}
		}
	}
	wantNoHits(t, d)
}

func TestS0_10_NothingRequiredNothingBlocked(t *testing.T) {
	d := apptest.StartDemo(t)
	paths := []string{"/documentos-recebidos", "/documentos-recebidos/1", "/enviar-documentos", "/mensagens", "/atendimento", "/api/app/escritorio/documentos"}
	v := as(t, d, "elisa")
	for _, path := range paths {
		if got := v.Open(path); got.Status != http.StatusOK {
			t.Errorf("before enrolling, %s: %d", path, got.Status)
		}
	}
	v.Enrol()
	again := as(t, d, "elisa")
	for _, path := range paths {
		if got := again.Open(path); got.Status != http.StatusOK {
			t.Errorf("enrolled, signed in anew, %s: %d", path, got.Status)
		}
	}
}

func TestS0_11_TheBlockComesAtTheAreaNotAtSignIn(t *testing.T) {
	d := apptest.StartDemo(t)
	v := as(t, d, "ana") // fails unless the portal's own sign-in leads to its start page
	wantPassed(t, v, "/resumo")
	got := wantBlocked(t, v, "/documentos-recebidos")
	if got.Header.Get("Location") != "" {
		t.Errorf("the block leads away from the address asked for, to %q", got.Header.Get("Location"))
	}
}

func TestS0_12_TheBlockPageSaysWhatToDo(t *testing.T) {
	d := apptest.StartDemo(t)
	got := wantBlocked(t, as(t, d, "ana"), "/documentos-recebidos")
	main := got.Body[strings.Index(got.Body, "<main"):strings.Index(got.Body, "</main>")]
	if n := strings.Count(main, `class="button"`); n != 1 || !strings.Contains(main, ">Configurar agora<") {
		t.Errorf("the page has %d primary buttons:\n%s", n, main)
	}
	for _, word := range []string{`lang="pt-BR"`, "Escritório Silva", "Documentos recebidos", "Enviar documentos"} {
		if !strings.Contains(got.Body, word) {
			t.Errorf("the page does not say %q", word)
		}
	}
	text := strings.ToLower(main)
	if !strings.Contains(text, "segundo fator") && !strings.Contains(text, "segunda etapa") && !strings.Contains(text, "duas etapas") {
		t.Errorf("the page does not ask in words for a second factor:\n%s", main)
	}
}

func TestS0_13_TheAppIsRefusedInAFormItCanRead(t *testing.T) {
	d := apptest.StartDemo(t)
	v := phone(t, d, "ana")
	d.Portal.Forget(t)
	got := v.Do(http.MethodGet, "/api/app/escritorio/documentos", "", "Accept", "application/json")
	wantReason(t, got, http.StatusForbidden, "enroll")
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("Content-Type %q", kind)
	}
	for member, want := range map[string]string{
		"type": "urn:mfa:enroll", "status": "403", "tenant": "silva", "methods": `["totp"]`,
	} {
		if got.JSON(member) != want {
			t.Errorf("%s is %q, want %q", member, got.JSON(member), want)
		}
	}
	if to := got.JSON("enroll_url"); !strings.HasPrefix(to, d.URL+"/.mfa/enroll") {
		t.Errorf("enroll_url is %q", to)
	}
	for _, member := range []string{"title", "detail", "reference"} {
		if got.JSON(member) == "" {
			t.Errorf("%s is empty", member)
		}
	}
	wantNoHits(t, d)
}

func TestS0_21_OpenAreasAreUnchanged(t *testing.T) {
	d := apptest.StartDemo(t)
	through := as(t, d, "ana")
	direct := apptest.NewVisitor(t, "http://127.0.0.1:"+d.Portal.Port)
	direct.SignIn("ana")
	for _, path := range open {
		want, got := direct.Open(path), through.Open(path)
		if got.Status != want.Status || got.Body != want.Body {
			t.Errorf("%s: %d and %d bytes through the gate, %d and %d bytes without it", path, got.Status, len(got.Body), want.Status, len(want.Body))
		}
		for name := range want.Header {
			if name != "Date" && got.Header.Get(name) != want.Header.Get(name) {
				t.Errorf("%s: %s is %q through the gate, %q without it", path, name, got.Header.Get(name), want.Header.Get(name))
			}
		}
	}
}

func TestS0_22_TheOfficeIsRefusedWhileTheSummaryAnswers(t *testing.T) {
	d := apptest.StartDemo(t)
	v := phone(t, d, "ana")
	for path, want := range map[string]int{
		"/api/app/resumo": 200, "/api/app/escritorio/documentos": 403, "/api/app/escritorio/mensagens": 403,
	} {
		if got := v.Do(http.MethodGet, path, "", "Accept", "application/json"); got.Status != want {
			t.Errorf("%s: %d, want %d", path, got.Status, want)
		}
	}
}

// phone signs in as the mobile app does: with a token, and without what only
// browsers send.
func phone(t *testing.T, d *apptest.Demo, login string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, d.URL)
	v.Header.Set("Authorization", "Bearer "+v.PhoneToken(login))
	return v
}
