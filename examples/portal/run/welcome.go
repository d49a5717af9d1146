//go:build unix

package main

import (
	"fmt"
	"io"
)

// welcome tells a newcomer where to go, as whom, and what to look for.
func welcome(w io.Writer, site, log string) {
	fmt.Fprintf(w, `
The demo is up: an accounting office's client portal, behind a second factor.

  Open     %[1]s

  Login    Password      Office
  ana      girassol      Escritório Silva    must enrol; then never asked again
  bruno    mandacaru     Escritório Silva
  carla    jabuticaba    Contábil Costa      by passkey or app; asked at every new sign-in
  davi     pitangueira   Contábil Costa
  elisa    araucaria     Souza & Filhos      nothing required
  fabio    quaresmeira   Silva and Costa     one enrolment opens both

What to try first
  1. Sign in as ana. Financeiro and Caixa de Entrada open as ever.
  2. Open Documentos recebidos: blocked, and the page says why. "Configurar agora".
  3. Send the code, then read it in another tab of this browser:
     %[1]s/correio
  4. Add the QR code to an authenticator app, type its six digits, keep the
     recovery codes, and you land on the page you wanted.
  5. Sign in as carla for the other way: a passkey of this device, nothing to type.
  6. Manage what you have at %[1]s/.mfa/ (English: ?lng=en).

Logs: %[2]s    Stop: Ctrl-C
`, site, log)
}
