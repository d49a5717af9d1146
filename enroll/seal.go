package enroll

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// place is where a sealed record belongs. It is authenticated with it, so that
// a record moved to another person, kind or version does not open (the attack:
// who can write the store puts their own factor in another's place, or an old
// record, with its spent codes unspent, over a newer one).
type place struct {
	kind, realm, user string
	version           uint64
}

func (p place) aad() []byte {
	var b []byte
	for _, s := range []string{p.kind, p.realm, p.user} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s))) // #nosec G115 -- names are far shorter than 4 GiB
		b = append(b, s...)
	}
	return binary.BigEndian.AppendUint64(b, p.version)
}

// sealFormat is the first byte of everything sealed: AES-256-GCM with a key id
// of 4 bytes and a nonce of 12.
const sealFormat = 1

var errNoKey = errors.New("is not among these; add it as an older key")

var errSealed = errors.New("opening a sealed record: it was not sealed with these keys for this place")

// seal encrypts plain for a place with the newest key.
func (k *Keys) seal(random io.Reader, at place, plain []byte) ([]byte, error) {
	key := k.newest()
	out := make([]byte, 17, 17+len(plain)+key.seal.Overhead())
	out[0] = sealFormat
	if _, err := hex.Decode(out[1:5], []byte(key.id)); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(random, out[5:17]); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return key.seal.Seal(out, out[5:17], plain, at.aad()), nil
}

// open decrypts what seal made with any key of the ring.
func (k *Keys) open(at place, sealed []byte) ([]byte, error) {
	if len(sealed) < 17 || sealed[0] != sealFormat {
		return nil, errSealed
	}
	key, ok := k.byID(hex.EncodeToString(sealed[1:5]))
	if !ok {
		return nil, fmt.Errorf("opening a sealed record: key %x %w", sealed[1:5], errNoKey)
	}
	plain, err := key.seal.Open(nil, sealed[5:17], sealed[17:], at.aad())
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
