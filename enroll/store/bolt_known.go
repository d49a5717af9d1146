package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// ErrRestored says that an older file was put in the store's place.
var ErrRestored = errors.New("the file holds less than this server wrote to it, or is another store's, so it was put there from a backup: " +
	"bring the right one back, or take it as it is with `caddy mfa store accept`, after which everybody proves anew, recovery codes spent since are good again, and people enrolled since are not")

// ErrGone says that the file is gone which this server wrote to.
var ErrGone = errors.New("the file is gone that this server wrote to: bring it back, or begin a new store, in which nobody is enrolled, with `caddy mfa store accept`")

// boltKnown is how far the file had come, kept in another beside it, so that an
// older one put in its place is noticed. Losing it loses that and nothing else.
type boltKnown struct {
	Store string `json:"store"` // random, made with the file
	Count uint64 `json:"count"` // writes
}

// boltMemory is what was written down last.
type boltMemory struct {
	mu      sync.Mutex
	written boltKnown
	at      time.Time
}

var storeID = []byte("store")

func (b *Bolt) knownFile() string { return b.path + ".known" }

// come is how far the open file has come.
func come(db *bolt.DB) (k boltKnown, err error) {
	err = db.View(func(tx *bolt.Tx) error {
		k.Count = uint64(tx.ID()) // #nosec G115 -- a count
		if m := tx.Bucket(meta); m != nil {
			k.Store = string(m.Get(storeID))
		}
		return nil
	})
	return k, err
}

// nameStore gives the file its name, once.
func nameStore(tx *bolt.Tx) error {
	if tx.Bucket(meta).Get(storeID) != nil {
		return nil
	}
	return tx.Bucket(meta).Put(storeID, []byte(rand.Text()))
}

// checkGone refuses to begin a new file where one is known, for everybody would be
// new in it.
func (b *Bolt) checkGone() error {
	if _, err := os.Stat(b.path); !errors.Is(err, fs.ErrNotExist) || b.readOnly {
		return nil
	}
	if _, err := os.Stat(b.knownFile()); err != nil {
		return nil
	}
	return ErrGone
}

// checkKnown refuses a file that is behind what is known of it.
func (b *Bolt) checkKnown(db *bolt.DB) error {
	text, err := os.ReadFile(b.knownFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var known boltKnown
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil {
		b.warn(fmt.Sprintf("how far the store had come cannot be read (%v): an older file in its place would go unnoticed at this start", err))
		return nil
	}
	is, err := come(db)
	if err == nil && (is.Store != known.Store || is.Count < known.Count) {
		err = ErrRestored
	}
	return err
}

// remember writes down how far the file has come, at most every few seconds
// unless it is the last time. The caller holds mu.
func (b *Bolt) remember(last bool) {
	m := &b.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if b.db == nil || b.readOnly || !last && time.Since(m.at) < remembering {
		return
	}
	m.at = time.Now()
	is, err := come(b.db)
	if err != nil || is == m.written {
		return
	}
	if err := writeWhole(b.knownFile(), is); err != nil {
		b.warn(fmt.Sprintf("how far the store has come cannot be written down (%v): an older file in its place would go unnoticed", err))
		return
	}
	m.written = is
}

// Accept takes the file as it is, and removes a record by which others would go
// by what is no longer so. The store must not be open.
func (b *Bolt) Accept(drop string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.db != nil {
		return errors.New("accepting the store: it is open")
	}
	db, err := b.openFile(func(*bolt.DB) error { return nil })
	if err != nil {
		return fmt.Errorf("accepting the store %s as %s: %w", b.path, Whoami(), err)
	}
	err = db.Update(func(tx *bolt.Tx) error { return tx.Bucket(records).Delete([]byte(drop)) })
	if err == nil {
		var is boltKnown
		if is, err = come(db); err == nil {
			err = writeWhole(b.knownFile(), is)
		}
	}
	return errors.Join(err, db.Close())
}

func (b *Bolt) warn(text string) {
	if b.Warn != nil {
		b.Warn(text)
	}
}
