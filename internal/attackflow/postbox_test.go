package attackflow

import (
	"io"
	"log"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// letter is one mail that was accepted.
type letter struct{ to, raw string }

// text is the letter as a person reads it, soft line breaks undone.
func (l letter) text() string {
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(l.raw)))
	if err != nil {
		return l.raw
	}
	return strings.ReplaceAll(string(b), "\r", "")
}

// header is everything before the first empty line.
func (l letter) header() string {
	h, _, _ := strings.Cut(strings.ReplaceAll(l.raw, "\r", ""), "\n\n")
	return h
}

// postbox is an SMTP server on loopback that can be switched off, and held in
// the moment between taking a mail and saying so.
type postbox struct {
	addr string
	mu   sync.Mutex
	mail []letter
	down bool
	echo bool          // refuses recipients, and repeats them in what it says
	held chan struct{} // not nil: no mail is acknowledged until it is closed
	took chan struct{} // gets one for each mail that was taken
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &postbox{addr: ln.Addr().String(), took: make(chan struct{}, 10_000)}
	srv := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &postman{box: b}, nil }))
	srv.EnableSMTPUTF8, srv.AllowInsecureAuth = true, true
	srv.ErrorLog = log.New(io.Discard, "", 0)
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return b
}

type postman struct {
	box *postbox
	to  string
}

// AuthMechanisms and Auth let everybody sign in.
func (*postman) AuthMechanisms() []string { return []string{sasl.Plain} }

func (*postman) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}

func (*postman) Reset()        {}
func (*postman) Logout() error { return nil }

func (p *postman) Mail(string, *gosmtp.MailOptions) error {
	p.box.mu.Lock()
	defer p.box.mu.Unlock()
	if p.box.down {
		return &gosmtp.SMTPError{Code: 451, Message: "not now"}
	}
	return nil
}

func (p *postman) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	p.box.mu.Lock()
	defer p.box.mu.Unlock()
	if p.box.echo {
		return &gosmtp.SMTPError{Code: 550, Message: "no mailbox " + to}
	}
	p.to = to
	return nil
}

func (p *postman) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	p.box.mu.Lock()
	p.box.mail = append(p.box.mail, letter{p.to, string(b)})
	held := p.box.held
	p.box.mu.Unlock()
	p.box.took <- struct{}{}
	if held != nil {
		<-held
	}
	return err
}

func (b *postbox) setDown(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
}

func (b *postbox) setEcho(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.echo = on
}

// hold keeps the server from acknowledging; the answer lets go.
func (b *postbox) hold() (letGo func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := make(chan struct{})
	b.held = held
	return sync.OnceFunc(func() {
		b.mu.Lock()
		b.held = nil
		b.mu.Unlock()
		close(held)
	})
}

// of are the mails to one address, oldest first.
func (b *postbox) of(to string) (list []letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.mail {
		if l.to == to {
			list = append(list, l)
		}
	}
	return list
}

var (
	codeLine = regexp.MustCompile(`(?m)^\s*(\d{6,8})\s*$`)
	linkLine = regexp.MustCompile(`https?://[^/\s"]+(/\.mfa/link/[A-Za-z0-9_-]+)`)
)

// codes are the mailed codes of one address, oldest first.
func (b *postbox) codes(to string) (list []string) {
	for _, l := range b.of(to) {
		if m := codeLine.FindStringSubmatch(l.text()); m != nil {
			list = append(list, m[1])
		}
	}
	return list
}

// code is the newest of them.
func (b *postbox) code(t *testing.T, to string) string {
	t.Helper()
	list := b.codes(to)
	if len(list) == 0 {
		t.Fatalf("no code was mailed to %s", to)
	}
	return list[len(list)-1]
}

// link is the path of the newest mailed link.
func (b *postbox) link(t *testing.T, to string) string {
	t.Helper()
	list := b.of(to)
	for i := len(list) - 1; i >= 0; i-- {
		if m := linkLine.FindStringSubmatch(list[i].text()); m != nil {
			return m[1]
		}
	}
	t.Fatalf("no link was mailed to %s", to)
	return ""
}
