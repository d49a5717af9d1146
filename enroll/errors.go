package enroll

import (
	"errors"
	"time"
)

// Error is a refusal with the word that the API, the pages and the log share.
// Two errors with one Reason are the same to errors.Is.
type Error struct {
	Reason     string
	Status     int           // HTTP status
	RetryAfter time.Duration // too-many-tries: until the next try counts
	Offset     time.Duration // clock-off: how far the person's clock is ahead (negative: behind)
	Left       int           // bad-code: tries left before a wait
	Detail     string        // which of the explanations of Reason holds; "": the usual one
	Err        error         // cause, for the log only
}

// Error is the reason, with the cause where there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Reason + ": " + e.Err.Error()
	}
	return e.Reason
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is tells whether target is a refusal for the same reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

// The refusals. Compare with errors.Is; details stand in the value returned.
var (
	ErrBadCode      = &Error{Reason: "bad-code", Status: 400}
	ErrUsedCode     = &Error{Reason: "used-code", Status: 409}
	ErrClockOff     = &Error{Reason: "clock-off", Status: 400}
	ErrTooMany      = &Error{Reason: "too-many-tries", Status: 429}
	ErrExpired      = &Error{Reason: "expired", Status: 410}
	ErrLimit        = &Error{Reason: "limit-reached", Status: 409}
	ErrNotOffered   = &Error{Reason: "not-offered", Status: 403}
	ErrFreshProof   = &Error{Reason: "needs-fresh-proof", Status: 403}
	ErrLastMethod   = &Error{Reason: "last-method", Status: 409}
	ErrNotAllowed   = &Error{Reason: "not-allowed", Status: 403}
	ErrLocked       = &Error{Reason: "locked", Status: 403}
	ErrWrongStep    = &Error{Reason: "wrong-step", Status: 409}
	ErrNotHere      = &Error{Reason: "not-here", Status: 403}
	ErrNoAddress    = &Error{Reason: "no-address", Status: 409}
	ErrWrongAccount = &Error{Reason: "wrong-account", Status: 403}
	ErrNotFound     = &Error{Reason: "not-found", Status: 404}
	ErrNetwork      = &Error{Reason: "not-here", Status: 403, Detail: "network"}
	ErrBadAddress   = &Error{Reason: "bad-request", Status: 400, Detail: "address"}
	ErrStoreDown    = &Error{Reason: "store-down", Status: 503}
	ErrMail         = &Error{Reason: "mail-down", Status: 503}
	ErrText         = &Error{Reason: "sms-down", Status: 503}
)

// ErrToken is the one answer for a token that does not count, whatever the
// reason: who sent a forged one learns nothing from it.
var ErrToken = errors.New("reading a token: it does not count")
