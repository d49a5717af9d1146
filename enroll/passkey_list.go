package enroll

import (
	"context"
	"encoding/base64"
)

// PasskeyList is what a browser may be told of the passkeys that still count
// (WebAuthn Level 3, 5.1.10.3), so that it offers none that was removed.
type PasskeyList struct {
	Party string   `json:"rpId"`
	User  string   `json:"userId"`                   // the account's handle, base64url
	IDs   []string `json:"allAcceptedCredentialIds"` // base64url
}

// Passkeys lists all of a person's passkeys for a party, whichever tenant they
// were made in: one that is left out would be hidden from its owner. Nil: the
// person never made one. ErrFreshProof where f does not prove the person.
func (s *Service) Passkeys(ctx context.Context, p Person, f *Flag, party Party) (*PasskeyList, error) {
	if !s.proves(p, f, s.now()) {
		return nil, ErrFreshProof
	}
	a, err := s.load(ctx, p.Realm, p.User)
	if err != nil || len(a.Handle) == 0 || party.ID == "" {
		return nil, err
	}
	l := &PasskeyList{Party: party.ID, User: base64.RawURLEncoding.EncodeToString(a.Handle), IDs: []string{}}
	for _, k := range a.holder(p, party.ID, "").keys {
		l.IDs = append(l.IDs, base64.RawURLEncoding.EncodeToString(k.ID))
	}
	return l, nil
}
