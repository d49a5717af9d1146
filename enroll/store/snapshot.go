package store

import (
	"context"
	"fmt"
	"io"

	bolt "go.etcd.io/bbolt"
)

// Snapshotter is a store that can be copied whole while it is used.
type Snapshotter interface {
	// Snapshot writes the store as it is at one moment to what begin returns for
	// its size in bytes.
	Snapshot(ctx context.Context, begin func(size int64) io.Writer) error
}

// Snapshot writes the file as it is at one moment. Readers and writers go on
// meanwhile; what they write then is not in it.
func (b *Bolt) Snapshot(ctx context.Context, begin func(size int64) io.Writer) error {
	return b.use(ctx, func(db *bolt.DB) error {
		return db.View(func(tx *bolt.Tx) error {
			n, err := tx.WriteTo(begin(tx.Size()))
			if err == nil && n != tx.Size() {
				err = io.ErrShortWrite
			}
			if err != nil {
				return fmt.Errorf("copying the store: %w", err)
			}
			return nil
		})
	})
}

var _ Snapshotter = (*Bolt)(nil)
