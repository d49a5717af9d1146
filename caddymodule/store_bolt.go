package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(BoltStore{})
}

// BoltStore keeps accounts in one file that one process owns.
type BoltStore struct {
	// The file. Default: mfa/mfa.db in Caddy's data directory; Caddy's own
	// `storage` option does not move it.
	File string `json:"file,omitempty"`

	log *zap.Logger
}

// CaddyModule returns the module's id and constructor.
func (BoltStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.stores.bolt", New: func() caddy.Module { return new(BoltStore) }}
}

// UnmarshalCaddyfile reads the store from its name on. Syntax:
//
//	bolt [<file>]
func (b *BoltStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	args := d.RemainingArgs()
	if len(args) > 1 {
		return d.Errf("'store bolt' takes one file; '%s' is one too many", args[1])
	}
	if len(args) == 1 {
		file, err := besideCaddyfile(d, args[0])
		if err != nil {
			return err
		}
		b.File = file
	}
	return parseBlock(d, "store bolt", nil, nil)
}

// Provision fills in the default; it opens nothing.
func (b *BoltStore) Provision(ctx caddy.Context) error {
	b.log = ctx.Logger()
	if b.File == "" {
		b.File = defaultBolt()
	}
	file, err := filepath.Abs(b.File)
	if err != nil {
		return err
	}
	b.File = file
	if err := b.exposed(); err != nil {
		ctx.Logger().Warn("the store's folder", zap.String("file", file), zap.Error(err))
	}
	return nil
}

func defaultBolt() string { return filepath.Join(caddy.AppDataDir(), "mfa", "mfa.db") }

// exposed says that others can replace the file. It is a warning only: the
// volumes of a container are often everybody's, who is nobody else there.
func (b *BoltStore) exposed() error {
	err := store.CheckFolder(b.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it will be made
	}
	return err
}

// StoreKey is the file: two configurations that name it share it.
func (b *BoltStore) StoreKey() string { return "bolt:" + b.File }

// OpenStore opens the file, waiting a few seconds for another process to let
// it go.
func (b *BoltStore) OpenStore() (store.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s := b.store()
	if err := s.Open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (b *BoltStore) store() *store.Bolt {
	s := store.NewBolt(b.File, now)
	s.Warn = func(text string) {
		if b.log != nil {
			b.log.Warn("store", zap.String("warning", text))
		}
	}
	return s
}

// MayComeLater tells that the file is one that a person must look at first: the
// server starts, and what is protected is closed until Accept.
func (b *BoltStore) MayComeLater(err error) bool {
	return errors.Is(err, store.ErrRestored) || errors.Is(err, store.ErrGone) || errors.Is(err, enroll.ErrKeyGone)
}

// Accept takes a file that was put in the store's place as it is. It gets
// another name, so that no flag counts that was given before: which of them
// were revoked since, an older file does not know.
func (b *BoltStore) Accept(context.Context) error { return b.store().Accept(enroll.InstallationKey) }

// KeyFile is in Caddy's configuration directory, apart from the store: whoever
// gets hold of one backup has sealed secrets or their key, not both.
func (b *BoltStore) KeyFile() string {
	return filepath.Join(caddy.AppConfigDir(), "mfa", "mfa.key")
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*BoltStore)(nil)
	_ caddy.Provisioner     = (*BoltStore)(nil)
	_ StoreModule           = (*BoltStore)(nil)
	_ laterStore            = (*BoltStore)(nil)
	_ doubtful              = (*BoltStore)(nil)
)
