package enroll

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// recoveryCodes is how many a person gets.
	recoveryCodes = 10
	// recoveryLength is in characters of 5 bits: 80 bits a code, of which no
	// slow hash is needed (NIST SP 800-63B-4, 3.1.2.2: 64).
	recoveryLength = 16
	// recoveryGroup is how many are read at a glance.
	recoveryGroup = 4
)

// crockford has no I, L, O, U: none can be taken for another or spell a word.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeSet is a person's recovery codes, each as a MAC under the pepper, which is
// not in the store.
type codeSet struct {
	Key     string    `json:"key"`              // id of the key whose pepper it is
	Pepper  secret    `json:"pepper,omitempty"` // that pepper, where the key may be gone
	Unused  [][]byte  `json:"unused"`
	Used    [][]byte  `json:"used,omitempty"`
	Created time.Time `json:"created"`
	Tenant  string    `json:"tenant"`
	First   string    `json:"first"`
	Weak    bool      `json:"weak,omitempty"`  // made with a proof that was no whole second factor
	Bound   bool      `json:"bound,omitempty"` // stands for no tenant but Tenant
}

// newCodes makes a set and the codes as they are shown, this once.
func (s *Service) newCodes(realm, user, tenant, first string, now time.Time) (*codeSet, []string) {
	key := s.tokens().keys.newest()
	set := &codeSet{Key: key.id, Created: now, Tenant: tenant, First: first}
	var shown []string
	for range recoveryCodes {
		var code []byte
		for _, b := range s.random(recoveryLength) {
			code = append(code, crockford[b&31])
		}
		set.Unused = append(set.Unused, pepper(key.purpose[forPepper], realm, user, string(code)))
		shown = append(shown, grouped(string(code)))
	}
	return set, shown
}

func grouped(code string) string {
	var groups []string
	for ; len(code) > recoveryGroup; code = code[recoveryGroup:] {
		groups = append(groups, code[:recoveryGroup])
	}
	return strings.Join(append(groups, code), "-")
}

// pepper is what is kept of a code. The person is in it, so that a set moved to
// somebody else's account opens nothing there.
func pepper(key []byte, realm, user, code string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(place{"recovery", realm, user, 0}.aad())
	mac.Write([]byte(code))
	return mac.Sum(nil)
}

// readRecovery reads a typed recovery code.
func readRecovery(typed string) (string, bool) { return readCrockford(typed, recoveryLength) }

// readCrockford reads a typed code of n characters: groups, case, full-width
// letters and the letters that look like digits do not matter. False: it is none.
func readCrockford(typed string, n int) (string, bool) {
	if len(typed) > maxTyped || !utf8.ValidString(typed) {
		return "", false
	}
	var b strings.Builder
	for _, r := range typed {
		if skipped(r) {
			continue
		}
		if d, ok := digit(r); ok {
			b.WriteByte('0' + d)
			continue
		}
		if r >= 'Ａ' && r <= 'ｚ' { // full-width
			r -= 'Ａ' - 'A'
		}
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r > 'Z' || !strings.ContainsRune(crockford, r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == n
}

// find compares a code with the whole set in constant time: at is its place
// among the unused ones, or -1; used tells whether it was spent.
func (c *codeSet) find(keys *Keys, realm, user, code string) (at int, used bool) {
	at = -1
	with := []byte(c.Pepper)
	if with == nil {
		key, ok := keys.byID(c.Key)
		if !ok {
			return -1, false
		}
		with = key.purpose[forPepper]
	}
	mac := pepper(with, realm, user, code)
	for i, m := range c.Unused {
		if subtle.ConstantTimeCompare(m, mac) == 1 {
			at = i
		}
	}
	for _, m := range c.Used {
		if subtle.ConstantTimeCompare(m, mac) == 1 {
			used = true
		}
	}
	return at, used
}
