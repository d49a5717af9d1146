package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddyserver/caddy/v2"
)

// startTimeout bounds the opening of the store and the reading of the key.
const startTimeout = 10 * time.Second

// Stores and services outlive a configuration: the new one starts before the
// old one is cleaned up, a file can be opened only once, and what is revoked
// through one must be known to the other at once.
var (
	stores   = caddy.NewUsagePool()
	services = caddy.NewUsagePool()
)

// estate hands what a service could not write to one that is there, or to the next.
type estate struct {
	mu    sync.Mutex
	heirs []*enroll.Service
	left  enroll.Owed
}

var owed estate

func (e *estate) enter(svc *enroll.Service) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heirs = append(e.heirs, svc)
	svc.Inherit(e.left)
	e.left = nil
}

func (e *estate) leave(svc *enroll.Service) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heirs = slices.DeleteFunc(e.heirs, func(s *enroll.Service) bool { return s == svc })
	if left := svc.Owed(); len(e.heirs) > 0 {
		e.heirs[0].Inherit(left)
	} else {
		e.left = append(e.left, left...)
	}
}

// sharedStore closes a store when the last service has let go of it.
type sharedStore struct{ store.Store }

// Destruct closes the store.
func (s sharedStore) Destruct() error { return s.Close() }

// sharedService closes a service when the last configuration has let go of it.
type sharedService struct {
	*enroll.Service
	storeKey string
}

// Destruct ends the service, then lets go of its store.
func (s *sharedService) Destruct() error {
	err := s.Close()
	owed.leave(s.Service)
	if _, serr := stores.Delete(s.storeKey); err == nil {
		err = serr
	}
	return err
}

// fingerprint is the same for two configurations whose accounts, keys and mail
// are the same, also what is in the files of their secrets, and shows none. It
// must be taken before modules are loaded, which clears them.
func (a *App) fingerprint() string {
	b, err := json.Marshal(App{StoreRaw: a.StoreRaw, Keys: a.Keys, Issuer: a.Issuer, MailerRaw: a.MailerRaw, SMSRaw: a.SMSRaw, OIDC: a.OIDC})
	if err != nil {
		return fmt.Sprintf("%p", a) // shared with nobody
	}
	sum := sha256.New()
	sum.Write(placeholder.ReplaceAllFunc(b, func(name []byte) []byte {
		value, err := expandSecret(string(name))
		if err != nil {
			return name // no secret, or one that is refused later
		}
		return []byte(value)
	}))
	return hex.EncodeToString(sum.Sum(nil))
}

// newService opens the store and reads, or makes, the key.
func (s *appState) newService() (caddy.Destructor, error) {
	key := s.storeIn.StoreKey()
	shared, _, err := stores.LoadOrNew(key, func() (caddy.Destructor, error) {
		st, err := s.storeIn.OpenStore()
		if err != nil {
			return nil, err
		}
		return sharedStore{measured{st}}, nil
	})
	if err != nil {
		return nil, err
	}
	svc := &sharedService{storeKey: key}
	svc.Service, err = enroll.New(enroll.Config{
		Store: shared.(sharedStore).Store, Keys: s.keys, KeyFile: s.storeIn.KeyFile(), Mailer: s.mailer, Texter: s.texter, Providers: s.providers,
		Now: now, Issuer: s.issuer, Compose: portal.Compose,
		Failed: func(err error) { s.log.Error("in the background", errField(err)) },
	})
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		err = svc.Start(ctx)
	}
	if err != nil {
		_, _ = stores.Delete(key)
		return nil, err
	}
	owed.enter(svc.Service)
	return svc, nil
}
