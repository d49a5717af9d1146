package enroll

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// maxChallenges is how many challenges of one person, in one bucket, may be live
// at a time. Whoever has the password can have them made, and each is a record.
const maxChallenges = 30

// asking is when the live challenges of one person end, by bucket. It is a record
// of its own: it changes with every page that asks for a passkey.
type asking map[string][]time.Time

// askingBucket names the count of a challenge. Registrations and browsers that
// proved this account before have their own: the attack is to use up the
// challenges of a victim.
func askingBucket(create, known bool) string {
	switch {
	case create:
		return "create"
	case known:
		return "known"
	}
	return "prove"
}

func askingKey(p Person) string {
	return "asking/" + url.PathEscape(p.Realm) + "/" + url.PathEscape(p.User)
}

// countChallenge notes one more challenge, or way to a provider, that lives for so
// long. ErrTooMany with RetryAfter where
// there are as many as there may be.
func (s *Service) countChallenge(ctx context.Context, p Person, bucket string, life time.Duration, now time.Time) error {
	var answer error
	err := s.store.Update(ctx, askingKey(p), func(old store.Record) (*store.Record, error) {
		answer = nil
		t := s.tokens()
		if t == nil {
			return nil, ErrStoreDown
		}
		live := asking{}
		if old.Version > 0 {
			plain, err := t.keys.open(place{"asking", p.Realm, p.User, old.Version}, old.Value)
			if err != nil {
				return nil, err
			}
			if err := json.Unmarshal(plain, &live); err != nil {
				return nil, err
			}
		}
		for b, ends := range live {
			live[b] = keep(ends, func(end time.Time) bool { return now.Before(end) && end.Sub(now) <= tripLife })
		}
		if ends := live[bucket]; len(ends) >= maxChallenges {
			answer = tooMany(ends[0].Sub(now))
			return nil, nil
		}
		live[bucket] = append(live[bucket], now.Add(life))
		plain, err := json.Marshal(live)
		if err != nil {
			return nil, err
		}
		sealed, err := t.keys.seal(s.rand, place{"asking", p.Realm, p.User, old.Version + 1}, plain)
		if err != nil {
			return nil, err
		}
		return &store.Record{Value: sealed, Expires: now.Add(tripLife)}, nil
	})
	if err != nil {
		return down(err)
	}
	return answer
}
