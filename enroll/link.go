package enroll

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// LinkInfo is what the page behind a mailed link may know.
type LinkInfo struct {
	Visit   string // id of the visit that asked
	Realm   string
	Live    bool   // it can still be spent
	Used    bool   // it was, or its code was
	Only    bool   // no code came with it
	Notice  string // kind of the event that it told of; "": it proves an address
	Expires time.Time
}

// linkRecord leads from a link to the visit that asked for it; it holds nothing
// that the visit is decided by.
type linkRecord struct {
	Realm   string    `json:"realm"`
	User    string    `json:"user"`
	Visit   string    `json:"visit"`
	Expires time.Time `json:"expires"`
	Notice  *notice   `json:"notice,omitempty"` // it says "this was not me" of a change
}

func linkKey(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "link/" + hex.EncodeToString(sum[:])
}

// saveLink keeps the record a little longer than the link counts: "this was not
// me" must work as long as the visit may live.
func (s *Service) saveLink(ctx context.Context, token string, l linkRecord) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	key := linkKey(token)
	err = s.store.Update(ctx, key, func(old store.Record) (*store.Record, error) {
		sealed, err := s.tokens().keys.seal(s.rand, place{"link", key, "", old.Version + 1}, text)
		return &store.Record{Value: sealed, Expires: l.Expires.Add(4 * VisitLife)}, err
	})
	if err != nil {
		return down(err)
	}
	return nil
}

func (s *Service) link(ctx context.Context, token string) (linkRecord, error) {
	t := s.tokens()
	if t == nil {
		return linkRecord{}, ErrStoreDown
	}
	if len(token) > maxTyped {
		return linkRecord{}, ErrExpired
	}
	key := linkKey(token)
	r, err := s.store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return linkRecord{}, ErrExpired
	}
	if err != nil {
		return linkRecord{}, down(err)
	}
	var l linkRecord
	text, err := t.keys.open(place{"link", key, "", r.Version}, r.Value)
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	if err != nil {
		return linkRecord{}, down(err)
	}
	return l, nil
}

// PeekLink looks at a mailed link and changes nothing: a scanner that opens it
// must not spend it. ErrExpired where there is none such.
func (s *Service) PeekLink(ctx context.Context, token string) (LinkInfo, error) {
	l, err := s.link(ctx, token)
	if err != nil {
		return LinkInfo{}, err
	}
	now := s.now()
	if l.Notice != nil {
		return LinkInfo{Realm: l.Realm, Live: now.Before(l.Expires), Expires: l.Expires, Notice: l.Notice.Kind}, nil
	}
	a, err := s.load(ctx, l.Realm, l.User)
	if err != nil {
		return LinkInfo{}, err
	}
	a.tidy(now)
	info := LinkInfo{Visit: l.Visit, Realm: l.Realm, Expires: l.Expires}
	if k, err := a.visit(l.Visit, Person{}); err == nil && k.Mailed != nil && s.sameMAC(k.Mailed, k.Mailed.Link, k.ID, token) {
		info.Used, info.Only = k.Mailed.Used, len(k.Mailed.Code) == 0
		info.Live = !info.Used && now.Before(k.Mailed.Expires)
	}
	return info, nil
}

// VerifyLink spends a mailed link in the visit that asked for it; in any other
// it is ErrNotHere and stays unspent.
func (s *Service) VerifyLink(ctx context.Context, v *Visit, p Person, r Rules, token string) error {
	l, err := s.link(ctx, token)
	if err != nil {
		return err
	}
	if v == nil || l.Visit != v.ID || l.Realm != p.Realm || l.User != p.User {
		return ErrNotHere
	}
	now := s.now()
	return s.verifyMailed(ctx, v, p, r, func(a *account, k *visit) (bool, error) {
		switch {
		case !s.sameMAC(k.Mailed, k.Mailed.Link, v.ID, token):
			return false, ErrExpired // a later mail replaced it
		case k.Mailed.Used:
			return false, ErrUsedCode
		case !now.Before(k.Mailed.Expires):
			return false, ErrExpired
		}
		k.proveMailed()
		return true, nil
	})
}
