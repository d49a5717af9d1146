package nodes

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// image is all that a server holds, key by key, as DUMP gives it.
type image map[string]string

func imageOf(t *testing.T, s *redistest.Server) image {
	t.Helper()
	all := image{}
	for _, key := range s.Do(t, "KEYS", "*").([]any) {
		all[key.(string)] = s.Do(t, "DUMP", key).(string)
	}
	return all
}

// put makes one key what it was in the image: gone, where it was not there.
func (i image) put(t *testing.T, s *redistest.Server, key string) {
	t.Helper()
	if text, held := i[key]; held {
		s.Do(t, "RESTORE", key, 0, text, "REPLACE")
	} else {
		s.Do(t, "DEL", key)
	}
}

// TestDesign_H16_WhoWritesInRedisOpensNothing: somebody who may write there, as a
// neighbour on the network or the app that shares the server, takes ana's account
// out, gives it what his own holds, writes over it, or sets all back to before it was
// or before a code was spent. Ana is never somebody new, and her password with a spent
// code opens nothing. (One who also forges the store's notes of what it holds can set a
// single account back: see What remains in the threat model.)
func TestDesign_H16_WhoWritesInRedisOpensNothing(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	a := start(t, app, server.URL())
	mine := signedIn(t, a, "bruno").Enrol()
	empty := imageOf(t, server)
	has := signedIn(t, a, "ana").Enrol()
	unspent := imageOf(t, server)
	if got := signedIn(t, a, "ana").Recover(has.RecoveryCodes[0]); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	now := imageOf(t, server)
	var hers, his, changed []string
	for key := range now {
		switch {
		case strings.Contains(key, ":r:") && strings.HasSuffix(key, "ana"):
			hers = append(hers, key)
		case strings.Contains(key, ":r:") && strings.HasSuffix(key, "bruno"):
			his = append(his, key)
		}
		if now[key] != empty[key] {
			changed = append(changed, key)
		}
	}
	if len(hers) != 1 || len(his) != 1 || len(changed) < 2 {
		t.Fatalf("ana has %q, bruno %q, changed are %q", hers, his, changed)
	}
	pw := signedIn(t, a, "ana")
	for name, attack := range map[string]func(){
		"taken out":              func() { server.Do(t, "DEL", hers[0]) },
		"written over":           func() { server.Do(t, "SET", hers[0], "{}") },
		"cut short":              func() { server.Do(t, "SETRANGE", hers[0], 40, "xxxxxxxx") },
		"given his":              func() { server.Do(t, "RESTORE", hers[0], 0, now[his[0]], "REPLACE") },
		"all set back":           func() { server.Do(t, "FLUSHALL"); restoreAll(t, server, unspent) },
		"all set back to before": func() { server.Do(t, "FLUSHALL"); restoreAll(t, server, empty) },
		"all taken out":          func() { server.Do(t, "FLUSHALL") },
		"all that changed taken out, but for what knows": func() {
			for _, key := range changed {
				if strings.Contains(key, ":r:") {
					server.Do(t, "DEL", key)
				}
			}
		},
	} {
		redistest.Eventually(t, "the store to take codes", func() bool {
			return signedIn(t, a, "bruno").Recover(mine.RecoveryCodes[0]).Status == http.StatusOK
		})
		attack()
		code, err := totp.GenerateCode(mine.App.Secret, time.Now().Add(30*time.Second)) // of a step that he has not used yet
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got := pw.Open(place); got.Status != http.StatusSeeOther && got.Status != http.StatusServiceUnavailable {
				t.Errorf("%s: the page gives %d %.200s", name, got.Status, got.Body)
			}
			if got := pw.Recover(has.RecoveryCodes[0]); got.Status == http.StatusOK {
				t.Errorf("%s: a spent code is taken", name)
			}
			if got := pw.Call(http.MethodPost, "/.mfa/api/verify/totp/verify", map[string]any{"code": code}); got.Status == http.StatusOK {
				t.Errorf("%s: his app proves her", name)
			}
			if got := pw.Call(http.MethodPost, "/.mfa/api/email", map[string]any{}); got.Status == http.StatusOK {
				t.Errorf("%s: an enrolment begins", name)
			}
		}
		server.Do(t, "FLUSHALL")
		restoreAll(t, server, now)
		_, _ = a.mfa(t, "store", "accept") // where it is in doubt
		becomes(t, pw, http.StatusSeeOther)
	}
}

func restoreAll(t *testing.T, s *redistest.Server, to image) {
	t.Helper()
	for key := range to {
		to.put(t, s, key)
	}
}

// TestAdvisory_CVE_2025_29923_FO2_NoAnswerOfAnotherQuestion: a client library that
// mistakes answers after a time-out gives each question the answer of the one before.
// Bruno, who has nothing, and ana, who has, are asked for in turn: neither is taken
// for the other, and all is well once the answers are right again.
func TestAdvisory_CVE_2025_29923_FO2_NoAnswerOfAnotherQuestion(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	wire := redistest.StartProxy(t, server)
	a := start(t, app, wire.URL)
	signedIn(t, a, "ana").Enrol()
	ana, bruno := signedIn(t, a, "ana"), signedIn(t, a, "bruno")
	want(t, ana, http.StatusSeeOther)
	want(t, bruno, http.StatusForbidden)
	for range 10 {
		becomes(t, ana, http.StatusSeeOther)
		becomes(t, bruno, http.StatusForbidden) // so that the last answer of a connection was of him
		wire.Late(true)
		var all sync.WaitGroup
		for range 4 {
			for v, right := range map[*apptest.Visitor]int{ana: http.StatusSeeOther, bruno: http.StatusForbidden} {
				all.Go(func() {
					got, err := v.Try(http.MethodGet, place, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept", "text/html")
					if err == nil && got.Status != right && got.Status != http.StatusServiceUnavailable {
						t.Errorf("instead of %d: %d", right, got.Status)
					}
				})
			}
		}
		all.Wait()
		wire.Late(false)
	}
	becomes(t, ana, http.StatusSeeOther)
	becomes(t, bruno, http.StatusForbidden)
}

// TestAdvisory_FO3_WhatAFailoverLostIsNotTakenForNothing: the server dies with an
// enrolment and a spent code that no replica has yet. On the one that takes over
// nobody is let in, is new or spends the code again, until an administrator looked.
func TestAdvisory_FO3_WhatAFailoverLostIsNotTakenForNothing(t *testing.T) {
	t.Parallel()
	group, app := redistest.StartGroup(t), apptest.StartPortal(t)
	a := start(t, app, group.URL())
	has := signedIn(t, a, "ana").Enrol()
	pw, bruno := signedIn(t, a, "ana"), signedIn(t, a, "bruno")
	want(t, pw, http.StatusSeeOther)
	group.Replica.Do(t, "CONFIG", "SET", "masterauth", "wrong")
	group.Replica.Do(t, "CLIENT", "KILL", "TYPE", "master")
	redistest.Eventually(t, "the replica to be cut off", func() bool {
		return strings.Contains(fmt.Sprint(group.Primary.Do(t, "INFO", "replication")), "connected_slaves:0")
	})
	if got := signedIn(t, a, "ana").Recover(has.RecoveryCodes[0]); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	bruno.Enrol()
	want(t, bruno, http.StatusOK)
	group.Primary.Kill(t)
	again := signedIn(t, a, "bruno")
	closed := func() {
		t.Helper()
		for _, v := range []*apptest.Visitor{pw, again} {
			if got := v.Open(place); got.Status == http.StatusOK || v == again && got.Status == http.StatusForbidden {
				t.Fatalf("%d %.200s", got.Status, got.Body)
			}
		}
		if got := pw.Recover(has.RecoveryCodes[0]); got.Status == http.StatusOK {
			t.Fatal("a spent code was taken again")
		}
	}
	redistest.Eventually(t, "the failover", func() bool {
		closed()
		return group.Replica.Do(t, "ROLE").([]any)[0] == "master"
	})
	redistest.Eventually(t, "the doubt", func() bool {
		closed()
		return strings.Contains(a.Log(), "store accept")
	})
	for range 20 {
		closed()
		want(t, bruno, http.StatusServiceUnavailable)
	}
	if out, err := a.mfa(t, "store", "accept"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	becomes(t, again, http.StatusForbidden) // whose factor is lost enrols again, and is told so
	becomes(t, pw, http.StatusSeeOther)
}

// TestAdvisory_FO4_WhoIsEvictedIsNotNew: a server that throws records away, which was
// accepted with a warning, is filled until ana's is gone: she is locked out, and
// nobody can enrol in her name.
func TestAdvisory_FO4_WhoIsEvictedIsNotNew(t *testing.T) {
	t.Parallel()
	ctx, server, app := context.Background(), redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-random"), apptest.StartPortal(t)
	store := strings.Replace(shared(server.URL(), "{env.MFA_KEY}"), "timeout 1s", "timeout 1s\n\t\t\tevicting warn", 1)
	a := startWith(t, app, store, "", "protect "+place)
	signedIn(t, a, "ana").Enrol()
	pw := signedIn(t, a, "ana")
	want(t, pw, http.StatusSeeOther)
	record := ""
	for key := range imageOf(t, server) {
		if strings.Contains(key, ":r:") && strings.HasSuffix(key, "ana") {
			record = key
		}
	}
	server.Do(t, "CONFIG", "SET", "maxmemory", "3mb")
	filler := strings.Repeat("x", 8<<10)
	for i := 0; server.Client.Exists(ctx, record).Val() == 1; i++ {
		if err := server.Client.Set(ctx, fmt.Sprint("filler", i%2000), filler, 0).Err(); err != nil && !strings.Contains(err.Error(), "OOM") {
			t.Fatal(err)
		}
	}
	for range 10 {
		if got := pw.Open(place); got.Status != http.StatusServiceUnavailable {
			t.Fatalf("whose record is gone gets %d %.200s", got.Status, got.Body)
		}
		if got := pw.Call(http.MethodPost, "/.mfa/api/email", map[string]any{}); got.Status == http.StatusOK {
			t.Fatal("an enrolment begins")
		}
	}
}
