package caddymodule

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(RedisStore{})
}

// RedisStore keeps accounts in a Redis server, a Sentinel group or a Cluster
// that several Caddy nodes share.
type RedisStore struct {
	// Where it is: redis://host:port/db, rediss:// for TLS, several for a
	// Cluster, or redis+sentinel://host:port,host:port?master=name. A whole
	// URL may stand as {env.NAME} or {file./path}.
	URLs []string `json:"urls,omitempty"`

	// Who may use it; over what stands in the URLs.
	Username string `json:"username,omitempty"`
	// Best as {env.NAME} or {file./path}.
	Password string `json:"password,omitempty"`

	// How long one call may take. Default 250ms.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// What to do where the server's maxmemory-policy throws records away:
	// refuse (default) or warn.
	Evicting string `json:"evicting,omitempty"`

	// Allows clear text beyond this machine, and a server without a password.
	// Whoever can write there can undo what people enrolled.
	Insecure bool `json:"insecure,omitempty"`

	target *redisconn.Target
	log    *zap.Logger
	warned *sync.Map // texts
}

// CaddyModule returns the module's id and constructor.
func (RedisStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.stores.redis", New: func() caddy.Module { return new(RedisStore) }}
}

// UnmarshalCaddyfile reads the store from its name on. Syntax:
//
//	redis <urls...> {
//	    username <name>
//	    password <password>
//	    timeout  <duration>
//	    evicting refuse|warn
//	    insecure
//	}
func (r *RedisStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if r.URLs = d.RemainingArgs(); len(r.URLs) == 0 {
		return d.Err("'store redis' takes one URL or more: write for example 'store redis rediss://redis.example.com:6379'")
	}
	warnOfPasswords(d, r.URLs)
	err := parseBlock(d, "store redis", words{
		"username": oneArg(&r.Username),
		"password": oneSecret(&r.Password, "the password of 'store redis'"),
		"timeout":  r.unmarshalTimeout,
		"evicting": r.unmarshalEvicting,
		"insecure": noArg(&r.Insecure),
	}, nil)
	if err != nil {
		return err
	}
	if !literal(r.URLs) {
		return nil // looked at once their values are known
	}
	if _, err := r.parse(r.URLs, r.Password); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// unmarshalTimeout reads: timeout <duration>
func (r *RedisStore) unmarshalTimeout(d *caddyfile.Dispenser) error {
	var text string
	if err := oneArg(&text)(d); err != nil {
		return err
	}
	timeout, err := caddy.ParseDuration(text)
	if err != nil || checkTimeout(timeout) != nil {
		return d.Errf("timeout '%s' is no duration from 10ms to 5s: write for example 250ms", text)
	}
	r.Timeout = caddy.Duration(timeout)
	return nil
}

func checkTimeout(timeout time.Duration) error {
	if timeout < 10*time.Millisecond || timeout > 5*time.Second {
		return fmt.Errorf("timeout is %v: write 10ms to 5s", timeout)
	}
	return nil
}

// unmarshalEvicting reads: evicting refuse|warn
func (r *RedisStore) unmarshalEvicting(d *caddyfile.Dispenser) error {
	if err := oneArg(&r.Evicting)(d); err != nil {
		return err
	}
	if err := checkEvicting(r.Evicting); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func checkEvicting(word string) error {
	if known := []string{"refuse", "warn"}; !slices.Contains(known, word) {
		return fmt.Errorf("unknown 'evicting %s'%s", word, didYouMean(word, known))
	}
	return nil
}

// parse checks the addresses, and that nobody between here and there can read
// or write.
func (r *RedisStore) parse(urls []string, password string) (*redisconn.Target, error) {
	target, err := redisconn.Parse(redisconn.Config{URLs: urls, Username: r.Username, Password: password, ClearHere: !r.Insecure})
	switch {
	case err != nil:
		return nil, fmt.Errorf("store redis: %w", err)
	case r.Insecure:
	case !target.Encrypted() && !target.Local():
		return nil, fmt.Errorf("store redis: %s is in clear text, so whoever is on the way can undo what people enrolled: write rediss:// (TLS), or 'insecure' in its block to live with it", target)
	case !target.HasPassword():
		return nil, fmt.Errorf("store redis: %s is used without a password, so whoever reaches it can undo what people enrolled: write 'password {env.REDIS_PASSWORD}' in its block, or 'insecure' to live with it", target)
	}
	return target, nil
}

// Provision expands and checks the addresses; it dials nothing.
func (r *RedisStore) Provision(ctx caddy.Context) (err error) {
	r.log, r.warned = ctx.Logger(), new(sync.Map)
	if r.Timeout != 0 {
		if err := checkTimeout(time.Duration(r.Timeout)); err != nil {
			return err
		}
	}
	if r.Evicting != "" {
		if err := checkEvicting(r.Evicting); err != nil {
			return err
		}
	}
	urls, password, err := expandRedis(r.URLs, r.Password)
	if err != nil {
		return fmt.Errorf("store redis: %w", err)
	}
	r.target, err = r.parse(urls, password)
	return err
}

// expandRedis reads the placeholders of addresses and password.
func expandRedis(urls []string, password string) ([]string, string, error) {
	plain := make([]string, len(urls))
	for i, u := range urls {
		plain[i] = u
		if strings.Contains(u, "{") {
			var err error
			if plain[i], err = expandSecret(u); err != nil {
				return nil, "", err
			}
		}
	}
	if password == "" {
		return plain, "", nil
	}
	password, err := expandSecret(password)
	if err != nil {
		err = fmt.Errorf("password: %w", err)
	}
	return plain, password, err
}

// literal tells that no URL waits for a placeholder's value.
func literal(urls []string) bool { return !strings.Contains(strings.Join(urls, ""), "{") }

// warnOfPasswords warns of such as stand in the open.
func warnOfPasswords(d *caddyfile.Dispenser, urls []string) {
	for _, u := range urls {
		if strings.Contains(u, "@") && !strings.Contains(u, "{") {
			warn(d, "a password in a redis URL is written out in the adapted JSON, in /config and in autosave.json: write 'password {env.NAME}' in the block")
			return
		}
	}
}

// StoreKey is the address with how it is used: two configurations of which
// these are the same share the connections.
func (r *RedisStore) StoreKey() string {
	return fmt.Sprintf("redis:%s %s %v %s", r.target, r.target.Digest(), r.Timeout, r.Evicting)
}

// OpenStore dials the server and checks how it is set.
func (r *RedisStore) OpenStore() (store.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	s := r.store()
	if err := s.Open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (r *RedisStore) store() *store.Redis {
	return store.NewRedis(store.RedisConfig{
		Target: r.target, Timeout: time.Duration(r.Timeout), Evicting: r.Evicting == "warn", Now: now, Memory: r.memory(),
		Warn: r.warn,
	})
}

// warn warns of a thing once: opening is tried every second where it fails.
func (r *RedisStore) warn(text string) {
	if _, before := r.warned.LoadOrStore(text, true); !before {
		r.log.Warn("store", zap.String("warning", text))
	}
}

// memory is where this node keeps how far it saw that store come.
func (r *RedisStore) memory() string {
	sum := sha256.Sum256([]byte(r.target.String()))
	return filepath.Join(caddy.AppDataDir(), "mfa", fmt.Sprintf("redis-%x.known", sum[:8]))
}

// Accept takes the store as it is, for all nodes.
func (r *RedisStore) Accept(ctx context.Context) error {
	s := r.store()
	return errors.Join(s.Accept(ctx), s.Close())
}

// KeyFile is none: nodes that share a store must be given one key.
func (r *RedisStore) KeyFile() string { return "" }

// MayComeLater tells that an error of opening can end by itself, so that the
// server starts without the store: what is open is served meanwhile.
func (r *RedisStore) MayComeLater(err error) bool { return store.Passing(err) }

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*RedisStore)(nil)
	_ caddy.Provisioner     = (*RedisStore)(nil)
	_ StoreModule           = (*RedisStore)(nil)
	_ laterStore            = (*RedisStore)(nil)
)
