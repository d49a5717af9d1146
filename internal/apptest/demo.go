package apptest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Demo is the demo's site: the portal behind Caddy, configured by copies of
// Caddyfile.example and the demo's policy.
type Demo struct {
	URL    string
	Admin  string // host:port of Caddy's admin endpoint
	Dir    string // holds the Caddyfile, the policy and the data
	Portal *Portal
	Caddy  *Process
	env    []string
	binary string
}

// Edit changes a configuration before the demo starts with it.
type Edit func(t testing.TB, d *Demo)

// Policy replaces a piece of the demo's policy, which must be in it.
func Policy(old, with string) Edit {
	return func(t testing.TB, d *Demo) { d.replace(t, d.PolicyFile(), old, with) }
}

// Caddyfile replaces a piece of the demo's Caddyfile, which must be in it.
func Caddyfile(old, with string) Edit {
	return func(t testing.TB, d *Demo) { d.replace(t, d.CaddyfilePath(), old, with) }
}

// WithoutPolicyTests drops the tests of the demo's policy, which would refuse
// a policy that is changed on purpose.
func WithoutPolicyTests(t testing.TB, d *Demo) {
	text, err := os.ReadFile(d.PolicyFile())
	if err != nil {
		t.Fatal(err)
	}
	rules, _, _ := strings.Cut(string(text), "tests:\n")
	d.write(t, d.PolicyFile(), rules)
}

// Discovered replaces the demo's configuration by what `caddy mfa discover`
// drafts for the portal, with the answers that are given to its doubts.
func Discovered(answer func(t testing.TB, d *Demo, draft *Draft)) Edit {
	return func(t testing.TB, d *Demo) {
		draft := Discover(t, "http://127.0.0.1:"+d.Portal.Port, d.URL, passwords["ana"], "--user", "ana")
		answer(t, d, draft)
		draft.Write(d.Dir)
		if err := os.Rename(filepath.Join(d.Dir, "Caddyfile"), d.CaddyfilePath()); err != nil {
			t.Fatal(err)
		}
	}
}

// StartDemo starts the demo with a fresh store, and stops it with the test.
func StartDemo(t testing.TB, edits ...Edit) *Demo {
	t.Helper()
	d := &Demo{Dir: t.TempDir(), Portal: StartPortal(t), Admin: "127.0.0.1:" + Port(t), binary: Caddy(t)}
	port := Port(t)
	d.URL = "http://localhost:" + port
	for _, name := range []string{"Caddyfile.example", "examples/portal/policy.yaml"} {
		text, err := os.ReadFile(filepath.Join(Root(), name))
		if err != nil {
			t.Fatal(err)
		}
		d.write(t, filepath.Join(d.Dir, name), string(text))
	}
	for _, e := range edits {
		e(t, d)
	}
	_, adminPort, _ := strings.Cut(d.Admin, ":")
	d.env = append(append(os.Environ(), d.env...), "PORT="+port, "APP_PORT="+d.Portal.Port, "SMTP_PORT="+d.Portal.SMTPPort,
		"ADMIN_PORT="+adminPort, "CADDY_ADMIN="+d.Admin, "XDG_DATA_HOME="+filepath.Join(d.Dir, "data"), "XDG_CONFIG_HOME="+filepath.Join(d.Dir, "config"))
	d.StartCaddy(t)
	return d
}

// StartCaddy starts Caddy, for the first time or after it was stopped.
func (d *Demo) StartCaddy(t testing.TB) {
	t.Helper()
	cmd := d.Command(t, "run")
	d.Caddy = Start(t, cmd)
	d.Caddy.Answers(t, d.URL+"/entrar")
	d.Portal.Forget(t)
}

// Command prepares a caddy command over the demo's Caddyfile.
func (d *Demo) Command(t testing.TB, verb string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(d.binary, append([]string{verb, "--adapter", "caddyfile", "--config", d.CaddyfilePath()}, args...)...)
	cmd.Env = d.env
	cmd.Dir = d.Dir
	return cmd
}

// PolicyFile is the path of the demo's policy.
func (d *Demo) PolicyFile() string { return filepath.Join(d.Dir, "examples/portal/policy.yaml") }

// CaddyfilePath is the path of the demo's Caddyfile.
func (d *Demo) CaddyfilePath() string { return filepath.Join(d.Dir, "Caddyfile.example") }

// Change edits the policy while the demo runs, in one write.
func (d *Demo) Change(t testing.TB, old, with string) {
	t.Helper()
	d.replace(t, d.PolicyFile(), old, with)
}

func (d *Demo) replace(t testing.TB, path, old, with string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s does not hold %q", path, old)
	}
	d.write(t, path, strings.ReplaceAll(string(text), old, with))
}

// write puts a file in place whole, as an editor does.
func (d *Demo) write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
