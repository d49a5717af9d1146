package identity

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// mustRedis reads sessions of the server; JSON with the user at user.name unless
// changed. A question may take long: a loaded machine must not make Redis look
// down.
func mustRedis(t *testing.T, server *redistest.Server, change func(*Redis)) *appSessions {
	t.Helper()
	target, err := redisconn.Parse(redisconn.Config{URLs: []string{server.URL()}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Redis{Target: target, Cookie: "sid", Facts: Claims{User: "user.name", Email: "user.mail", Tenant: "user.tenant"}, Timeout: time.Minute}
	if change != nil {
		change(&cfg)
	}
	src, err := NewRedis(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := src.(*appSessions)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

const sid = "abcdefghijklmnopqrstuvwxyz012345"

// A session is somebody's only where the field of the user is in it.
func TestRedisSessions(t *testing.T) {
	server := redistest.Start(t)
	const django, php = "django", "php"
	for name, tt := range map[string]struct {
		format, key, value, cookie string
		facts                      Claims
		want                       State
		user, tenant, says         string
	}{
		"ok/json":               {value: `{"cookie":{},"user":{"name":"bob","tenant":"silva"}}`, want: Known, user: "bob", tenant: "silva"},
		"ok/json, a number":     {value: `{"user":{"name":7}}`, want: Known, user: "7"},
		"ok/no such session":    {key: "sess:other", value: `{"user":{"name":"bob"}}`, want: Nobody},
		"ok/a stranger's":       {value: `{"cookie":{}}`, want: Nobody},
		"ok/null":               {value: `{"user":null}`, want: Nobody},
		"ok/zero":               {value: `{"user":{"name":0}}`, want: Nobody},
		"fail/no JSON":          {value: `{"user":`, want: Down, says: "JSON"},
		"fail/member twice":     {value: `{"user":{"name":"bob","name":"eve"}}`, want: Down, says: "twice"},
		"fail/an object":        {value: `{"user":{"name":{"id":1}}}`, want: Down, says: "an object"},
		"fail/too long":         {value: `{"user":{"name":"bob"},"x":"` + strings.Repeat("x", maxSession) + `"}`, want: Down, says: "bytes"},
		"ok/php":                {format: php, key: "PHPREDIS_SESSION:" + sid, value: `lang|s:2:"en";auth|a:1:{s:4:"user";s:3:"bob";}`, facts: Claims{User: "auth.user"}, want: Known, user: "bob"},
		"ok/php, a stranger's":  {format: php, key: "PHPREDIS_SESSION:" + sid, value: `lang|s:2:"en";`, facts: Claims{User: "auth.user"}, want: Nobody},
		"ok/php, empty":         {format: php, key: "PHPREDIS_SESSION:" + sid, value: ``, facts: Claims{User: "auth.user"}, want: Nobody},
		"ok/php, false":         {format: php, key: "PHPREDIS_SESSION:" + sid, value: `auth|b:0;`, facts: Claims{User: "auth"}, want: Nobody},
		"fail/php, igbinary":    {format: php, key: "PHPREDIS_SESSION:" + sid, value: "\x00\x00\x00\x02\x14\x01", facts: Claims{User: "auth"}, want: Down, says: "session.serialize_handler = php"},
		"fail/php, not UTF-8":   {format: php, key: "PHPREDIS_SESSION:" + sid, value: "u|s:1:\"\xff\";", facts: Claims{User: "u"}, want: Down, says: "UTF-8"},
		"ok/django":             {format: django, key: ":1:django.contrib.sessions.cache" + sid, value: `{"_auth_user_id":"2","_auth_user_backend":"x"}`, facts: Claims{User: "_auth_user_id"}, want: Known, user: "2"},
		"ok/django, a stranger": {format: django, key: ":1:django.contrib.sessions.cache" + sid, value: `{}`, facts: Claims{User: "_auth_user_id"}, want: Nobody},
		"fail/django, a pickle": {format: django, key: ":1:django.contrib.sessions.cache" + sid, value: "\x80\x05\x95\x10\x00}q\x00.", facts: Claims{User: "_auth_user_id"}, want: Down, says: "django_redis.serializers.json.JSONSerializer"},
		"fail/no id":            {cookie: "short", want: Forged, says: "signed <secret>"},
		"fail/another key":      {cookie: "../../cache:secrets", key: "sess:../../cache:secrets", value: `{"user":{"name":"bob"}}`, want: Forged},
		"fail/a glob":           {cookie: "*aaaaaaaaaaaaaaaa", want: Forged},
		"fail/an id of a novel": {cookie: strings.Repeat("a", 257), want: Forged},
	} {
		t.Run(name, func(t *testing.T) {
			server.Do(t, "FLUSHALL")
			s := mustRedis(t, server, func(c *Redis) {
				c.Format = tt.format
				if tt.facts != (Claims{}) {
					c.Facts = tt.facts
				}
			})
			if tt.key == "" {
				tt.key = "sess:" + sid
			}
			if tt.cookie == "" {
				tt.cookie = sid
			}
			server.Do(t, "SET", tt.key, tt.value)
			a := ask(t, s, visitTo(nil, "/", "Cookie: sid="+tt.cookie))
			wantState(t, a, tt.want, tt.user)
			if a.Person.Tenant != tt.tenant || tt.says != "" && (a.Err == nil || !strings.Contains(a.Err.Error(), tt.says)) {
				t.Errorf("tenant %q, error %v, want %q in it", a.Person.Tenant, a.Err, tt.says)
			}
			if a.Err != nil && strings.Contains(a.Err.Error(), sid) {
				t.Errorf("%v shows the session's id", a.Err)
			}
		})
	}
}

// One question a visitor and second, however many requests: count the commands.
func TestRedisAsksOnce(t *testing.T) {
	server := redistest.Start(t)
	server.Do(t, "SET", "sess:"+sid, `{"user":{"name":"bob"}}`)
	s := mustRedis(t, server, nil)
	visit := visitTo(nil, "/", "Cookie: sid="+sid)
	wantState(t, ask(t, s, visit), Known, "bob")
	before := server.Commands(t, "get")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if a := s.Ask(t.Context(), later(visit, 2*redisCache)); a.Person.User != "bob" {
				t.Error(a.State, a.Err)
			}
		})
	}
	all.Wait()
	wantState(t, ask(t, s, later(visit, 3*redisCache-1)), Known, "bob")
	if n := server.Commands(t, "get") - before; n != 1 {
		t.Errorf("asked %d times, want 1", n)
	}
}

// What the app writes counts at once where a request through this gate may have
// made it write, and within a second where nobody told.
func TestRedisForgets(t *testing.T) {
	server := redistest.Start(t)
	write := func(user string) { server.Do(t, "SET", "sess:"+sid, `{"user":{"name":"`+user+`"}}`) }
	for name, tell := range map[string]func(s *appSessions, v *Visit) *Visit{
		"ok/a form": func(s *appSessions, _ *Visit) *Visit {
			s.Saw(visitBy(nil, "POST", "/login", "u=eve", "Cookie: sid="+sid))
			return nil
		},
		"ok/the app's answer to one": func(s *appSessions, _ *Visit) *Visit {
			s.SawResponse(visitBy(nil, "POST", "/login", "u=eve", "Cookie: sid="+sid), nil, 302)
			return nil
		},
		"ok/the cookie set": func(s *appSessions, v *Visit) *Visit {
			s.SawResponse(v, []string{"sid=" + sid + "; Path=/"}, 200)
			return nil
		},
		"ok/time":  func(_ *appSessions, v *Visit) *Visit { return later(v, redisCache) },
		"ok/fresh": func(_ *appSessions, v *Visit) *Visit { w := *v; w.Fresh = true; return &w },
	} {
		t.Run(name, func(t *testing.T) {
			s := mustRedis(t, server, nil)
			visit := visitTo(nil, "/", "Cookie: sid="+sid)
			write("bob")
			wantState(t, ask(t, s, visit), Known, "bob")
			write("eve")
			wantState(t, ask(t, s, visit), Known, "bob")
			next := tell(s, visit)
			if next == nil {
				next = visit
			}
			wantState(t, ask(t, s, next), Known, "eve")
		})
	}
}

// The race: a request passes as bob, and while the app waits for the rest of
// it, a form sent on the same session signs eve in.
func TestRedisStill(t *testing.T) {
	server := redistest.Start(t)
	server.Do(t, "SET", "sess:"+sid, `{"user":{"name":"bob"}}`)
	s := mustRedis(t, server, nil)
	c := &Chain{Sources: []Source{s}}
	slow := visitTo(nil, "/documents", "Cookie: sid="+sid)
	res := c.Identify(t.Context(), slow)
	if still := c.Still(t.Context(), slow, &res); !still || res.Person.User != "bob" {
		t.Fatal("changed without a change", res)
	}
	c.Saw(visitBy(nil, "POST", "/login", "u=eve", "Cookie: sid="+sid))
	server.Do(t, "SET", "sess:"+sid, `{"user":{"name":"eve"}}`)
	if still := c.Still(t.Context(), slow, &res); still {
		t.Fatal("eve gets bob's answer")
	}
}

// Down is never nobody.
func TestRedisDown(t *testing.T) {
	server := redistest.Start(t)
	server.Do(t, "SET", "sess:"+sid, `{"user":{"name":"bob"}}`)
	s := mustRedis(t, server, func(c *Redis) { c.Timeout = redisTimeout })
	visit := visitTo(nil, "/", "Cookie: sid="+sid)
	server.Freeze(t)
	begun := time.Now()
	for i := range 20 {
		a := ask(t, s, later(visit, time.Duration(i)*time.Minute))
		wantState(t, a, Down, "")
		if a.RetryAfter == 0 {
			t.Error("no word of when to come again")
		}
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("20 requests waited %v in all", took)
	}
	server.Thaw(t)
	redistest.Eventually(t, "an answer", func() bool {
		w := *visit
		w.Fresh = true
		return ask(t, s, &w).Person.User == "bob"
	})
	server.Do(t, "DEL", "sess:"+sid)
	server.Do(t, "RPUSH", "sess:"+sid, "x") // not a text
	wantState(t, ask(t, s, later(visit, 2*time.Hour)), Down, "")
}

func TestNewRedis(t *testing.T) {
	target, err := redisconn.Parse(redisconn.Config{URLs: []string{"redis://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		cfg  Redis
		says string
	}{
		"fail/no address": {Redis{Facts: Claims{User: "u"}}, "rediss://"},
		"fail/no user":    {Redis{Target: target, Format: "django"}, "user _auth_user_id"},
		"fail/format":     {Redis{Target: target, Format: "pickle", Facts: Claims{User: "u"}}, "json, php or django"},
		"fail/signed":     {Redis{Target: target, Format: "php", Signed: "x", Facts: Claims{User: "u"}}, "signed is for json"},
		"fail/cookie":     {Redis{Target: target, Cookie: "a b", Facts: Claims{User: "u"}}, "cookie"},
		"fail/path":       {Redis{Target: target, Facts: Claims{User: "u."}}, "path"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewRedis(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("%v, want %q", err, tt.says)
			}
		})
	}
	for format, want := range map[string][2]string{"": {"connect_sid", "sess:"}, "php": {"phpsessid", "PHPREDIS_SESSION:"}, "django": {"sessionid", ":1:django.contrib.sessions.cache"}} {
		s, err := NewRedis(Redis{Target: target, Format: format, Facts: Claims{User: "u", Email: "e"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.(*appSessions); got.cookie != want[0] || got.prefix != want[1] || got.Facts() != FactUser|FactEmail || got.Name() != "redis" {
			t.Errorf("%s: cookie %q, prefix %q", format, got.cookie, got.prefix)
		}
	}
}

// Django and express give a session a new id at every sign-in: a proof of the
// one before is not one of the next. Where a field says so, that one counts.
func TestRedisSignIns(t *testing.T) {
	server := redistest.Start(t)
	other := strings.Repeat("b", 32)
	for _, id := range []string{sid, other} {
		server.Do(t, "SET", ":1:django.contrib.sessions.cache"+id, `{"_auth_user_id":"2","login":"l1"}`)
		server.Do(t, "SET", "sess:"+id, `{"user":{"name":"bob"}}`)
	}
	of := func(id string, change func(*Redis)) string {
		p := ask(t, mustRedis(t, server, change), visitTo(nil, "/", "Cookie: sid="+id)).Person
		if p.User == "" || strings.Contains(p.Session, id) {
			t.Errorf("user %q, session %q", p.User, p.Session)
		}
		return p.Session
	}
	django := func(c *Redis) { c.Format, c.Facts = "django", Claims{User: "_auth_user_id"} }
	if a, b, again := of(sid, django), of(other, django), of(sid, django); a == "" || a == b || a != again {
		t.Errorf("sign-ins %q, %q and %q", a, b, again)
	}
	if got := of(sid, func(c *Redis) { django(c); c.Facts.Session = "login" }); got != "l1" {
		t.Errorf("the mapped field: %q", got)
	}
	if a, b := of(sid, nil), of(other, nil); a == "" || a == b {
		t.Errorf("express: sign-ins %q and %q", a, b)
	}
	php := func(c *Redis) { c.Format, c.Facts = "php", Claims{User: "user"} }
	server.Do(t, "SET", "PHPREDIS_SESSION:"+sid, `user|s:3:"bob";`)
	if got := of(sid, php); got != "" {
		t.Errorf("php, which gives a session new ids: %q", got)
	}
}
