package apptest

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Example is one of the sites under examples, running: its application, and
// Caddy with its Caddyfile in front.
type Example struct {
	URL   string
	App   string // address of the application itself, behind the gate
	Mail  *Postbox
	Dir   string // the example's folder
	Conf  string // the folder of the Caddyfile, the same unless it was discovered
	Data  string // where the application keeps what it knows
	Caddy *Process
	Env   []string
}

// NewExample prepares an example; env are further "NAME=value".
func NewExample(t testing.TB, name string, env ...string) *Example {
	t.Helper()
	port, appPort := Port(t), Port(t)
	e := &Example{
		URL: "http://localhost:" + port, App: "http://127.0.0.1:" + appPort, Mail: StartPostbox(t),
		Dir: filepath.Join(Root(), "examples", name), Data: t.TempDir(),
	}
	e.Conf = e.Dir
	admin := Port(t)
	e.Env = append(append(os.Environ(), env...), "PORT="+port, "APP_PORT="+appPort, "SMTP_PORT="+e.Mail.Port, "ADMIN_PORT="+admin, "CADDY_ADMIN=127.0.0.1:"+admin, "DATA="+e.Data,
		"XDG_DATA_HOME="+filepath.Join(e.Data, "caddy"), "XDG_CONFIG_HOME="+filepath.Join(e.Data, "config"))
	return e
}

// StartApp runs the example's start.sh until the path is answered.
func (e *Example) StartApp(t testing.TB, path string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(e.Dir, "start.sh"))
	cmd.Env = e.Env
	Start(t, cmd).Answers(t, e.App+path)
}

// Mailer answers a draft's doubt about the mail server.
func (e *Example) Mailer(d *Draft) {
	d.Answer("mail smtp smtp+starttls://mail.example.com:587 {", "mail smtp smtp://127.0.0.1:"+e.Mail.Port+" {")
}

// Use makes StartCaddy run the draft instead of the example's own Caddyfile.
func (e *Example) Use(t testing.TB, d *Draft) {
	t.Helper()
	e.Conf = t.TempDir()
	d.Write(e.Conf)
}

// StartCaddy runs Caddy until the path is answered.
func (e *Example) StartCaddy(t testing.TB, path string) {
	t.Helper()
	cmd := exec.Command(Caddy(t), "run", "--adapter", "caddyfile", "--config", filepath.Join(e.Conf, "Caddyfile"))
	cmd.Env, cmd.Dir = e.Env, e.Conf
	e.Caddy = Start(t, cmd)
	e.Caddy.Answers(t, e.URL+path)
}

// Enrol goes from the block page to the page behind it, as a person does: by a
// mailed code first, unless there is no address.
func (e *Example) Enrol(t testing.TB, b *Browser, address string) *Authenticator {
	t.Helper()
	b.Click("main .button")
	if address != "" {
		b.Wait(`form[action$="/api/email"] .button`)
		b.Click(`form[action$="/api/email"] .button`)
		b.Wait("#code")
		b.GiveCode(e.Mail.Code(t, address))
	}
	b.Wait(`form[action$="/api/methods/totp"] .button`)
	b.Click(`form[action$="/api/methods/totp"] .button`)
	b.Wait(".scan svg")
	uri, err := url.Parse(b.Eval(`document.querySelector('a[href^="otpauth:"]').href`))
	if err != nil {
		t.Fatal(err)
	}
	app := &Authenticator{Secret: uri.Query().Get("secret")}
	b.GiveCode(app.Code(t))
	b.Wait("#codes li")
	b.Click("#saved")
	b.Click("main form .button")
	return app
}

// EnrolBy does the same without a browser.
func (e *Example) EnrolBy(t testing.TB, v *Visitor, address string) Enrolment {
	t.Helper()
	if address != "" {
		v.must(http.MethodPost, "/.mfa/api/email", map[string]any{})
		v.must(http.MethodPost, "/.mfa/api/email/verify", map[string]any{"code": e.Mail.Code(t, address)})
	}
	return v.AddApp()
}

// Build returns a program of the repository, built now.
func Build(t testing.TB, name, pkg string) string {
	t.Helper()
	return built(t, name, pkg)
}
