// Package mail sends the gate's mails through an SMTP server.
package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Config names the server and the sender.
type Config struct {
	// URL is smtps://host[:465] (TLS from the first byte),
	// smtp+starttls://host[:587] (TLS or nothing: it never falls back) or
	// smtp://host[:25], in clear and so only on loopback or with Insecure.
	URL string
	// From is the sender, an address with or without a name. Required.
	From string
	// Username and Password sign in to the server. Both or neither.
	Username, Password string
	// Insecure allows smtp:// beyond loopback: codes and password can be read
	// on the way.
	Insecure bool
	// Timeout bounds each of the phases of a mail: connecting and signing in,
	// and sending. Zero: 10 s.
	Timeout time.Duration
	// RootCAs are trusted instead of the system's. Nil: the system's.
	RootCAs *x509.CertPool
}

// Sender sends mail as configured. It holds no connection.
type Sender struct {
	scheme, host string
	port         int
	from         *mail.Address
	c            Config
}

var ports = map[string]int{"smtp": 25, "smtps": 465, "smtp+starttls": 587}

// New checks the configuration; nothing dials. The errors name what is wrong and
// what to write, and never a password, nor the URL, in which one may stand.
func New(c Config) (*Sender, error) {
	s := &Sender{c: c}
	if err := s.server(); err != nil {
		return nil, fmt.Errorf("reading the mail server's URL: %w", err)
	}
	if err := s.sender(); err != nil {
		return nil, fmt.Errorf("reading the mail's sender: %w", err)
	}
	switch {
	case (c.Username == "") != (c.Password == ""):
		return nil, errors.New("reading the mail server's sign-in: write both `username` and `password`, or neither")
	case strings.ContainsFunc(c.Username+c.Password, unicode.IsControl):
		return nil, errors.New("reading the mail server's sign-in: there is a line end or another control character in it")
	case c.Timeout < 0:
		return nil, fmt.Errorf("reading the mail server's timeout: %s is below zero", c.Timeout)
	case c.Timeout == 0:
		s.c.Timeout = 10 * time.Second
	}
	return s, nil
}

func (s *Sender) server() error {
	const forms = "write smtp+starttls://host:587, smtps://host:465 or smtp://localhost:25"
	if s.c.URL == "" {
		return errors.New("there is none: " + forms)
	}
	u, err := url.Parse(s.c.URL)
	if err != nil { // its text would show the URL
		return errors.New("it is not a URL: " + forms)
	}
	port, known := ports[u.Scheme]
	if !known {
		if u.Host == "" { // "user:secret@host" reads as a scheme "user"
			return errors.New("it has no scheme: " + forms)
		}
		return fmt.Errorf("its scheme is %q: %s", u.Scheme, forms)
	}
	switch {
	case u.User != nil:
		return errors.New("a name or password stands in it: write them as `username` and `password`")
	case u.Hostname() == "":
		return errors.New("it names no host: " + forms)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("something follows the host %q: %s", u.Host, forms)
	}
	s.scheme, s.host, s.port = u.Scheme, u.Hostname(), port
	if text := u.Port(); text != "" {
		if s.port, err = strconv.Atoi(text); err != nil || s.port < 1 || s.port > 65535 {
			return fmt.Errorf("its port is %q, which is not from 1 to 65535", text)
		}
	}
	if s.scheme == "smtp" && !s.c.Insecure && !loopback(s.host) {
		return fmt.Errorf("smtp://%s sends codes in clear over the network: write smtp+starttls:// or smtps://, or `insecure` where nobody can listen", u.Host)
	}
	return nil
}

// loopback tells whether a host is this machine, by its address or by the one
// name that is reserved for it (RFC 6761, 6.3).
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (s *Sender) sender() error {
	if s.c.From == "" {
		return errors.New("there is none: write `from security@example.com`")
	}
	if strings.ContainsFunc(s.c.From, unicode.IsControl) {
		return fmt.Errorf("%q holds a line end or another control character", s.c.From)
	}
	a, err := mail.ParseAddress(s.c.From)
	if err != nil || strings.Count(a.Address, "@") != 1 {
		return fmt.Errorf("%q is not an address: write `from security@example.com`", s.c.From)
	}
	s.from = a
	return nil
}

// Server is host and port, for logs.
func (s *Sender) Server() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }
