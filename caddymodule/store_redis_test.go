package caddymodule

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// sharedBy is a global option with a store in Redis and a key.
func sharedBy(urls, lines string) string {
	return global("key {env.K}\nstore redis " + urls + " {\n" + lines + "\n}")
}

func TestParseRedisStore(t *testing.T) {
	tests := []adaptCase{
		{name: "ok/TLS", caddyfile: sharedBy("rediss://r.example.com", "password {env.P}"), want: `json:"store":{"module":"redis","password":"{env.P}","urls":["rediss://r.example.com"]}`},
		{name: "ok/all of it", caddyfile: sharedBy("rediss://r.example.com", "username u\npassword {env.P}\ntimeout 100ms\nevicting warn"),
			want: `json:{"evicting":"warn","module":"redis","password":"{env.P}","timeout":100000000,"urls":["rediss://r.example.com"],"username":"u"}`},
		{name: "ok/cluster", caddyfile: sharedBy("rediss://a.example.com rediss://b.example.com", "password {env.P}")},
		{name: "ok/sentinel", caddyfile: sharedBy("redis+sentinel://a.example.com,b.example.com?master=m", "insecure"), want: `json:"insecure":true`},
		{name: "ok/this machine", caddyfile: sharedBy("redis://127.0.0.1", "password {env.P}")},
		{name: "ok/in clear, meant", caddyfile: sharedBy("redis://r.example.com", "insecure")},
		{name: "ok/from outside", caddyfile: sharedBy("{env.REDIS_URL}", ""), want: `json:"urls":["{env.REDIS_URL}"]`},

		{name: "fail/no URL", caddyfile: global("store redis"), want: "'store redis' takes one URL or more: write for example 'store redis rediss://redis.example.com:6379', at /etc/caddy/Caddyfile:3"},
		{name: "fail/no key", caddyfile: global("store redis rediss://r.example.com {\npassword {env.P}\n}"), want: "write 'key {env.MFA_KEY}'"},
		{name: "fail/no scheme", caddyfile: sharedBy("r.example.com:6379", ""), want: "write for example rediss://redis.example.com:6379"},
		{name: "fail/two kinds", caddyfile: sharedBy("rediss://a.example.com redis://b.example.com", ""), want: "is of another kind"},
		{name: "fail/no master", caddyfile: sharedBy("redis+sentinel://a.example.com", "insecure"), want: "?master=<name>"},
		{name: "fail/timeout", caddyfile: sharedBy("rediss://r.example.com", "timeout 1h"), want: "timeout '1h' is no duration from 10ms to 5s"},
		{name: "fail/evicting", caddyfile: sharedBy("rediss://r.example.com", "evicting wran"), want: "unknown 'evicting wran', did you mean 'warn'?"},
		{name: "fail/unknown word", caddyfile: sharedBy("rediss://r.example.com", "pasword x"), want: "did you mean 'password'?"},
		{name: "fail/user alone", caddyfile: sharedBy("rediss://r.example.com", "username u"), want: "a username is given without a password"},
		{name: "fail/password of the client", caddyfile: sharedBy("rediss://r.example.com", "password {http.request.uri.path}"), want: "cannot hold a secret"},

		{name: "warn/password in the URL", caddyfile: sharedBy("rediss://:hunter2@r.example.com", ""), warn: "a password in a redis URL is written out"},
		{name: "warn/literal password", caddyfile: sharedBy("rediss://r.example.com", "password hunter2"), warn: "the password of 'store redis' is a literal"},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

// TestDesign_H16_ANetworkIsNotTrusted: whoever stands between, or knows the address,
// could read and write accounts, so beyond this machine a store in clear is refused
// unless 'insecure' says that it is meant, and everywhere one without a password.
func TestDesign_H16_ANetworkIsNotTrusted(t *testing.T) {
	for _, test := range []adaptCase{
		{name: "fail/in clear", caddyfile: sharedBy("redis://r.example.com", "password {env.P}"), want: "redis://r.example.com:6379/0 is in clear text"},
		{name: "fail/in clear to Sentinels", caddyfile: sharedBy("redis+sentinel://a.example.com?master=m", "password {env.P}"), want: "write rediss:// (TLS), or 'insecure'"},
		{name: "fail/no password", caddyfile: sharedBy("redis://127.0.0.1", ""), want: "write 'password {env.REDIS_PASSWORD}'"},
		{name: "fail/one of several in clear", caddyfile: sharedBy("redis://127.0.0.1 redis://r.example.com", "password {env.P}"), want: "is in clear text"},
		{name: "fail/no password over TLS", caddyfile: global("key {env.K}\nstore redis rediss://r.example.com"), want: "write 'password {env.REDIS_PASSWORD}'"},
		{name: "fail/a name that only begins like this machine", caddyfile: sharedBy("redis://127.0.0.1.example.com", "password {env.P}"), want: "is in clear text"},
		{name: "ok/TLS", caddyfile: sharedBy("rediss://r.example.com", "password {env.P}")},
		{name: "ok/this machine", caddyfile: sharedBy("redis://[::1]", "password {env.P}")},
		{name: "ok/in clear, meant", caddyfile: sharedBy("redis://r.example.com", "insecure")},
	} {
		t.Run(test.name, test.run)
	}
}

// TestDesign_H16_WhoeverIsNamed: Sentinels and a Cluster of this machine name a server
// beyond it (the attack: somebody on the way there). The addresses in the configuration
// are all fine, and nothing is sent to it in clear.
func TestDesign_H16_WhoeverIsNamed(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	const far = "240.0.0.1" // no machine has it
	sentinel, cluster := redistest.StartSentinel(t, far+":6379", 1), redistest.StartCluster(t)
	cluster[0].Do(t, "CONFIG", "SET", "cluster-announce-ip", far)
	redistest.Eventually(t, "the Cluster to name it", func() bool {
		return strings.Contains(fmt.Sprint(cluster[0].Do(t, "CLUSTER", "SLOTS")), far)
	})
	s := start(t, simple, nil)
	for name, url := range map[string]string{
		"Sentinels": "redis+sentinel://" + sentinel.Addr + "?master=main",
		"a Cluster": "redis://" + cluster[0].Addr + " redis://localhost:" + cluster[0].Port(),
	} {
		conf := strings.Replace(withRedis(cluster[0]), "redis://"+cluster[0].Addr, url, 1)
		if err := s.load(conf); err == nil || !strings.Contains(err.Error(), far) || !strings.Contains(err.Error(), "write rediss://") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRedisProvision: what only the values show is refused too, and nothing is
// dialled: the address answers nobody.
func TestRedisProvision(t *testing.T) {
	t.Setenv("MFA_TEST_URL", "redis://127.0.0.1:1")
	t.Setenv("MFA_TEST_FAR", "redis://r.example.com")
	t.Setenv("MFA_TEST_PASSWORD", "geheim")
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	for name, tt := range map[string]struct {
		store RedisStore
		says  string
	}{
		"ok/by environment": {RedisStore{URLs: []string{"{env.MFA_TEST_URL}"}, Password: "{env.MFA_TEST_PASSWORD}"}, ""},
		"fail/in clear":     {RedisStore{URLs: []string{"{env.MFA_TEST_FAR}"}, Password: "{env.MFA_TEST_PASSWORD}"}, "in clear text"},
		"fail/no password":  {RedisStore{URLs: []string{"{env.MFA_TEST_URL}"}}, "without a password"},
		"fail/unset":        {RedisStore{URLs: []string{"{env.MFA_TEST_UNSET}"}}, "{env.MFA_TEST_UNSET} is empty"},
		"fail/timeout":      {RedisStore{URLs: []string{"rediss://r"}, Timeout: caddy.Duration(time.Hour)}, "10ms to 5s"},
		"fail/evicting":     {RedisStore{URLs: []string{"rediss://r"}, Evicting: "never"}, "evicting never"},
		"fail/no address":   {RedisStore{}, "no address"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.store.Provision(ctx)
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Fatalf("%v, want %q", err, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Fatalf("%v shows the password", err)
			}
			if err == nil && (strings.Contains(tt.store.StoreKey(), "geheim") || tt.store.KeyFile() != "") {
				t.Fatalf("key %q, file %q", tt.store.StoreKey(), tt.store.KeyFile())
			}
		})
	}
}

// withRedis is the simple site with its accounts in Redis.
func withRedis(s *redistest.Server) string {
	return strings.Replace(simple, "store bolt %DIR%/mfa.db", `key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
		store redis redis://`+s.Addr+` {
			password `+redistest.Password+`
			timeout 1s
		}`, 1)
}

// TestAdvisory_FO1_AStoreThatIsAwayOpensNothing: while the store does not answer, what is open stays
// open, nobody unproven gets anywhere, and who has proved goes on only as long
// as the last news of revocations counts. Then all is as before by itself.
func TestAdvisory_FO1_AStoreThatIsAwayOpensNothing(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	server := redistest.Start(t)
	s := start(t, withRedis(server), nil)
	bob, eve := s.signedIn("bob").enroll(), s.signedIn("eve")
	bob.get("/documents/bob").want(200)
	eve.get("/documents/eve").want(403)
	for name, fault := range map[string]struct{ begin, end func(testing.TB) }{
		"frozen": {server.Freeze, server.Thaw},
		"killed": {server.Kill, server.Run},
	} {
		fault.begin(t)
		redistest.Eventually(t, name+": no flag to count", func() bool {
			eve.get("/documents/eve", "Accept", "application/json").want(503).reason("store-down")
			eve.get("/open").want(200)
			return bob.get("/documents/bob").StatusCode == 503
		})
		fault.end(t)
		redistest.Eventually(t, name+": the store", func() bool { return bob.get("/documents/bob").StatusCode == 200 })
		eve.get("/documents/eve").want(403)
	}
	if n := s.app.hitsOn("/documents/eve"); n != 0 {
		t.Errorf("eve reached the app %d times", n)
	}
}

// TestRedisStore_StartsWithoutIt: a server that is away at the start keeps
// nobody from what is open, and is taken when it comes.
func TestRedisStore_StartsWithoutIt(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	server := redistest.Start(t)
	server.Kill(t)
	s := start(t, withRedis(server), nil)
	bob := s.signedIn("bob")
	bob.get("/open").want(200)
	bob.get("/documents/1", "Accept", "application/json").want(503).reason("store-down")
	server.Run(t)
	redistest.Eventually(t, "the store", func() bool { return bob.get("/documents/1").StatusCode == 403 })
	bob.enroll().get("/documents/1").want(200)
}

// TestRedisStore_RefusesToStart: what cannot end by itself is said at once.
func TestRedisStore_RefusesToStart(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	evicts := redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	s := start(t, simple, nil)
	for says, conf := range map[string]string{
		"maxmemory-policy": withRedis(evicts),
		"WRONGPASS":        strings.Replace(withRedis(evicts), redistest.Password, "wrong", 1),
	} {
		if err := s.load(conf); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// TestRedisStore_AnotherPassword: what the file of a password holds now is used from the
// next reload on, and one that is wrong is refused by it, not by the next start.
func TestRedisStore_AnotherPassword(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	server, file := redistest.Start(t), filepath.Join(t.TempDir(), "password")
	hold := func(password string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hold(redistest.Password)
	conf := strings.Replace(withRedis(server), "password "+redistest.Password, "password {file."+file+"}", 1)
	s := start(t, conf, nil)
	bob := s.signedIn("bob").enroll()
	server.Do(t, "CONFIG", "SET", "requirepass", "another")
	hold("wrong")
	if err := s.load(conf); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("a wrong one: %v", err)
	}
	hold("another")
	if err := s.load(conf); err != nil {
		t.Fatal(err)
	}
	server.Do(t, "CLIENT", "KILL", "TYPE", "normal") // so that all sign in again
	redistest.Eventually(t, "the store", func() bool { return bob.get("/documents/1").StatusCode == 200 })
	s.signedIn("eve").enroll().get("/documents/1").want(200)
}

// TestRedisDialsNothing: `caddy validate` beside a running server, or on a
// machine that cannot reach Redis, asks nobody.
func TestRedisDialsNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	url := "redis://:x@" + l.Addr().String()
	conf := strings.NewReplacer("%PRELUDE%", prelude, "%SMTP%", "127.0.0.1:1", "%APP%", "127.0.0.1:1",
		"store bolt %DIR%/mfa.db", "key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\nstore redis "+url,
		"identity whoami", "identity redis "+url+" {\nuser name\n}\nidentity whoami").Replace(simple)
	raw, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(conf), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	var cfg caddy.Config
	if err := json.Unmarshal(raw, &cfg); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&cfg); err != nil {
		t.Fatal(err)
	}
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Accept(); err == nil {
		t.Fatalf("validating dialled from %s", c.RemoteAddr())
	}
}
