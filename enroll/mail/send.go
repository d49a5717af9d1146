package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// Send delivers one mail to the server, which answers for it from then on. The
// errors name the server and the step that failed; nothing of the message, no
// address and no password is in them, since they are logged.
func (s *Sender) Send(ctx context.Context, m enroll.Mail) error {
	msg, err := s.message(m)
	if err != nil {
		return fmt.Errorf("writing a mail: %w", err)
	}
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("preparing to send mail through %s: %w", s.Server(), err)
	}
	// Once the server has taken the message, what fails after that (its answer
	// to QUIT) does not make it unsent: trying again would mail it twice.
	if err := client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		return fmt.Errorf("sending mail through %s: %w", s.Server(), s.plain(err))
	}
	return nil
}

func (s *Sender) client() (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.port),
		gomail.WithTimeout(s.c.Timeout),
		gomail.WithoutNoop(),
		gomail.WithoutRset(),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.host, RootCAs: s.c.RootCAs, MinVersion: tls.VersionTLS12}),
	}
	auth := gomail.SMTPAuthAutoDiscover
	switch s.scheme {
	case "smtps":
		options = append(options, gomail.WithSSL())
	case "smtp+starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
		auth = gomail.SMTPAuthPlainNoEnc // on loopback, or by `insecure`
	}
	if s.c.Username != "" {
		options = append(options, gomail.WithSMTPAuth(auth),
			gomail.WithUsername(s.c.Username), gomail.WithPassword(s.c.Password))
	}
	return gomail.NewClient(s.host, options...)
}

// message writes the mail: both parts, one recipient, and headers that nobody's
// input can add to.
func (s *Sender) message(m enroll.Mail) (*gomail.Msg, error) {
	to, err := recipient(m.To)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(to)
	msg.Subject(oneLine(m.Subject))
	msg.SetDate()
	msg.SetMessageIDWithValue(hex.EncodeToString(id) + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// recipient is exactly one plain address: the attacks are a line end that adds a
// header or a command, and a list that adds a reader.
func recipient(to string) (*mail.Address, error) {
	a, err := mail.ParseAddress(to)
	if err != nil || a.Name != "" || a.Address != to || strings.Count(to, "@") != 1 ||
		strings.ContainsFunc(to, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return nil, errors.New("the recipient is not one plain address")
	}
	return a, nil
}

// oneLine is text as a header can hold it.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), " ")
}

// plain says what failed in words that hold no text of the server's: it may
// repeat an address or what was signed in with.
func (s *Sender) plain(err error) error {
	var sent *gomail.SendError
	var answer *textproto.Error
	var network net.Error
	var cert *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", s.c.Timeout)
	case errors.As(err, &cert):
		return fmt.Errorf("its certificate is not trusted: %w", cert.Err)
	case errors.As(err, &op):
		return op
	case strings.Contains(err.Error(), "STARTTLS"):
		return errors.New("it does not offer STARTTLS, and codes are not sent in clear")
	case strings.Contains(err.Error(), "AUTH"):
		return errors.New("it did not accept the username and password")
	case errors.As(err, &sent):
		return fmt.Errorf("it refused at %s (code %d)", sent.Reason, sent.ErrorCode())
	case errors.As(err, &answer):
		return fmt.Errorf("it answered with code %d", answer.Code)
	}
	return errors.New("the conversation broke off")
}

var _ enroll.Mailer = (*Sender)(nil)
