// Package sms sends text messages through a gateway's HTTP API. What a gateway
// wants is a template of a body, so that no gateway's library is needed, and
// nothing but the number and the text leaves.
package sms

import (
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// The two placeholders of a body.
const (
	Number = "{mfa.sms.number}"
	Text   = "{mfa.sms.text}"
)

// Config says how a gateway is asked.
type Config struct {
	// URL is https, or http on this machine. Required.
	URL string
	// Method is POST (also when empty) or PUT.
	Method string
	// Header is sent with every message. It is where secrets go. Without a
	// Content-Type, a body that begins with "{" or "[" is JSON, any other a form.
	Header http.Header
	// Body holds {mfa.sms.number} and {mfa.sms.text}, which are escaped for the
	// Content-Type. Required.
	Body string
	// Timeout bounds the whole of one message. Zero: 10 s.
	Timeout time.Duration
	// RootCAs are trusted instead of the system's. Nil: the system's.
	RootCAs *x509.CertPool
}

// Sender sends text messages as configured.
type Sender struct {
	c      Config
	escape func(string) string
	client *http.Client
}

// New checks the configuration; nothing dials. The errors name what is wrong and
// what to write, and never a header's value, nor the URL, in which a secret may
// stand.
func New(c Config) (*Sender, error) {
	s := &Sender{c: c}
	s.c.Header = c.Header.Clone()
	if s.c.Header == nil {
		s.c.Header = http.Header{}
	}
	if err := checkURL(c.URL); err != nil {
		return nil, fmt.Errorf("reading the SMS gateway's URL: %w", err)
	}
	if s.c.Method == "" {
		s.c.Method = http.MethodPost
	}
	if s.c.Method != http.MethodPost && s.c.Method != http.MethodPut {
		return nil, fmt.Errorf("reading the SMS gateway's method: it is POST or PUT, not %q: a number in an address would stand in logs", c.Method)
	}
	for name, values := range s.c.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, fmt.Errorf("reading the SMS gateway's header: %q is no field name", name)
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) || strings.TrimSpace(v) == "" {
				return nil, fmt.Errorf("reading the SMS gateway's header: the value of %s is empty, or has a line end in it", name)
			}
		}
	}
	if err := s.body(); err != nil {
		return nil, fmt.Errorf("reading the SMS gateway's body: %w", err)
	}
	switch {
	case c.Timeout < 0:
		return nil, fmt.Errorf("reading the SMS gateway's timeout: %s is below zero", c.Timeout)
	case c.Timeout == 0:
		s.c.Timeout = 10 * time.Second
	}
	s.client = newClient(s.c)
	return s, nil
}

func checkURL(raw string) error {
	const forms = "write https://host/path"
	if raw == "" {
		return errors.New("there is none: " + forms)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil: // its text would show the URL
		return errors.New("it is not a URL: " + forms)
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("its scheme is not https: " + forms)
	case u.Hostname() == "":
		return errors.New("it names no host: " + forms)
	case u.User != nil:
		return errors.New("a name or password stands in it: write `header Authorization \"Basic {env.X}\"`, with name:password in base64")
	case u.Fragment != "":
		return errors.New("something follows a '#': " + forms)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("http sends numbers and codes in clear over the network: write https")
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

var braced = regexp.MustCompile(`\{[A-Za-z_][\w.\-/]*\}`)

// body finds how the placeholders are escaped, and tries it.
func (s *Sender) body() error {
	for _, p := range []string{Number, Text} {
		if n := strings.Count(s.c.Body, p); n != 1 {
			return fmt.Errorf("%s must stand in it once, and stands %d times", p, n)
		}
	}
	for _, p := range braced.FindAllString(s.c.Body, -1) {
		if p != Number && p != Text {
			return fmt.Errorf("%s is no placeholder of a body, which knows %s and %s: secrets go into a header", p, Number, Text)
		}
	}
	kind := s.c.Header.Get("Content-Type")
	if kind == "" {
		kind = "application/x-www-form-urlencoded"
		if first := strings.TrimSpace(s.c.Body)[0]; first == '[' || first == '{' && !strings.HasPrefix(strings.TrimSpace(s.c.Body), "{mfa.") {
			kind = "application/json"
		}
		s.c.Header.Set("Content-Type", kind)
	}
	base, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return fmt.Errorf("the Content-Type %q cannot be read", kind)
	}
	switch {
	case base == "application/x-www-form-urlencoded":
		s.escape = url.QueryEscape
		_, err = url.ParseQuery(s.fill("+31612345678", "a&b=c\n%"))
	case base == "application/json" || strings.HasSuffix(base, "+json"):
		s.escape = inJSON
		var v any
		err = json.Unmarshal([]byte(s.fill("+31612345678", "a\"b\\\n")), &v)
	case base == "application/xml" || base == "text/xml" || strings.HasSuffix(base, "+xml"):
		s.escape = inXML
		var v struct {
			XMLName xml.Name
		}
		err = xml.Unmarshal([]byte(s.fill("+31612345678", "a<b>&\n")), &v)
	case base == "text/plain":
		s.escape = func(text string) string { return text }
	default:
		return fmt.Errorf("how to escape for the Content-Type %q is not known: it knows application/json, application/x-www-form-urlencoded, application/xml and text/plain", base)
	}
	if err != nil {
		return fmt.Errorf("it is no %s once it is filled in: put the placeholders inside of the quotes, and the whole between backticks", base)
	}
	return nil
}

// fill puts both in at once, so that neither is looked for in the other.
func (s *Sender) fill(number, text string) string {
	return strings.NewReplacer(Number, s.escape(number), Text, s.escape(text)).Replace(s.c.Body)
}

// inJSON escapes for the inside of a JSON string (RFC 8259, 7).
func inJSON(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return "" // a string always marshals
	}
	return string(b[1 : len(b)-1])
}

// inXML escapes for the inside of an element or attribute.
func inXML(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}

// Server is the gateway's host, for logs.
func (s *Sender) Server() string {
	u, err := url.Parse(s.c.URL)
	if err != nil {
		return ""
	}
	return u.Host
}
