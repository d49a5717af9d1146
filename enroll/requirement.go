package enroll

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// requirementsKey is the record of since when tenants require a factor.
const requirementsKey = "requirements"

// Requirements notes which tenants require a factor now, and tells since when
// each does: those that are new to the list, since now. One that is no longer
// in it begins anew when it comes back. Of a list that cannot be read (its key is
// gone, or it was changed) none is known, for good. Nodes that share a store share the list.
func (s *Service) Requirements(ctx context.Context, tenants []string) (map[string]time.Time, error) {
	t := s.tokens()
	if t == nil {
		return nil, ErrStoreDown
	}
	now := s.now()
	since := map[string]int64{}
	var unread error
	err := s.store.Update(ctx, requirementsKey, func(old store.Record) (*store.Record, error) {
		before, first := map[string]int64{}, now.Unix()
		if old.Version > 0 {
			plain, err := t.keys.open(place{kind: requirementsKey, version: old.Version}, old.Value)
			if err == nil {
				err = json.Unmarshal(plain, &before)
			}
			if unread = err; err != nil {
				first = 0 // none is known, so nobody is let off by it
			}
		}
		clear(since)
		for _, tenant := range tenants {
			since[tenant] = first
			if at, listed := before[tenant]; listed {
				since[tenant] = at
			}
		}
		if maps.Equal(since, before) {
			return nil, nil
		}
		plain, err := json.Marshal(since)
		if err != nil {
			return nil, err
		}
		sealed, err := t.keys.seal(s.rand, place{kind: requirementsKey, version: old.Version + 1}, plain)
		return &store.Record{Value: sealed}, err
	})
	if err != nil {
		return nil, down(err)
	}
	if unread != nil {
		s.failed(fmt.Errorf("reading since when tenants require a factor: %w", unread))
	}
	out := make(map[string]time.Time, len(since))
	for tenant, at := range since {
		if at != 0 {
			out[tenant] = time.Unix(at, 0)
		}
	}
	return out, nil
}
