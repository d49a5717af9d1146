package main

import (
	"bytes"
	"errors"
	"html/template"
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// letter is a received mail, reduced to what a reader needs.
type letter struct {
	ID      int       `json:"id"`
	From    string    `json:"de"`
	Subject string    `json:"assunto"`
	Text    string    `json:"texto"`
	At      time.Time `json:"recebida_em"`
}

// mailbox receives mail over SMTP for everybody and keeps the last letters of
// each address.
type mailbox struct {
	mu  sync.Mutex
	to  map[string][]letter
	now func() time.Time
	ids int
}

const (
	maxLetter  = 1 << 20 // bytes of one mail
	maxLetters = 100     // letters kept for each address
)

// server is the SMTP side. It offers neither TLS nor passwords, so it belongs
// on a loopback address.
func (m *mailbox) server() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &delivery{box: m}, nil
	}))
	s.Domain = "localhost"
	s.MaxMessageBytes = maxLetter
	s.MaxRecipients = 20
	s.ReadTimeout, s.WriteTimeout = 30*time.Second, 30*time.Second
	return s
}

// of returns the letters of an address, newest first.
func (m *mailbox) of(address string) []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := slices.Clone(m.to[strings.ToLower(address)])
	slices.Reverse(got)
	return got
}

func (m *mailbox) put(address string, l letter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids++
	l.ID, l.At = m.ids, m.now()
	key := strings.ToLower(address)
	kept := append(m.to[key], l)
	m.to[key] = kept[max(0, len(kept)-maxLetters):]
}

// delivery is one mail on its way in.
type delivery struct {
	box *mailbox
	to  []string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = append(d.to, to)
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, maxLetter+1))
	if err != nil {
		return err
	}
	if len(raw) > maxLetter {
		return errors.New("mail too long")
	}
	l, err := readLetter(raw)
	if err != nil {
		return err
	}
	for _, to := range d.to {
		d.box.put(to, l)
	}
	return nil
}

func (d *delivery) Reset()        { d.to = nil }
func (d *delivery) Logout() error { return nil }

// readLetter takes the sender, the subject and the plain text out of a mail.
func readLetter(raw []byte) (letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{}, err
	}
	text, err := plainText(m.Header, m.Body)
	return letter{From: header(m.Header, "From"), Subject: header(m.Header, "Subject"), Text: text}, err
}

var link = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]]`)

// HTML is the text with its web addresses made into links.
func (l letter) HTML() template.HTML {
	var b strings.Builder
	at := 0
	for _, m := range link.FindAllStringIndex(l.Text, -1) {
		url := template.HTMLEscapeString(l.Text[m[0]:m[1]])
		b.WriteString(template.HTMLEscapeString(l.Text[at:m[0]]))
		b.WriteString(`<a href="` + url + `">` + url + `</a>`)
		at = m[1]
	}
	b.WriteString(template.HTMLEscapeString(l.Text[at:]))
	return template.HTML(b.String())
}
