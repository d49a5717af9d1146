package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddyserver/caddy/v2"
)

// remembered is who the one gate of the running configuration remembers.
func remembered(t *testing.T) (g *gateState, n int) {
	t.Helper()
	app, err := caddy.ActiveContext().App("mfa")
	if err != nil {
		t.Fatal(err)
	}
	g = app.(*App).state.gates.gates[0].state
	return g, len(g.memory.All())
}

// newest is whom the gate remembers for longest.
func newest(g *gateState) *passedEntry {
	return slices.MaxFunc(g.memory.All(), func(a, b *passedEntry) int { return a.Until.Compare(b.Until) })
}

// letPass returns a visitor whom the gate remembers as let pass.
func letPass(t *testing.T, s *live) *browser {
	t.Helper()
	b := s.signedIn("bob").enroll()
	for range 3 {
		b.get("/documents/1").want(200)
	}
	if _, n := remembered(t); n != 1 {
		t.Fatalf("%d visitors are remembered, want 1", n)
	}
	return b
}

// Whatever ends or clouds a proof does so for a visitor who is remembered.
func TestPassMemory_EndsAtOnce(t *testing.T) {
	advance(t, 0)
	jsonBlock := func(b *browser, path string, h ...string) *reply {
		return b.get(path, append(h, "Accept", "application/json")...)
	}
	for name, end := range map[string]func(*testing.T, *live, *browser){
		"signed out": func(_ *testing.T, _ *live, b *browser) {
			kept := b.cookies()
			b.get("/logout")
			jsonBlock(b, "/documents/1", "Cookie", kept).want(401)
		},
		"signed in as another, who keeps the flag": func(_ *testing.T, s *live, b *browser) {
			sid := strings.Split(strings.Split(b.cookies(), "sid=")[1], ";")[0]
			s.app.mu.Lock()
			s.app.sessions[sid] = "eve"
			s.app.mu.Unlock()
			b.send("POST", "/anything", "a=1")
			jsonBlock(b, "/documents/1").want(403)
		},
		"revoked": func(t *testing.T, _ *live, b *browser) {
			g, _ := remembered(t)
			if err := g.app.service().RevokeUser(context.Background(), defaultRealm, "bob", ""); err != nil {
				t.Fatal(err)
			}
			jsonBlock(b, "/documents/1").want(403).reason("verify")
		},
		"its key taken away": func(t *testing.T, _ *live, b *browser) {
			stopClock(t)
			g, _ := remembered(t)
			svc := g.app.service()
			if err := errors.Join(svc.NewKey(), svc.Rotate()); err != nil {
				t.Fatal(err)
			}
			for svc.Rotation().Running {
				runtime.Gosched()
			}
			if err := svc.ForgetKeys(); err != nil {
				t.Fatal(err)
			}
			jsonBlock(b, "/documents/1").want(403).reason("verify")
		},
		"flag expired": func(t *testing.T, _ *live, b *browser) {
			advance(t, defaultFlagLifetime)
			jsonBlock(b, "/documents/1").want(403).reason("verify")
		},
		"a second credential": func(_ *testing.T, s *live, b *browser) {
			jsonBlock(b, "/documents/1", "Authorization", "Bearer x").want(400)
			jsonBlock(b, "/documents/1", "X-Api-Key", "x").want(400)
			jsonBlock(b, "/documents/1", "X-Redmine-API-Key", "x").want(400)
			jsonBlock(b, "/documents/1?access_token=x").want(400)
			jsonBlock(b, "/documents/1;jsessionid=x").want(400)
			b.send("POST", "/documents/1", "access_token=x", "Content-Type", "application/x-www-form-urlencoded").want(400)
		},
		"a second cookie of the same name": func(_ *testing.T, _ *live, b *browser) {
			jsonBlock(b, "/documents/1", "Cookie", b.cookies()+"; sid=sid-99").want(401)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, simple, nil)
			b := letPass(t, s)
			s.app.mu.Lock()
			before := s.app.hits["GET /documents/1"]
			s.app.mu.Unlock()
			end(t, s, b)
			if n := s.app.hitsOn("/documents/1"); n != before {
				t.Errorf("%d more requests reached the app", n-before)
			}
		})
	}
}

// Nobody is remembered who must still prove, whose identity may depend on more
// than cookies, or whose answer the source would not give again.
func TestPassMemory_KeepsOnlyWhoPassed(t *testing.T) {
	for name, c := range map[string]struct {
		site string
		flag bool
	}{
		"no flag":   {simple, false},
		"cache off": {strings.Replace(simple, "login /login", "login /login\n\t\t\tcache 0s", 1), true},
		"tenant":    {strings.Replace(simple, "http://:0 {\n\tmfa {", "http://:0 {\n\tvars office default\n\tmfa {\n\t\ttenant {vars.office}", 1), true},
		"header_up": {strings.Replace(simple, "login /login", "login /login\n\t\t\theader_up X-A {http.request.header.X-B}", 1), true},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, c.site, nil)
			b := s.signedIn("bob")
			if c.flag {
				b.enroll()
			}
			for range 3 {
				b.get("/documents/1")
			}
			app, err := caddy.ActiveContext().App("mfa")
			if err != nil {
				t.Fatal(err)
			}
			if m := app.(*App).state.gates.gates[0].state.memory; m != nil && len(m.All()) > 0 {
				t.Error("somebody is remembered")
			}
		})
	}
}

// Who is remembered is nobody else: not at another host, where the app may know
// somebody else by the same session (TestDesign_C2d), nor with a second field of
// cookies (TestDesign_C2b).
func TestPassMemory_TellsVisitorsApart(t *testing.T) {
	advance(t, 0)
	s := start(t, simple, nil)
	b, eve := letPass(t, s), s.signedIn("eve")
	at := strings.TrimPrefix(s.base, "http://")
	for _, c := range []struct {
		name, host string
		cookies    []string
		status     int
		asks       bool
	}{
		{"ok/the same", at, []string{b.cookies()}, 200, false},
		{"fail/another host", "other.test", []string{b.cookies()}, 0, true},
		{"fail/eve's as well", at, []string{b.cookies(), eve.cookies()}, 401, false},
		{"fail/eve's before", at, []string{eve.cookies(), b.cookies()}, 401, false},
		{"fail/eve with bob's flag", at, []string{strings.Replace(b.cookies(), "sid=", "x=1; sid=", 1)}, 0, true},
		{"ok/the same again", at, []string{b.cookies()}, 200, false},
	} {
		asked := s.app.questions()
		r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: at, Path: "/documents/1"}, Host: c.host, Header: http.Header{"Cookie": c.cookies, "Accept": {"application/json"}}}
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if c.status != 0 && res.StatusCode != c.status {
			t.Errorf("%s: status %d", c.name, res.StatusCode)
		}
		if got := s.app.questions() > asked; got != c.asks {
			t.Errorf("%s: the app is asked who it is %v, want %v", c.name, got, c.asks)
		}
	}
}

// Behind a server that ends TLS, visitors are remembered as well, each by what it
// says it was asked by: in other words of one field, in two of them or in another
// spelling, which some app may read, it is asked anew who this is.
func TestPassMemory_BehindAServerInFront(t *testing.T) {
	advance(t, 0)
	s := start(t, strings.Replace(simple, "{\n", "{\n\tservers {\n\t\ttrusted_proxies static 127.0.0.0/8 ::1\n\t}\n", 1), nil)
	b := letPass(t, s)
	for _, c := range []struct {
		name   string
		fields http.Header
		asks   int // of three requests
		kept   [2]string
	}{
		{"ok/by a scheme", http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-For": {"192.0.2.1"}}, 1, [2]string{"", "http"}},
		{"ok/for another host", http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"a.test"}}, 1, [2]string{"a.test", "http"}},
		{"ok/for that host again", http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"a.test"}}, 0, [2]string{"a.test", "http"}},
		{"fail/two hosts", http.Header{"X-Forwarded-Host": {"b.test", "c.test"}}, 1, [2]string{"b.test", ""}},
		{"fail/another spelling", http.Header{"X_forwarded_host": {"d.test"}}, 0, [2]string{"d.test", ""}},
	} {
		asked := s.app.questions()
		for range 3 {
			r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: strings.TrimPrefix(s.base, "http://"), Path: "/documents/1"}, Header: c.fields.Clone()}
			r.Header["Cookie"] = []string{b.cookies()}
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != 200 {
				t.Errorf("%s: status %d", c.name, res.StatusCode)
			}
		}
		if got := s.app.questions() - asked; got != c.asks {
			t.Errorf("%s: the app was asked %d times", c.name, got)
		}
		g, _ := remembered(t)
		kept := slices.ContainsFunc(g.memory.All(), func(e *passedEntry) bool { return [2]string{e.Key.askedHost, e.Key.askedBy} == c.kept })
		if kept != strings.HasPrefix(c.name, "ok/") {
			t.Errorf("%s: remembered %v", c.name, kept)
		}
	}
}

// Of a credential with a name that begins with a sign, too, a visitor who is remembered
// may not bring another's.
func TestPassMemory_IsNotForAKeyOfAnyName(t *testing.T) {
	advance(t, 0)
	s := start(t, strings.NewReplacer("{\n\t%PRE", "{\n\tservers {\n\t\texpected_underscore_headers _pin\n\t\texpected_dot_headers .pin\n\t}\n\t%PRE",
		"protect /documents", "credentials _pin\n\t\tprotect /documents").Replace(simple), nil)
	b := letPass(t, s)
	for _, name := range []string{"_pin", ".pin"} {
		b.get("/documents/1", name, "eve's", "Accept", "application/json").want(400)
	}
}

// What is kept of a visitor serves no request but one as his, within the second.
func TestPassMemory_RecallsNoOther(t *testing.T) {
	advance(t, 0)
	s := start(t, simple, nil)
	b := letPass(t, s)
	g, _ := remembered(t)
	at, his := now(), *newest(g).Value.flag
	revoke := func(id string) {
		if err := g.app.service().RevokeFlag(context.Background(), &enroll.Flag{ID: id, Realm: defaultRealm, User: "bob", Expires: at.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		change func(*passage, *passed)
		ok     bool
	}{
		"ok/another signed in":                   {func(*passage, *passed) { s.signedIn("eve") }, true},
		"ok/another sent a form":                 {func(*passage, *passed) { s.browser().send("POST", "/open", "a=1", "Cookie", "sid=eve") }, true},
		"ok/another was revoked":                 {func(*passage, *passed) { revoke("another") }, true},
		"fail/he sent a form":                    {func(*passage, *passed) { b.send("POST", "/open", "a=1") }, false},
		"fail/he was revoked":                    {func(_ *passage, q *passed) { q.flag.ID = "his"; revoke("his") }, false},
		"fail/his page may name another session": {func(p *passage, _ *passed) { p.r.RequestURI = "/documents/1?a=b"; s.signedIn("eve") }, false},
		"ok/as he was":                           {func(*passage, *passed) {}, true},
		"fail/a second later":                    {func(p *passage, _ *passed) { p.now = at.Add(rememberedFor) }, false},
		"fail/the clock set back":                {func(p *passage, _ *passed) { p.now = at.Add(-time.Minute) }, false},
		"fail/over https":                        {func(p *passage, _ *passed) { p.secure = true }, false},
		"fail/at another host":                   {func(p *passage, _ *passed) { p.r.Host = "other.test" }, false},
		"fail/by another scheme":                 {func(p *passage, _ *passed) { p.keyed = true; p.r.Header.Set("X-Forwarded-Proto", "https") }, false},
		"fail/by another host":                   {func(p *passage, _ *passed) { p.keyed = true; p.r.Header.Set("X-Forwarded-Host", "a.test") }, false},
		"fail/with a token":                      {func(p *passage, _ *passed) { p.keyed = true; p.r.Header.Set("Authorization", "Bearer x") }, false},
		"fail/it is the token":                   {func(p *passage, _ *passed) { p.given = nil; p.keyed = true; p.r.Header.Set("Authorization", "mfa=1") }, false},
		"fail/two fields":                        {func(p *passage, _ *passed) { p.given = append(p.given, "b=2") }, false},
		"fail/something besides":                 {func(p *passage, _ *passed) { p.plain = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // what the app was asked anew is remembered the second time
				b.get("/documents/1").want(200)
			}
			flag := his
			e := &passedEntry{Until: at.Add(rememberedFor), Value: passed{found: found{who: newest(g).Value.who, flag: &flag}}}
			p := &passage{gate: g, plain: true, given: []string{"mfa=1"}, answer: answer{cookies: g.plainNames}, rare: new(rare), r: httptest.NewRequest("GET", "/documents/1", nil), now: at}
			e.Text, e.Key, _ = p.visitorKey()
			g.memory.Put(e, at)
			c.change(p, &e.Value)
			p.memory = p.remembered()
			if got := p.recall(); got != c.ok {
				t.Errorf("recalled %v, want %v", got, c.ok)
			} else if got && e.Value.revocations.Load() != g.app.service().Revocations() {
				t.Error("the revocations are looked through again next time")
			}
		})
	}
}

// Only a proof that goes on, of whom the app set no cookie anew, is kept, and for
// no longer than it and its identity last.
func TestPassMemory_KeepsNothingLonger(t *testing.T) {
	advance(t, 0)
	s := start(t, simple, nil)
	letPass(t, s)
	g, _ := remembered(t)
	at := now()
	for name, c := range map[string]struct {
		change func(*passage)
		until  time.Duration // 0: not kept
	}{
		"ok/a second":                  {func(*passage) {}, time.Second},
		"ok/to the end of the flag":    {func(p *passage) { p.flag.Expires = at.Add(300 * time.Millisecond) }, 300 * time.Millisecond},
		"ok/to the end of the answer":  {func(p *passage) { p.who.Until = at.Add(200 * time.Millisecond) }, 200 * time.Millisecond},
		"fail/the flag is over":        {func(p *passage) { p.flag.Expires = at }, 0},
		"ok/the identity's own claim":  {func(p *passage) { p.flag, p.who.Person.Methods = nil, []string{"pwd", "mfa"} }, time.Second},
		"fail/no flag and no claim":    {func(p *passage) { p.flag, p.who.Person.Methods = nil, []string{"pwd"} }, 0},
		"fail/nobody":                  {func(p *passage) { p.who.State = identity.Nobody }, 0},
		"fail/no word of revocations":  {func(p *passage) { p.deaf = true }, 0},
		"fail/a cookie of the app":     {func(p *passage) { p.who.SetCookie = []string{"a=b"} }, 0},
		"fail/a cookie of the gate":    {func(p *passage) { p.answer.set("a=b") }, 0},
		"fail/more than cookies alone": {func(p *passage) { p.plain = false }, 0},
		"fail/too long":                {func(p *passage) { p.r.Host = strings.Repeat("a", maxRememberedKey) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := &passage{
				gate: g, plain: true, given: []string{"name=" + name}, answer: answer{cookies: g.plainNames}, rare: new(rare), r: httptest.NewRequest("GET", "/documents/1", nil), now: at,
				found: &found{who: &identity.Result{State: identity.Known, Until: at.Add(time.Hour)}, flag: &enroll.Flag{Expires: at.Add(time.Hour)}},
			}
			c.change(p)
			p.remember(g.app.service().Revocations())
			e := g.memory.Get(p.given[0], &visitorKey{host: p.r.Host, cookies: true})
			switch {
			case (e != nil) != (c.until > 0):
				t.Errorf("kept %v", e != nil)
			case e != nil && e.Until.Sub(at) != c.until:
				t.Errorf("kept for %v, want %v", e.Until.Sub(at), c.until)
			}
		})
	}
}

// A request with anything in it that may be a credential is looked at each time.
func TestPassMemory_IsForPlainRequestsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		method, target, body string
		plain                bool
	}{
		"ok/GET": {"GET", "/documents/1", "", true}, "ok/HEAD": {"HEAD", "/documents/1", "", true},
		"fail/POST": {"POST", "/documents/1", "", false}, "fail/a body": {"GET", "/documents/1", "access_token=x", false}, "ok/a query": {"GET", "/documents?page=2&sort=name", "", true}, "fail/a token in it": {"GET", "/documents/1?access_token=x", "", false}, "fail/a login": {"GET", "/documents/1?user=bob&password=x", "", false},
		"fail/parameters": {"GET", "/documents/1;jsessionid=x", "", false}, "fail/a session in the path": {"GET", "/(S(x))/documents", "", false}, "fail/an escape": {"GET", "/documents%3Bjsessionid=x", "", false}, "fail/a name in the path": {"GET", "/PHPSESSID=x/documents", "", false},
	} {
		r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
		p := &passage{gate: &gateState{chain: &identity.Chain{}}, r: r, sent: wireTarget(r.RequestURI, r.URL)}
		if got := changesNothing(r) && p.namesNobody(); got != c.plain {
			t.Errorf("%s: plain %v", name, got)
		}
	}
}

// What was put together for one tenant, or one address, is not another's.
func TestLookedUp_IsOfOneTenant(t *testing.T) {
	start(t, offices, map[string]string{"policy.yaml": strings.Replace(officesPolicy, "SHARE", "everywhere", 1)})
	app, err := caddy.ActiveContext().App("mfa")
	if err != nil {
		t.Fatal(err)
	}
	g := app.(*App).state.gates.gates[0].state
	p := &passage{gate: g, r: httptest.NewRequest("GET", "/documents/1", nil), rare: &rare{looked: new(lookedUp)}, found: &found{who: &identity.Result{State: identity.Known}}}
	p.who.Person.Email = "bob@mail.test"
	for _, key := range []string{"silva", "costa", "silva"} {
		if r := p.rulesOf(g.app.policy().Tenant(key)); r.Tenant != key {
			t.Errorf("the rules of %s are those of %s", key, r.Tenant)
		}
	}
	if p.looked.email != "bob@mail.test" {
		t.Errorf("kept for %q", p.looked.email)
	}
}

// A requirement that begins within the second for which somebody is remembered
// holds from its first moment.
func TestPassMemory_ADateIsKept(t *testing.T) {
	stopClock(t)
	terms := func(begins time.Time) string {
		return "version: 1\ndefaults: {share: everywhere, methods: [totp, passkey]}\ntenants:\n" +
			"  house: {hosts: [localhost], require: mfa, protect: [/documents]}\n" +
			"  silva: {parent: house, require: phishing-resistant, activate: " + begins.Format(time.RFC3339Nano) + "}\n"
	}
	s := start(t, strings.Replace(offices, "cache 0s", "cache 1m", 1), map[string]string{"policy.yaml": terms(now().Add(time.Hour))})
	s.app.tenants["bob"] = "silva"
	b := letPass(t, s)
	advance(t, 2*rememberedFor) // he is forgotten
	if err := s.state().service().Poll(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.write("policy.yaml", terms(now().Add(rememberedFor/2)))
	s.policyCounts()
	for range 3 {
		b.get("/documents/1").want(200)
	}
	advance(t, rememberedFor/2)
	b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
}
