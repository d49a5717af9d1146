package enroll

import (
	"context"
	"errors"
	"io"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// ErrNoSnapshot says that the store cannot be copied through this server.
var ErrNoSnapshot = errors.New("this store is on a server of its own: back it up with that server's means")

// Snapshot writes the store as it is at one moment to what begin returns for its
// size in bytes. ErrNoSnapshot where the store is not this process's own.
func (s *Service) Snapshot(ctx context.Context, begin func(size int64) io.Writer) error {
	st, ok := s.store.(store.Snapshotter)
	if !ok {
		return ErrNoSnapshot
	}
	return st.Snapshot(ctx, begin)
}
