package identity

import (
	"context"
	"net/http"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// Who somebody is holds until he, not another, may have become somebody else; where
// a target may name a session, until anybody may.
func TestChainHolds(t *testing.T) {
	app := &fakeApp{answer: sessions(map[string]string{"s": "bob"})}
	for name, c := range map[string]struct {
		sent, routed string // the target, and what Caddy's routes made of it
		who          string // sends a form meanwhile; "": nobody does
		twice        bool   // who he is was remembered
		two          bool   // sources
		holds        bool
	}{
		"ok/nothing happened":                  {sent: "/documents", holds: true},
		"ok/nothing happened, of two":          {sent: "/documents", two: true, holds: true},
		"ok/nothing happened to a named one":   {sent: "/documents?sid=x", holds: true},
		"ok/another's form":                    {sent: "/documents", who: "b", holds: true},
		"ok/another's form, when remembered":   {sent: "/documents", who: "b", twice: true, holds: true},
		"fail/his own form":                    {sent: "/documents", who: "s"},
		"fail/his own form, when remembered":   {sent: "/documents", who: "s", twice: true},
		"fail/of two it is not known":          {sent: "/documents", who: "b", two: true},
		"fail/the query may name a session":    {sent: "/documents?sid=x", who: "b"},
		"fail/the path may":                    {sent: "/documents;s=x", who: "b"},
		"fail/what the routes made of it may":  {sent: "/documents", routed: "/documents?sid=x", who: "b"},
		"fail/what was sent before the routes": {sent: "/documents?sid=x", routed: "/documents", who: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			chain := &Chain{Sources: []Source{mustWhoAmI(t, nil)}}
			if c.two {
				chain.Sources = append(chain.Sources, mustWhoAmI(t, nil))
			}
			v := visitTo(app, c.sent, "Cookie: sid=s")
			if c.routed != "" {
				v.R.URL = visitTo(app, c.routed).R.URL
			}
			res := chain.Identify(context.Background(), v)
			if c.twice {
				res = chain.Identify(context.Background(), v)
			}
			if c.who != "" {
				chain.Saw(visitBy(app, http.MethodPost, "/x", "", "Cookie: sid="+c.who))
			}
			if got := chain.Holds(v.R, &res); res.Person.User != "bob" || got != c.holds {
				t.Errorf("%s holds: %v", res.Person.User, got)
			}
		})
	}
}

// An app that gives the session a new id when it is asked who this is: the request
// goes on with that one. Whoever signs in with it overtakes the request, as whoever
// signs in with the one that was sent does, and nobody else.
func TestChainOvertaken_InTheSessionThatTheAppSet(t *testing.T) {
	users := sessions(map[string]string{"sent": "mallory", "set": "mallory"})
	app := &fakeApp{answer: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "sid=set; Path=/")
		users(w, r)
	}}
	for who, want := range map[string]bool{"set": true, "sent": true, "another": false} {
		chain := &Chain{Sources: []Source{mustWhoAmI(t, nil)}}
		v := visitBy(app, http.MethodPost, "/documents", "", "Cookie: sid=sent")
		res := chain.Identify(t.Context(), v)
		MergeSetCookie(v.R, res.SetCookie)
		chain.Saw(v)
		chain.Saw(visitBy(app, http.MethodPost, "/login", "", "Cookie: sid="+who))
		if got := chain.Overtaken(v.R, func() *Visit { return v }, &res); res.Person.User != "mallory" || got != want {
			t.Errorf("%s is overtaken by %s: %v", res.Person.User, who, got)
		}
	}
}

// A visitor whom nothing but all his cookies together tells from others is the same
// to who asks the app, with a header_up that Caddy fills, and to who only looks on
// and fills none.
func TestChain_KnowsTheSenderOfAFormByAKeyAlone(t *testing.T) {
	app := &fakeApp{answer: says(200, jsonType, `{"login":"bob"}`)}
	chain := &Chain{Sources: []Source{mustWhoAmI(t, func(c *WhoAmI) { c.HeaderUp = []Header{{"X-Of", "{http.request.host}"}} })}}
	v := visitTo(app, "/documents", "Cookie: k=1")
	look := *v
	v.Placeholder = func(string) (string, bool) { return "portal.example", true }
	res := chain.Identify(t.Context(), v)
	chain.Saw(visitBy(nil, http.MethodPost, "/x", "", "Cookie: k=1"))
	if !chain.Overtaken(v.R, func() *Visit { return &look }, &res) {
		t.Error("his form does not overtake his request")
	}
	if chain.Identify(t.Context(), v); app.count() != 2 {
		t.Error("he is remembered past his form")
	}
}

func TestChainHolds_OfASessionInRedis(t *testing.T) {
	server := redistest.Start(t)
	server.Do(t, "SET", "sess:"+sid, `{"user":{"name":"bob"}}`)
	c := &Chain{Sources: []Source{mustRedis(t, server, nil)}}
	v := visitTo(nil, "/documents", "Cookie: sid="+sid)
	res := c.Identify(t.Context(), v)
	two := &Chain{Sources: append(c.Sources, c.Sources...)}
	if both := two.Identify(t.Context(), v); !two.Holds(v.R, &both) {
		t.Error("of two it does not hold though nothing happened")
	}
	slow := visitBy(nil, http.MethodPost, "/upload", "", "Cookie: sid=anothers")
	c.Saw(slow)
	if !c.Holds(v.R, &res) {
		t.Error("another's upload, which takes its time, disturbs him")
	}
	c.Saw(visitBy(nil, http.MethodPost, "/x", "", "Cookie: sid="+sid))
	if c.Holds(v.R, &res) {
		t.Error("it holds after a form of his own")
	}
}
