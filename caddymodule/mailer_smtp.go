package caddymodule

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(SMTPMailer{})
}

// SMTPMailer sends mail through a server of one's own.
type SMTPMailer struct {
	// Where: smtps://host[:465] (TLS from the first byte),
	// smtp+starttls://host[:587] (never falls back to clear text) or
	// smtp://host[:25] (in clear: this machine only, or with Insecure).
	URL string `json:"url,omitempty"`

	// The sender's address, perhaps with a name: `Portal <mfa@example.com>`.
	From string `json:"from,omitempty"`

	// How to sign in; both or neither. The password is best given as
	// {env.NAME} or {file./path}; never in the URL, which ends up in messages.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`

	// Send in clear to another machine. Whoever listens there reads the codes.
	Insecure bool `json:"insecure,omitempty"`
}

// CaddyModule returns the module's id and constructor.
func (SMTPMailer) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.mailers.smtp", New: func() caddy.Module { return new(SMTPMailer) }}
}

// UnmarshalCaddyfile reads the mailer from its name on. Syntax:
//
//	smtp <url> {
//	    from     <address>
//	    username <name>
//	    password <password>
//	    insecure
//	}
func (m *SMTPMailer) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Err("'mail smtp' takes one URL: write for example 'mail smtp smtp+starttls://mail.example.com:587'")
	}
	m.URL = args[0]
	err := parseBlock(d, "mail smtp", words{
		"from":     oneArg(&m.From),
		"username": oneArg(&m.Username),
		"password": oneSecret(&m.Password, "the password of 'mail smtp'"),
		"insecure": noArg(&m.Insecure),
	}, nil)
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// check refuses what cannot work or would send codes in clear. Placeholders in
// the URL are judged once they are filled in, at provision.
func (m *SMTPMailer) check() error {
	if m.From == "" {
		return errors.New("'mail smtp' has no sender: write 'from security@example.com' in its block")
	}
	if !placeholder.MatchString(m.From) {
		if _, err := mail.ParseAddress(m.From); err != nil {
			return fmt.Errorf("from '%s' is no mail address: write for example security@example.com", m.From)
		}
	}
	if (m.Username == "") != (m.Password == "") {
		return errors.New("'mail smtp' has a username or a password, and not the other: write both lines or neither")
	}
	if placeholder.MatchString(m.URL) {
		return checkSecret(m.URL)
	}
	return m.checkURL(m.URL)
}

// checkURL never prints the URL whole: a password may stand in it.
func (m *SMTPMailer) checkURL(raw string) error {
	const want = "write smtp+starttls://host:587, smtps://host:465 or smtp://localhost:25"
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("the address of 'mail smtp' is no URL: %s", want)
	}
	port := u.Port()
	n, err := strconv.Atoi(port)
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps" && u.Scheme != "smtp+starttls":
		return fmt.Errorf("'%s:' is no way to send mail: %s", u.Scheme, want)
	case u.User != nil:
		return errors.New("a name and password in the address of 'mail smtp' end up in messages, and break where they hold '@', ':' or '/': write 'username' and 'password' lines")
	case u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("'mail smtp %s' is not a scheme, a host and a port: %s", raw, want)
	case port != "" && (err != nil || n < 1 || n > 65535):
		return fmt.Errorf("'mail smtp %s' has no such port: %s", raw, want)
	case u.Scheme == "smtp" && !isLoopback(u.Hostname()) && !m.Insecure:
		return fmt.Errorf("'mail smtp %s' would send codes in clear over the network: write smtp+starttls:// or smtps://, or 'insecure' in its block where the way there is private", raw)
	}
	return nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*SMTPMailer)(nil)
