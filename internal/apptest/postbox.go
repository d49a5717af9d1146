package apptest

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Postbox is an SMTP server on loopback that keeps what it gets.
type Postbox struct {
	Port string
	mu   sync.Mutex
	got  []received
}

type received struct {
	to  []string
	raw []byte
}

// StartPostbox starts one and stops it with the test.
func StartPostbox(t testing.TB) *Postbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Postbox{}
	_, p.Port, _ = net.SplitHostPort(l.Addr().String())
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &posting{box: p}, nil }))
	s.ErrorLog = log.New(io.Discard, "", 0)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return p
}

// Code returns the code in the newest mail to the address, which stands on a
// line of its own.
func (p *Postbox) Code(t testing.TB, address string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.got) - 1; i >= 0; i-- {
		r := p.got[i]
		if !strings.EqualFold(strings.Join(r.to, ","), address) {
			continue
		}
		m, err := mail.ReadMessage(bytes.NewReader(r.raw))
		if err != nil {
			t.Fatalf("reading the mail: %v", err)
		}
		body, err := io.ReadAll(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		found := mailedCode.FindSubmatch(bytes.ReplaceAll(body, []byte("\r"), nil))
		if found == nil {
			t.Fatalf("no code in the mail:\n%s", body)
		}
		return string(found[1])
	}
	t.Fatalf("no mail to %s among %d", address, len(p.got))
	return ""
}

// posting is one mail on its way in.
type posting struct {
	box *Postbox
	to  []string
}

func (s *posting) Mail(string, *smtp.MailOptions) error { return nil }

func (s *posting) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *posting) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.got = append(s.box.got, received{s.to, raw})
	return err
}

func (s *posting) Reset()        { s.to = nil }
func (s *posting) Logout() error { return nil }
