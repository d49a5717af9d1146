package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisPassword is what our Redis asks for: the gate takes none without.
const redisPassword = "of-the-bench-alone"

// redisServer is a redis-server of ours.
type redisServer struct {
	*proc
	client *redis.Client
	writes map[string]bool // commands that write, by the server's own word
}

// errNoRedis says what is missing, and what goes on without.
var errNoRedis = errors.New("redis-server is not installed, so the rows that need it are left out; on Debian or Ubuntu: apt-get install redis-server")

// startRedis runs one on a free port of the loopback, which keeps nothing on
// disk: errNoRedis where there is no redis-server.
func (l *procList) startRedis(dir string) (*redisServer, error) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	p, err := newProc(filepath.Join(dir, "redis"))
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(p.addr)
	p.cmd = exec.Command(bin, "--port", port, "--bind", "127.0.0.1", "--dir", p.dir,
		"--requirepass", redisPassword, "--save", "", "--appendonly", "no")
	if err := l.spawn(p); err != nil {
		return nil, err
	}
	r := &redisServer{proc: p, writes: map[string]bool{}, client: redis.NewClient(&redis.Options{
		Addr: p.addr, Password: redisPassword, Protocol: 2, DisableIdentity: true,
	})}
	known, err := r.client.Command(context.Background()).Result()
	if err != nil {
		return nil, fmt.Errorf("asking redis for its commands: %w", err)
	}
	for name, c := range known {
		r.writes[name] = slices.Contains(c.Flags, "write")
	}
	return r, nil
}

// empty takes away what the nodes of an earlier round left.
func (r *redisServer) empty() error { return r.client.FlushAll(context.Background()).Err() }

func (r *redisServer) url() string { return "redis://:" + redisPassword + "@" + r.addr }

// connectRedis writes a session as express-session with connect-redis does, of
// which the cookie is not signed.
func (r *redisServer) connectRedis(id, login string) error {
	session := fmt.Sprintf(`{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"login":%q}`, login)
	return r.client.Set(context.Background(), "sess:"+id, session, time.Hour).Err()
}

// calls counts what the server was asked, by the commands' names, those too that
// its scripts ran.
type calls map[string]float64

func (r *redisServer) calls() (calls, error) {
	info, err := r.client.Info(context.Background(), "commandstats").Result()
	if err != nil {
		return nil, fmt.Errorf("asking redis what it was asked: %w", err)
	}
	c := calls{}
	for line := range strings.Lines(info) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok || name == "info" { // this very question
			continue
		}
		var n int64
		if _, err := fmt.Sscanf(rest, "%d,", &n); err != nil {
			return nil, fmt.Errorf("reading what redis was asked: %w", err)
		}
		c[name] = float64(n)
	}
	return c, nil
}

func (c calls) since(before calls) calls {
	more := calls{}
	for name, n := range c {
		if n -= before[name]; n > 0 {
			more[name] = n
		}
	}
	return more
}

// asked counts what requests made a Redis do.
type asked struct {
	redis       *redisServer // nil: none is asked
	idle        calls        // in a rest before the load: nodes look at their store all the time
	before      calls
	rest, begun time.Time
}

// countAsked begins to count, after the rest.
func countAsked(r *redisServer, rest time.Duration) (a asked, err error) {
	a.redis, a.rest = r, time.Now()
	first, err := r.calls()
	if err != nil {
		return a, err
	}
	time.Sleep(rest)
	a.begun = time.Now()
	a.before, err = r.calls()
	a.idle = a.before.since(first)
	return a, err
}

// text tells commands for a thousand requests, and how many of all wrote. Taken
// off is what the nodes do anyway: as often as all its commands can have been for
// that, and as the time allows.
func (a *asked) text(requests int) (string, error) {
	if a.redis == nil {
		return "-", nil
	}
	now, err := a.redis.calls()
	if err != nil {
		return "", err
	}
	ours := now.since(a.before)
	anyway := 1.1 * float64(time.Since(a.begun)) / float64(a.begun.Sub(a.rest))
	for name, n := range a.idle {
		anyway = min(anyway, ours[name]/n)
	}
	more, writes := 0.0, 0.0
	for name, n := range ours {
		more += n - anyway*a.idle[name]
		if a.redis.writes[name] {
			writes += n
		}
	}
	return fmt.Sprintf("%.2f (%.0f writes)", 1000*more/float64(requests), writes), nil
}
