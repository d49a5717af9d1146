package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	bolt "go.etcd.io/bbolt"
	boltErrors "go.etcd.io/bbolt/errors"
)

// Open makes the folders and the file where they are missing and takes the
// file's lock. The errors name the path, the user and what to do.
func (b *Bolt) Open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.db != nil {
		return nil
	}
	db, err := b.open()
	if err != nil {
		return fmt.Errorf("opening the store %s as %s: %w", b.path, Whoami(), err)
	}
	b.db = db
	b.reads.wrote() // it may be another file
	return nil
}

func (b *Bolt) open() (*bolt.DB, error) {
	if b.anew {
		return b.openFile(func(*bolt.DB) error { return nil })
	}
	if err := b.checkGone(); err != nil {
		return nil, err
	}
	return b.openFile(b.checkKnown)
}

// openFile opens the file, asks check before anything is written to it, and
// makes what is missing in it.
func (b *Bolt) openFile(check func(*bolt.DB) error) (*bolt.DB, error) {
	if b.path == "" {
		return nil, errors.New("no file is named: write `store bolt <file>`")
	}
	if !b.readOnly {
		if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
			return nil, Unwritable(err)
		}
	}
	db, err := bolt.Open(b.path, 0o600, &bolt.Options{Timeout: b.wait, ReadOnly: b.readOnly})
	switch {
	case err != nil && b.readOnly && errors.Is(err, os.ErrNotExist):
		return nil, err
	case errors.Is(err, boltErrors.ErrTimeout) && (b.readOnly || b.anew):
		return nil, errors.New("it is locked by another process: stop the server that uses it, or name a backup of it")
	case errors.Is(err, boltErrors.ErrTimeout):
		return nil, errors.New("it is locked by another process: reload the running server instead of starting a second one, or use `store redis`")
	case errors.Is(err, boltErrors.ErrInvalid), errors.Is(err, boltErrors.ErrChecksum), errors.Is(err, boltErrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: this is no store of the gate: name another file, or put a backup in its place", err)
	case err != nil:
		return nil, Unwritable(err)
	}
	if b.readOnly {
		if err := db.View(checkFormat); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return db, nil
	}
	err = check(db)
	if err == nil {
		err = prepare(db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	// A file that was made under a kinder umask, or copied, holds everybody's
	// factors too.
	if err := os.Chmod(b.path, 0o600); err != nil {
		return nil, errors.Join(Unwritable(err), db.Close())
	}
	return db, nil
}

func prepare(db *bolt.DB) error {
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{records, log, ends, meta} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		m := tx.Bucket(meta)
		if m.Get(format) == nil {
			if err := m.Put(format, []byte(strconv.Itoa(formatNow))); err != nil {
				return err
			}
		}
		if err := checkFormat(tx); err != nil {
			return err
		}
		return nameStore(tx)
	})
}

// checkFormat refuses a file that this program cannot read.
func checkFormat(tx *bolt.Tx) error {
	if tx.Bucket(meta) == nil || tx.Bucket(records) == nil || tx.Bucket(log) == nil {
		return errors.New("this is no store of the gate: name another file, or put a backup in its place")
	}
	had := tx.Bucket(meta).Get(format)
	if n, err := strconv.Atoi(string(had)); err != nil || n > formatNow {
		return fmt.Errorf("its format is %q, and this program knows up to %d: start the program that wrote it", had, formatNow)
	}
	return nil
}

// Alone is true: the file is locked for this process.
func (b *Bolt) Alone() bool { return true }

// Close gives the file back. It waits for what is under way.
func (b *Bolt) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.db == nil {
		return nil
	}
	b.remember(true)
	err := b.db.Close()
	b.db = nil
	return err
}

// Unwritable adds the remedy to an error of a file or folder that the process
// cannot make or write.
func Unwritable(err error) error {
	return fmt.Errorf("%w: let this user write there, set XDG_DATA_HOME to a folder that it can write, or write `store bolt <file>`", err)
}

// Whoami names the user of this process for an error.
func Whoami() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
