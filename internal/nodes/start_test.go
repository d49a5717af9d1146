package nodes

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestStart_StoreTakesNoWrite: a server that has just been started and takes no writes,
// since it is full or has no replica, keeps no node from starting.
func TestStart_StoreTakesNoWrite(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	a := start(t, app, server.URL())
	for name, setting := range map[string][2]string{
		"full":       {"maxmemory", "1"},
		"no replica": {"min-replicas-to-write", "1"},
	} {
		a.Stop(t)
		server.Kill(t)
		server.RunWith(t, "--"+setting[0], setting[1])
		a.run(t)
		bruno := signedIn(t, a, "bruno")
		wantAt(t, bruno, "/resumo", http.StatusOK)
		want(t, bruno, http.StatusServiceUnavailable)
		server.Do(t, "CONFIG", "SET", setting[0], "0")
		redistest.Eventually(t, name+": the store", func() bool { return bruno.Open(place).Status == http.StatusForbidden })
	}
}

// TestStart_WarnsOnce: opening a store that cannot be used is tried every second, and what
// it warns of is said once all the same.
func TestStart_WarnsOnce(t *testing.T) {
	t.Parallel()
	primary, app := redistest.Start(t), apptest.StartPortal(t)
	replica := redistest.Start(t, "--appendonly", "no", "--replicaof", "127.0.0.1 "+primary.Port())
	before := replica.Commands(t, "evalsha")
	a := start(t, app, replica.URL())
	redistest.Eventually(t, "a third try", func() bool { return replica.Commands(t, "evalsha") >= before+3*32 }) // a script for each of the store's parts
	if n := strings.Count(a.Log(), "keeps no file of its writes"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

// TestReload_WhatCouldNotBeWritten: who signs out while the store is away is signed out at
// that node (the attack: a copy of the flag), also where the configuration is loaded anew
// with a store that is asked otherwise, before the store is back.
func TestReload_WhatCouldNotBeWritten(t *testing.T) {
	t.Parallel()
	server, a, b := twoNodes(t)
	ana, bruno := signedIn(t, a, "ana"), signedIn(t, a, "bruno")
	ana.Enrol()
	bruno.Enrol()
	stolen := "; mfa=" + ana.Cookie("mfa")
	server.Kill(t)
	ana.Open("/sair")
	a.reload(t, strings.Replace(shared(server.URL(), "{env.MFA_KEY}"), "timeout 1s", "timeout 2s", 1))
	server.Run(t)
	session := "portal_sid=" + signedIn(t, a, "ana").Cookie("portal_sid")
	redistest.Eventually(t, "the store", func() bool {
		if stranger(t, a).Open(place, "Cookie", session+stolen).Status == http.StatusOK {
			t.Fatal("who signed out passes")
		}
		return bruno.Open(place).Status == http.StatusOK
	})
	redistest.Eventually(t, "the other node to hear of it", func() bool {
		return stranger(t, b).Open(place, "Cookie", session+stolen).Status == http.StatusSeeOther
	})
}
