package enroll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// RevokeFlag ends one flag and every copy of it: here at once, on other nodes
// when they next look.
func (s *Service) RevokeFlag(ctx context.Context, f *Flag) error {
	return s.revoke(ctx, revocation{Flag: f.ID, Expires: f.Expires.Add(skew).Unix()})
}

// RevokeUser ends every flag of a user that was given before now, and every
// trusted browser; with a tenant only those flags that an enrolment made there
// has earned, and the browsers that are trusted there.
func (s *Service) RevokeUser(ctx context.Context, realm, user, tenant string) error {
	return s.endFlags(ctx, realm, user, tenant, "")
}

// endFlags writes the log first and the account second. Where the second fails,
// flags have ended that might have lived (the safe side), and the next proof
// raises the account's generation to the log's.
func (s *Service) endFlags(ctx context.Context, realm, user, tenant, spare string) error {
	a, err := s.load(ctx, realm, user)
	if err != nil {
		return err
	}
	gen := max(a.Gen, s.revoked.gen(realm, user)) + 1
	line := revocation{Realm: realm, User: user, Tenant: tenant, Gen: gen, Spare: spare,
		Expires: s.now().Add(MaxFlagLife + skew).Unix()}
	if err := s.revoke(ctx, line); err != nil {
		return err
	}
	return s.change(ctx, realm, user, func(a *account) (bool, error) {
		a.Gen = max(a.Gen, gen)
		a.endDevices(tenant)
		return true, nil
	})
}

// logPlace is where lines of the log are sealed for.
var logPlace = place{kind: "revocation"}

func (s *Service) revoke(ctx context.Context, line revocation) error {
	t := s.tokens()
	if t == nil {
		return ErrStoreDown
	}
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("revoking: %w", err)
	}
	sealed, err := t.keys.seal(s.rand, logPlace, text)
	if err != nil {
		return err
	}
	// In memory first: this node stops trusting it even where the store fails.
	s.revoked.add(line)
	if _, err := s.store.Revoke(ctx, sealed, time.Unix(line.Expires, 0)); err != nil {
		s.owed.keep(owedLine{sealed, time.Unix(line.Expires, 0)})
		return down(err)
	}
	return nil
}

// Poll reads the revocations that other nodes wrote since the last look. Start
// does it, and twice a second from then on. Where it finds that the store has
// lost writes, nothing that was heard is trusted any more: what a server without
// them said before anybody noticed may lack a revocation. So it is where another
// node seals with a key that this one lacks, until this one is given that key.
func (s *Service) Poll(ctx context.Context) error {
	t := s.tokens()
	if t == nil {
		return ErrStoreDown
	}
	s.polling.Lock()
	defer s.polling.Unlock()
	if s.unread != nil {
		return down(s.unread)
	}
	asked := s.now() // before the answer: what is written while it comes is not in it
	lines, err := s.store.Revoked(ctx, s.polled)
	if err != nil {
		if errors.Is(err, store.ErrOlder) {
			s.behind.Store(true)
			s.polled = 0 // what comes next may be numbered by a clock that is behind
		}
		return down(err)
	}
	if s.unread = s.take(t.keys, lines); s.unread != nil {
		return down(s.unread)
	}
	s.revoked.sweep(asked)
	s.heard.Store(&asked)
	s.behind.Store(false)
	return nil
}

// take reads lines of the log. Whoever can damage one could take it out as well:
// said, and passed over, so that one line does not end every flag there is. One
// that needs a key which is not here is an error: it may revoke what is shown
// here next. At the start those of a key that was taken away are none: lines that
// a rotation wrote anew follow them.
func (s *Service) take(keys *Keys, lines []store.Entry) error {
	bad, first, strange, start := 0, error(nil), error(nil), s.polled == 0
	for _, e := range lines {
		text, err := keys.open(logPlace, e.Value)
		var line revocation
		if err == nil {
			err = json.Unmarshal(text, &line)
		}
		s.polled = e.Seq
		switch {
		case err == nil:
			s.revoked.add(line)
			if start {
				strange = nil
			}
			continue
		case errors.Is(err, errNoKey) && !s.alone:
			strange = err
		}
		if bad++; bad == 1 {
			first = err
		}
	}
	if strange != nil {
		return fmt.Errorf("reading revocations: another node seals with a key that is not here, so no proof counts, for it may have been revoked: give every node the same keys, and reload: %w", strange)
	}
	if bad > 0 {
		s.failed(fmt.Errorf("reading revocations: %d of %d lines do not open (for a month after a key was rotated and taken away that is so: they were written anew): %w", bad, len(lines), first))
	}
	return nil
}

// Revocations is a count that grows with every revocation this node hears of, and
// where its keys change.
func (s *Service) Revocations() uint64 { return s.revoked.epoch.Load() }

// Revoked reports whether this node has heard that a flag of ReadFlag was revoked,
// or has changed its keys since: one of them may have been the flag's.
func (s *Service) Revoked(f *Flag) bool { return f.by != s.tokens() || s.revoked.has(f) }
