// Package redistest starts real Redis servers for tests: one, one with TLS, a
// Sentinel group, a Cluster. They listen on free loopback ports and end with
// the test that started them.
package redistest

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
)

// Password is what every server asks for.
const Password = "correct-horse"

// Server is a redis-server.
type Server struct {
	Addr   string // host:port
	Client *redis.Client
	args   []string
	dir    string
	cmd    *exec.Cmd
	ended  chan struct{}
	log    *output
}

// Start starts a server that has saved what it acknowledged, also where it is
// killed, with further arguments. With "everysec" it would keep acknowledged writes
// to itself for up to two seconds while the disk is busy.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := newServer(t, args...)
	s.args = append([]string{"--requirepass", Password, "--masterauth", Password, "--appendonly", "yes", "--appendfsync", "always", "--save", ""}, s.args...)
	s.Run(t)
	return s
}

// newServer prepares one on a free port.
func newServer(t testing.TB, args ...string) *Server {
	t.Helper()
	addr := "127.0.0.1:" + freeport.Get(t)
	s := &Server{Addr: addr, dir: t.TempDir(), args: args, log: &output{}}
	s.Client = redis.NewClient(&redis.Options{Addr: addr, Password: Password, Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() {
		_ = s.Client.Close()
		s.Kill(t)
		if t.Failed() {
			out := s.log.String()
			t.Logf("the end of the output of %s:\n%s", addr, out[max(0, len(out)-3000):])
		}
	})
	return s
}

// URL is where it is, with the password.
func (s *Server) URL() string { return "redis://:" + Password + "@" + s.Addr }

// Port is its port alone.
func (s *Server) Port() string {
	_, port, _ := net.SplitHostPort(s.Addr)
	return port
}

// Run starts it, for the first time or after it was killed, on what it saved.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	s.RunWith(t)
}

// RunWith is Run with further arguments, this once.
func (s *Server) RunWith(t testing.TB, args ...string) {
	t.Helper()
	s.spawn(t, args...)
	Eventually(t, "redis at "+s.Addr, func() bool {
		select {
		case <-s.ended:
			t.Fatalf("redis-server ended:\n%s", s.log)
		default:
		}
		return s.Client.Ping(context.Background()).Err() == nil
	})
}

func (s *Server) spawn(t testing.TB, first ...string) {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is missing; install it: apt-get install -y --no-install-recommends redis-server")
	}
	args := append(first, "--port", s.Port(), "--bind", "127.0.0.1", "--dir", s.dir)
	s.cmd = exec.Command(bin, append(args, s.args...)...)
	s.cmd.Dir = s.dir
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(s.cmd, s.ended)
}

// Kill ends it as a crash does.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGKILL) // one that has ended is no matter
	<-s.ended
}

// Freeze stops it in the middle of what it does: connections stay open, and
// nothing is answered.
func (s *Server) Freeze(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Thaw lets it go on.
func (s *Server) Thaw(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Do runs a command, and fails the test where it fails.
func (s *Server) Do(t testing.TB, args ...any) any {
	t.Helper()
	v, err := s.Client.Do(context.Background(), args...).Result()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return v
}

// Commands counts what a command has been called so far, by scripts too.
func (s *Server) Commands(t testing.TB, name string) int {
	t.Helper()
	return s.AllCommands(t)[name]
}

// AllCommands counts it for every command but INFO, which is how it is asked.
func (s *Server) AllCommands(t testing.TB) map[string]int {
	t.Helper()
	info, err := s.Client.Info(context.Background(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for line := range strings.Lines(info) {
		name, rest, found := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !found || name == "info" {
			continue
		}
		digits, _, _ := strings.Cut(rest, ",")
		if calls[name], err = strconv.Atoi(digits); err != nil {
			t.Fatal(err)
		}
	}
	return calls
}

// patience bounds a wait: a failover whose first try finds no replica ready is
// tried again after ten seconds, on a machine that may be busy.
const patience = 90 * time.Second

// Eventually asks again until ok says yes.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

// output collects what a server writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
