package enroll

import (
	"context"
	"time"
)

// SendCode mails a code and a one-time link to the address of record. compose
// writes the mail (its To is set here). Errors: ErrTooMany with RetryAfter,
// ErrNoAddress, ErrWrongStep where no mail is owed, ErrMail where it could not
// be sent, after which everything is as before and it can be tried again.
func (s *Service) SendCode(ctx context.Context, v *Visit, p Person, r Rules, compose func(Letter) Mail) error {
	return ErrStoreDown
}

// VerifyCode checks a mailed code in the visit that asked for it.
func (s *Service) VerifyCode(ctx context.Context, v *Visit, p Person, r Rules, code string) error {
	return ErrStoreDown
}

// LinkInfo is what the page behind a mailed link may know.
type LinkInfo struct {
	Visit   string // id of the visit that asked
	Realm   string
	Live    bool // it can still be spent
	Used    bool // it was
	Expires time.Time
}

// PeekLink looks at a mailed link and changes nothing. ErrExpired where there is
// none such.
func (s *Service) PeekLink(ctx context.Context, token string) (LinkInfo, error) {
	return LinkInfo{}, ErrStoreDown
}

// VerifyLink spends a mailed link in the visit that asked for it; in any other
// it is ErrNotHere and stays unspent.
func (s *Service) VerifyLink(ctx context.Context, v *Visit, p Person, r Rules, token string) error {
	return ErrStoreDown
}

// DisownLink is "this was not me": it ends the visit that asked for the mail.
func (s *Service) DisownLink(ctx context.Context, token string) error { return ErrStoreDown }
