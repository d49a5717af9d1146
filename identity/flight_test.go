package identity

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// gated is an app that answers only when it is let, one request at a time.
type gated struct {
	fakeApp
	let chan http.HandlerFunc
}

func newGated() *gated {
	g := &gated{let: make(chan http.HandlerFunc)}
	g.answer = func(w http.ResponseWriter, r *http.Request) { (<-g.let)(w, r) }
	return g
}

func TestWhoAmIOneAtATime(t *testing.T) {
	for name, tc := range map[string]struct {
		cache  *time.Duration
		answer http.HandlerFunc
		asked  int
	}{
		"ok/joined":           {nil, sessions(people), 1},
		"ok/joined, down":     {nil, says(500, jsonType, ``), 1},
		"fail/cache 0":        {off(), sessions(people), 2}, // those who came meanwhile share one begun after they came
		"fail/sets a cookie":  {nil, says(200, jsonType, `{"login":"bob"}`, "Set-Cookie", "a=1"), 5},
		"fail/fresh sessions": {off(), says(200, jsonType, `{}`, "Set-Cookie", "a=1"), 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newGated()
				src := mustWhoAmI(t, func(c *WhoAmI) { c.Cache = tc.cache })
				var wg sync.WaitGroup
				for range 5 {
					wg.Go(func() { ask(t, src, visitTo(&app.fakeApp, "/", "Cookie: sid=m")) })
					synctest.Wait()
				}
				for range tc.asked {
					synctest.Wait()
					app.let <- tc.answer
				}
				wg.Wait()
				if app.count() != tc.asked {
					t.Errorf("asked %d times, want %d", app.count(), tc.asked)
				}
			})
		})
	}
}

// An administrator's change is decided on an answer begun after it was asked
// for; strangers with one cookie do not wait for each other.
func TestWhoAmIDoesNotJoin(t *testing.T) {
	for name, change := range map[string]func(*Visit){
		"fresh":           func(v *Visit) { v.Fresh = true },
		"another address": func(v *Visit) { v.R.RemoteAddr = "198.51.100.7:1" },
	} {
		synctest.Test(t, func(t *testing.T) {
			app := newGated()
			src := mustWhoAmI(t, nil)
			var wg sync.WaitGroup
			wg.Go(func() { ask(t, src, visitTo(&app.fakeApp, "/", "Cookie: sid=m")) })
			synctest.Wait()
			second := visitTo(&app.fakeApp, "/", "Cookie: sid=m")
			change(second)
			wg.Go(func() { wantState(t, ask(t, src, second), Known, "mallory") })
			synctest.Wait()
			if waits := app.count() == 1; waits != second.Fresh {
				t.Errorf("%s: waits %v", name, waits)
			}
			app.let <- sessions(people)
			if synctest.Wait(); app.count() != 2 {
				t.Errorf("%s: asked %d times, want 2", name, app.count())
				return
			}
			app.let <- sessions(people)
			wg.Wait()
		})
	}
}

// Whoever looked into the memory just before the answer of another's question
// landed there must not ask once more; an answer that is over, was dropped or
// must be fresh does not serve him.
func TestAnswerLandedMeanwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		said   State
		change func(*memory, *question)
		asked  int
	}{
		"ok/landed":        {Known, func(*memory, *question) {}, 1},
		"ok/nobody, apart": {Nobody, func(_ *memory, q *question) { q.apart = true }, 1},
		"fail/nobody":      {Nobody, func(*memory, *question) {}, 2},
		"fail/fresh":       {Known, func(_ *memory, q *question) { q.join = false }, 2},
		"fail/over":        {Known, func(_ *memory, q *question) { q.now = q.now.Add(time.Second) }, 2},
		"fail/dropped":     {Known, func(m *memory, q *question) { m.drop(q.marks, 1, q.now) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			m, asked := newMemory(time.Minute), 0
			q := &question{
				key: flightKey{digest{1}, "a"}, marks: []mark{markOfKey(digest{1})}, now: theTime, ttl: time.Second, join: true, wait: time.Minute,
				ask: func() Answer { asked++; return Answer{State: tc.said} },
			}
			m.ask(t.Context(), q)
			tc.change(m, q)
			if a := m.ask(t.Context(), q); a.State != tc.said || asked != tc.asked {
				t.Errorf("%v, asked %d times, want %d", a.State, asked, tc.asked)
			}
		})
	}
}

// C2: an answer begun before a drop is neither kept nor used.
func TestWhoAmIAnswerBegunBeforeADrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newGated()
		src := mustWhoAmI(t, nil)
		got := make(chan Answer, 1)
		go func() { got <- ask(t, src, visitTo(&app.fakeApp, "/", "Cookie: sid=m")) }()
		synctest.Wait()
		src.(Watcher).Saw(visitBy(nil, "POST", "/login", "", "Cookie: sid=m"))
		app.let <- says(200, jsonType, `{"login":"mallory"}`)
		app.let <- says(200, jsonType, `{"login":"bob"}`)
		wantState(t, <-got, Known, "bob")
		go func() { got <- ask(t, src, visitTo(&app.fakeApp, "/", "Cookie: sid=m")) }()
		wantState(t, <-got, Known, "bob")
		if app.count() != 2 {
			t.Errorf("asked %d times, want 2", app.count())
		}
	})
}

// A visitor who signs in and in and in gets no answer rather than an old one.
func TestWhoAmIDroppedForEver(t *testing.T) {
	src := mustWhoAmI(t, nil)
	app := &fakeApp{}
	app.answer = func(w http.ResponseWriter, r *http.Request) {
		src.(Watcher).Saw(visitBy(nil, "POST", "/login", "", "Cookie: sid=m"))
		sessions(people)(w, r)
	}
	wantState(t, ask(t, src, visitTo(app, "/", "Cookie: sid=m")), Down, "")
	if app.count() != maxTries {
		t.Errorf("asked %d times, want %d", app.count(), maxTries)
	}
}

// An app that never answers costs its visitors the time-out, and no more.
func TestWhoAmITimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := mustWhoAmI(t, nil)
		stuck := make(chan struct{})
		v := visitTo(nil, "/", "Cookie: sid=m")
		v.Call = func(r *http.Request) (*http.Response, error) {
			select {
			case <-r.Context().Done():
				return nil, context.Cause(r.Context())
			case <-stuck:
				return nil, nil
			}
		}
		begun := time.Now()
		wantState(t, ask(t, src, v), Down, "")
		if d := time.Since(begun); d != defaultTimeout {
			t.Errorf("waited %v", d)
		}
		v.Call = func(*http.Request) (*http.Response, error) { <-stuck; return nil, context.Canceled }
		begun = time.Now()
		wantState(t, ask(t, src, v), Down, "")
		if d := time.Since(begun); d != 2*defaultTimeout {
			t.Errorf("waited %v for an app that does not heed the time-out", d)
		}
		close(stuck)
	})
}
