package enroll

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// keySize is the length of a key in bytes.
const keySize = 32

// Keys is a ring of 32-byte keys, newest first. The newest seals and signs; all
// of them open and verify. It never shows a key.
type Keys struct{ ring []ringKey }

// ringKey is one key, known by an id that says nothing of it, and what is
// derived from it (HKDF-SHA-256, RFC 5869): one key a purpose, so that what is
// made for one is worthless for another.
type ringKey struct {
	id      string // 8 hex digits
	seal    cipher.AEAD
	purpose map[string][]byte
}

// The purposes a key is derived for, besides sealing.
const (
	forFlag   = "flag"
	forTicket = "ticket"
	forKnown  = "known"
	forVisit  = "visit"
	forDevice = "device"
	forPass   = "pass"
	forSeen   = "seen"   // sessions seen where nothing was required
	forCode   = "code"   // mailed codes and links
	forPepper = "pepper" // recovery codes
)

// NewKeys reads keys in base64 (standard or URL alphabet), newest first. An
// error says which one is wrong and how to make a right one, and never shows it.
func NewKeys(encoded ...string) (*Keys, error) {
	if len(encoded) == 0 {
		return nil, errors.New("reading the keys: none is given; `openssl rand -base64 32` makes one")
	}
	k := &Keys{}
	for i, text := range encoded {
		raw, err := decodeKey(text)
		if err != nil {
			return nil, fmt.Errorf("reading key %d of %d: %w; `openssl rand -base64 32` makes one", i+1, len(encoded), err)
		}
		key, err := newRingKey(raw)
		if err != nil {
			return nil, fmt.Errorf("deriving from key %d of %d: %w", i+1, len(encoded), err)
		}
		for _, had := range k.ring {
			if had.id == key.id {
				return nil, fmt.Errorf("reading key %d of %d: it stands there twice", i+1, len(encoded))
			}
		}
		k.ring = append(k.ring, key)
	}
	return k, nil
}

func decodeKey(text string) ([]byte, error) {
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		raw, err := enc.Strict().DecodeString(text)
		if err != nil {
			continue
		}
		if len(raw) != keySize {
			return nil, fmt.Errorf("it is %d bytes long, not %d", len(raw), keySize)
		}
		if allEqual(raw) {
			return nil, errors.New("all its bytes are the same, so it is no secret")
		}
		return raw, nil
	}
	return nil, errors.New("it is not base64")
}

func allEqual(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return true
}

func newRingKey(raw []byte) (ringKey, error) {
	key := ringKey{purpose: map[string][]byte{}}
	for _, purpose := range []string{"id", "seal", forFlag, forTicket, forKnown, forDevice, forPass, forVisit, forSeen, forCode, forPepper} {
		derived, err := hkdf.Key(sha256.New, raw, nil, "caddy-mfa/1/"+purpose, keySize)
		if err != nil {
			return ringKey{}, err
		}
		key.purpose[purpose] = derived
	}
	block, err := aes.NewCipher(key.purpose["seal"])
	if err != nil {
		return ringKey{}, err
	}
	if key.seal, err = cipher.NewGCM(block); err != nil {
		return ringKey{}, err
	}
	key.id = hex.EncodeToString(key.purpose["id"][:4])
	delete(key.purpose, "id")
	delete(key.purpose, "seal")
	return key, nil
}

// IDs are the ids of the keys, newest first. They say nothing of the keys.
func (k *Keys) IDs() []string {
	ids := make([]string, len(k.ring))
	for i, key := range k.ring {
		ids[i] = key.id
	}
	return ids
}

// newest is the key that seals and signs.
func (k *Keys) newest() ringKey { return k.ring[0] }

// byID finds a key of the ring.
func (k *Keys) byID(id string) (ringKey, bool) {
	for _, key := range k.ring {
		if key.id == id {
			return key, true
		}
	}
	return ringKey{}, false
}

// String keeps the keys out of logs.
func (k *Keys) String() string { return fmt.Sprintf("%d keys", len(k.ring)) }

// GoString keeps them out of %#v.
func (k *Keys) GoString() string { return k.String() }

// Format keeps them out of every other verb.
func (k *Keys) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }
