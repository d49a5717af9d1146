package enroll

import (
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	totpSecret = 20 // bytes: RFC 4226, R6 recommends 160 bits
	totpDigits = 6
	totpStep   = 30 * time.Second
	totpWindow = 1  // steps either way that are accepted
	totpLook   = 10 // steps either way in which a clock that is off is recognised
)

var base32Key = base32.StdEncoding.WithPadding(base32.NoPadding)

// stepAt is the time step of RFC 6238, 4.2.
func stepAt(now time.Time) int64 { return now.Unix() / int64(totpStep/time.Second) }

// totpAt is the code of a step. An empty secret has none: the library would give
// one that everybody can compute.
func totpAt(key secret, step int64) (string, error) {
	if len(key) == 0 {
		return "", errors.New("computing a code: the secret is empty")
	}
	if step < 0 {
		return "", errors.New("computing a code: the clock stands before 1970")
	}
	return hotp.GenerateCodeCustom(base32Key.EncodeToString(key), uint64(step),
		hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// match is what a code is at a moment: the newest step within one of now whose
// code it is, or else how far off the nearest further step is (0: none).
//
// The newest, because two neighbouring steps can have the same digits: were the
// older one taken for it, the same digits would count a second time.
type match struct {
	step int64 // 0: none within the window
	off  int64 // steps; positive: the person's clock is ahead
}

func matchTOTP(key secret, code string, now time.Time) (match, error) {
	var m match
	at := stepAt(now)
	for d := int64(-totpLook); d <= totpLook; d++ {
		want, err := totpAt(key, at+d)
		if err != nil {
			return match{}, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) != 1 {
			continue
		}
		switch {
		case -totpWindow <= d && d <= totpWindow:
			m.step = at + d
		case m.off == 0 || abs(d) < abs(m.off):
			m.off = d
		}
	}
	return m, nil
}

func abs(n int64) int64 { return max(n, -n) }
