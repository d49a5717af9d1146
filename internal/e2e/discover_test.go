package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// What `caddy mfa discover` drafts for the portal, its doubts answered, guards
// it as the demo's own configuration does.
func TestTheDraftOfDiscoverGuardsThePortal(t *testing.T) {
	d := apptest.StartDemo(t, apptest.Discovered(func(t testing.TB, d *apptest.Demo, draft *apptest.Draft) {
		draft.OnlyReads(1)
		draft.Answer("mail smtp smtp+starttls://mail.example.com:587 {", "mail smtp smtp://127.0.0.1:"+d.Portal.SMTPPort+" {")
		draft.Answer("protect: [/]", "protect: [/documentos-recebidos, /enviar-documentos, /mensagens, /atendimento, /api/app/escritorio]")
		draft.Answer("want: no-identity}", "want: open}")
		draft.Answer("want: enroll}", "want: open}")
	}))
	stranger := apptest.NewVisitor(t, d.URL)
	got := stranger.Open("/documentos-recebidos/1")
	if to := "/entrar?next=" + url.QueryEscape("/documentos-recebidos/1"); got.Status/100 != 3 || got.Header.Get("Location") != to {
		t.Errorf("a stranger is led to %q, want %q", got.Header.Get("Location"), to)
	}
	if form := stranger.Open("/entrar"); form.Status != http.StatusOK || !strings.Contains(form.Body, `type="password"`) {
		t.Errorf("the form: %d", form.Status)
	}
	ana := as(t, d, "ana")
	d.Portal.Forget(t)
	for path := range protected {
		wantBlocked(t, ana, path)
	}
	wantNoHits(t, d)
	for _, path := range open[:len(open)-2] { // what lies under a protected prefix was not answered for
		wantPassed(t, ana, path)
	}
	enrolled := ana.Enrol()
	for path := range protected {
		wantPassed(t, ana, path)
	}
	ana.SignOut()
	ana.SignIn("bruno")
	wantBlocked(t, ana, "/documentos-recebidos")
	ana.SignOut()
	ana.SignIn("ana")
	wantVerify(t, ana, "/documentos-recebidos/1")
	ana.Prove(enrolled.App)
	wantPassed(t, ana, "/documentos-recebidos/1")
}
