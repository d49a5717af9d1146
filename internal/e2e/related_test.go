package e2e

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// family is the portal under names of two domains with one rp_id, and another
// office beside them, all over TLS.
type family struct {
	address string // where the names are found
	portal  *apptest.Portal
	mail    *apptest.Postbox
}

var familyHosts = []string{"portal.example", "portal.test", "apps.test", "other.test"}

const familyPolicy = `version: 1
defaults:
  require: mfa
  methods: [passkey, totp]
  protect: [/documentos-recebidos]
tenants:
  portal:
    hosts: [portal.example, portal.test]
    rp_id: portal.example
  apps: {parent: portal, hosts: [apps.test], methods: [totp]}
  other: {hosts: [other.test]}
`

const familyCaddyfile = `{
	admin off
	skip_install_trust
	auto_https disable_redirects
	grace_period 1s
	mfa policy.yaml {
		mail smtp smtp://127.0.0.1:{$SMTP_PORT} {
			from seguranca@portal.example
		}
	}
}

https://portal.example:{$PORT}, https://portal.test:{$PORT}, https://apps.test:{$PORT}, https://other.test:{$PORT} {
	bind 127.0.0.1
	tls internal
	mfa {
		identity whoami /api/me {
			user json login
			email json email
			cookies portal_sid
			login /entrar
			logout /sair
		}
		anonymous login /entrar?next={http.mfa.return_to}
	}
	reverse_proxy 127.0.0.1:{$APP_PORT}
}
`

func startFamily(t *testing.T) *family {
	t.Helper()
	dir, port := t.TempDir(), apptest.Port(t)
	f := &family{"127.0.0.1:" + port, apptest.StartPortal(t), apptest.StartPostbox(t)}
	for name, text := range map[string]string{"Caddyfile": familyCaddyfile, "policy.yaml": familyPolicy} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(apptest.Caddy(t), "run", "--adapter", "caddyfile", "--config", filepath.Join(dir, "Caddyfile"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PORT="+port, "APP_PORT="+f.portal.Port, "SMTP_PORT="+f.mail.Port,
		"XDG_DATA_HOME="+filepath.Join(dir, "data"), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
	apptest.Start(t, cmd)
	for _, host := range familyHosts { // each gets a certificate of its own
		v := f.visitor(t, host)
		apptest.Eventually(t, 60*time.Second, "an answer from "+host, func() bool { _, err := v.Try(http.MethodGet, "/entrar"); return err == nil })
	}
	f.portal.Forget(t)
	return f
}

// visitor is a client that finds every name at the family's address.
func (f *family) visitor(t *testing.T, host string) *apptest.Visitor {
	v := apptest.NewVisitor(t, "https://"+host)
	v.Client.Transport = &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, f.address)
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the server's own authority, made for this test
	}
	return v
}

// TestRelatedOrigins: the relying party's own host names the hosts that use its
// passkeys and do not lie under it, to whoever asks; elsewhere the address is the
// app's.
func TestRelatedOrigins(t *testing.T) {
	const path = "/.well-known/webauthn"
	f := startFamily(t)
	portal := f.visitor(t, "portal.example")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		got, want := portal.Do(method, path, ""), `{"origins":["https://portal.test"]}`+"\n"
		if method == http.MethodHead {
			want = ""
		}
		if got.Status != http.StatusOK || got.Header.Get("Content-Type") != "application/json" || got.Body != want {
			t.Errorf("%s: %d %q %q", method, got.Status, got.Header.Get("Content-Type"), got.Body)
		}
	}
	if hits := f.portal.Hits(t); len(hits) != 0 {
		t.Errorf("the app saw %v", hits)
	}
	for name, c := range map[string]struct{ host, method, path string }{
		"a POST":                 {"portal.example", http.MethodPost, path},
		"OPTIONS":                {"portal.example", http.MethodOptions, path},
		"below":                  {"portal.example", http.MethodGet, path + "/x"},
		"another spelling":       {"portal.example", http.MethodGet, "/.well-known/%77ebauthn"},
		"a related host":         {"portal.test", http.MethodGet, path},
		"a tenant without":       {"apps.test", http.MethodGet, path},
		"another's passkeys":     {"other.test", http.MethodGet, path},
		"another's other method": {"other.test", http.MethodHead, path},
	} {
		f.portal.Forget(t)
		got := f.visitor(t, c.host).Do(c.method, c.path, "")
		if hits := f.portal.Hits(t); len(hits) != 1 || strings.Contains(got.Body, "origins") {
			t.Errorf("%s: %d %s, the app saw %d requests", name, got.Status, got.Body, len(hits))
		}
	}
}

// TestRelatedOrigins_InABrowser: a passkey that was made at a host of another
// domain works at the relying party's own and back, and a host that is not named
// gets none.
func TestRelatedOrigins_InABrowser(t *testing.T) {
	f := startFamily(t)
	b := apptest.NewBrowser(t, "en", apptest.Hosts(f.address, familyHosts...)...)
	keys := b.Passkeys()
	signIn := func(host string) {
		t.Helper()
		b.Open(host + "/entrar")
		b.Type("#usuario", "carla")
		b.Type("#senha", "jabuticaba")
		b.Click("main button")
		b.At(host + "/resumo")
		b.Open(host + "/documentos-recebidos")
	}
	prove := func(host string) {
		t.Helper()
		signIn(host)
		b.Wait("[data-passkey-go]")
		b.Click("[data-passkey-go]")
		b.At(host + "/documentos-recebidos")
	}
	signIn("https://portal.test")
	b.Click("main .button")
	b.Wait(`form[action$="/api/email"] .button`)
	b.Click(`form[action$="/api/email"] .button`)
	b.Wait("#code")
	b.GiveCode(f.mail.Code(t, "carla@menezesarquitetura.example"))
	b.Wait(".choices")
	b.Click(`.choices a[href*="way=passkey"]`)
	b.Wait("[data-passkey-go]")
	b.Click("[data-passkey-go]")
	b.Wait("#codes li")
	b.Click("#saved")
	b.Click("main form .button")
	b.At("https://portal.test/documentos-recebidos")
	if held := keys.List(); len(held) != 1 || held[0].RpID != "portal.example" {
		t.Fatalf("the authenticator holds %+v", held)
	}
	prove("https://portal.example")
	b.Open("https://portal.test/resumo")
	b.Click(`form[action="/sair"] button`)
	b.Wait("#usuario")
	prove("https://portal.test")

	const asks = `navigator.credentials.get({publicKey: {rpId: 'portal.example', challenge: new Uint8Array(32)}}).then(() => 'given', e => e.name)`
	if got := b.Eval(asks); got != "given" {
		t.Errorf("at portal.test: %s", got)
	}
	for _, host := range []string{"other.test", "apps.test"} {
		b.Open("https://" + host + "/entrar")
		if got := b.Eval(asks); got != "SecurityError" {
			t.Errorf("at %s: %s", host, got)
		}
	}
}
