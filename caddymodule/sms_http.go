package caddymodule

import (
	"fmt"
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/sms"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(HTTPTexter{})
}

// HTTPTexter sends text messages through a gateway's HTTP API.
type HTTPTexter struct {
	// Where: https, or http on this machine. It may be {env.NAME} where a secret
	// stands in it.
	URL string `json:"url,omitempty"`

	// POST (default) or PUT.
	Method string `json:"method,omitempty"`

	// Sent with every message; where secrets go, best as {env.NAME} or
	// {file./path}. Without a Content-Type, a body that begins with "{" or "["
	// is JSON, any other a form.
	Headers http.Header `json:"headers,omitempty"`

	// Holds {mfa.sms.number} and {mfa.sms.text}, once each; they are escaped for
	// the Content-Type. Nothing else of a person leaves.
	Body string `json:"body,omitempty"`

	sender *sms.Sender
}

// CaddyModule returns the module's id and constructor.
func (HTTPTexter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.sms.http", New: func() caddy.Module { return new(HTTPTexter) }}
}

// UnmarshalCaddyfile reads the gateway from its name on. Syntax:
//
//	http <url> {
//	    method <method>
//	    header <field> <value>
//	    body   <template>
//	}
func (m *HTTPTexter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Err("'sms http' takes one URL: write for example 'sms http https://gateway.example/messages'")
	}
	m.URL = args[0]
	err := parseBlock(d, "sms http", words{
		"method": oneArg(&m.Method),
		"header": m.unmarshalHeader,
		"body":   oneArg(&m.Body),
	}, nil, "header")
	if err != nil {
		return err
	}
	c := m.config()
	for name, values := range c.Header {
		for i, v := range values {
			if placeholder.MatchString(v) {
				c.Header[name][i] = "known later"
			}
		}
	}
	if placeholder.MatchString(m.URL) {
		if err := checkSecret(m.URL); err != nil {
			return d.Errf("reading the address of 'sms http': %w", err)
		}
		c.URL = "https://localhost"
	}
	if _, err := sms.New(c); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// unmarshalHeader reads: header <field> <value>
func (m *HTTPTexter) unmarshalHeader(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 2 {
		return d.Err("'header' of 'sms http' takes a field and a value, in quotes where there is a space in it")
	}
	if m.Headers == nil {
		m.Headers = http.Header{}
	}
	if _, twice := m.Headers[http.CanonicalHeaderKey(args[0])]; twice {
		return d.Errf("'header %s' stands twice in 'sms http': keep one", args[0])
	}
	m.Headers.Set(args[0], args[1])
	if !looksSecret(args[0]) {
		return nil
	}
	return checkSecrets(d, "the header "+args[0]+" of 'sms http'", args[1])
}

// looksSecret tells whether a field is one that keys are sent in.
func looksSecret(field string) bool {
	switch http.CanonicalHeaderKey(field) {
	case "Content-Type", "Accept", "User-Agent", "Host":
		return false
	}
	return true
}

func (m *HTTPTexter) config() sms.Config {
	return sms.Config{URL: m.URL, Method: m.Method, Header: m.Headers.Clone(), Body: m.Body}
}

// Provision reads what is secret and checks the whole; nothing dials.
func (m *HTTPTexter) Provision(caddy.Context) (err error) {
	c := m.config()
	if c.URL != "" {
		if c.URL, err = expandSecret(m.URL); err != nil {
			return fmt.Errorf("reading the address of 'sms http': %w", err)
		}
	}
	for name, values := range c.Header {
		for i, v := range values {
			if c.Header[name][i], err = expandSecret(v); err != nil {
				return fmt.Errorf("reading the header %s of 'sms http': %w", name, err)
			}
		}
	}
	m.sender, err = sms.New(c)
	return err
}

// Texter is the sender that Provision made.
func (m *HTTPTexter) Texter() enroll.Texter { return m.sender }

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*HTTPTexter)(nil)
	_ caddy.Provisioner     = (*HTTPTexter)(nil)
	_ TexterModule          = (*HTTPTexter)(nil)
)
