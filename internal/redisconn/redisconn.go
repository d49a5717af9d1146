// Package redisconn reads the address of a Redis server, a Sentinel group or a
// Cluster, and makes a client whose calls end in a bounded time. The store and
// the identity that reads an app's sessions share it.
package redisconn

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Config is where a Redis is and who may use it.
type Config struct {
	// URLs is one of redis://host:port/db and rediss:// (TLS), several of one
	// kind for a Cluster, or redis+sentinel://host:port,host:port?master=name
	// (rediss+sentinel:// where all of them speak TLS).
	URLs []string
	// Username and Password stand over what the URLs hold.
	Username, Password string
	// Roots are whom TLS trusts; nil: the system's.
	Roots *x509.CertPool
	// ClearHere allows clear text to this machine alone, whatever addresses
	// Sentinels or a Cluster name.
	ClearHere bool
}

// Target is a checked Config.
type Target struct {
	addrs              []string
	db                 int
	master             string // of the Sentinels; "": none
	username, password string
	guardUser, guard   string // what the Sentinels want
	tls                *tls.Config
	here               bool // nothing else is dialled
}

// ports are the default ones.
const (
	port         = "6379"
	sentinelPort = "26379"
)

// Parse checks the whole of c. An error says what to write instead, and shows
// no password. Nothing is dialled or resolved.
func Parse(c Config) (*Target, error) {
	if len(c.URLs) == 0 {
		return nil, errors.New("no address is given: write for example rediss://redis.example.com:6379")
	}
	t := &Target{}
	scheme := ""
	for i, raw := range c.URLs {
		u, hosts, err := parse(raw)
		if err != nil {
			return nil, err
		}
		if i > 0 && u.Scheme != scheme {
			return nil, fmt.Errorf("'%s' is of another kind than the address before it: a Cluster's are all redis:// or all rediss://", hide(raw))
		}
		scheme = u.Scheme
		if err := t.add(u, hosts, raw, len(c.URLs) > 1); err != nil {
			return nil, err
		}
	}
	if c.Username != "" || c.Password != "" && t.guard != "" {
		t.username = c.Username // the URL's is the Sentinels' then
	}
	t.password = cmp.Or(c.Password, t.password)
	if t.username != "" && t.password == "" {
		return nil, errors.New("a username is given without a password: write `password {env.REDIS_PASSWORD}`")
	}
	t.here = c.ClearHere && !strings.HasPrefix(scheme, "rediss")
	if strings.HasPrefix(scheme, "rediss") {
		t.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots} // the name checked is the one dialled
	}
	return t, nil
}

// parse is url.Parse with the hosts apart: several in one URL are none to it.
func parse(raw string) (u *url.URL, hosts []string, err error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	list := rest[strings.LastIndexByte(rest[:end], '@')+1 : end]
	first, _, _ := strings.Cut(list, ",")
	u, err = url.Parse(scheme + "://" + strings.TrimSuffix(rest[:end], list) + first + rest[end:])
	if err != nil {
		return nil, nil, fmt.Errorf("'%s' is no URL: write for example rediss://redis.example.com:6379, with what is special in a password percent-encoded", hide(raw))
	}
	return u, strings.Split(list, ","), nil
}

func (t *Target) add(u *url.URL, hosts []string, raw string, several bool) error {
	user, pass := "", ""
	if u.User != nil {
		user = u.User.Username()
		pass, _ = u.User.Password()
	}
	if u.Fragment != "" {
		return fmt.Errorf("'%s' has a '#', which means nothing here", hide(raw))
	}
	switch u.Scheme {
	case "redis", "rediss":
		if u.RawQuery != "" {
			return fmt.Errorf("'%s' has a query, which is not read: write options as words of the block", hide(raw))
		}
		t.username, t.password = user, pass
	case "redis+sentinel", "rediss+sentinel":
		if several {
			return fmt.Errorf("'%s' is one of several: write the Sentinels with commas in one URL", hide(raw))
		}
		q := u.Query()
		if t.master = q.Get("master"); t.master == "" || len(q) != 1 || len(q["master"]) != 1 {
			return fmt.Errorf("'%s' does not end in ?master=<name>, the name by which the Sentinels know the server", hide(raw))
		}
		t.username, t.password, t.guardUser, t.guard = user, pass, user, pass
	default:
		return fmt.Errorf("'%s' does not begin with redis://, rediss:// or redis+sentinel://: write for example rediss://redis.example.com:6379", hide(raw))
	}
	return t.addHosts(u, hosts, raw, several)
}

func (t *Target) addHosts(u *url.URL, hosts []string, raw string, several bool) error {
	fallback := port
	if t.master != "" {
		fallback = sentinelPort
	}
	for _, one := range hosts {
		host, p := one, fallback
		if h, given, err := net.SplitHostPort(one); err == nil {
			host, p = h, given
		}
		n, err := strconv.Atoi(p)
		host = strings.Trim(host, "[]")
		if err != nil || n < 1 || n > 65535 || host == "" || t.master == "" && len(hosts) > 1 {
			return fmt.Errorf("'%s' names no host and port: write for example rediss://redis.example.com:6379", hide(raw))
		}
		addr := net.JoinHostPort(host, p)
		if slices.Contains(t.addrs, addr) {
			return fmt.Errorf("%s stands there twice: keep one", addr)
		}
		t.addrs = append(t.addrs, addr)
	}
	path := strings.Trim(u.Path, "/")
	if path == "" {
		return nil
	}
	db, err := strconv.Atoi(path)
	switch {
	case err != nil || db < 0:
		return fmt.Errorf("'%s': '%s' is no database: write its number, or nothing for 0", hide(raw), path)
	case several && db != 0:
		return fmt.Errorf("'%s': a Cluster has database 0 alone", hide(raw))
	}
	t.db = db
	return nil
}

// hide cuts what stands before the '@', or all where a password may hide in
// what cannot be read.
func hide(raw string) string {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found {
		return "…"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "…" + rest[at:]
	}
	return scheme + "://" + rest
}

// Local tells that every address is of this machine.
func (t *Target) Local() bool {
	return !slices.ContainsFunc(t.addrs, func(addr string) bool {
		host, _, err := net.SplitHostPort(addr)
		ip := net.ParseIP(host)
		return err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback())
	})
}

// Encrypted tells that all speak TLS.
func (t *Target) Encrypted() bool { return t.tls != nil }

// HasPassword tells that one is sent.
func (t *Target) HasPassword() bool { return t.password != "" }

// Digest is the same for two targets that dial the same servers as the same user,
// and shows no password.
func (t *Target) Digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %v", t, []string{t.username, t.password, t.guardUser, t.guard}, t.here))
	return hex.EncodeToString(sum[:])
}

// String names the target without a secret: two that name the same are one.
func (t *Target) String() string {
	s := "redis"
	if t.tls != nil {
		s = "rediss"
	}
	if t.master != "" {
		return fmt.Sprintf("%s+sentinel://%s/%d?master=%s", s, strings.Join(t.addrs, ","), t.db, t.master)
	}
	return fmt.Sprintf("%s://%s/%d", s, strings.Join(t.addrs, ","), t.db)
}
