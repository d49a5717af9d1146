package caddymodule

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// runMFA runs `caddy mfa …` and returns what it prints and its error.
func runMFA(t *testing.T, args ...string) (string, error) {
	t.Helper()
	registered, ok := caddycmd.Commands()["mfa"]
	if !ok {
		t.Fatal("caddy mfa is not registered")
	}
	root := &cobra.Command{Use: "mfa", SilenceErrors: true}
	registered.CobraFunc(root)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.Execute()
	return out.String(), err
}

func policyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const commandPolicy = `version: 1
tenants:
  silva: {name: Silva, require: mfa, prove: enrolled, protect: [{path: /documents, name: Documents}, /orders], allow: [{path: /documents/help, method: [POST]}]}
tests:
  - {as: {tenant: silva, user: bob}, get: /documents/1, want: enroll}
  - {get: /finance, want: open}
`

func TestCommandValidate(t *testing.T) {
	path := policyFile(t, commandPolicy)
	out, err := runMFA(t, "validate", path)
	if err != nil || !strings.Contains(out, "is valid: 1 tenant, 2 tests") || !strings.Contains(out, "warning: "+path+":3:") {
		t.Errorf("ok/valid: %v\n%s", err, out)
	}
	for name, c := range map[string]struct{ text, want string }{
		"fail/typo":         {"version: 1\ntenants: {a: {requier: mfa}}\n", `:2:15: unknown key "requier" in a tenant, did you mean require?`},
		"fail/failing test": {strings.Replace(commandPolicy, "want: enroll", "want: verify", 1), ":5:5: test GET /documents/1 as bob of silva: want verify, got enroll (enroll)"},
		"fail/two mistakes": {"version: 2\ntenants: {a: {requier: mfa}}\n", "version is 1"},
	} {
		path := policyFile(t, c.text)
		if _, err := runMFA(t, "validate", path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := runMFA(t, "validate"); err == nil {
		t.Error("fail/no file")
	}
	if _, err := runMFA(t, "valdate", "x"); err == nil {
		t.Error("fail/unknown subcommand")
	}
}

func TestCommandTest(t *testing.T) {
	out, err := runMFA(t, "test", policyFile(t, commandPolicy))
	if err != nil || !strings.Contains(out, "2 tests passed") || !strings.Contains(out, "no test asks for protect[1] /orders") || strings.Contains(out, "asks for protect[0]") {
		t.Errorf("ok: %v\n%s", err, out)
	}
	out, err = runMFA(t, "test", policyFile(t, strings.Replace(commandPolicy, "want: open", "want: deny", 1)))
	if err == nil || err.Error() != "1 test of 2 failed" || !strings.Contains(out, "FAIL") || !strings.Contains(out, "want deny, got allow (open)") {
		t.Errorf("fail: %v\n%s", err, out)
	}
}

func TestCommandExplain(t *testing.T) {
	path := policyFile(t, commandPolicy)
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"ok/enroll":      {[]string{"--as", "user=bob,tenant=silva", "GET", "/documents/1"}, []string{"hit  protect[0] /documents " + path, "no   protect[1] /orders", "no   allow[0]", "verdict enroll, reason enroll, tenant silva, area Documents"}},
		"ok/spelt oddly": {[]string{"--as", "user=bob,tenant=silva", "/x/..;/%44ocuments"}, []string{"read as ", "verdict enroll"}},
		"ok/verified":    {[]string{"--as", "user=bob,tenant=silva,methods=totp,codes,proven=2m", "/documents"}, []string{"verdict allow, reason verified"}},
		"ok/enrolled":    {[]string{"--as", "user=bob,tenant=silva,methods=totp", "/documents"}, []string{"verdict allow, reason enrolled"}},
		"ok/nobody":      {[]string{"/documents"}, []string{"verdict deny, reason no-identity"}},
		"ok/method":      {[]string{"--method", "POST", "/documents/help"}, []string{"hit  allow[0] /documents/help", "verdict allow, reason open"}},
		"ok/the same":    {[]string{"--method", "POST", "POST", "/documents/help"}, []string{"verdict allow, reason open"}},
		"ok/bad target":  {[]string{"/%00\x1b[2J"}, []string{"GET /%00\ufffd[2J", "verdict deny, reason bad-target"}},
	} {
		out, err := runMFA(t, append([]string{"explain", path}, c.args...)...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", name, w, out)
			}
		}
	}
	for name, args := range map[string][]string{
		"fail/no user":      {"--as", "tenant=silva", "/"},
		"fail/unknown key":  {"--as", "usr=bob", "/"},
		"fail/no key":       {"--as", "user=bob,x", "/"},
		"fail/method":       {"--as", "user=bob,methods=pigeon", "/"},
		"fail/duration":     {"--as", "user=bob,methods=totp,proven=2", "/"},
		"fail/two methods":  {"--method", "PUT", "POST", "/"},
		"fail/proven alone": {"--as", "user=bob,proven=2m", "/"},
	} {
		if _, err := runMFA(t, append([]string{"explain", path}, args...)...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCommandSchema(t *testing.T) {
	out, err := runMFA(t, "schema")
	if err != nil || !json.Valid([]byte(out)) {
		t.Errorf("%v\n%s", err, out)
	}
}
