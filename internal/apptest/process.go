package apptest

import (
	"bytes"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
)

// Process is a program that runs until its test ends.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	log   output
}

// Port returns a loopback port that is free until the test uses it.
func Port(t testing.TB) string {
	t.Helper()
	return freeport.Get(t)
}

// Start runs the program in a process group of its own. Where the test fails,
// the end of its output is logged; a data race it reports fails the test.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.Stop(t)
		out := p.Log()
		if races := racesOf(out); len(races) > 0 {
			t.Errorf("%s reported a data race:\n%s\nIts output:\n%s", cmd.Path, races[0], out)
		} else if t.Failed() {
			t.Logf("the end of the output of %s:\n%s", cmd.Path, out[max(0, len(out)-8000):])
		}
	})
	return p
}

// Stop asks the program, and whatever it started in its group, to end and waits
// for it; after 30 s they are killed.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM) // one that has ended is no matter
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		t.Errorf("%s did not end within 30 s of being asked to", p.cmd.Path)
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-p.ended
}

// Kill ends the program as a crash or the end of its memory does.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // one that has ended is no matter
	<-p.ended
}

// Pid is its process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Log returns what the program has written so far.
func (p *Process) Log() string { return p.log.String() }

// Answers waits until the address answers with any status.
func (p *Process) Answers(t testing.TB, address string) {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, CheckRedirect: stay}
	Eventually(t, 60*time.Second, "an answer from "+address, func() bool {
		select {
		case <-p.ended:
			t.Fatalf("%s ended before it answered:\n%s", p.cmd.Path, p.Log())
		default:
		}
		resp, err := client.Get(address)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil
	})
}

// Eventually asks again until ok says yes, and fails the test when the time is
// over.
func Eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// output collects what a program writes.
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
