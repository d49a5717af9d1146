package apptest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
)

// passwords of the demo's logins.
var passwords = map[string]string{
	"ana": "girassol", "bruno": "mandacaru", "carla": "jabuticaba",
	"davi": "pitangueira", "elisa": "araucaria", "fabio": "quaresmeira",
}

// SignIn signs in to the demo's portal through its own form.
func (v *Visitor) SignIn(login string) {
	v.t.Helper()
	got := v.Post("/entrar", url.Values{"usuario": {login}, "senha": {passwords[login]}, "next": {"/resumo"}})
	if got.Status != http.StatusSeeOther || got.Header.Get("Location") != "/resumo" {
		v.t.Fatalf("signing in as %s: %d %s", login, got.Status, got.Body)
	}
}

// PhoneToken signs in as the portal's mobile app does and returns its token.
func (v *Visitor) PhoneToken(login string) string {
	v.t.Helper()
	got := v.Do(http.MethodPost, "/api/app/login", `{"usuario":"`+login+`","senha":"`+passwords[login]+`"}`, "Content-Type", "application/json")
	token := got.JSON("token")
	if token == "" {
		v.t.Fatalf("signing in by phone as %s: %d %s", login, got.Status, got.Body)
	}
	return token
}

// SignOut signs out of the portal.
func (v *Visitor) SignOut() {
	v.t.Helper()
	if got := v.Post("/sair", nil); got.Status != http.StatusSeeOther {
		v.t.Fatalf("signing out: %d", got.Status)
	}
}

// MoveTo opens another of the visitor's offices.
func (v *Visitor) MoveTo(office string) {
	v.t.Helper()
	if got := v.Post("/trocar-escritorio", url.Values{"escritorio": {office}}); got.Status != http.StatusSeeOther {
		v.t.Fatalf("moving to %s: %d %s", office, got.Status, got.Body)
	}
}

// Letter is a mail in the portal's mailbox.
type Letter struct {
	ID      int    `json:"id"`
	Subject string `json:"assunto"`
	Text    string `json:"texto"`
}

// Letters reads the visitor's mail in the portal, newest first.
func (v *Visitor) Letters() []Letter {
	v.t.Helper()
	var ls []Letter
	got := v.Call(http.MethodGet, "/correio.json", nil)
	if err := json.Unmarshal([]byte(got.Body), &ls); err != nil {
		v.t.Fatalf("reading the mailbox: %d %s", got.Status, got.Body)
	}
	return ls
}

var mailedCode = regexp.MustCompile(`(?m)^\s*([0-9][0-9 ]{5,9})\s*$`)

// MailedCode returns the code of the newest letter; it stands on a line of its
// own.
func (v *Visitor) MailedCode() string {
	v.t.Helper()
	ls := v.Letters()
	if len(ls) == 0 {
		v.t.Fatal("no letter came")
	}
	m := mailedCode.FindStringSubmatch(ls[0].Text)
	if m == nil {
		v.t.Fatalf("no code in the letter:\n%s", ls[0].Text)
	}
	return m[1]
}

// Enrolment is what a visitor has after enrolling.
type Enrolment struct {
	App           *Authenticator
	MethodID      string
	RecoveryCodes []string
}

// VerifyEmail asks for the mailed code and gives it back.
func (v *Visitor) VerifyEmail() {
	v.t.Helper()
	v.must(http.MethodPost, "/.mfa/api/email", map[string]any{})
	v.must(http.MethodPost, "/.mfa/api/email/verify", map[string]any{"code": v.MailedCode()})
}

// Enrol adds an authenticator app to the signed-in account, from the first
// step to the last.
func (v *Visitor) Enrol() Enrolment {
	v.t.Helper()
	v.VerifyEmail()
	return v.AddApp()
}

// AddApp adds an authenticator app in the visit that is open.
func (v *Visitor) AddApp() Enrolment {
	v.t.Helper()
	begun := v.must(http.MethodPost, "/.mfa/api/methods/totp", map[string]any{})
	e := Enrolment{App: &Authenticator{Secret: begun.JSON("secret")}}
	done := v.must(http.MethodPost, "/.mfa/api/methods/totp/verify", map[string]any{"code": e.App.Code(v.t), "name": "Telefone"})
	var body struct {
		Method        struct{ ID string }
		RecoveryCodes []string `json:"recovery_codes"`
	}
	if err := json.Unmarshal([]byte(done.Body), &body); err != nil {
		v.t.Fatal(err)
	}
	e.MethodID, e.RecoveryCodes = body.Method.ID, body.RecoveryCodes
	return e
}

// Prove proves the second factor with the app.
func (v *Visitor) Prove(a *Authenticator) Answer {
	v.t.Helper()
	return v.must(http.MethodPost, "/.mfa/api/verify/totp/verify", map[string]any{"code": a.Code(v.t)})
}

// must calls the gate's API and fails the test on any answer but a 2xx.
func (v *Visitor) must(method, path string, body any) Answer {
	v.t.Helper()
	got := v.Call(method, path, body)
	if got.Status/100 != 2 {
		v.t.Fatalf("%s %s: %d %s", method, path, got.Status, got.Body)
	}
	return got
}
