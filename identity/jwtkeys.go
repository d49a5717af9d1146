package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// minSecret is the least length of a secret for HS256, in bytes (RFC 7518 3.2).
const minSecret = 32

// minRSA is the least size of an RSA key, in bits (RFC 7518 3.3).
const minRSA = 2048

// key is one key with the algorithms that may be used with it.
type key struct {
	id   string
	key  any // []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	algs []string
}

func (k key) allows(alg string) bool { return slices.Contains(k.algs, alg) }

// algorithmsOf lists what fits a key's type. Nothing fits two types, so no
// token can have a public key taken for a secret.
func algorithmsOf(k any) ([]string, error) {
	switch k := k.(type) {
	case []byte:
		if len(k) < minSecret {
			return nil, fmt.Errorf("the secret has %d bytes; it needs %d or more", len(k), minSecret)
		}
		return []string{"HS256", "HS384", "HS512"}, nil
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSA {
			return nil, fmt.Errorf("the RSA key has %d bits; it needs %d or more", k.N.BitLen(), minRSA)
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []string{"ES256"}, nil
		case elliptic.P384():
			return []string{"ES384"}, nil
		case elliptic.P521():
			return []string{"ES512"}, nil
		}
		return nil, errors.New("the key is on a curve that no algorithm uses")
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	}
	return nil, fmt.Errorf("a key of type %T fits no algorithm", k)
}

// narrow keeps of a key's algorithms those that are allowed; none allowed
// means that all are.
func narrow(algs, allowed []string) []string {
	if len(allowed) == 0 {
		return algs
	}
	return slices.DeleteFunc(slices.Clone(algs), func(a string) bool { return !slices.Contains(allowed, a) })
}

// readPEM reads the public keys and certificates of one PEM file, or of the
// text itself where that is PEM.
func readPEM(file string) ([]any, error) {
	data := []byte(file)
	if !strings.HasPrefix(strings.TrimSpace(file), "-----BEGIN ") {
		var err error
		if data, err = os.ReadFile(file); err != nil { // #nosec G304 -- the configuration's own path
			return nil, err
		}
	}
	var keys []any
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		k, err := readBlock(block)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 || len(bytes.TrimSpace(data)) > 0 {
		return nil, errors.New("it is not PEM with public keys alone")
	}
	return keys, nil
}

func readBlock(b *pem.Block) (any, error) {
	switch b.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(b.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(b.Bytes)
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	}
	if strings.Contains(b.Type, "PRIVATE") {
		return nil, errors.New("it holds a private key: only the app needs that one; write the public key (openssl pkey -pubout)")
	}
	return nil, fmt.Errorf("a PEM block %q is no public key", b.Type)
}
