package nodes

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestTwoNodes: what was enrolled and proved at one counts at the other; one
// code sent to both at once is taken once; signing out everywhere at one counts
// at the other within two seconds, and so after a partition.
func TestTwoNodes(t *testing.T) {
	server := redistest.Start(t)
	wire := redistest.StartProxy(t, server)
	app := apptest.StartPortal(t)
	a, b := start(t, app, server.URL()), start(t, app, wire.URL)

	ana := signedIn(t, a, "ana")
	want(t, at(ana, b), http.StatusForbidden)
	has := ana.Enrol()
	want(t, ana, http.StatusOK)
	want(t, at(ana, b), http.StatusOK)

	// 20 browsers send one recovery code to both nodes at the same instant.
	var browsers []*apptest.Visitor
	for range 20 {
		v := signedIn(t, a, "ana")
		if got := v.Open(place); got.Status != http.StatusSeeOther {
			t.Fatalf("a new sign-in is not asked to prove: %d", got.Status)
		}
		browsers = append(browsers, v)
	}
	var won, used atomic.Int32
	var all sync.WaitGroup
	gun := make(chan struct{})
	for i, v := range browsers {
		all.Go(func() {
			<-gun
			got := at(v, []*node{a, b}[i%2]).Call(http.MethodPost, "/.mfa/api/verify/codes/verify", map[string]any{"code": has.RecoveryCodes[0]})
			switch {
			case got.Status == http.StatusOK:
				won.Add(1)
			case got.JSON("reason") == "used-code":
				used.Add(1)
			default:
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	close(gun)
	all.Wait()
	if won.Load() != 1 || used.Load() != 19 {
		t.Fatalf("one code was taken %d times, and refused as used %d times", won.Load(), used.Load())
	}

	prove := func(v *apptest.Visitor, n int) {
		t.Helper()
		if got := v.Call(http.MethodPost, "/.mfa/api/verify/codes/verify", map[string]any{"code": has.RecoveryCodes[n]}); got.Status != http.StatusOK {
			t.Fatalf("proving with code %d: %d %s", n, got.Status, got.Body)
		}
	}
	leave := func(v *apptest.Visitor) {
		t.Helper()
		if got := v.Call(http.MethodDelete, "/.mfa/api/sessions", nil); got.Status/100 != 2 {
			t.Fatalf("signing out everywhere: %d %s", got.Status, got.Body)
		}
	}
	phone := at(signedIn(t, b, "ana"), b)
	prove(phone, 1)
	want(t, phone, http.StatusOK)
	leave(ana)
	becomes(t, phone, http.StatusSeeOther)

	// Now b is cut off. It trusts no flag after two seconds, and knows of what
	// happened meanwhile as soon as it hears again.
	prove(phone, 2)
	tablet := signedIn(t, a, "ana")
	prove(tablet, 3)
	want(t, at(tablet, b), http.StatusOK)
	wire.Cut()
	leave(tablet)
	becomes(t, phone, http.StatusServiceUnavailable)
	if got := phone.Open("/resumo"); got.Status != http.StatusOK {
		t.Errorf("what is open is not, at a node that is cut off: %d", got.Status)
	}
	want(t, tablet, http.StatusSeeOther)
	wire.Mend()
	becomes(t, phone, http.StatusSeeOther)
}

// TestFlaggedAsksNothing: while requests with a flag come to two nodes, Redis is
// asked what the nodes ask it twice a second anyway, and nothing is written.
func TestFlaggedAsksNothing(t *testing.T) {
	const marks = 32 // of the store's parts, each looked at by a script of its own
	server := redistest.Start(t)
	app := apptest.StartPortal(t)
	a, b := start(t, app, server.URL()), start(t, app, server.URL())
	ana := signedIn(t, a, "ana")
	ana.Enrol()
	want(t, ana, http.StatusOK)
	before := server.AllCommands(t)
	since := func() map[string]int {
		all := server.AllCommands(t)
		for name, n := range before {
			if all[name] -= n; all[name] == 0 {
				delete(all, name)
			}
		}
		return all
	}
	// A look at the store ends with the one command that reads the log.
	requests, asked := 0, since()
	for ; requests < 500 || asked["zrangebyscore"] < 12; asked = since() {
		for range 25 {
			want(t, ana, http.StatusOK)
			want(t, at(ana, b), http.StatusOK)
			requests += 2
		}
	}
	looks := asked["zrangebyscore"]
	for name, n := range asked {
		switch most := (marks + 1) * (looks + 2); name { // each node may be in the middle of one
		case "zrangebyscore", "hello", "auth", "ping": // the last three of a connection made anew
		case "evalsha", "hmget", "time":
			if n > most {
				t.Errorf("%d requests and %d looks: %d times %s, and not %d at most", requests, looks, n, name, most)
			}
		default:
			t.Errorf("%d requests: %d times %s", requests, n, name)
		}
	}
	if looks >= requests {
		t.Errorf("%d requests: %d looks at the store", requests, looks)
	}
}

// TestEmptiedStore: a store that was emptied closes what is protected on every
// node, for those with a factor and without, until an administrator accepts it.
func TestEmptiedStore(t *testing.T) {
	server := redistest.Start(t)
	app := apptest.StartPortal(t)
	a, b := start(t, app, server.URL()), start(t, app, server.URL())
	ana := signedIn(t, a, "ana")
	ana.Enrol()
	server.Do(t, "FLUSHALL")
	again, bruno := signedIn(t, b, "ana"), signedIn(t, b, "bruno")
	becomes(t, ana, http.StatusServiceUnavailable)
	for _, v := range []*apptest.Visitor{at(ana, b), again, bruno} {
		becomes(t, v, http.StatusServiceUnavailable)
	}
	c := start(t, app, server.URL())
	want(t, at(bruno, c), http.StatusServiceUnavailable)
	if out, err := b.mfa(t, "store", "accept"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, n := range []*node{a, b, c} {
		becomes(t, at(again, n), http.StatusForbidden)
	}
	at(again, c).Enrol()
	becomes(t, at(again, a), http.StatusOK)
}

// TestEmptiedStore_AcceptedByAFastClock: the store was accepted once by a server whose
// clock was ahead. When another is emptied, it can be accepted too.
func TestEmptiedStore_AcceptedByAFastClock(t *testing.T) {
	t.Parallel()
	server, a, b := twoNodes(t)
	ana := signedIn(t, a, "ana")
	ana.Enrol()
	ahead := time.Now().Add(time.Hour).UnixMilli()
	for part := range 32 {
		server.Do(t, "HSET", fmt.Sprintf("mfa:{mfa.%d}:mark", part), "accepted", ahead)
	}
	redistest.Eventually(t, "the nodes to write down what they know", func() bool {
		return knows(t, a, ahead) && knows(t, b, ahead)
	})
	server.Do(t, "FLUSHALL")
	for _, n := range []*node{a, b} {
		becomes(t, at(ana, n), http.StatusServiceUnavailable)
	}
	if out, err := b.mfa(t, "store", "accept"); err != nil || !strings.Contains(out, "taken as it is") {
		t.Fatalf("%v: %s", err, out)
	}
	for _, n := range []*node{a, b} {
		becomes(t, at(ana, n), http.StatusOK)
	}
}

// knows tells whether the node has written down that the store was accepted then.
func knows(t *testing.T, n *node, when int64) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(n.file), "caddy", "mfa", "redis-*.known"))
	if err != nil || len(files) != 1 {
		return false
	}
	text, err := os.ReadFile(files[0])
	return err == nil && strings.Count(string(text), fmt.Sprint(when)) == 32
}

// TestEmptiedStore_ByASlowClock: the server that takes over an emptied store has a
// clock behind the last one's, by which lines of the log are numbered. What is revoked
// then is revoked at the other node as well, which has read on to a higher number.
func TestEmptiedStore_ByASlowClock(t *testing.T) {
	t.Parallel()
	server, a, b := twoNodes(t)
	ana, bruno := signedIn(t, a, "ana"), signedIn(t, a, "bruno")
	ana.Enrol()
	bruno.Enrol()
	server.Do(t, "HSET", "mfa:{mfa.0}:mark", "seq", time.Now().Add(time.Hour).UnixMicro())
	had := "portal_sid=" + ana.Cookie("portal_sid") + "; mfa=" + ana.Cookie("mfa")
	ana.SignOutEverywhere()
	redistest.Eventually(t, "the other node to hear of it", func() bool {
		return stranger(t, b).Open(place, "Cookie", had).Status == http.StatusSeeOther
	})
	server.Do(t, "FLUSHALL")
	for _, n := range []*node{a, b} {
		becomes(t, at(bruno, n), http.StatusServiceUnavailable)
	}
	if out, err := a.mfa(t, "store", "accept"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, n := range []*node{a, b} {
		becomes(t, at(bruno, n), http.StatusOK)
	}
	stolen := "; mfa=" + bruno.Cookie("mfa")
	bruno.Open("/sair")
	session := "portal_sid=" + signedIn(t, b, "bruno").Cookie("portal_sid")
	redistest.Eventually(t, "the other node to hear of this, too", func() bool {
		return stranger(t, b).Open(place, "Cookie", session+stolen).Status != http.StatusOK
	})
}
