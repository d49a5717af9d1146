//go:build unix

// Command run starts the demo: the portal with its mailbox, and Caddy in front
// of it. It prints where to go and stops both on Ctrl-C.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// ports are the demo's, each with the variable that moves it.
var ports = []struct{ variable, fallback, what string }{
	{"PORT", "8480", "the site you open"},
	{"APP_PORT", "8481", "the portal behind it"},
	{"SMTP_PORT", "8425", "the portal's mailbox"},
	{"ADMIN_PORT", "2029", "Caddy's admin endpoint"},
}

func main() {
	caddy := flag.String("caddy", "./caddy", "the Caddy binary")
	portal := flag.String("portal", "./.run/portal", "the portal binary")
	config := flag.String("config", "Caddyfile.example", "the Caddyfile")
	data := flag.String("data", "./.run", "the folder for what Caddy keeps")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *caddy, *portal, *config, *data); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, caddy, portal, config, data string) error {
	port, err := freePorts()
	if err != nil {
		return err
	}
	if data, err = filepath.Abs(data); err != nil {
		return fmt.Errorf("finding the data folder: %w", err)
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	env := append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(data, "data"), "XDG_CONFIG_HOME="+filepath.Join(data, "config"))
	for variable, number := range port {
		env = append(env, variable+"="+number)
	}
	logs, err := os.Create(filepath.Join(data, "demo.log"))
	if err != nil {
		return fmt.Errorf("making the log: %w", err)
	}
	defer logs.Close()
	running, stop := context.WithCancel(ctx)
	c := &crew{stop: stop, ended: make(chan error, 2)}
	defer c.dismiss()
	site := "http://localhost:" + port["PORT"]
	if err := c.start(command(running, env, logs, portal, "-addr", "127.0.0.1:"+port["APP_PORT"], "-smtp", "127.0.0.1:"+port["SMTP_PORT"])); err != nil {
		return err
	}
	if err := c.start(command(running, env, logs, caddy, "run", "--adapter", "caddyfile", "--config", config)); err != nil {
		return err
	}
	err = waitFor(ctx, c.ended, site+"/entrar")
	if err == nil {
		welcome(os.Stdout, site, logs.Name())
		select {
		case <-ctx.Done():
		case err = <-c.ended:
		}
	}
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%w\n%s", err, tail(logs.Name()))
}

// waitFor returns nil when the address answers, and an error when a program
// has ended, when ctx has, or after 30 s.
func waitFor(ctx context.Context, ended <-chan error, address string) error {
	client := &http.Client{Timeout: time.Second}
	for range 300 {
		if resp, err := client.Get(address); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("waiting for %s: no answer in 30 s", address)
}

// freePorts returns the number of each variable, or names the port that
// another program holds.
func freePorts() (map[string]string, error) {
	got := map[string]string{}
	for _, p := range ports {
		number := p.fallback
		if v := os.Getenv(p.variable); v != "" {
			number = v
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+number)
		if err != nil {
			return nil, fmt.Errorf("port %s (%s) cannot be used: %w\nchoose another one: make run %s=<port>", number, p.what, err, p.variable)
		}
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("closing port %s: %w", number, err)
		}
		got[p.variable] = number
	}
	return got, nil
}
