package e2e

import (
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// signedIn is carla at a browser with an authenticator, in front of the page that
// blocks.
func signedIn(t *testing.T, w way) (*sitting, *apptest.Passkeys, *apptest.Demo) {
	t.Helper()
	d := apptest.StartDemo(t)
	b := apptest.NewBrowser(t, w.lang)
	s := &sitting{t: t, way: w, b: b, mail: as(t, d, "carla")}
	b.Size(w.width, 900)
	b.Dark(w.dark)
	keys := b.Passkeys()
	s.signIn(d)
	b.Open(d.URL + "/documentos-recebidos")
	return s, keys, d
}

func (s *sitting) signIn(d *apptest.Demo) {
	s.t.Helper()
	s.b.Open(d.URL + "/entrar")
	s.b.Type("#usuario", "carla")
	s.b.Type("#senha", "jabuticaba")
	s.press("main button")
	s.b.At(d.URL + "/resumo")
}

// signInAnew leaves the portal and comes back, which a tenant of prove: session
// asks a proof for.
func (s *sitting) signInAnew(d *apptest.Demo) {
	s.t.Helper()
	s.b.Open(d.URL + "/resumo")
	s.press(`form[action="/sair"] button`)
	s.b.Wait("#usuario")
	s.signIn(d)
}

// toKey goes from the block page to the one that creates a passkey.
func (s *sitting) toKey() {
	s.t.Helper()
	s.press("main .button")
	s.b.Wait(`form[action$="/api/email"] .button`)
	s.press(`form[action$="/api/email"] .button`)
	s.b.Wait("#code")
	s.code(s.mail.MailedCode())
	s.see("choose", ".choices")
	s.press(`.choices a[href*="way=passkey"]`)
	s.see("passkey", "[data-passkey-go]")
}

// TestS3_44_APasskeyFromBlockToPage enrols and proves with a passkey in a real
// browser, in two languages, on a desk and on a phone.
func TestS3_44_APasskeyFromBlockToPage(t *testing.T) {
	for _, w := range []way{
		{name: "passkey en", lang: "en", width: 1000}, {name: "passkey pt-BR", lang: "pt-BR", width: 1000},
		{name: "passkey phone", lang: "pt-BR", width: 320, dark: true}, {name: "passkey keyboard", lang: "en", width: 1000, keyboard: true},
	} {
		t.Run("ok/"+w.name, func(t *testing.T) {
			s, keys, d := signedIn(t, w)
			s.toKey()
			s.press("[data-passkey-go]")
			s.see("passkey-codes", "#codes li")
			s.tick("#saved")
			s.press("main form .button")
			s.b.At(d.URL + "/documentos-recebidos")
			if held := keys.List(); len(held) != 1 || !held[0].IsResidentCredential || held[0].RpID != "localhost" {
				t.Errorf("the authenticator holds %+v", held)
			}
			// A new sign-in asks for it, and for nothing to be typed.
			s.signInAnew(d)
			s.b.Open(d.URL + "/mensagens")
			s.see("passkey-verify", "[data-passkey-go]")
			s.press("[data-passkey-go]")
			s.b.At(d.URL + "/mensagens")
			s.b.Open(d.URL + "/.mfa/")
			s.see("passkey-manage", ".methods")
		})
	}
}

// TestS3_44_PasskeysThatDoNotCount: each thing that can go wrong is told in words,
// opens nothing, and leaves another way.
func TestS3_44_PasskeysThatDoNotCount(t *testing.T) {
	s, keys, d := signedIn(t, way{name: "passkey wrong", lang: "en", width: 1000})
	s.toKey()
	t.Run("fail/cancelled while creating", func(t *testing.T) {
		keys.Verifies(false)
		s.press("[data-passkey-go]")
		s.b.Says("No passkey was created")
		keys.Verifies(true)
	})
	t.Run("fail/not verified while creating", func(t *testing.T) {
		keys.Lies(false, true)
		s.press("[data-passkey-go]")
		s.b.Says("Your device did not check that it is you")
		keys.Lies(false, false)
		keys.Forget()
	})
	wantBlocked(t, s.mail, "/documentos-recebidos")
	s.press("[data-passkey-go]")
	s.b.Wait("#codes li")
	t.Run("fail/again on the same device", func(t *testing.T) {
		s.b.Open(d.URL + "/.mfa/enroll?add=1&way=passkey")
		s.press("[data-passkey-go]")
		s.b.Says("already holds a passkey")
	})
	old := keys.List()[0]
	s.signInAnew(d)
	ask := func() {
		s.b.Open(d.URL + "/mensagens")
		s.b.Wait("[data-passkey-go]")
		s.press("[data-passkey-go]")
	}
	closed := func(t *testing.T) {
		t.Helper()
		s.b.Open(d.URL + "/mensagens")
		if at := s.b.Eval("location.pathname"); at != "/.mfa/verify" {
			t.Errorf("the page is at %s", at)
		}
	}
	t.Run("fail/cancelled", func(t *testing.T) {
		keys.Verifies(false)
		ask()
		s.b.Says("No passkey was used")
		s.see("cancelled", "[data-passkey-error]")
		keys.Verifies(true)
		closed(t)
	})
	t.Run("fail/not verified", func(t *testing.T) {
		keys.Lies(false, true)
		ask()
		s.b.Says("Your device did not check that it is you")
		keys.Lies(false, false)
		closed(t)
	})
	t.Run("fail/tampered signature", func(t *testing.T) {
		keys.Lies(true, false)
		ask()
		s.b.Says("That passkey was not accepted")
		keys.Lies(false, false)
		closed(t)
	})
	t.Run("ok", func(t *testing.T) {
		ask()
		s.b.At(d.URL + "/mensagens")
		s.signInAnew(d)
	})
	t.Run("fail/cloned", func(t *testing.T) {
		keys.Forget()
		keys.Take(old) // as it was before it was last used
		ask()
		s.b.Says("there may be a copy of it")
		closed(t)
		letters := s.mail.Letters()
		if !strings.Contains(letters[len(letters)-1].Text, "may be a copy") && !strings.Contains(letters[0].Text, "may be a copy") {
			t.Errorf("nobody is told: %+v", letters)
		}
	})
	t.Run("fail/deleted from the device", func(t *testing.T) {
		keys.Forget()
		ask()
		s.b.Says("No passkey was used")
		closed(t)
	})
}
