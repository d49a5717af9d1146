package enroll

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// How many text messages go out at most, beside the three in 15 minutes of an
// account. Texts cost money, and whoever can have them sent to a number of their
// choice can be paid for it, or annoy its owner.
const (
	textsOfNumber     = 6   // to one number for one purpose in an hour, from all accounts together
	textsOfNumberADay = 20  // and in a day
	textsOfTenant     = 300 // of one tenant in an hour; from then on repeats wait
)

// texts counts what was sent in this hour and day, by the clock in UTC.
type texts struct {
	Hour  int64 `json:"hour"`
	Day   int64 `json:"day"`
	Hours int   `json:"hours"`
	Days  int   `json:"days"`
}

// at begins what is over anew.
func (c *texts) at(now time.Time) {
	if hour := now.Unix() / 3600; hour != c.Hour {
		c.Hour, c.Hours = hour, 0
	}
	if day := now.Unix() / 86400; day != c.Day {
		c.Day, c.Days = day, 0
	}
}

// wait is how long the next has to wait; 0: it can go.
func (c *texts) wait(now time.Time, hour, day int) time.Duration {
	switch {
	case day > 0 && c.Days >= day:
		return time.Unix((c.Day+1)*86400, 0).Sub(now)
	case c.Hours >= hour:
		return time.Unix((c.Hour+1)*3600, 0).Sub(now)
	}
	return 0
}

// countText counts a text that is about to be sent, to its number and to its
// tenant, or says how long it has to wait. A tenant's count slows who was sent a
// text within a day and tells the operator; a person's first of the day always
// goes, so that nobody keeps another out by having many sent. What is not sent for
// its number's sake is not counted for the tenant: one account would slow all.
func (s *Service) countText(ctx context.Context, r Rules, p Person, purpose, number string, firstOfDay bool, now time.Time) (time.Duration, error) {
	var wait time.Duration
	var told bool
	err := s.changeTexts(ctx, tenantTexts(p.Realm, r.Tenant), now, func(c *texts) bool {
		if wait = c.wait(now, textsOfTenant, 0); firstOfDay {
			wait = 0
		}
		if wait == 0 {
			c.Hours++
		}
		told = c.Hours == textsOfTenant && wait == 0
		return wait == 0
	})
	if told {
		s.failed(fmt.Errorf("sending texts: tenant %q has had %d sent within an hour; whoever had one today waits until it is over", r.Tenant, textsOfTenant))
	}
	if err != nil || wait > 0 {
		return wait, err
	}
	err = s.changeTexts(ctx, s.numberTexts(purpose, number), now, func(c *texts) bool {
		if wait = c.wait(now, textsOfNumber, textsOfNumberADay); wait == 0 {
			c.Hours, c.Days = c.Hours+1, c.Days+1
		}
		return wait == 0
	})
	if err != nil || wait > 0 {
		s.uncount(ctx, tenantTexts(p.Realm, r.Tenant), now)
	}
	return wait, err
}

// uncountText takes back what was counted for a text that was not sent.
func (s *Service) uncountText(ctx context.Context, r Rules, p Person, purpose, number string, now time.Time) {
	s.uncount(ctx, tenantTexts(p.Realm, r.Tenant), now)
	s.uncount(ctx, s.numberTexts(purpose, number), now)
}

func (s *Service) uncount(ctx context.Context, key string, now time.Time) {
	err := s.changeTexts(ctx, key, now, func(c *texts) bool {
		c.Hours, c.Days = max(0, c.Hours-1), max(0, c.Days-1)
		return true
	})
	if err != nil {
		s.failed(err)
	}
}

func tenantTexts(realm, tenant string) string {
	return "texts/tenant/" + url.PathEscape(realm) + "/" + url.PathEscape(tenant)
}

// numberTexts is where a number is counted: under a MAC, since keys are read by
// whoever reads the store. Each purpose has its own count: anybody can have texts
// sent to a number by pretending to set it up, or by its owner's password, and
// must not use up those with which its owner proves.
func (s *Service) numberTexts(purpose, number string) string {
	mac := mailedMAC(s.tokens().keys.newest(), "number "+purpose, number)
	return "texts/number/" + base64.RawURLEncoding.EncodeToString(mac[:16])
}

// changeTexts changes a count in one atomic step. fn says whether to keep it.
func (s *Service) changeTexts(ctx context.Context, key string, now time.Time, fn func(*texts) bool) error {
	t := s.tokens()
	if t == nil {
		return ErrStoreDown
	}
	err := s.store.Update(ctx, key, func(old store.Record) (*store.Record, error) {
		var c texts
		if old.Version > 0 {
			plain, err := t.keys.open(place{"texts", key, "", old.Version}, old.Value)
			if err == nil {
				err = json.Unmarshal(plain, &c)
			}
			if err != nil {
				return nil, err
			}
		}
		c.at(now)
		if !fn(&c) {
			return nil, nil
		}
		plain, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		sealed, err := t.keys.seal(s.rand, place{"texts", key, "", old.Version + 1}, plain)
		return &store.Record{Value: sealed, Expires: now.Add(25 * time.Hour)}, err
	})
	if err != nil {
		return down(err)
	}
	return nil
}
