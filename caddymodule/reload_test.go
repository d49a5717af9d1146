package caddymodule

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"go.etcd.io/bbolt"

	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestAdvisory_PR1_ReloadsUnderLoad: 200 reloads under load, of two configurations in
// turn that both protect the area: no request gets a wrong answer or is let through, no
// goroutine stays behind, and the store is the same one.
func TestAdvisory_PR1_ReloadsUnderLoad(t *testing.T) {
	conf := strings.Replace(simple, "http://:0", "http://:%PORT%", 1)
	s := start(t, simple, nil)
	port := freeport.Get(t)
	conf = strings.ReplaceAll(conf, "%PORT%", port)
	if err := s.load(conf); err != nil {
		t.Fatal(err)
	}
	proven, unproven := s.signedIn("bob").enroll(), s.signedIn("eve")
	before := ourGoroutines()
	base := s.base // every reload sets it anew, to the same
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var sent, wrong atomic.Int64
	ask := func(b *browser, path string, want int) {
		for ctx.Err() == nil {
			res, err := b.Get(base + path)
			if err != nil {
				// A plain Caddy resets connections that wait in the queue of a
				// listener it closes, so this says nothing of the gate.
				continue
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			sent.Add(1)
			if res.StatusCode != want {
				t.Errorf("%s: status %d, want %d", path, res.StatusCode, want)
				wrong.Add(1)
				return
			}
		}
	}
	wg.Go(func() { ask(proven, "/documents/proven", 200) })
	wg.Go(func() { ask(unproven, "/documents/unproven", 403) })
	wg.Go(func() { ask(unproven, "/open", 200) })
	for i := range 200 {
		next := strings.Replace(conf, "protect /documents", fmt.Sprintf("flag __Host-mfa %dh\n\t\tprotect /other%d /documents", 11+i%2, i%2), 1)
		if err := s.load(next); err != nil {
			t.Fatal(err)
		}
		if wrong.Load() > 0 {
			break
		}
	}
	cancel()
	wg.Wait()
	if s.app.hitsOn("unproven") != 0 {
		t.Error("an unproven request reached the app during a reload")
	}
	if sent.Load() < 200 {
		t.Errorf("only %d requests were under way", sent.Load())
	}
	proven.get("/documents/after").want(200)
	proven.CloseIdleConnections()
	unproven.CloseIdleConnections()
	if after := settledGoroutines(before); after > before {
		t.Errorf("%d goroutines of ours before, %d after 200 reloads", before, after)
	}
}

// ourGoroutines counts the goroutines that run code of this project. Idle
// connections of reverse_proxy stay for their two minutes with or without it.
func ourGoroutines() (n int) {
	buf := make([]byte, 4<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "caddy-mfa/caddy-mfa/") && !strings.Contains(g, "_test.go") {
			n++
		}
	}
	return n
}

// settledGoroutines waits until at most want of ours run, for two seconds.
func settledGoroutines(want int) int {
	n := ourGoroutines()
	for range 100 {
		if n = ourGoroutines(); n <= want {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return n
}

func TestRestart_AsksNobodyAgain(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.load(simple); err != nil {
		t.Fatal(err)
	}
	b.get("/documents/1").want(200)
	other := s.signedIn("bob")
	other.get("/documents/1", "Accept", "application/json").want(403).reason("verify")
}

// `caddy validate` beside a running server must not touch what it uses.
func TestValidate_DialsWritesAndOpensNothing(t *testing.T) {
	dir := t.TempDir()
	conf := strings.NewReplacer("%PRELUDE%", prelude, "%DIR%", filepath.Join(dir, "no", "such"), "%SMTP%", "127.0.0.1:9", "%APP%", "127.0.0.1:9").Replace(simple)
	cfg, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(conf), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	var c caddy.Config
	if err := caddy.StrictUnmarshalJSON(cfg, &c); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&c); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "no")); !os.IsNotExist(err) {
		t.Errorf("validate made %s: %v", dir, err)
	}
}

// What another process holds is said by path, user and remedy, and what was
// running keeps running.
func TestStart_StoreHeldByAnotherProcess(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob").enroll()
	held := filepath.Join(s.dir, "held.db")
	db, err := bbolt.Open(held, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = s.load(strings.Replace(simple, "mfa.db", "held.db", 1))
	if err == nil {
		t.Fatal("a store that is held elsewhere was opened")
	}
	for _, want := range []string{held, "reload"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	b.get("/documents/1").want(200)
}

// TestAdvisory_PR2_ABadConfigurationKeepsTheOld: a mistake is told with its line and
// what to write, and who proved goes on under the one before.
func TestAdvisory_PR2_ABadConfigurationKeepsTheOld(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob").enroll()
	for name, c := range map[string]struct{ old, with, place, fix string }{
		"fail/smtp URL":     {"smtp://%SMTP%", "smpt://%SMTP%", "Caddyfile:15", "write smtp+starttls://host:587"},
		"fail/key":          {"store bolt", "key dG9vIHNob3J0\n\t\tstore bolt", "Caddyfile:12", "openssl rand -base64 32"},
		"fail/unknown word": {"protect", "protekt", "Caddyfile:20", "did you mean 'protect'"},
		"fail/identity":     {"user json login", "user regexp nothing", "Caddyfile:22", "(parentheses)"},
	} {
		err := s.load(strings.Replace(simple, c.old, c.with, 1))
		if err == nil || !strings.Contains(err.Error(), c.place) || !strings.Contains(err.Error(), c.fix) {
			t.Errorf("%s: no %s or %q in: %v", name, c.place, c.fix, err)
		}
		b.get("/documents/1").want(200)
	}
}

// TestDesign_C11_AReloadForgetsNoTenant: a tenant whose file is gone keeps its rules, and
// so it does when the configuration is loaded again, whatever changed in it, and when
// Caddy is started anew, until somebody says that it was taken away on purpose.
func TestDesign_C11_AReloadForgetsNoTenant(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	conf := strings.NewReplacer("mfa {\n\t\tstore", "mfa %DIR%/policy.yaml {\n\t\tstore", "protect /documents /admin\n", "\n").Replace(simple)
	s, address := administered(t, conf, map[string]string{
		"policy.yaml":  "version: 1\ninclude: [t/*.yaml]\n",
		"t/here.yaml":  "tenants: {here: {hosts: [localhost], require: mfa, protect: [/documents]}}\n",
		"t/other.yaml": "tenants: {other: {hosts: [other.example], require: mfa, protect: [/other]}}\n",
	})
	redistest.Eventually(t, "the included files to be kept", func() bool {
		kept, err := filepath.Glob(filepath.Join(caddy.AppDataDir(), "mfa", "policy-*", "files.json"))
		return err == nil && len(kept) == 1
	})
	eve := s.signedIn("eve")
	eve.get("/documents/eve").want(403)
	if err := os.Remove(filepath.Join(s.dir, "t", "here.yaml")); err != nil {
		t.Fatal(err)
	}
	conf = strings.Replace(conf, "%PRELUDE%", strings.Replace(prelude, "admin off", "admin "+address, 1), 1)
	for i := range 4 {
		if i == 3 {
			if err := caddy.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.load(conf); err != nil {
			t.Fatal(err)
		}
		eve.get("/documents/eve").want(403)
	}
	if n := s.app.hitsOn("/documents/eve"); n != 0 {
		t.Errorf("eve reached the app %d times", n)
	}
	if out, err := run(tenantCommand(), "remove", "other", "--address", address); err == nil || !strings.Contains(err.Error(), "other.yaml: take it out there") {
		t.Errorf("%v: %s", err, out)
	}
	if status, _ := askAdmin(t, address, "POST", removePath, "text/plain", `{"tenant":"here"}`); status != 415 {
		t.Errorf("a form takes a tenant away: %d", status)
	}
	eve.get("/documents/eve").want(403)
	if out, err := run(tenantCommand(), "remove", "here", "--address", address); err != nil || out != "tenant here is removed\n" {
		t.Errorf("%v: %s", err, out)
	}
	eve.get("/documents/eve").want(200)
}

// A file that changes for the better while another changes for the worse is taken, and
// what follows from a change follows: it is kept for the next start.
func TestLook_AChangeBesideAMistake(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	conf := strings.NewReplacer("mfa {\n\t\tstore", "mfa %DIR%/policy.yaml {\n\t\tstore", "protect /documents /admin\n", "\n").Replace(simple)
	s := start(t, conf, map[string]string{
		"policy.yaml": "version: 1\ninclude: [t/*.yaml]\ndefaults: {require: mfa}\n",
		"t/a.yaml":    "tenants: {a: {hosts: [a.example], protect: [/a]}}\n",
		"t/b.yaml":    "tenants: {b: {hosts: [localhost], protect: [/b]}}\n",
	})
	s.write("t/a.yaml", "tenants: {a: {protekt: [/a]}}\n")
	s.write("t/b.yaml", "tenants: {b: {hosts: [localhost], protect: [/documents]}}\n")
	s.policyCounts()
	s.signedIn("eve").get("/documents/eve").want(403)
	redistest.Eventually(t, "what changed to be kept", func() bool {
		kept, err := filepath.Glob(filepath.Join(caddy.AppDataDir(), "mfa", "policy-*", "*.yaml"))
		all := ""
		for _, file := range kept {
			text, err := os.ReadFile(file)
			if err != nil {
				return false
			}
			all += string(text)
		}
		return err == nil && strings.Contains(all, "/documents") && !strings.Contains(all, "protekt")
	})
}
