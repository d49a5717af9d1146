package identity

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// While a request is with the app, its visitor may become another.
func TestChainStill(t *testing.T) {
	app := &fakeApp{}
	mallory := Expressions{User: Expression{Kind: "json", Text: "login"}}
	for name, tc := range map[string]struct {
		meanwhile func(c *Chain, own *Visit)
		switched  bool // the app has signed the session in as bob
		still     bool
		asked     int
	}{
		"ok/nothing happened":           {func(*Chain, *Visit) {}, true, true, 0},
		"ok/its own form":               {func(c *Chain, own *Visit) { c.Saw(own); c.Saw(own) }, true, true, 0},
		"ok/another visitor's form":     {func(c *Chain, _ *Visit) { c.Saw(visitBy(app, "POST", "/x", "", "Cookie: sid=b")) }, true, true, 0},
		"ok/a form that changes nobody": {func(c *Chain, _ *Visit) { c.Saw(visitBy(app, "POST", "/x", "", "Cookie: sid=s")) }, false, true, 1},
		"ok/a sign-in that has failed": {func(c *Chain, _ *Visit) {
			v := visitBy(app, "POST", "/login", "", "Cookie: sid=s")
			c.Saw(v)
			c.SawResponse(v, nil, 403)
		}, false, true, 1},
		"fail/signed in as bob": {func(c *Chain, _ *Visit) {
			v := visitBy(app, "POST", "/login", "", "Cookie: sid=s")
			c.Saw(v)
			c.SawResponse(v, nil, 302)
		}, true, false, 1},
		"fail/signed in, then its own form": {func(c *Chain, own *Visit) {
			c.Saw(visitBy(app, "POST", "/login", "", "Cookie: sid=s"))
			c.Saw(own)
		}, true, false, 1},
		"fail/signed in by a cookie": {func(c *Chain, _ *Visit) {
			c.SawResponse(visitTo(app, "/callback", "Cookie: sid=s"), []string{"x=1"}, 302)
		}, true, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			users := map[string]string{"s": "mallory", "b": "bob"}
			app.answer = func(w http.ResponseWriter, r *http.Request) { sessions(users)(w, r) }
			c := &Chain{Sources: []Source{mustWhoAmI(t, func(cfg *WhoAmI) { cfg.Facts, cfg.Login = mallory, []string{"/login"} })}}
			own := visitBy(app, "POST", "/documents", "", "Cookie: sid=s")
			res := c.Identify(context.Background(), own)
			if res.Person.User != "mallory" {
				t.Fatal(res)
			}
			before := app.count()
			tc.meanwhile(c, own)
			if tc.switched {
				users["s"] = "bob"
			}
			still := c.Still(context.Background(), own, &res)
			if still != tc.still || app.count()-before != tc.asked {
				t.Errorf("still %v after asking %d times, want %v after %d", still, app.count()-before, tc.still, tc.asked)
			}
		})
	}
}

// A sign-in that the app has not answered yet may have taken effect already.
func TestChainStillDuringASignIn(t *testing.T) {
	app := &fakeApp{answer: sessions(map[string]string{"s": "mallory"})}
	c := &Chain{Sources: []Source{mustWhoAmI(t, func(cfg *WhoAmI) { cfg.Login = []string{"/login"} })}}
	login := visitBy(app, "POST", "/login", "", "Cookie: sid=s")
	c.Saw(login)
	own := visitTo(app, "/documents", "Cookie: sid=s")
	res := c.Identify(context.Background(), own)
	app.answer = sessions(map[string]string{"s": "bob"})
	if still := c.Still(context.Background(), own, &res); still {
		t.Error("an answer for bob goes out while his sign-in is under way")
	}
	if still := c.Still(context.Background(), later(own, maxUnderWay+time.Second), &res); !still {
		t.Error("a sign-in is under way for ever")
	}
	c.SawResponse(login, nil, 302)
	if still := c.Still(context.Background(), own, &res); still {
		t.Error("an answer for bob goes out after his sign-in")
	}
	if n := len(c.Sources[0].(*whoami).memory.changes); n != 0 {
		t.Errorf("%d sign-ins are still under way", n)
	}
}

func TestChangesAreBounded(t *testing.T) {
	m := newMemory(time.Minute)
	before := events.Load()
	for i := range maxChanges + 1 {
		m.begin(uintptr(i), []mark{1}, theTime)
	}
	if len(m.changes) > maxChanges || !m.changed(visitTo(nil, "/").R, before, []mark{2}, theTime) || m.all.since(before) || m.calmSince(before, []mark{2}) {
		t.Error("where changes are too many to note, everybody must count as changed")
	}
	m.end(maxChanges)
	if m.all.since(before) {
		t.Error("calm since before it was too many")
	}
	if now := events.Load(); !m.all.since(now) || !m.calmSince(now, []mark{1}) {
		t.Error("those that were given up are still under way")
	}
}

// Whose change is given up as one too many is calm at no moment of it, however long
// he who asks takes to look.
func TestMemory_IsNotCalmWhileAChangeIsGivenUp(t *testing.T) {
	list := make([]mark, 1<<18) // of others, but for the last
	list[len(list)-1] = 1
	for range 40 {
		m, before := newMemory(time.Minute), events.Load()
		for i := range maxChanges {
			m.begin(uintptr(i), []mark{1}, theTime)
		}
		looking, calm := make(chan bool), make(chan bool)
		go func() { close(looking); calm <- m.calmSince(before, list) }()
		<-looking
		m.begin(maxChanges, []mark{2}, theTime)
		if <-calm {
			t.Fatal("calm for one whose sign-in is under way")
		}
	}
}

// Drops beyond what is remembered one by one count as everybody's.
func TestMemory_DropsBeyondCountingAreEverybodys(t *testing.T) {
	m := newMemory(time.Minute)
	m.drop([]mark{1}, 1, theTime)
	before := events.Load()
	for i := range maxDrops {
		m.drops.drop(mark(i)*calms, 1, theTime)
	}
	m.drop([]mark{calms}, 1, theTime)
	if m.calmSince(before, []mark{2}) {
		t.Error("calm for one whose drop nobody could remember")
	}
}

// It is calm, for everybody or for one visitor, as long as nothing of theirs was
// dropped and nothing is under way; of a change that ends, the drop stays.
func TestMemory_CalmSince(t *testing.T) {
	m := newMemory(time.Minute)
	his, others := []mark{1, 7}, []mark{2}
	begun := events.Load()
	is := func(when string, all, one, other bool) {
		t.Helper()
		if m.all.since(begun) != all || m.calmSince(begun, his) != one || m.calmSince(begun, others) != other {
			t.Errorf("%s: calm for all %v, for him %v, for another %v", when, m.all.since(begun), m.calmSince(begun, his), m.calmSince(begun, others))
		}
	}
	is("at first", true, true, true)
	if m.calmSince(begun, nil) {
		t.Error("calm for somebody of whom nothing is known")
	}
	m.begin(1, []mark{7, 7 + calms}, theTime)
	is("with his change under way", false, false, true)
	m.begin(1, []mark{2}, theTime)
	is("with another in its place", false, true, false)
	m.end(1)
	m.end(1)
	is("after a change that dropped nothing", true, true, true)
	m.begin(1, []mark{1}, theTime)
	m.drop([]mark{1}, 1, theTime)
	m.end(1)
	is("after a drop of his", false, false, true)
	begun = events.Load()
	is("since then", true, true, true)
}
