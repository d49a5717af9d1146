//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// command prepares a program in a process group of its own, so that Ctrl-C
// reaches it through us and it can finish in order.
func command(ctx context.Context, env []string, logs io.Writer, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Env, c.Stdout, c.Stderr = env, logs, logs
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	return c
}

// crew is the programs that belong together: when one ends, so does the demo.
type crew struct {
	stop  context.CancelFunc
	ended chan error
	all   sync.WaitGroup
}

var errClean = errors.New("without an error")

// start runs the program; its end is announced on ended.
func (c *crew) start(p *exec.Cmd) error {
	if err := p.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.Path, err)
	}
	c.all.Go(func() {
		err := p.Wait()
		if err == nil {
			err = errClean
		}
		c.ended <- fmt.Errorf("%s ended: %w", p.Path, err)
	})
	return nil
}

// dismiss ends every program and waits for the last one.
func (c *crew) dismiss() {
	c.stop()
	c.all.Wait()
}

// tail returns the last 4 KiB of a log.
func tail(path string) string {
	all, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(all[max(0, len(all)-4096):])
}
