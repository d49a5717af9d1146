package identity

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// checkClaims checks the registered claims (RFC 7519 4.1): exp is required, and
// exp, nbf and iat are numbers. It returns when the token expires; errExpired
// says that it has, and is good otherwise.
func (t *token) checkClaims(claims map[string]any, now time.Time) (time.Time, error) {
	expires, present, err := date(claims, "exp")
	if err != nil {
		return time.Time{}, err
	}
	if !present {
		return time.Time{}, errors.New("reading a token: no exp")
	}
	latest := now.Add(t.cfg.Leeway)
	for _, name := range [...]string{"nbf", "iat"} {
		at, _, err := date(claims, name)
		if err != nil {
			return time.Time{}, err
		}
		if at.After(latest) {
			return time.Time{}, errors.New("reading a token: " + name + " is in the future")
		}
	}
	if len(t.cfg.Issuer) > 0 {
		if iss, _ := claims["iss"].(string); !slices.Contains(t.cfg.Issuer, iss) {
			return time.Time{}, errors.New("reading a token: it is of another issuer")
		}
	}
	if len(t.cfg.Audience) > 0 && !t.meantForUs(claims["aud"]) {
		return time.Time{}, errors.New("reading a token: it is for another audience")
	}
	if !now.Before(expires.Add(t.cfg.Leeway)) {
		return time.Time{}, errExpired
	}
	return expires, nil
}

// meantForUs reads aud, a text or a list of texts.
func (t *token) meantForUs(aud any) bool {
	if s, ok := aud.(string); ok {
		return slices.Contains(t.cfg.Audience, s)
	}
	list, _ := aud.([]any)
	ours := false
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return false
		}
		ours = ours || slices.Contains(t.cfg.Audience, s)
	}
	return ours
}

// date reads a NumericDate (RFC 7519 2).
func date(claims map[string]any, name string) (at time.Time, present bool, err error) {
	v, present := claims[name]
	if !present {
		return time.Time{}, false, nil
	}
	n, ok := v.(json.Number)
	if ok {
		at = numericDate(n)
	}
	if at.IsZero() {
		return time.Time{}, true, errors.New("reading a token: " + name + " is no time in seconds")
	}
	return at, true, nil
}
