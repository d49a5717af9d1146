// Package passkeytest is an authenticator and the browser around it, for tests:
// it makes the answers that navigator.credentials gives, right ones, and wrong
// in the ways that an attacker, a clone or a phishing site would make them.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrExcluded is InvalidStateError: the device has one of the excluded keys.
var ErrExcluded = errors.New("creating a passkey: one is already there")

// ErrNone is NotAllowedError: the device has none of the allowed keys.
var ErrNone = errors.New("using a passkey: there is none")

// Device is an authenticator in a browser. The zero value but for Origin is an
// honest one.
type Device struct {
	Origin string // where the browser is: scheme://host[:port]
	Keys   []*Key

	AAGUID      [16]byte
	Synced      bool   // its keys are backup eligible, and backed up
	Counts      bool   // its keys count signatures
	Unverified  bool   // asks for no PIN and no finger
	Absent      bool   // nobody touches it
	RP          string // hashes this relying party instead of the one asked for
	Challenge   []byte // signs this one instead of the one asked for
	Type        string // says this instead of webauthn.create or webauthn.get
	Handle      []byte // gives this user handle instead of the key's
	CrossOrigin bool   // says it is in a frame of another site
	Forge       bool   // signs with a key of its own
}

// Key is one passkey.
type Key struct {
	ID, Handle []byte
	RP         string
	Count      uint32
	private    *ecdsa.PrivateKey
}

// Clone is a copy of the key, counter and all.
func (k *Key) Clone() *Key {
	other := *k
	return &other
}

type bytes64 []byte

// UnmarshalJSON reads base64url.
func (b *bytes64) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	*b = raw
	return err
}

type descriptor struct {
	ID bytes64 `json:"id"`
}

// Create answers navigator.credentials.create. options are its publicKey.
func (d *Device) Create(options []byte) ([]byte, error) {
	id := make([]byte, 32)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	return d.CreateAs(options, id)
}

// CreateAs is Create with a credential id of the caller's choice.
func (d *Device) CreateAs(options, id []byte) ([]byte, error) {
	var o struct {
		Challenge bytes64 `json:"challenge"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID bytes64 `json:"id"`
		} `json:"user"`
		Exclude []descriptor `json:"excludeCredentials"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, fmt.Errorf("reading the options: %w", err)
	}
	for _, k := range d.Keys {
		if slices.ContainsFunc(o.Exclude, func(e descriptor) bool { return string(e.ID) == string(k.ID) }) {
			return nil, ErrExcluded
		}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	key := &Key{ID: id, Handle: o.User.ID, RP: o.RP.ID, private: private}
	d.Keys = append(d.Keys, key)
	client := d.clientData("webauthn.create", o.Challenge)
	auth := d.authData(o.RP.ID, key, true)
	object := cborMap(
		cborText("fmt"), cborText("none"),
		cborText("attStmt"), cborMap(),
		cborText("authData"), cborBytes(auth),
	)
	return d.answer(key, map[string]any{
		"clientDataJSON": encode(client), "attestationObject": encode(object), "transports": []string{"internal"},
	})
}

// Get answers navigator.credentials.get with the first key that is allowed.
func (d *Device) Get(options []byte) ([]byte, error) {
	var o struct {
		Challenge bytes64      `json:"challenge"`
		RPID      string       `json:"rpId"`
		Allow     []descriptor `json:"allowCredentials"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, fmt.Errorf("reading the options: %w", err)
	}
	for _, k := range d.Keys {
		if k.RP == o.RPID && slices.ContainsFunc(o.Allow, func(e descriptor) bool { return string(e.ID) == string(k.ID) }) {
			return d.Sign(k, o.RPID, o.Challenge)
		}
	}
	return nil, ErrNone
}

// Sign answers a challenge with a key, allowed or not.
func (d *Device) Sign(k *Key, rp string, challenge []byte) ([]byte, error) {
	if d.Counts {
		k.Count++
	}
	client := d.clientData("webauthn.get", challenge)
	auth := d.authData(rp, k, false)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(slices.Clone(auth), hash[:]...))
	private := k.private
	if d.Forge {
		var err error
		if private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	signature, err := ecdsa.SignASN1(rand.Reader, private, digest[:])
	if err != nil {
		return nil, err
	}
	handle := k.Handle
	if d.Handle != nil {
		handle = d.Handle
	}
	return d.answer(k, map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(auth), "signature": encode(signature), "userHandle": encode(handle),
	})
}

func (d *Device) answer(k *Key, response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{
		"id": encode(k.ID), "rawId": encode(k.ID), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{}, "response": response,
	})
}

// clientData is what the browser says (WebAuthn Level 3, 5.8.1).
func (d *Device) clientData(kind string, challenge []byte) []byte {
	if d.Type != "" {
		kind = d.Type
	}
	if d.Challenge != nil {
		challenge = d.Challenge
	}
	text, err := json.Marshal(map[string]any{
		"type": kind, "challenge": encode(challenge), "origin": d.Origin, "crossOrigin": d.CrossOrigin,
	})
	if err != nil {
		panic(err) // of four plain values
	}
	return text
}

// authData is what the authenticator says (WebAuthn Level 3, 6.1).
func (d *Device) authData(rp string, k *Key, attested bool) []byte {
	if d.RP != "" {
		rp = d.RP
	}
	hash := sha256.Sum256([]byte(rp))
	var flags byte
	for bit, on := range map[byte]bool{0x01: !d.Absent, 0x04: !d.Unverified, 0x08: d.Synced, 0x10: d.Synced, 0x40: attested} {
		if on {
			flags |= bit
		}
	}
	data := binary.BigEndian.AppendUint32(append(hash[:], flags), k.Count)
	if !attested {
		return data
	}
	data = append(data, d.AAGUID[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID)))
	data = append(data, k.ID...)
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		panic(err) // of a key just made
	}
	return append(data, cborMap( // COSE_Key of ES256 (RFC 9053, 7.1.1)
		cborInt(1), cborInt(2),
		cborInt(3), cborInt(-7),
		cborInt(-1), cborInt(1),
		cborInt(-2), cborBytes(point[1:33]),
		cborInt(-3), cborBytes(point[33:]),
	)...)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
