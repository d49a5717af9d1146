// Package e2e tries the whole of it: the demo's unmodified portal, a running
// Caddy with the plugin in front, and visitors that speak HTTP or sit at a
// browser. A test's name carries the number of the behaviour it shows.
package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// protected are the addresses of the demo's protected areas, and what the
// portal shows at each.
var protected = map[string]string{
	"/documentos-recebidos":          "Balancete",
	"/documentos-recebidos/1":        "184.220,15",
	"/documentos-recebidos/1/baixar": "184.220,15",
	"/enviar-documentos":             "Enviar arquivo",
	"/mensagens":                     "Sua conversa",
	"/atendimento":                   "um dia útil",
	"/api/app/escritorio/documentos": "Balancete",
	"/api/app/escritorio/mensagens":  `"mensagens":[`,
}

// open are addresses that stay as they were.
var open = []string{"/resumo", "/financeiro", "/caixa-de-entrada", "/arquivos-permanentes", "/correio", "/documentos-recebidos/ajuda", "/api/app/resumo"}

func as(t *testing.T, d *apptest.Demo, login string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, d.URL)
	v.Header.Set("Accept-Language", "pt-BR")
	v.SignIn(login)
	return v
}

func wantBlocked(t *testing.T, v *apptest.Visitor, path string) apptest.Answer {
	t.Helper()
	got := v.Open(path)
	if got.Status != http.StatusForbidden || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s is not blocked: %d, Cache-Control %q", path, got.Status, got.Header.Get("Cache-Control"))
	}
	return got
}

func wantPassed(t *testing.T, v *apptest.Visitor, path string) apptest.Answer {
	t.Helper()
	got := v.Open(path)
	if got.Status != http.StatusOK || (protected[path] != "" && !strings.Contains(got.Body, protected[path])) {
		t.Fatalf("%s does not pass: %d, to %q\n%.600s", path, got.Status, got.Header.Get("Location"), got.Body)
	}
	return got
}

// wantVerify expects the way to the page that asks for the second factor, with
// the way back in it.
func wantVerify(t *testing.T, v *apptest.Visitor, path string) {
	t.Helper()
	got := v.Open(path)
	to, err := url.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != http.StatusSeeOther || to.Path != "/.mfa/verify" {
		t.Fatalf("%s does not ask for the second factor: %d, to %q", path, got.Status, got.Header.Get("Location"))
	}
	if back := to.Query().Get("to"); back != path {
		t.Errorf("the way back from %s is %q", path, back)
	}
}

func wantNoHits(t *testing.T, d *apptest.Demo) {
	t.Helper()
	if hits := d.Portal.Hits(t); len(hits) != 0 {
		t.Errorf("the application received %+v", hits)
	}
}

func wantReason(t *testing.T, got apptest.Answer, status int, reason string) {
	t.Helper()
	if got.Status != status || got.JSON("reason") != reason {
		t.Errorf("answered %d %q, want %d %q: %s", got.Status, got.JSON("reason"), status, reason, got.Body)
	}
}
