package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// server is a real SMTP server on loopback.
type server struct {
	mu       sync.Mutex
	mails    []received
	rcpt     error         // refuses every recipient
	tls      *tls.Config   // nil: no STARTTLS
	slow     chan struct{} // not nil: MAIL waits for it
	userPass string
	addr     string
	roots    *x509.CertPool
}

type received struct {
	from string
	to   []string
	data string
	tls  bool
	user string
}

type session struct {
	s    *server
	conn *smtp.Conn
	in   received
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, conn: c}, nil }

func (n *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (n *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user+":"+pass != n.s.userPass {
			return &smtp.SMTPError{Code: 535, Message: "AUTH no " + user + ":" + pass}
		}
		n.in.user = user
		return nil
	}), nil
}
func (n *session) Mail(from string, _ *smtp.MailOptions) error {
	if n.s.slow != nil {
		<-n.s.slow
	}
	n.in.from = from
	return nil
}
func (n *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if n.s.rcpt != nil {
		return n.s.rcpt
	}
	n.in.to = append(n.in.to, to)
	return nil
}
func (n *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	n.in.data = string(b)
	_, n.in.tls = n.conn.TLSConnectionState()
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.s.mails = append(n.s.mails, n.in)
	return err
}
func (n *session) Reset()        {}
func (n *session) Logout() error { return nil }

func (s *server) last(t *testing.T) received {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mails) == 0 {
		t.Fatal("no mail came")
	}
	return s.mails[len(s.mails)-1]
}

// start listens on loopback; certs are httptest's, for 127.0.0.1.
func (s *server) start(t *testing.T, implicit bool) {
	t.Helper()
	h := httptest.NewTLSServer(nil)
	s.roots = x509.NewCertPool()
	s.roots.AddCert(h.Certificate())
	certs := h.TLS.Certificates
	h.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	srv := smtp.NewServer(s)
	srv.AllowInsecureAuth = true
	srv.EnableSMTPUTF8 = true
	if s.tls != nil {
		s.tls.Certificates = certs
		srv.TLSConfig = s.tls
	}
	if implicit {
		l = tls.NewListener(l, &tls.Config{Certificates: certs})
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() {
		if s.slow != nil {
			close(s.slow)
		}
		srv.Close()
		l.Close() // where it had not begun to serve yet
		<-done
	})
}

func (s *server) sender(t *testing.T, scheme string, change func(*Config)) *Sender {
	t.Helper()
	c := Config{URL: scheme + "://" + s.addr, From: "Segurança <security@example.com>", RootCAs: s.roots, Timeout: 5 * time.Second}
	if change != nil {
		change(&c)
	}
	out, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var note = enroll.Mail{
	To: "bob@example.com", Subject: "Código de segurança",
	Text: "Seu código é:\n\n12345678\n\nVálido por 10 minutos.\n",
	HTML: "<p>Seu código é: <b>12345678</b></p>",
}

func TestSend(t *testing.T) {
	signIn := func(c *Config) { c.Username, c.Password = "gate", "hunter2" }
	for name, tt := range map[string]struct {
		server   *server
		implicit bool
		scheme   string
		change   func(*Config)
		tls      bool
		user     string
	}{
		"ok/clear on loopback":       {&server{}, false, "smtp", nil, false, ""},
		"ok/clear with sign-in":      {&server{userPass: "gate:hunter2"}, false, "smtp", signIn, false, "gate"},
		"ok/starttls":                {&server{tls: &tls.Config{}}, false, "smtp+starttls", nil, true, ""},
		"ok/starttls with sign-in":   {&server{tls: &tls.Config{}, userPass: "gate:hunter2"}, false, "smtp+starttls", signIn, true, "gate"},
		"ok/smtps with sign-in":      {&server{userPass: "gate:hunter2"}, true, "smtps", signIn, true, "gate"},
		"ok/clear, though TLS there": {&server{tls: &tls.Config{}}, false, "smtp", nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.server.start(t, tt.implicit)
			if err := tt.server.sender(t, tt.scheme, tt.change).Send(context.Background(), note); err != nil {
				t.Fatal(err)
			}
			got := tt.server.last(t)
			if got.from != "security@example.com" || !slices.Equal(got.to, []string{"bob@example.com"}) || got.user != tt.user {
				t.Fatalf("got %+v", got)
			}
			if got.tls != tt.tls && !tt.implicit {
				t.Fatalf("TLS: %v", got.tls)
			}
			text, html := parts(t, got.data)
			if !regexp.MustCompile(`(?m)^12345678\r?$`).MatchString(text) {
				t.Fatalf("the code does not stand on its own line: %q", text)
			}
			if !strings.Contains(text, "código é") || !strings.Contains(html, "<b>12345678</b>") {
				t.Fatalf("got %q, %q", text, html)
			}
		})
	}
}

// parts takes a message apart as a mail program does.
func parts(t *testing.T, data string) (text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); s != note.Subject {
		t.Fatalf("subject %q", s)
	}
	if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "Segurança" {
		t.Fatalf("from %v, %v", from, err)
	}
	for name, want := range map[string]string{"Auto-Submitted": "auto-generated", "To": "<bob@example.com>", "Mime-Version": "1.0"} {
		if m.Header.Get(name) != want {
			t.Errorf("%s is %q", name, m.Header.Get(name))
		}
	}
	if _, err := m.Header.Date(); err != nil || !strings.HasSuffix(m.Header.Get("Message-Id"), "@example.com>") {
		t.Errorf("date %v, id %q", err, m.Header.Get("Message-Id"))
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("got %s, %v", kind, err)
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return text, html
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("got %v", p.Header)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/plain") {
			text = string(body)
		} else {
			html = string(body)
		}
	}
}

func TestSendFails(t *testing.T) {
	down := &server{addr: "127.0.0.1:1"}
	hang, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer hang.Close()
	slow := &server{slow: make(chan struct{})}
	soon := func(c *Config) { c.Timeout = 50 * time.Millisecond }
	for name, tt := range map[string]struct {
		server *server
		start  bool
		scheme string
		change func(*Config)
		want   string
	}{
		"fail/down":            {down, false, "smtp", nil, "connection refused"},
		"fail/silent":          {&server{addr: hang.Addr().String()}, false, "smtp", soon, "no answer within 50ms"},
		"fail/silent TLS":      {&server{addr: hang.Addr().String()}, false, "smtps", soon, "no answer within 50ms"},
		"fail/slow":            {slow, true, "smtp", soon, "no answer within 50ms"},
		"fail/no STARTTLS":     {&server{}, true, "smtp+starttls", nil, "does not offer STARTTLS"},
		"fail/untrusted":       {&server{tls: &tls.Config{}}, true, "smtp+starttls", func(c *Config) { c.RootCAs = x509.NewCertPool() }, "certificate is not trusted"},
		"fail/refused":         {&server{rcpt: &smtp.SMTPError{Code: 550, Message: "bob@example.com unknown"}}, true, "smtp", nil, "code 550"},
		"fail/wrong password":  {&server{userPass: "gate:other"}, true, "smtp", func(c *Config) { c.Username, c.Password = "gate", "hunter2" }, "username and password"},
		"fail/password in TLS": {&server{userPass: "gate:other", tls: &tls.Config{}}, true, "smtp+starttls", func(c *Config) { c.Username, c.Password = "gate", "hunter2" }, "username and password"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.start {
				tt.server.start(t, false)
			}
			s := tt.server.sender(t, tt.scheme, tt.change)
			err := s.Send(context.Background(), note)
			if err == nil {
				t.Fatal("sent")
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), s.Server()) {
				t.Fatalf("got %q", err)
			}
			for _, hidden := range []string{"hunter2", "bob@", "12345678", "gate:", "Z2F0"} {
				if strings.Contains(err.Error(), hidden) {
					t.Fatalf("%q shows %q", err, hidden)
				}
			}
			if n := len(tt.server.mails); n != 0 {
				t.Fatalf("%d mails came", n)
			}
		})
	}
	t.Run("fail/context over", func(t *testing.T) {
		s := &server{}
		s.start(t, false)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.sender(t, "smtp", nil).Send(ctx, note); err == nil || len(s.mails) != 0 {
			t.Fatalf("got %v", err)
		} else if !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "cancel") {
			t.Fatalf("got %v", err)
		}
	})
}

// TestAdvisory_GHSA_c5c4_8r6x_56w3: neither an address nor a subject adds a
// header, a reader or a command.
func TestAdvisory_GHSA_c5c4_8r6x_56w3_EM4_Injection(t *testing.T) {
	s := &server{}
	s.start(t, false)
	out := s.sender(t, "smtp", nil)
	for _, to := range []string{
		"", "bob", "bob@example.com\r\nBcc: eve@evil.example", "bob@example.com, eve@evil.example",
		"bob@example.com>\r\nRCPT TO:<eve@evil.example", "a@b@c.example", "Bob <bob@example.com>", "<bob@example.com>",
		"bob@example.com\x00", "bob @example.com", "bob@example.com ", `"bob@evil.example"@example.com`, "bob@exam\u2028ple.com",
	} {
		m := note
		m.To = to
		if err := out.Send(context.Background(), m); err == nil {
			t.Errorf("%q was accepted", to)
		} else if to != "" && strings.Contains(err.Error(), to) {
			t.Errorf("%q shows the address", err)
		}
	}
	if len(s.mails) != 0 {
		t.Fatalf("%d mails came", len(s.mails))
	}
	m := note
	m.Subject = "Code\r\nBcc: eve@evil.example\r\n\r\nbody\n"
	m.Text = "x\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n"
	if err := out.Send(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	got := s.last(t)
	msg, err := mail.ReadMessage(strings.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	if len(msg.Header["Bcc"]) != 0 || len(s.mails) != 1 || len(got.to) != 1 {
		t.Fatalf("got %v to %v", msg.Header, got.to)
	}
}
