package caddymodule

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// A draft is a configuration: it adapts, and its policy passes its own tests.
func TestDiscover_DraftsAConfiguration(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("sid")
		switch {
		case r.URL.Path == "/login" && r.Method == http.MethodPost:
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: r.FormValue("n"), Path: "/"})
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case r.URL.Path == "/api/me" && err == nil:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"user":{"login":"alice","mail":"alice@acme.example"}}`)
		case r.URL.Path == "/api/me":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/login":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<form method=post><input name=n><input type=password name=p></form>`)
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<a href="/login?next=/">Log in</a><a href="/logout">Log out</a>`)
		}
	}))
	defer app.Close()
	t.Setenv(passwordVariable, "secret")
	c := discoverCommand()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetArgs([]string{app.URL, "--user", "alice"})
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	conf, rules, ok := strings.Cut(out.String(), "# policy.yaml:")
	if !ok || !strings.Contains(conf, "user json user.login") || !strings.Contains(conf, "email json user.mail") || !strings.Contains(conf, "logout /logout") {
		t.Fatalf("the draft:\n%s", out.String())
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(file, []byte("#"+rules), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(file, policy.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, rules)
	}
	if len(p.Test()) == 0 {
		t.Error("it has no tests")
	}
	if _, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(conf), map[string]any{"filename": filepath.Join(dir, "Caddyfile")}); err != nil {
		t.Fatalf("%v\n%s", err, conf)
	}
}
