package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of the tokens that are remembered.
const (
	maxBelieved      = 16 << 10 // tokens
	maxBelievedBytes = 16 << 20
)

// believed is a token whose signature was checked.
type believed struct {
	person     Person
	expires    time.Time
	generation uint64 // of the keys it was checked with
}

// errExpired says that a token is good but for its time.
var errExpired = errors.New("the token has expired")

// errKeys says that the keys cannot be had now.
type errKeys struct{ error }

func (e errKeys) Unwrap() error { return e.error }

// Ask reads the token of the cookie, the header, or both.
func (t *token) Ask(ctx context.Context, v *Visit) Answer {
	a := Answer{State: Absent}
	if t.name != "" {
		switch value, count := namedCookies(v.R.Header, v.Own, t.name); {
		case count > 1:
			return Answer{State: Conflict, Err: fmt.Errorf("cookie %q stands in the request twice", t.cfg.Cookie)}
		case count == 1 && value != "":
			a = t.read(ctx, v, value)
		}
	}
	if t.cfg.Header == "" {
		return a
	}
	values := v.R.Header[t.cfg.Header]
	if len(values) > 1 {
		return Answer{State: Conflict, Err: fmt.Errorf("%s stands in the request twice", t.cfg.Header)}
	}
	if len(values) == 0 {
		return a
	}
	text, ok := t.inHeader(values[0])
	if !ok {
		return a
	}
	b := t.read(ctx, v, text)
	if b.State == Known {
		b.By = t.by
	}
	return both(a, b)
}

// both puts together what a cookie and a header say: the worse of the two, and
// two people are none.
func both(a, b Answer) Answer {
	switch {
	case a.State == Absent:
		return b
	case b.State == Absent:
		return a
	case a.State == Down || b.State == Nobody && a.State != Down:
		return a
	case b.State == Down || a.State == Nobody:
		return b
	case a.State == Forged && b.State == Forged:
		return a
	case a.State == Forged || b.State == Forged || a.Person.User != b.Person.User || a.Person.Tenant != b.Person.Tenant:
		return Answer{State: Conflict, Err: errors.New("the tokens of cookie and header differ")}
	}
	return b
}

// inHeader takes the token out of a header's value. Another scheme than Bearer
// in Authorization is not this source's.
func (t *token) inHeader(value string) (string, bool) {
	value = strings.Trim(value, " \t")
	scheme, rest, found := strings.Cut(value, " ")
	bearer := found && strings.EqualFold(scheme, "Bearer")
	switch {
	case bearer:
		return strings.TrimLeft(rest, " "), true
	case t.cfg.Header == "Authorization" || value == "":
		return "", false
	}
	return value, true
}

// Carries reports whether a header is the one that holds the token.
func (t *token) Carries(v *Visit, header string) bool {
	if header != t.cfg.Header {
		return false
	}
	return !slices.ContainsFunc(v.R.Header[header], func(s string) bool {
		_, ok := t.inHeader(s)
		return !ok
	})
}

// read says who a token stands for. Its signature is checked once; the time is
// checked every time.
func (t *token) read(ctx context.Context, v *Visit, text string) Answer {
	now := v.now()
	var space [2048]byte
	id := digest(sha256.Sum256(append(space[:0], text...)))
	if !v.Fresh {
		if b, ok := t.recall(id, now); ok {
			return b.answer(now, t.cfg.Leeway)
		}
	}
	begun := time.Now()
	b, err := t.believe(ctx, text, now)
	v.Took.since(t.Name(), begun)
	switch {
	case errors.Is(err, errNobody):
		return Answer{State: Nobody}
	case errors.Is(err, errExpired):
		return Answer{State: Absent, Err: errExpired}
	case errors.As(err, new(errKeys)):
		return Answer{State: Down, Err: err}
	case err != nil:
		return Answer{State: Forged, Err: err}
	}
	t.mu.Lock()
	t.seen.put(id, b, (&Answer{Person: b.person}).size())
	t.mu.Unlock()
	return b.answer(now, t.cfg.Leeway)
}

func (t *token) recall(id digest, now time.Time) (believed, bool) {
	generation := t.ring.current(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.seen.get(id)
	if ok && b.generation != generation {
		t.seen.remove(id)
		return believed{}, false
	}
	return b, ok
}

func (b *believed) answer(now time.Time, leeway time.Duration) Answer {
	if !now.Before(b.expires.Add(leeway)) {
		return Answer{State: Absent, Err: errExpired}
	}
	return Answer{State: Known, Person: b.person, Until: b.expires.Add(leeway)}
}

// believe checks everything about a token.
func (t *token) believe(ctx context.Context, text string, now time.Time) (believed, error) {
	j, err := parseJWS(text)
	if err != nil {
		return believed{}, err
	}
	keys, generation, err := t.ring.keys(ctx, j.alg, j.kid, now)
	if err != nil {
		return believed{}, errKeys{err}
	}
	payload, err := j.open(keys)
	if err != nil {
		return believed{}, err
	}
	claims, err := readClaims(payload)
	if err != nil {
		return believed{}, err
	}
	expires, err := t.checkClaims(claims, now)
	if err != nil {
		return believed{}, err
	}
	var values [9]any
	for i, path := range t.paths {
		if path == "" {
			continue
		}
		if values[i], _, err = find(claims, path); err != nil {
			return believed{}, fmt.Errorf("reading %s: %w", factNames[i], err)
		}
	}
	person, err := (&reading{now: now}).person(values)
	if err != nil {
		return believed{}, err
	}
	return believed{person, expires, generation}, nil
}
