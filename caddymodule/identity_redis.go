package caddymodule

import (
	"fmt"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(RedisSession{})
}

// RedisSession takes the person from the session that the app keeps in Redis.
// That a session exists is nobody's sign-in: the field mapped as the user must
// be in it.
type RedisSession struct {
	// Where the app's Redis is, as for the store. A user that may only GET the
	// sessions' keys is enough.
	URLs     []string `json:"urls,omitempty"`
	Username string   `json:"username,omitempty"`
	// Best as {env.NAME} or {file./path}.
	Password string `json:"password,omitempty"`

	// The cookie that holds the session's id. Default: connect.sid for json,
	// PHPSESSID for php, sessionid for django.
	Cookie string `json:"cookie,omitempty"`
	// For json: the secret with which express-session signs the cookie.
	Signed string `json:"signed,omitempty"`
	// How the app writes sessions: json (default; connect-redis), php
	// (php-redis) or django (django-redis with its JSON serializer).
	Format string `json:"format,omitempty"`
	// What stands before the id in a key. Default: sess: for json,
	// PHPREDIS_SESSION: for php, :1:django.contrib.sessions.cache for django.
	Prefix *string `json:"prefix,omitempty"`

	Claims

	source identity.Source
}

// CaddyModule returns the module's id and constructor.
func (RedisSession) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.identities.redis", New: func() caddy.Module { return new(RedisSession) }}
}

// Provision expands the secrets and makes the source; it dials nothing.
func (r *RedisSession) Provision(caddy.Context) error {
	urls, password, err := expandRedis(r.URLs, r.Password)
	if err != nil {
		return fmt.Errorf("identity redis: %w", err)
	}
	signed := ""
	if r.Signed != "" {
		if signed, err = expandSecret(r.Signed); err != nil {
			return fmt.Errorf("identity redis: signed: %w", err)
		}
	}
	target, err := r.parse(urls, password)
	if err != nil {
		return err
	}
	r.source, err = identity.NewRedis(identity.Redis{Target: target, Format: r.Format, Cookie: r.Cookie, Signed: signed,
		Prefix: r.Prefix, Facts: identity.Claims(r.Claims)})
	return err
}

func (r *RedisSession) parse(urls []string, password string) (*redisconn.Target, error) {
	target, err := redisconn.Parse(redisconn.Config{URLs: urls, Username: r.Username, Password: password})
	if err != nil {
		return nil, fmt.Errorf("identity redis: %w", err)
	}
	return target, nil
}

// Cleanup ends the connections.
func (r *RedisSession) Cleanup() error {
	if c, ok := r.source.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// IdentitySource is the source that Provision made.
func (r *RedisSession) IdentitySource() identity.Source { return r.source }

// UnmarshalCaddyfile reads the source from its name on. Syntax:
//
//	redis <urls...> {
//	    username <name>
//	    password <password>
//	    cookie   <name>
//	    signed   <secret>
//	    format   json | php | django
//	    prefix   <text>
//	    <fact>   <field.path>
//	}
func (r *RedisSession) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if r.URLs = d.RemainingArgs(); len(r.URLs) == 0 {
		return d.Err("'identity redis' takes the URL of the app's Redis: write for example 'identity redis redis://127.0.0.1:6379'")
	}
	warnOfPasswords(d, r.URLs)
	table := words{
		"username": oneArg(&r.Username),
		"password": oneSecret(&r.Password, "the password of 'identity redis'"),
		"cookie":   oneToken(&r.Cookie),
		"signed":   oneSecret(&r.Signed, "the secret of 'signed'"),
		"format":   r.unmarshalFormat,
		"prefix":   r.unmarshalPrefix,
	}
	r.addFacts(table, checkDotPath)
	if err := parseBlock(d, "identity redis", table, nil); err != nil {
		return err
	}
	return r.checkWhole(d)
}

// checkWhole looks at what only the whole block shows.
func (r *RedisSession) checkWhole(d *caddyfile.Dispenser) error {
	switch {
	case r.User == "":
		return d.Err("'identity redis' says nothing of 'user', and that a session exists says nothing of whose it is: write for example 'user passport.user' in its block")
	case r.Signed != "" && r.Format != "" && r.Format != "json":
		return d.Errf("'signed' is for 'format json': %s signs no cookie", r.Format)
	case r.Prefix != nil && *r.Prefix == "" && r.Signed == "":
		warn(d, "without a prefix the cookie names any key of the database: keep sessions alone in it, and name it in the URL, such as redis://127.0.0.1:6379/2")
	}
	if !literal(r.URLs) {
		return nil // looked at once their values are known
	}
	target, err := r.parse(r.URLs, r.Password)
	if err != nil {
		return d.WrapErr(err)
	}
	if !target.Local() && !target.Encrypted() {
		warn(d, "sessions come in clear text from "+target.String()+", so whoever is on the way can be anybody: write rediss:// (TLS)")
	}
	return nil
}

// unmarshalFormat reads: format json | php | django
func (r *RedisSession) unmarshalFormat(d *caddyfile.Dispenser) error {
	if err := oneArg(&r.Format)(d); err != nil {
		return err
	}
	switch r.Format {
	case "json", "php", "django":
		return nil
	}
	return d.Errf("unknown 'format %s'%s", r.Format, didYouMean(r.Format, []string{"json", "php", "django"}))
}

// unmarshalPrefix reads: prefix <text>, where "" is none.
func (r *RedisSession) unmarshalPrefix(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 || strings.ContainsAny(args[0], "{}") {
		return d.Err(`'prefix' takes one text without placeholders: write for example 'prefix sess:', or 'prefix ""' where the key is the id alone`)
	}
	r.Prefix = &args[0]
	return nil
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*RedisSession)(nil)
	_ caddy.Provisioner     = (*RedisSession)(nil)
	_ caddy.CleanerUpper    = (*RedisSession)(nil)
	_ IdentitySource        = (*RedisSession)(nil)
)
