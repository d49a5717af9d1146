package enroll

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Party is who a passkey is for, and the one origin at which it is asked for
// now: a ceremony ends where it began.
type Party struct {
	ID     string // relying party id: the host, or a parent domain of it
	Name   string // what authenticators show; empty: the id
	Origin string // scheme://host[:port], as browsers write it
}

// NewParty is the relying party id at an origin. It is an error where a browser
// would not let it be one there: an address instead of a name, another site's
// name, no https (but for localhost; W3C Secure Contexts, 3.1). related: the id
// names the host, so that it need not lie above it; it names it for https and its
// own port alone (WebAuthn Level 3, 5.11).
func NewParty(id, name, scheme, host string, related bool) (Party, error) {
	u, err := url.Parse(scheme + "://" + strings.ToLower(host))
	if err != nil || u.Host == "" || u.Host != strings.ToLower(host) {
		return Party{}, fmt.Errorf("naming a relying party: %q is no host", host)
	}
	at := u.Hostname()
	local := at == "localhost" || strings.HasSuffix(at, ".localhost")
	switch {
	case net.ParseIP(at) != nil:
		return Party{}, errors.New("naming a relying party: an address is none, only a name is")
	case scheme != "https" && !(scheme == "http" && local):
		return Party{}, errors.New("naming a relying party: passkeys need https")
	case related && (id == "" || scheme != "https" || u.Port() != "" && u.Port() != "443" || strings.HasSuffix(at, ".")):
		return Party{}, fmt.Errorf("naming a relying party: %q names %s at https and its own port alone", id, at)
	case !related && (id == "" || at != id && !strings.HasSuffix(at, "."+id)):
		return Party{}, fmt.Errorf("naming a relying party: %q does not lie above %q", id, at)
	}
	if u.Port() == "443" && scheme == "https" || u.Port() == "80" && scheme == "http" {
		u.Host = at
	}
	if name == "" {
		name = id
	}
	return Party{ID: id, Name: name, Origin: scheme + "://" + u.Host}, nil
}

// relyingParty is the library's view of a party. User verification is always
// asked for: a stolen key alone must not be the second factor's all (NIST SP
// 800-63B-4, 3.1.7).
func (y Party) relyingParty() (*webauthn.WebAuthn, error) {
	if y.ID == "" || y.Origin == "" {
		return nil, ErrNotOffered
	}
	life := webauthn.TimeoutConfig{Timeout: ceremonyLife, TimeoutUVD: ceremonyLife}
	w, err := webauthn.New(&webauthn.Config{
		RPID: y.ID, RPDisplayName: y.Name, RPOrigins: []string{y.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: life, Registration: life},
		// Password managers add outputs that nobody asked for; none is read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, &Error{Reason: ErrNotOffered.Reason, Status: ErrNotOffered.Status, Err: err}
	}
	return w, nil
}

// passkey is what is kept of a WebAuthn credential (Level 3, 4, "credential
// record").
type passkey struct {
	ID         []byte    `json:"id"`
	Key        []byte    `json:"key"` // COSE
	AAGUID     []byte    `json:"aaguid,omitempty"`
	Count      uint32    `json:"count,omitempty"`
	Eligible   bool      `json:"be,omitempty"` // can be on several devices; never changes
	BackedUp   bool      `json:"bs,omitempty"`
	Transports []string  `json:"transports,omitempty"`
	Format     string    `json:"fmt,omitempty"`
	Party      string    `json:"rp"`
	Copied     time.Time `json:"copied,omitzero"` // when its counter first went back
}

// credential is the passkey as the library reads it.
func (k *passkey) credential() webauthn.Credential {
	c := webauthn.Credential{
		ID: k.ID, PublicKey: k.Key, AttestationFormat: k.Format,
		Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: k.Eligible, BackupState: k.BackedUp},
		Authenticator: webauthn.Authenticator{AAGUID: k.AAGUID, SignCount: k.Count},
	}
	for _, t := range k.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// keyHolder is an account as the library asks for it.
type keyHolder struct {
	handle        []byte
	name, display string
	keys          []webauthn.Credential
}

func (h *keyHolder) WebAuthnID() []byte                         { return h.handle }
func (h *keyHolder) WebAuthnName() string                       { return h.name }
func (h *keyHolder) WebAuthnDisplayName() string                { return h.display }
func (h *keyHolder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// holder is the account with its passkeys for a party, but for one that is to be
// replaced.
func (a *account) holder(p Person, party, but string) *keyHolder {
	h := &keyHolder{handle: a.Handle, name: accountName(p), display: p.Name}
	if h.display == "" {
		h.display = h.name
	}
	for i := range a.Methods {
		if m := &a.Methods[i]; m.Passkey != nil && m.Passkey.Party == party && m.ID != but {
			h.keys = append(h.keys, m.Passkey.credential())
		}
	}
	return h
}

// keyed finds the method whose passkey has the id.
func (a *account) keyed(id []byte) *method {
	for i := range a.Methods {
		if k := a.Methods[i].Passkey; k != nil && bytes.Equal(k.ID, id) {
			return &a.Methods[i]
		}
	}
	return nil
}

// badKey refuses what an authenticator answered. detail tells the person which
// of several things is wrong.
func badKey(detail string, cause error) error {
	return &Error{Reason: ErrBadCode.Reason, Status: ErrBadCode.Status, Detail: detail, Err: cause}
}

var _ webauthn.User = (*keyHolder)(nil)
