package enroll

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// BeginPasskey starts registering a passkey: what it returns is the argument of
// navigator.credentials.create (publicKey, in JSON). Each call gives a challenge
// of its own, which lives five minutes and is answered once; a person has 30 live ones at most
// (ErrTooMany). replaces names a
// passkey that the new one takes the place of.
func (s *Service) BeginPasskey(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, party Party, replaces string) (json.RawMessage, error) {
	w, err := party.relyingParty()
	if err != nil {
		return nil, err
	}
	now := s.now()
	var h *keyHolder
	err = s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if err := s.mayEnroll(a, k, p, r, f, KindPasskey, replaces, now); err != nil {
			return false, err
		}
		fresh := len(a.Handle) == 0
		if fresh {
			a.Handle = s.random(challengeSize)
		}
		h = a.holder(p, party.ID, replaces)
		return fresh, nil
	})
	if err != nil {
		return nil, err
	}
	challenge := s.random(challengeSize)
	options, _, err := w.BeginRegistration(h, webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()),
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = challenge
			for _, c := range h.keys {
				o.CredentialExcludeList = append(o.CredentialExcludeList, c.Descriptor())
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	err = s.openCeremony(ctx, p, ceremony{
		Challenge: base64.RawURLEncoding.EncodeToString(challenge), Create: true, Party: party.ID, Origin: party.Origin,
		Tenant: r.Tenant, Visit: v.ID, Replaces: replaces, Handle: h.handle,
	}, false, now)
	if err != nil {
		return nil, err
	}
	return json.Marshal(options.Response)
}

// FinishPasskey saves the passkey if the authenticator's answer is right: what
// PublicKeyCredential.toJSON gives. name gets what makers call the authenticator
// (empty: not known) and says what this one is called.
func (s *Service) FinishPasskey(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, party Party, answer []byte, name func(maker string) string) (*Enrolled, error) {
	w, err := party.relyingParty()
	if err != nil {
		return nil, err
	}
	got, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, badKey("passkey", err)
	}
	c, err := s.spendCeremony(ctx, p, r, party, got.Response.CollectedClientData.Challenge, true)
	if err != nil {
		return nil, err
	}
	if c.Visit != v.ID {
		return nil, elsewhere(errors.New("registering a passkey: begun in another visit"))
	}
	made, err := register(w, c, got, party)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var done *Enrolled
	var to string
	err = s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if err := s.mayEnroll(a, k, p, r, f, KindPasskey, c.Replaces, now); err != nil {
			return false, err
		}
		switch {
		case !bytes.Equal(a.Handle, c.Handle):
			return false, ErrWrongStep // the account was emptied meanwhile
		case a.keyed(made.ID) != nil:
			return false, &Error{Reason: ErrUsedCode.Reason, Status: ErrUsedCode.Status, Detail: "passkey"}
		}
		done = s.enrol(a, k, p, r, f, method{
			ID: s.newID(), Kind: KindPasskey, Name: methodName(name(made.maker()), KindPasskey), Tenant: r.Tenant, Passkey: made,
		}, c.Replaces, now)
		to = a.Address.Record
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.added(ctx, v, p, r, done, to, c.Replaces != "", now)
	return done, nil
}

// register checks an authenticator's answer to a registration (WebAuthn Level 3,
// 7.1). No attestation is asked for, so none is trusted.
func register(w *webauthn.WebAuthn, c *ceremony, got *protocol.ParsedCredentialCreationData, party Party) (*passkey, error) {
	if err := asked(&got.Response.CollectedClientData, party); err != nil {
		return nil, err
	}
	if !got.Response.AttestationObject.AuthData.Flags.UserVerified() {
		return nil, badKey("unverified", nil)
	}
	made, err := w.CreateCredential(&keyHolder{handle: c.Handle}, c.session(), got)
	if err != nil {
		return nil, badKey("passkey", err)
	}
	// Without attestation the library reads the key at its first use alone. One that
	// contradicts itself or lies on no curve would be a factor that never proves.
	if _, err := webauthncose.ParsePublicKey(made.PublicKey); err != nil {
		return nil, badKey("passkey", err)
	}
	k := &passkey{
		ID: made.ID, Key: made.PublicKey, AAGUID: made.Authenticator.AAGUID, Count: made.Authenticator.SignCount,
		Eligible: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, Format: made.AttestationFormat, Party: party.ID,
	}
	for _, t := range made.Transport {
		if known(t) {
			k.Transports = append(k.Transports, string(t))
		}
	}
	return k, nil
}

// known keeps what a browser says of transports to the words that there are.
func known(t protocol.AuthenticatorTransport) bool {
	switch t {
	case protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal:
		return true
	}
	return false
}
