package enroll

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// BeginPasskeyProof asks for a passkey: what it returns is the argument of
// navigator.credentials.get (publicKey, in JSON). known: this browser has proved
// this account before. Errors: ErrWrongStep where the account has no method,
// ErrNotOffered where it has no passkey for the party, ErrTooMany with RetryAfter
// where it has 30 challenges that live.
func (s *Service) BeginPasskeyProof(ctx context.Context, p Person, r Rules, party Party, known bool) (json.RawMessage, error) {
	w, err := party.relyingParty()
	if err != nil {
		return nil, err
	}
	a, err := s.load(ctx, p.Realm, p.User)
	if err != nil {
		return nil, err
	}
	h := a.holder(p, party.ID, "")
	switch {
	case len(a.Methods) == 0:
		return nil, ErrWrongStep
	case len(h.keys) == 0:
		return nil, ErrNotOffered
	}
	challenge := s.random(challengeSize)
	options, session, err := w.BeginLogin(h, webauthn.WithChallenge(challenge))
	if err != nil {
		return nil, err
	}
	err = s.openCeremony(ctx, p, ceremony{
		Challenge: base64.RawURLEncoding.EncodeToString(challenge), Party: party.ID, Origin: party.Origin,
		Tenant: r.Tenant, Handle: h.handle, Allowed: session.AllowedCredentialIDs,
	}, known, s.now())
	if err != nil {
		return nil, err
	}
	return json.Marshal(options.Response)
}

// ProvePasskey checks an authenticator's answer: what PublicKeyCredential.toJSON
// gives. Errors: ErrBadCode with Detail, ErrUsedCode, ErrExpired, ErrNotHere.
//
// Wrong answers are not counted: a signature cannot be guessed, and a count
// would let whoever has the password lock out whoever has the passkey.
func (s *Service) ProvePasskey(ctx context.Context, p Person, r Rules, party Party, answer []byte) (*Flag, error) {
	w, err := party.relyingParty()
	if err != nil {
		return nil, err
	}
	got, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, badKey("passkey", err)
	}
	c, err := s.spendCeremony(ctx, p, r, party, got.Response.CollectedClientData.Challenge, false)
	if err != nil {
		return nil, err
	}
	if err := asked(&got.Response.CollectedClientData, party); err != nil {
		return nil, err
	}
	now := s.now()
	var flag Flag
	var copied Method
	var to string
	err = s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		copied = Method{}
		m := a.keyed(got.RawID)
		if m == nil {
			return false, badKey("unknown", nil)
		}
		used, err := assert(w, a, c, got, p, m)
		if err != nil {
			return false, err
		}
		if used.Authenticator.CloneWarning {
			if m.Passkey.Copied.IsZero() {
				m.Passkey.Copied, to = now, a.Address.Record
				copied = m.public()
			}
			return copied.ID != "", badKey("copied", nil)
		}
		m.Passkey.Count, m.Passkey.BackedUp = used.Authenticator.SignCount, used.Flags.BackupState
		m.LastUsed = now
		flag = s.flagFor(a, p, KindPasskey, m.Tenant, m.First, now)
		return true, nil
	})
	if copied.ID != "" {
		s.tell(Event{Kind: "passkey-copied", To: to, Person: p, Rules: r, Method: copied, At: now})
	}
	if err != nil {
		return nil, err
	}
	return &flag, nil
}

// assert checks an authenticator's answer to a proof (WebAuthn Level 3, 7.2). A
// counter that does not grow is refused by the caller: the key has a copy, and
// which of the two this is cannot be told.
func assert(w *webauthn.WebAuthn, a *account, c *ceremony, got *protocol.ParsedCredentialAssertionData, p Person, m *method) (*webauthn.Credential, error) {
	if m.Passkey.Party != c.Party {
		return nil, badKey("unknown", nil)
	}
	if !got.Response.AuthenticatorData.Flags.UserVerified() {
		return nil, badKey("unverified", nil)
	}
	// What was taken away since the challenge was given is no longer asked of the
	// account; what was added cannot answer it.
	session := c.session()
	h := a.holder(p, c.Party, "")
	session.AllowedCredentialIDs = keep(session.AllowedCredentialIDs, func(id []byte) bool { return a.keyed(id) != nil })
	used, err := w.ValidateLogin(h, session, got)
	if err != nil {
		return nil, badKey("passkey", err)
	}
	return used, nil
}
