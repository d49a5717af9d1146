package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
)

// blocked is a request to a page of area "Mensagens" that was not passed on.
func blocked(verdict, reason string, status int) *portal.Blocked {
	return &portal.Blocked{
		Visit: &portal.Visit{
			Person: enroll.Person{Realm: "default", User: "ana", Name: "Ana"}, Host: "portal.example", Scheme: "https", Mount: "/.mfa",
			Rules:  enroll.Rules{Tenant: "silva", TenantName: "Escritório Silva", Methods: []enroll.Kind{enroll.KindTOTP}},
			Client: netip.MustParseAddr("203.0.113.7"), FlagCookie: "__Host-mfa", Secure: true,
		},
		Verdict: verdict, Reason: reason, Status: status, Reference: "7KQ2-MX4P-9RTD", To: "/mensagens/1?x=2", Area: "Mensagens",
		Areas: []string{"Documentos recebidos", "Mensagens"},
	}
}

func answerTo(t *testing.T, b *portal.Blocked, method string, headers ...string) *answer {
	t.Helper()
	p, err := portal.New(portal.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "https://portal.example/mensagens/1?x=2", nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"app"`)
	w.Header().Set("Last-Modified", "Tue, 24 Nov 2026 12:00:00 GMT")
	p.Block(w, r, b)
	return &answer{w.Result(), w.Body.String()}
}

var asPage = []string{"Sec-Fetch-Mode", "navigate", "Accept-Language", "pt-BR"}

// TestBlock_Forms is the table of contract section 4: which form each asker gets.
func TestBlock_Forms(t *testing.T) {
	for _, c := range []struct {
		name            string
		verdict, reason string
		status          int
		method          string
		headers         []string
		want            int
		header, value   string
		body            string // holds this
	}{
		{"enroll/page", "enroll", "enroll", 403, "GET", asPage, 403, "Content-Type", "text/html; charset=utf-8", "Configurar agora"},
		{"enroll/page of a post", "enroll", "enroll", 403, "POST", asPage, 403, "Content-Type", "text/html; charset=utf-8", "data-again="},
		{"enroll/fetch", "enroll", "enroll", 403, "GET", []string{"Sec-Fetch-Mode", "cors"}, 403, "Content-Type", "application/problem+json", `"enroll_url":"https://portal.example/.mfa/enroll?to=%2Fmensagens%2F1%3Fx%3D2"`},
		{"enroll/bearer", "enroll", "enroll", 403, "GET", []string{"Authorization", "Bearer x"}, 403, "WWW-Authenticate", "", `"reason":"enroll"`},
		{"more-methods/page", "enroll", "more-methods", 403, "GET", asPage, 403, "Content-Language", "pt-BR", "Adicione mais um fator"},
		{"remind/page", "remind", "remind", 403, "GET", asPage, 403, "Content-Type", "text/html; charset=utf-8", "Configurar agora"},
		{"verify/page", "verify", "verify", 403, "GET", asPage, 303, "Location", "/.mfa/verify?to=%2Fmensagens%2F1%3Fx%3D2", ""},
		{"verify/head of a page", "verify", "stale", 403, "HEAD", asPage, 303, "Location", "/.mfa/verify?to=%2Fmensagens%2F1%3Fx%3D2", ""},
		{"verify/post of a page", "verify", "verify", 403, "POST", asPage, 403, "Content-Type", "text/html; charset=utf-8", "Ainda não foi enviado"},
		{"verify/put of a page", "verify", "weak", 403, "PUT", asPage, 403, "Content-Type", "text/html; charset=utf-8", "data-again="},
		{"verify/fetch", "verify", "verify", 403, "POST", []string{"Accept", "application/json"}, 403, "Content-Type", "application/problem+json", `"verify_url":"https://portal.example/.mfa/verify`},
		{"verify/bearer, RFC 9470", "verify", "verify", 403, "GET", []string{"Authorization", "bearer x"}, 401, "WWW-Authenticate", `Bearer error="insufficient_user_authentication", error_description="A second factor is needed", acr_values="mfa"`, `"status":401`},
		{"verify/websocket", "verify", "verify", 403, "GET", []string{"Upgrade", "websocket", "Connection", "Upgrade", "Authorization", "Bearer x"}, 403, "WWW-Authenticate", "", `"reason":"verify"`},
		{"enroll/websocket of a page", "enroll", "enroll", 403, "GET", []string{"Upgrade", "WebSocket", "Sec-Fetch-Mode", "navigate"}, 403, "Content-Type", "application/problem+json", ""},
		{"enroll/grpc", "enroll", "enroll", 403, "POST", []string{"Content-Type", "application/grpc+proto"}, 200, "Grpc-Status", "7", ""},
		{"verify/grpc", "verify", "verify", 403, "POST", []string{"Content-Type", "application/grpc"}, 200, "Grpc-Status", "16", ""},
		{"store-down/grpc", "deny", "store-down", 503, "POST", []string{"Content-Type", "application/grpc"}, 200, "Grpc-Status", "14", ""},
		{"bad-target/grpc", "deny", "bad-target", 400, "POST", []string{"Content-Type", "application/grpc"}, 200, "Grpc-Status", "3", ""},
		{"enroll/htmx", "enroll", "enroll", 403, "GET", []string{"HX-Request", "true"}, 403, "HX-Redirect", "/.mfa/enroll?to=%2Fmensagens%2F1%3Fx%3D2", `"reason"`},
		{"verify/htmx", "verify", "verify", 403, "POST", []string{"HX-Request", "true"}, 403, "HX-Redirect", "/.mfa/verify?to=%2Fmensagens%2F1%3Fx%3D2", `"reason"`},
		{"no-identity/page", "deny", "no-identity", 401, "GET", asPage, 401, "Content-Type", "text/html; charset=utf-8", "Entre na sua conta primeiro"},
		{"no-identity/fetch", "deny", "no-identity", 401, "GET", nil, 401, "WWW-Authenticate", `Mfa error="no-identity"`, `"type":"urn:mfa:no-identity"`},
		{"identity-conflict/page", "deny", "identity-conflict", 401, "GET", asPage, 401, "Retry-After", "", "dois acessos"},
		{"unknown-tenant/page", "deny", "unknown-tenant", 403, "GET", asPage, 403, "Retry-After", "", "Esta conta não é daqui"},
		{"bad-target/page", "deny", "bad-target", 400, "GET", asPage, 400, "Retry-After", "", "de mais de uma forma"},
		{"mixed-credentials/page", "deny", "mixed-credentials", 400, "GET", asPage, 400, "Retry-After", "", "segundo acesso"},
		{"identity-down/page", "deny", "identity-down", 503, "GET", asPage, 503, "Retry-After", "5", "verificar seu acesso agora"},
		{"store-down/page", "deny", "store-down", 503, "GET", asPage, 503, "Retry-After", "5", "segundo fator agora"},
		{"store-down/fetch", "deny", "store-down", 503, "GET", nil, 503, "Retry-After", "5", `"retry_after":5`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := answerTo(t, blocked(c.verdict, c.reason, c.status), c.method, c.headers...)
			if a.StatusCode != c.want || a.Header.Get(c.header) != c.value || !strings.Contains(a.body, c.body) {
				t.Errorf("status %d, %s: %q\n%s", a.StatusCode, c.header, a.Header.Get(c.header), a.body)
			}
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "ETag": "", "Last-Modified": ""} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("CSP %q", csp)
			}
			if shown := a.body + a.Header.Get("Grpc-Message"); a.StatusCode != 303 && !strings.Contains(shown, "7KQ2-MX4P-9RTD") {
				t.Errorf("the reference is not shown: %s", shown)
			}
		})
	}
}

func TestBlock_HeadHasNoBody(t *testing.T) {
	for _, c := range []*portal.Blocked{blocked("enroll", "enroll", 403), blocked("deny", "store-down", 503)} {
		for _, headers := range [][]string{asPage, nil} {
			if a := answerTo(t, c, "HEAD", headers...); a.body != "" || a.StatusCode != c.Status {
				t.Errorf("%s: status %d, body %q", c.Reason, a.StatusCode, a.body)
			}
		}
	}
}

// TestS0_12_BlockPage: who requires it, what is locked, that the rest is open,
// what is needed, how long, one primary button, and where to ask.
func TestS0_12_BlockPage(t *testing.T) {
	b := blocked("enroll", "enroll", 403)
	b.Visit.Rules.Brand = enroll.Brand{Help: "https://silva.example/ajuda", Color: "#0f766e"}
	a := answerTo(t, b, "GET", asPage...)
	for _, part := range []string{
		`lang="pt-BR"`, "Escritório Silva", "Mensagens", "Documentos recebidos", "O restante continua aberto", "dois minutos", "celular",
		`href="/.mfa/enroll?to=%2Fmensagens%2F1%3Fx%3D2"`, `class="skip" href="#main"`, `id="main"`, "https://silva.example/ajuda",
		"brand-0f766e.css", "/.mfa/language?lng=en",
	} {
		if !strings.Contains(a.body, part) {
			t.Errorf("the page has no %q", part)
		}
	}
	if n := strings.Count(a.body, `class="button"`); n != 1 {
		t.Errorf("%d primary buttons, want 1", n)
	}
}

// TestBlock_AllOfTheSite does not say that the rest is open where there is none.
func TestBlock_AllOfTheSite(t *testing.T) {
	b := blocked("enroll", "enroll", 403)
	b.Area, b.Areas = "/", []string{"/"}
	if a := answerTo(t, b, "GET", asPage...); strings.Contains(a.body, "O restante continua aberto") || strings.Contains(a.body, "<bdi>/</bdi>") {
		t.Errorf("the page: %s", a.body)
	}
}

// TestBlock_ForeignIsNeverSentAgain_H18: a form that another site posted is not
// offered again, since reloading would make it this site's own.
func TestBlock_ForeignIsNeverSentAgain_H18(t *testing.T) {
	for _, verdict := range []string{"verify", "enroll"} {
		b := blocked(verdict, verdict, 403)
		b.Foreign = true
		a := answerTo(t, b, "POST", asPage...)
		if strings.Contains(a.body, "data-again") || strings.Contains(a.body, "recarregue") || strings.Contains(a.body, `target="_blank"`) {
			t.Errorf("%s: it is offered again: %s", verdict, a.body)
		}
	}
}

// TestBlock_NothingOfTheRequestIsMarkup_RT3: what a visitor chooses is text.
func TestBlock_NothingOfTheRequestIsMarkup_RT3(t *testing.T) {
	b := blocked("enroll", "enroll", 403)
	evil := `"><script>alert(1)</script>`
	b.Area, b.Areas, b.Visit.Person.Name, b.Visit.Rules.TenantName = evil, []string{evil}, evil, evil
	b.To, b.Reference = "/a?"+evil, evil
	b.Visit.Rules.Brand = enroll.Brand{Logo: "javascript:alert(1)", Help: "javascript:alert(1)", Support: "data:text/html,x", Color: "red;}"}
	for _, method := range []string{"GET", "POST"} {
		if a := answerTo(t, b, method, asPage...); strings.Contains(a.body, "<script>") || strings.Contains(a.body, "javascript:") || strings.Contains(a.body, "data:text") {
			t.Errorf("%s: %s", method, a.body)
		}
	}
	if a := answerTo(t, b, "GET"); strings.Contains(a.body, "<script>") {
		t.Errorf("JSON holds markup: %s", a.body)
	}
}

func TestBlock_StaleSaysHowFresh(t *testing.T) {
	b := blocked("verify", "stale", 403)
	b.Fresh = 5 * time.Minute
	if a := answerTo(t, b, "GET", "Authorization", "Bearer x"); !strings.Contains(a.Header.Get("WWW-Authenticate"), `max_age="300"`) {
		t.Errorf("challenge %q", a.Header.Get("WWW-Authenticate"))
	}
}

func TestBlock_LogoOfAnotherHostIsAllowedByName(t *testing.T) {
	b := blocked("enroll", "enroll", http.StatusForbidden)
	b.Visit.Rules.Brand.Logo = "https://cdn.example/logo.png"
	a := answerTo(t, b, "GET", asPage...)
	if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "img-src 'self' https://cdn.example;") || !strings.Contains(csp, "require-trusted-types-for 'script'") {
		t.Errorf("CSP %q", csp)
	}
	if !strings.Contains(a.body, `src="https://cdn.example/logo.png"`) {
		t.Error("the logo is not shown")
	}
}
