package enroll

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Event is a change that the person is told of by mail, at the address of
// record: whoever made it may not be them.
type Event struct {
	Kind   string // address-changed, method-added, method-removed, codes-renewed, code-spent, passkey-copied, device-trusted, pass-issued, reset, method-renamed, default-changed, disowned
	To     string
	Person Person
	Rules  Rules
	Method Method // method-added, method-removed, passkey-copied
	Device Device // device-trusted
	At     time.Time
	Link   string // where "this was not me" is said; "": nowhere
}

// noticeTime bounds a mail that is sent in the background.
const noticeTime = time.Minute

// tell mails an event in the background. A notice that cannot be mailed does
// not undo what happened.
func (s *Service) tell(e Event) {
	if s.mailer == nil || e.To == "" {
		return
	}
	s.background(func(ctx context.Context) error { return s.deliver(ctx, e) })
}

// background runs task so that Close waits for it. A request that outlives Close
// is not waited for.
func (s *Service) background(task func(context.Context) error) {
	run := func() {
		ctx, cancel := context.WithTimeout(context.Background(), noticeTime)
		defer cancel()
		if err := task(ctx); err != nil {
			s.failed(fmt.Errorf("telling a person of a change: %w", err))
		}
	}
	s.running.Lock()
	defer s.running.Unlock()
	if s.closed {
		go run()
		return
	}
	s.mails.Go(run)
}

func (s *Service) deliver(ctx context.Context, e Event) error {
	if s.mailer == nil {
		return errors.New("there is no mail server")
	}
	var err error
	if e.Link, err = s.linkFor(ctx, e); err != nil {
		s.failed(fmt.Errorf("making the link of a notice: %w", err)) // the mail is worth more than its link
	}
	m := (*s.compose.Load())(e)
	m.To = e.To
	return s.mailer.Send(ctx, m)
}

// plainMail is what is mailed where nobody writes better.
func plainMail(e Event) Mail {
	what := map[string]string{
		"address-changed": "Another e-mail address was given for your account. It will be used for security codes in 7 days.",
		"method-added":    "A new way to confirm your sign-in was added to your account.",
		"method-removed":  "A way to confirm your sign-in was removed from your account.",
		"codes-renewed":   "New recovery codes were made for your account. The old ones no longer work.",
		"code-spent":      "A recovery code was used to confirm a sign-in to your account.",
		"method-renamed":  "A way to confirm your sign-in got another name.",
		"default-changed": "Another way to confirm your sign-in is now asked for first.",
		"disowned":        "Somebody opened the link of a mail to you and said: this was not me. What was added then was removed, and every confirmed sign-in has ended.",
		"pass-issued":     "An administrator issued a temporary access pass for your account.",
		"reset":           "An administrator reset your second step. You can set it up again.",
		"device-trusted":  "A browser was trusted: it is no longer asked for your second step.",
		"passkey-copied":  "A passkey of your account was used by something that may be a copy of it. It was refused.",
	}[e.Kind]
	text := what + "\n\n" + e.At.UTC().Format("2 January 2006, 15:04 UTC") +
		"\n\nIf this was not you, change your password and tell your administrator."
	if e.Link != "" {
		text += "\n\nOr stop it here:\n" + e.Link
	}
	return Mail{Subject: "Your account: a security change", Text: text}
}
