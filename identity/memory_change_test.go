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
	if len(m.changes) > maxChanges || !m.changed(visitTo(nil, "/").R, before, []mark{2}, theTime) || m.quietSince(before) {
		t.Error("where changes are too many to note, everybody must count as changed")
	}
}

// It is quiet as long as nothing was dropped and nothing is under way; of a change
// that ends, the drop stays.
func TestMemory_QuietSince(t *testing.T) {
	m := newMemory(time.Minute)
	begun := events.Load()
	if !m.quietSince(begun) {
		t.Error("not quiet at first")
	}
	m.begin(1, []mark{1}, theTime)
	if m.quietSince(begun) {
		t.Error("quiet with a change under way")
	}
	m.end(1)
	if !m.quietSince(begun) {
		t.Error("not quiet after a change that dropped nothing")
	}
	m.begin(1, []mark{1}, theTime)
	m.drop([]mark{1}, 1, theTime)
	m.end(1)
	if m.quietSince(begun) {
		t.Error("quiet after a drop")
	}
	if now := events.Load(); !m.quietSince(now) {
		t.Error("not quiet after the last drop")
	}
}
