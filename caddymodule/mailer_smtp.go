package caddymodule

import (
	"fmt"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/mail"
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

	sender *mail.Sender
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
	if m.Insecure {
		warn(d, "'insecure' sends codes, and a password, in clear: whoever listens on the way enrols in a user's name")
	}
	return nil
}

// check refuses what cannot work or would send codes in clear, as far as it
// does not stand in placeholders: those are read at provision.
func (m *SMTPMailer) check() error {
	c := m.config()
	if placeholder.MatchString(m.URL) {
		if err := checkSecret(m.URL); err != nil {
			return fmt.Errorf("reading the address of 'mail smtp': %w", err)
		}
		c.URL = "smtps://localhost"
	}
	_, err := mail.New(c)
	return err
}

func (m *SMTPMailer) config() mail.Config {
	return mail.Config{URL: m.URL, From: m.From, Username: m.Username, Password: m.Password, Insecure: m.Insecure}
}

// Provision reads what is secret and checks the whole; nothing dials.
func (m *SMTPMailer) Provision(caddy.Context) (err error) {
	c := m.config()
	if c.URL != "" {
		if c.URL, err = expandSecret(m.URL); err != nil {
			return fmt.Errorf("reading the address of 'mail smtp': %w", err)
		}
	}
	if c.Password != "" {
		if c.Password, err = expandSecret(m.Password); err != nil {
			return fmt.Errorf("reading the password of 'mail smtp': %w", err)
		}
	}
	m.sender, err = mail.New(c)
	return err
}

// Mailer is the sender that Provision made.
func (m *SMTPMailer) Mailer() enroll.Mailer { return m.sender }

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*SMTPMailer)(nil)
	_ caddy.Provisioner     = (*SMTPMailer)(nil)
	_ MailerModule          = (*SMTPMailer)(nil)
)
