package identity

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/net/http/httpguts"

	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
)

// Redis reads the app's own session out of the Redis it keeps it in.
type Redis struct {
	Target *redisconn.Target
	Format string  // json (default; connect-redis), php (php-redis) or django (django-redis, JSON serializer)
	Cookie string  // that holds the session's id; default connect.sid, PHPSESSID or sessionid
	Signed string  // json: the secret with which express-session signs the cookie; "": it does not
	Prefix *string // of the keys; nil: the format's own
	Facts  Claims  // where in the session the facts stand
	// Timeout bounds one question; 0: 1s.
	Timeout time.Duration
}

const (
	redisTimeout = time.Second
	// redisCache is how long a session is remembered. The app changes it
	// without anybody telling the gate, and on another node nobody does: within
	// this time whoever signs in on a session that was another's could be taken
	// for the other. Short enough to win no race by hand, long enough that a
	// page with its images is one question.
	redisCache = time.Second
	// maxSession bounds a session, in bytes.
	maxSession = 1 << 20
)

// sessionFormat is how one family of apps keeps sessions.
type sessionFormat struct {
	cookie, prefix string
	read           func([]byte) (any, error)
	find           func(root any, path string) (any, bool, error)
	newID          bool // a session keeps its id from sign-in to sign-out; PHP's are often given new ones
}

var sessionFormats = map[string]sessionFormat{
	"json":   {"connect.sid", "sess:", readJSON, find, true},
	"php":    {"PHPSESSID", "PHPREDIS_SESSION:", readPHPSession, findPHP, false},
	"django": {"sessionid", ":1:django.contrib.sessions.cache", readDjango, find, true},
}

// appSessions is a checked Redis with its memory.
type appSessions struct {
	cfg    Redis
	format sessionFormat
	prefix string
	cookie string // in the form of cookieName
	facts  FactSet
	paths  mapping[string]

	memory  *memory
	circuit *redisconn.Circuit
	dial    sync.Once
	client  redis.UniversalClient
}

// NewRedis checks the whole of cfg; the error says what to write instead. It
// dials nothing.
func NewRedis(cfg Redis) (Source, error) {
	s := &appSessions{cfg: cfg, paths: cfg.Facts.mapping(), circuit: redisconn.NewCircuit(time.Now)}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("identity redis: %w", err)
	}
	s.memory = newMemory(redisCache + 2*s.cfg.Timeout)
	return s, nil
}

func (s *appSessions) check() error {
	c := &s.cfg
	if c.Format == "" {
		c.Format = "json"
	}
	format, ok := sessionFormats[c.Format]
	switch {
	case !ok:
		return fmt.Errorf("format is %q; write json, php or django", c.Format)
	case c.Target == nil:
		return errors.New("no address is given; write for example: identity redis rediss://redis.example.com:6379")
	case c.Signed != "" && c.Format != "json":
		return fmt.Errorf("signed is for json: %s signs no cookie", c.Format)
	case c.Facts.User == "":
		return errors.New("user is missing: that a session exists says nothing of who it is; name the field that holds the user's id, such as: user " + userExamples[c.Format])
	}
	if c.Timeout == 0 {
		c.Timeout = redisTimeout
	}
	if c.Cookie == "" {
		c.Cookie = format.cookie
	}
	if !httpguts.ValidHeaderFieldName(c.Cookie) {
		return fmt.Errorf("cookie: %q is no name of a cookie", c.Cookie)
	}
	s.format, s.prefix, s.cookie = format, format.prefix, cookieName(c.Cookie)
	if c.Prefix != nil {
		s.prefix = *c.Prefix
	}
	for i, p := range s.paths {
		if p != strings.TrimSpace(p) || strings.HasPrefix(p, ".") || strings.HasSuffix(p, ".") {
			return fmt.Errorf("%s: %q is no path of a field; write names with dots between", factNames[i], p)
		}
	}
	s.facts = s.paths.facts()
	return nil
}

var userExamples = map[string]string{"json": "passport.user", "php": "auth.user_id", "django": "_auth_user_id"}

// connection is made when it is first needed, and lives as long as the source.
func (s *appSessions) connection() redis.UniversalClient {
	s.dial.Do(func() { s.client = s.cfg.Target.Client(s.cfg.Timeout) })
	return s.client
}

// Close ends the connections.
func (s *appSessions) Close() error {
	s.dial.Do(func() {})
	if s.client == nil {
		return nil
	}
	return s.client.Close()
}

// Name is the word for logs and metrics.
func (s *appSessions) Name() string { return "redis" }

// Facts says which facts are mapped.
func (s *appSessions) Facts() FactSet { return s.facts }

// OnRoute is false: no path is known to sign in or out.
func (s *appSessions) OnRoute(*http.Request) bool { return false }

// Saw drops the visitor's remembered session where the request may change it.
// No path is known to sign in or out, so none ends a proof here: the session
// that is then read does, by naming nobody or somebody else.
func (s *appSessions) Saw(v *Visit) (endsFlag bool) {
	if unsafe(v.R.Method) {
		s.memory.drop(s.visitorMarks(v), requestID(v.R), v.now())
		s.memory.begin(requestID(v.R), s.visitorMarks(v), v.now())
	}
	return false
}

// SawResponse drops it again once the app has done what was asked, and where it
// sets the session's cookie.
func (s *appSessions) SawResponse(v *Visit, setCookie []string, _ int) (endsAll bool) {
	var marks []mark
	for _, raw := range setCookie {
		if c, ok := parseSetCookie(raw, v.now()); ok && cookieName(c.name) == s.cookie {
			marks = append(marks, markOf(s.cookie, c.value))
		}
	}
	if unsafe(v.R.Method) || len(marks) > 0 {
		s.memory.drop(append(marks, s.visitorMarks(v)...), requestID(v.R), v.now())
	}
	if unsafe(v.R.Method) {
		s.memory.end(requestID(v.R))
	}
	return false
}

// Holds reports whether the session has not changed since res was found, as far as
// can be seen at a glance.
func (s *appSessions) Holds(_ *http.Request, res *Result) bool {
	return s.memory.all.since(res.begun) || s.memory.calmSince(res.begun, res.marks)
}

// ChangedSince reports whether another request than this one may have changed who
// the session is of since res was found.
func (s *appSessions) ChangedSince(v *Visit, res *Result) bool {
	return s.memory.changed(v.R, res.begun, s.visitorMarks(v), v.now())
}

// visitorMarks are those of every session the request names.
func (s *appSessions) visitorMarks(v *Visit) []mark {
	var list []mark
	for p := range pairs(v.R.Header, v.Own) {
		if cookieName(p.name) == s.cookie && !slices.Contains(list, markOf(s.cookie, p.value)) {
			list = append(list, markOf(s.cookie, p.value))
		}
	}
	return list
}

// Interface guards
var (
	_ Source  = (*appSessions)(nil)
	_ Watcher = (*appSessions)(nil)
	_ Steady  = (*appSessions)(nil)
)
