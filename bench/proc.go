package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// proc is one process of ours: Caddy, or a Redis.
type proc struct {
	cmd  *exec.Cmd
	addr string // host:port it answers on
	dir  string
}

// procList ends what it started, by process id, and nothing else.
type procList struct {
	mu   sync.Mutex
	list []*proc
}

// newProc prepares one on a free port of the loopback, with a folder of its own.
func newProc(dir string) (*proc, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &proc{addr: free.Addr().String(), dir: dir}, free.Close()
}

// start writes the site's files and runs Caddy. What stands between % is filled
// in, more of it by fill: names and values in turns.
func (l *procList) start(bin, dir, site string, fill ...string) (*proc, error) {
	p, err := newProc(dir)
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(p.addr)
	fill = append([]string{"%PORT%", port, "%DIR%", p.dir}, fill...)
	files := map[string]string{"Caddyfile": strings.NewReplacer(fill...).Replace(site), "policy.yaml": policyFile, "public.pem": signer.public}
	for f, text := range files {
		if err := os.WriteFile(filepath.Join(p.dir, f), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	p.cmd = exec.Command(bin, "run", "--config", filepath.Join(p.dir, "Caddyfile"))
	p.cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir, "HOME="+p.dir)
	return p, l.spawn(p)
}

// spawn runs a process and returns once it answers.
func (l *procList) spawn(p *proc) error {
	logFile, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return err
	}
	defer logFile.Close()
	p.cmd.Stdout, p.cmd.Stderr = logFile, logFile
	if err := p.cmd.Start(); err != nil {
		return err
	}
	l.mu.Lock()
	l.list = append(l.list, p)
	l.mu.Unlock()
	return p.wait()
}

// wait returns once the process answers.
func (p *proc) wait() error {
	for range 100 {
		c, err := net.DialTimeout("tcp", p.addr, time.Second)
		if err == nil {
			return c.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	text, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return fmt.Errorf("%s did not start: %.2000s", filepath.Base(p.cmd.Path), text)
}

func (l *procList) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.list {
		p.end()
	}
	l.list = nil
}

func (l *procList) end(p *proc) {
	p.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, q := range l.list {
		if p == q {
			l.list = append(l.list[:i], l.list[i+1:]...)
			return
		}
	}
}

func (p *proc) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-done
	}
}

// clockTick is the unit of /proc/PID/stat on Linux: USER_HZ is 100 everywhere.
const clockTick = 10 * time.Millisecond

// cpuTime is the user and system time of the process so far (proc(5), fields
// 14 and 15).
func (p *proc) cpuTime() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 13 {
		return 0, errors.New("reading /proc/PID/stat: too few fields")
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * clockTick, errors.Join(err1, err2)
}

// startUpstream is the app: 1 KiB for every path, and who is signed in.
func startUpstream() (*httptest.Server, error) {
	page := []byte(strings.Repeat("0123456789abcdef", 64))
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/me" {
			c, err := r.Cookie("sid")
			if err != nil || c.Value == "" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"login":%q}`, c.Value)
			return
		}
		_, _ = w.Write(page)
	})), nil
}
