package attackflow

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// standing is all that an attack could move: the account, and the visit of
// one browser. It is read beside the gate, straight from the store.
type standing struct {
	Methods []enroll.Method
	Codes   int
	Had     bool
	Visit   string // open, or why not
	Email   bool
	Sent    bool
	Mails   int
	Begun   enroll.Kind
}

// witness reads the store beside the gate.
type witness struct {
	t   *testing.T
	s   *site
	svc *enroll.Service
}

func (s *site) witness() *witness {
	s.t.Helper()
	svc, err := enroll.New(enroll.Config{Store: s.store(), KeyFile: filepath.Join(s.dir, "mfa.key"), Now: clock})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := svc.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = svc.Close() })
	return &witness{t: s.t, s: s, svc: svc}
}

var officeRules = enroll.Rules{Tenant: "office", Methods: []enroll.Kind{enroll.KindTOTP}, First: "email"}

// standing tells how the account of b's user and b's own visit stand.
func (w *witness) standing(b *browser) standing {
	w.t.Helper()
	ctx := context.Background()
	a, err := w.svc.Account(ctx, "default", b.user)
	if err != nil {
		w.t.Fatal(err)
	}
	st := standing{Methods: a.Methods, Codes: a.CodesLeft, Had: a.Had}
	var flag *enroll.Flag
	if token := b.cookie("mfa"); token != "" {
		flag, _ = w.svc.ReadFlag(token, "default", clock())
	}
	v, err := w.svc.ResumeVisit(ctx, b.cookie("mfa-visit"), enroll.Person{Realm: "default", User: b.user}, officeRules, flag)
	if err != nil {
		st.Visit = err.Error()
		return st
	}
	st.Visit, st.Email, st.Sent, st.Mails, st.Begun = "open", v.EmailVerified, !v.CodeSent.IsZero(), v.MailsLeft, v.Begun
	return st
}

// version counts the writes to the account.
func (w *witness) version(user string) uint64 {
	w.t.Helper()
	r, err := w.s.store().Get(context.Background(), "account/default/"+url.PathEscape(user))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		w.t.Fatal(err)
	}
	return r.Version
}

func (a standing) diff(b standing) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("before %+v\nafter  %+v", a, b)
}
