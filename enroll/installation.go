package enroll

import (
	"context"
	"fmt"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// InstallationKey is the record that holds a store's own name. Without it the
// next start gives another, and nothing counts that was signed before.
const InstallationKey = "installation"

// nameInstallation takes the name that goes into every token's audience from
// the store, which gets a random one at its first start. Two installations that
// were given the same key (a staging site, say, where anybody may be "bob") so
// never take each other's tokens; nodes that share a store do. It is done again
// after the store was away, and once in a while, so that a server that evicts does not
// think it unused: one that lost the name gets it back, and where another node
// was first, its name holds.
func (s *Service) nameInstallation(ctx context.Context) error {
	if s.installation != "" {
		return nil
	}
	had := *s.named.Load()
	var name string
	err := store.Mend(ctx, s.store, InstallationKey, func(old store.Record) (*store.Record, error) {
		if name = string(old.Value); name != "" {
			return nil, nil
		}
		if name = had; name == "" {
			name = s.newID()
		}
		return &store.Record{Value: []byte(name)}, nil
	})
	if err != nil {
		return fmt.Errorf("naming the installation: %w", err)
	}
	if name != had {
		s.named.Store(&name)
	}
	return nil
}

// audience is for whom this installation's tokens of a realm are.
func (s *Service) audience(realm string) string { return audience(*s.named.Load(), realm) }
