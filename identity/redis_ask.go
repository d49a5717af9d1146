package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// Ask reads, or remembers, the session that the request's cookie names.
func (s *appSessions) Ask(ctx context.Context, v *Visit) Answer {
	value, count := namedCookies(v.R.Header, v.Own, s.cookie)
	switch {
	case count > 1:
		return Answer{State: Conflict, Err: fmt.Errorf("cookie %q stands in the request twice", s.cfg.Cookie)}
	case count == 0 || value == "":
		return Answer{State: Absent}
	}
	id, err := s.sessionID(value)
	if err != nil {
		return Answer{State: Forged, Err: err}
	}
	var space [512]byte
	key := digest(sha256.Sum256(appendText(space[:0], v.Site, value)))
	if !v.Fresh {
		if a, ok := s.memory.recall(key, v.now(), false); ok {
			return a
		}
	}
	now, took := v.now(), v.Took
	host, _, err := net.SplitHostPort(v.R.RemoteAddr)
	if err != nil {
		host = v.R.RemoteAddr
	}
	return s.memory.ask(ctx, &question{
		key:   flightKey{key, host},
		marks: []mark{markOfKey(key), markOf(s.cookie, value)},
		now:   now,
		ttl:   redisCache,
		join:  !v.Fresh,
		wait:  2 * s.cfg.Timeout,
		ask: func() Answer {
			defer took.since(s.Name(), time.Now())
			return s.load(id, now)
		},
	})
}

// load asks Redis, once, for one session.
func (s *appSessions) load(id string, now time.Time) Answer {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeout)
	defer cancel()
	var raw []byte
	err := s.circuit.Do(func() (err error) {
		raw, err = s.connection().Get(ctx, s.prefix+id).Bytes()
		return err
	})
	switch {
	case errors.Is(err, redis.Nil):
		return Answer{State: Nobody}
	case err != nil:
		a := down(fmt.Errorf("asking redis for the session: %w", err))
		a.RetryAfter = briefly
		return a
	case len(raw) > maxSession:
		return down(fmt.Errorf("the session is over %d bytes", maxSession))
	}
	person, err := s.person(raw, now)
	switch {
	case errors.Is(err, errNobody):
		return Answer{State: Nobody}
	case err != nil:
		return down(fmt.Errorf("reading the session: %w", err))
	}
	if person.Session == "" && s.format.newID {
		person.Session = signInOf(id)
	}
	return Answer{State: Known, Person: person}
}

// signInOf tells one sign-in from the next, and cannot be turned back into the
// id: it stands in the flag, which the visitor can read.
func signInOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}

// person finds the facts in a session. One without the user's field is that of
// a stranger: apps give them one too.
func (s *appSessions) person(raw []byte, now time.Time) (Person, error) {
	root, err := s.format.read(raw)
	if err != nil {
		return Person{}, err
	}
	var values [9]any
	for i, path := range s.paths {
		if path == "" {
			continue
		}
		if values[i], _, err = s.format.find(root, path); err != nil {
			return Person{}, fmt.Errorf("%s: %w", factNames[i], err)
		}
	}
	return (&reading{lenient: true, now: now}).person(values)
}
