package enroll

import (
	"context"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// noticeLife is how long the link of a notice says "this was not me". People read
// their mail late.
const noticeLife = 7 * 24 * time.Hour

// notice is what a mail told a person of, behind its link.
type notice struct {
	Kind string    `json:"kind"` // of the event
	At   time.Time `json:"at"`
}

// linkFor makes the link of a notice, "" where no mail can name the site.
func (s *Service) linkFor(ctx context.Context, e Event) (string, error) {
	if e.Rules.LinkBase == "" || e.Kind == "disowned" {
		return "", nil
	}
	token := s.newID()
	err := s.saveLink(ctx, token, linkRecord{
		Realm: e.Person.Realm, User: e.Person.User, Expires: s.now().Add(noticeLife), Notice: &notice{e.Kind, e.At},
	})
	return e.Rules.LinkBase + token, err
}

// Disown is "this was not me". Behind the mail of a first step it ends the visit
// that asked, and touches no method. Behind a notice it ends every flag, every
// trusted browser, every pass and all that is under way, and takes away what was
// added then and since, so that no later step of the same hand stays. An address
// that changed is never taken for the one of record.
//
// Whoever reads the mailbox can do the same, so it must gain nothing: nothing is
// added or shown by it, and where no method is left the mailbox alone sets none
// up again, but an administrator's pass. ErrExpired where the link is over.
func (s *Service) Disown(ctx context.Context, token string, p Person, r Rules) error {
	l, err := s.link(ctx, token)
	switch {
	case err != nil:
		return err
	case l.Notice == nil:
		return s.dropVisit(ctx, l.Realm, l.User, l.Visit)
	case !s.now().Before(l.Expires):
		return ErrExpired
	}
	// The log first: flags of what is about to go must not outlive it.
	if err := s.endFlags(ctx, l.Realm, l.User, "", ""); err != nil {
		return err
	}
	var to string
	err = s.change(ctx, l.Realm, l.User, func(a *account) (bool, error) {
		a.disown(l.Notice)
		to = a.Address.Record
		return true, nil
	})
	if err != nil {
		return err
	}
	p.Realm, p.User = l.Realm, l.User
	s.tell(Event{Kind: "disowned", To: to, Person: p, Rules: r, At: s.now()})
	// Used up last: what came before may be done twice, and must not be left out.
	return s.dropLink(ctx, token)
}

func (a *account) disown(n *notice) {
	if n.Kind == "address-changed" {
		a.Address.refuse()
	} else {
		for _, m := range a.Methods {
			if !m.Created.Before(n.At) {
				a.remove(m.ID)
			}
		}
		if a.Codes != nil && !a.Codes.Created.Before(n.At) {
			a.Codes = nil
		}
	}
	a.Visits, a.Passes = nil, nil
	a.OnlyPass = a.OnlyPass || len(a.Methods) == 0
}

// refuse has the address that waits never count.
func (d *address) refuse() {
	if d.Next != "" {
		d.Refused = d.Next
	}
	d.Next, d.Told = "", time.Time{}
}

// dropLink takes a link away.
func (s *Service) dropLink(ctx context.Context, token string) error {
	err := s.store.Update(ctx, linkKey(token), func(old store.Record) (*store.Record, error) {
		if old.Version == 0 {
			return nil, nil
		}
		return &store.Record{}, nil
	})
	if err != nil {
		return down(err)
	}
	return nil
}
