package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	gojwt "github.com/golang-jwt/jwt/v5"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

const claimSecret = "a secret of this test alone, 32 bytes or more"

// claiming is a site whose tokens say themselves that a second factor was used.
var claiming = strings.Replace(simple, `identity whoami /api/me {
			user json login
			email json email
			name json name
			login /login
			logout /logout
		}`, `identity jwt {
			cookie sid
			secret "`+claimSecret+`"
			user sub
			email email
			methods amr
		}`, 1)

func claim(t *testing.T, user string, lasts time.Duration, amr ...string) string {
	t.Helper()
	token, err := gojwt.NewWithClaims(gojwt.SigningMethodHS256, gojwt.MapClaims{
		"sub": user, "email": user + "@mail.test", "amr": amr, "exp": now().Add(lasts).Unix(),
	}).SignedString([]byte(claimSecret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Whose own token says that a second factor was used is remembered as one with a
// flag is, for no longer than the token lasts; nobody else of that site is.
func TestPassMemory_OfAClaim(t *testing.T) {
	advance(t, 0)
	s := start(t, claiming, nil)
	bob, eve := s.browser(), s.browser()
	bob.setCookie("sid", claim(t, "bob", time.Hour, "pwd", "mfa"))
	eve.setCookie("sid", claim(t, "eve", time.Hour, "pwd"))
	for range 3 {
		bob.get("/documents/1").want(200)
		eve.get("/documents/1", "Accept", "application/json").want(403)
	}
	if _, n := remembered(t); n != 1 {
		t.Fatalf("%d visitors are remembered, want 1", n)
	}
	if r, _ := s.app.lastRequest(); r.Header.Get("Mfa-User") != "bob" || r.Header.Get("Mfa-Status") != "verified" ||
		r.Header.Get("Mfa-Methods") != "pwd mfa" || r.Header["Mfa-Time"] != nil {
		t.Errorf("the app is told %v", r.Header)
	}
	bob.get("/open").want(200)
	if r, _ := s.app.lastRequest(); r.Header.Get("Mfa-User") != "" {
		t.Errorf("an open page is told of %v", r.Header)
	}
	advance(t, time.Hour+time.Minute) // past the token, and what clocks may differ by
	bob.get("/documents/1", "Accept", "application/json").want(401)
}

// Who sends a token instead of a cookie is remembered by it, and by nothing less: not
// where it is beside another's cookie, twice, or in a cookie, nor past its end.
func TestPassMemory_OfAToken(t *testing.T) {
	advance(t, 0)
	s := start(t, strings.Replace(claiming, "cookie sid\n", "cookie sid\n\t\t\theader Authorization\n", 1), nil)
	bob, eve := "Bearer "+claim(t, "bob", time.Hour, "pwd", "mfa"), "Bearer "+claim(t, "eve", time.Hour, "pwd")
	get := func(path string, fields ...string) *reply {
		return s.browser().get(path, append(fields, "Accept", "application/json")...)
	}
	for range 3 {
		get("/documents/1", "Authorization", bob).want(200)
		get("/documents/1?page=2", "Authorization", bob).want(200)
		get("/documents/1", "Authorization", eve).want(403)
	}
	g, n := remembered(t)
	if e := g.memory.All(); n != 1 || e[0].Text != bob || e[0].Key.authorization != bob || e[0].Key.cookies {
		t.Fatalf("%d visitors are remembered", n)
	}
	if r, _ := s.app.lastRequest(); r.Header["Cookie"] != nil || r.Header.Get("Authorization") != bob {
		t.Errorf("the app is sent %v", r.Header)
	}
	before := s.app.hitsOn("/documents/1")
	for name, c := range map[string]struct {
		path   string
		fields []string
		status int
	}{
		"beside eve's cookie":       {"/documents/1", []string{"Authorization", bob, "Cookie", "sid=" + strings.TrimPrefix(eve, "Bearer ")}, 401},
		"beside two cookie fields":  {"/documents/1", []string{"Authorization", bob, "Cookie", "a=b", "Cookie", "sid=" + strings.TrimPrefix(eve, "Bearer ")}, 401},
		"twice":                     {"/documents/1", []string{"Authorization", bob, "Authorization", eve}, 401},
		"in a cookie":               {"/documents/1", []string{"Cookie", bob}, 401},
		"without its last letter":   {"/documents/1", []string{"Authorization", bob[:len(bob)-1]}, 401},
		"beside a key":              {"/documents/1", []string{"Authorization", bob, "X-Api-Key", "x"}, 400},
		"beside a key in the query": {"/documents/1?api_key=x", []string{"Authorization", bob}, 400},
	} {
		if r := get(c.path, c.fields...); r.StatusCode != c.status {
			t.Errorf("%s: status %d", name, r.StatusCode)
		}
	}
	advance(t, time.Hour+time.Minute) // past the token, and what clocks may differ by
	get("/documents/1", "Authorization", bob).want(401)
	if n := s.app.hitsOn("/documents/1"); n != before {
		t.Errorf("%d more requests reached the app", n-before)
	}
}

// What was decided for a remembered visitor serves that target, by the policy in
// force, and no other.
func TestPassMemory_DecidesAnewWhatIsAnother(t *testing.T) {
	advance(t, 0)
	s := start(t, strings.NewReplacer("LINES", "", "cache 0s", "cache 30s").Replace(switching), map[string]string{"policy.yaml": switchable("mfa", "now")})
	b := s.signedIn("bob").enroll()
	for range 3 {
		b.get("/documents/1").want(200)
	}
	g, n := remembered(t)
	if n != 1 {
		t.Fatalf("%d visitors are remembered", n)
	}
	kept := func() *decided {
		for _, e := range g.memory.All() {
			return e.Value.decided.Load()
		}
		return nil
	}
	if d := kept(); d == nil || d.path != "/documents/1" || d.method != "GET" || d.decision.Reason != policy.ReasonVerified {
		t.Fatalf("kept %+v", d)
	}
	b.get("/documents").want(200)
	b.send("HEAD", "/documents/1", "").want(200)
	b.get("/open").want(200)
	if d := kept(); d.path != "/documents/1" || d.method != "GET" {
		t.Errorf("kept %+v", d)
	}
	s.write("policy.yaml", strings.Replace(switchable("mfa", "now"), "protect: [/documents]", "methods: [passkey], protect: [/documents]", 1))
	s.policyCounts()
	b.get("/documents/1", "Accept", "application/json").want(403)
}

// Where the age of a proof, a date to come, or whence somebody comes has a say,
// nothing is kept.
func TestPassMemory_KeepsNoDecisionThatMayChange(t *testing.T) {
	start(t, simple, nil)
	g, _ := remembered(t)
	at := now()
	account := policy.Account{State: policy.AccountKnown, Methods: []policy.AccountMethod{{Kind: policy.MethodTOTP, Tenant: "a", Reviewed: at}}}
	for name, c := range map[string]struct {
		terms, path string
		change      func(*policy.Facts)
		reason      policy.Reason
		kept        bool
	}{
		"ok/verified":                   {"protect: [/documents]", "/documents/1", nil, policy.ReasonVerified, true},
		"ok/with a query":               {"protect: [/documents]", "/documents/1?page=2", nil, policy.ReasonVerified, true},
		"fail/a fresh proof":            {"protect: [{path: /documents, fresh: 1h}]", "/documents/1", nil, policy.ReasonVerified, false},
		"fail/a sign-out":               {"protect: [/logout]", "/logout", nil, policy.ReasonVerified, false},
		"fail/by address":               {"protect: [/documents], service_accounts: [{user: svc, from: [192.0.2.0/24], until: 2999-01-01, owner: a@b.example, reason: export}]", "/documents/1", nil, policy.ReasonVerified, false},
		"ok/no review within a second":  {"protect: [/documents], review: 30d", "/documents/1", func(f *policy.Facts) { f.Proof.Reviewed = at.Add(2*rememberedFor - 720*time.Hour) }, policy.ReasonVerified, true},
		"fail/a review within a second": {"protect: [/documents], review: 30d", "/documents/1", func(f *policy.Facts) { f.Proof.Reviewed = at.Add(rememberedFor/2 - 720*time.Hour) }, policy.ReasonVerified, false},
		"fail/not required yet":         {"protect: [/documents], activate: 2999-01-01", "/documents/1", nil, policy.ReasonNotRequired, false},
		"fail/enrolled is enough":       {"protect: [/documents], prove: enrolled", "/documents/1", func(f *policy.Facts) { f.Proof, f.Account = policy.Proof{}, account }, policy.ReasonEnrolled, false},
		"fail/reported":                 {"protect: [/documents], mode: report", "/documents/1", func(f *policy.Facts) { f.Proof, f.Account = policy.Proof{}, account }, policy.ReasonReported, false},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(file, []byte("version: 1\ntenants:\n  a: {require: mfa, "+c.terms+"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			pol, err := policy.Load(file, policy.Options{Mail: policy.MailYes})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", c.path, nil)
			p := &passage{gate: g, memory: &passedEntry{Until: at.Add(rememberedFor)}, found: &noneFound, sent: wireTarget(r.RequestURI, r.URL), r: r}
			f := policy.Facts{
				Place: g.at("localhost"), Method: "GET", Sent: p.sent, Now: at, Who: policy.Known, User: "bob",
				Proof: policy.Proof{At: at, Tenant: "a", First: policy.FirstEmail, Methods: []string{policy.MethodTOTP}},
			}
			if c.change != nil {
				c.change(&f)
			}
			was := pol.Decide(&f)
			if was.Ask != policy.AskNothing || was.Reason != c.reason {
				t.Fatalf("decided %+v", was)
			}
			p.decision = &was
			p.keepDecision(pol, &f)
			d := p.memory.Value.decided.Load()
			if got := d != nil; got != c.kept {
				t.Errorf("kept %v", got)
			}
			if d != nil && d.path != "" && strings.Contains(c.path, "?") {
				t.Errorf("of a page with a query what is kept serves %s", d.path)
			}
		})
	}
}

// What was found out for one request serves the very same one, within the second,
// and no other.
func TestPassMemory_KnowsTheSameAgain(t *testing.T) {
	advance(t, 0)
	s := start(t, simple, nil)
	letPass(t, s)
	g, _ := remembered(t)
	e, at := g.memory.All()[0], now()
	kept := *e.Value.decided.Load()
	for name, c := range map[string]struct {
		change func(*passage, *decided)
		ok     bool
	}{
		"ok/the same":            {func(*passage, *decided) {}, true},
		"fail/another path":      {func(p *passage, _ *decided) { p.r.URL.Path, p.r.RequestURI = "/documents/2", "/documents/2" }, false},
		"fail/another spelling":  {func(p *passage, _ *decided) { p.r.URL.RawPath, p.r.RequestURI = "/documents/%31", "/documents/%31" }, false},
		"fail/an empty query":    {func(p *passage, _ *decided) { p.r.RequestURI = "/documents/1?" }, false},
		"fail/a query":           {func(p *passage, _ *decided) { p.r.URL.RawQuery, p.r.RequestURI = "a=b", "/documents/1?a=b" }, false},
		"fail/another method":    {func(p *passage, _ *decided) { p.r.Method = "HEAD" }, false},
		"fail/trailers to come":  {func(p *passage, _ *decided) { p.r.Trailer = http.Header{"Mfa-User": nil} }, false},
		"fail/rewritten":         {func(p *passage, _ *decided) { p.r.URL.Path = "/keys" }, false},
		"fail/with a new query":  {func(p *passage, _ *decided) { p.r.URL.RawQuery = "page=keys" }, false},
		"fail/in another form":   {func(p *passage, _ *decided) { p.r.URL.RawPath = "/documents%2F1" }, false},
		"fail/made of another":   {func(p *passage, _ *decided) { p.r = asked(p.r, "/open") }, false},
		"fail/by another policy": {func(_ *passage, d *decided) { d.by = new(policy.Policy) }, false},
		"fail/a second later":    {func(p *passage, _ *decided) { p.now = at.Add(rememberedFor) }, false},
		"fail/nothing decided":   {func(_ *passage, d *decided) { *d = decided{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := kept
			p := &passage{gate: g, memory: e, now: at, found: &noneFound, r: asked(httptest.NewRequest("GET", "/documents/1", nil), "/documents/1")}
			c.change(p, &d)
			e.Value.decided.Store(&d)
			if got := p.isAgain(); got != c.ok {
				t.Fatalf("the same: %v, want %v", got, c.ok)
			}
			if c.ok && (p.who.Person.User != "bob" || p.flag == nil || *p.decision != kept.decision || p.sent.Path != "/documents/1" || p.told != kept.told || !p.judged) {
				t.Errorf("taken over is %+v", p)
			}
		})
	}
}

// What was decided of one page serves another of which the same is decided, within the
// second.
func TestPassMemory_KnowsItsLike(t *testing.T) {
	advance(t, 0)
	s := start(t, strings.NewReplacer("LINES", "", "cache 0s", "cache 30s").Replace(switching), map[string]string{"policy.yaml": "version: 1\ntenants:\n  office: {require: mfa, protect: [/documents, /keys, /logout]}\n"})
	letPass(t, s)
	g, _ := remembered(t)
	e, at, pol := g.memory.All()[0], now(), g.app.policy()
	kept := *e.Value.decided.Load()
	for name, c := range map[string]struct {
		path   string
		change func(*passage, *decided)
		area   string // "": it is decided anew
	}{
		"ok/another page":        {"/documents/2", func(*passage, *decided) {}, "/documents"},
		"ok/of another area":     {"/keys/1", func(*passage, *decided) {}, "/keys"},
		"fail/a page that signs": {"/logout", func(*passage, *decided) {}, ""},
		"fail/an open page":      {"/open", func(*passage, *decided) {}, ""},
		"fail/trailers to come":  {"/keys/1", func(p *passage, _ *decided) { p.r.Trailer = http.Header{"Mfa-User": nil} }, ""},
		"fail/by another policy": {"/keys/1", func(_ *passage, d *decided) { d.by = new(policy.Policy) }, ""},
		"fail/a second later":    {"/keys/1", func(p *passage, _ *decided) { p.now = at.Add(rememberedFor) }, ""},
		"fail/nothing decided":   {"/keys/1", func(_ *passage, d *decided) { *d = decided{} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := kept
			p := &passage{gate: g, memory: e, now: at, found: &noneFound, decision: &undecided, r: httptest.NewRequest("GET", c.path, nil), sent: policy.Target{Path: c.path}}
			c.change(p, &d)
			e.Value.decided.Store(&d)
			place := g.at(p.r.Host)
			if got := p.isLike(pol, &place); got != (c.area != "") {
				t.Fatalf("alike: %v", got)
			}
			if c.area != "" && (p.decision.Area.Path != c.area || p.decision.Reason != policy.ReasonVerified || p.told != kept.told || p.who.Person.User != "bob" || p.flag == nil) {
				t.Errorf("taken over is %+v of %+v", p.decision, p.found)
			}
			if d.decision != kept.decision && name != "fail/nothing decided" {
				t.Error("what is remembered was written to")
			}
		})
	}
}

// asked is the request with its target as it came, as Caddy keeps it.
func asked(r *http.Request, target string) *http.Request {
	was := *r
	was.RequestURI = target
	return r.WithContext(context.WithValue(r.Context(), caddyhttp.OriginalRequestCtxKey, was))
}

// What was decided of a target does not serve the same one that routes before the
// gate have turned into another.
func TestPassMemory_DecidesAnewWhatIsRewritten(t *testing.T) {
	advance(t, 0)
	site := strings.NewReplacer("LINES", "", "cache 0s", "cache 30s", "http://:0 {\n", "http://:0 {\n\t@go header X-Go *\n\trewrite @go /keys/1\n").Replace(switching)
	s := start(t, site, map[string]string{"policy.yaml": "version: 1\ntenants:\n  office: {require: mfa, methods: [totp, passkey], protect: [/documents, {path: /keys, require: phishing-resistant}]}\n"})
	b := s.signedIn("bob").enroll()
	for range 3 {
		b.get("/documents/1").want(200)
	}
	b.get("/documents/1", "Accept", "application/json", "X-Go", "1").want(403)
	if n := s.app.hitsOn("/keys"); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
}

// What the app is told of a remembered proof is told of nobody else.
func TestPassMemory_TellsOfNobodyElse(t *testing.T) {
	bob := &identity.Result{State: identity.Known, Person: identity.Person{User: "bob", Methods: []string{"pwd", "mfa"}, Time: time.Unix(1000, 0)}}
	e := &passedEntry{Value: passed{found: found{who: bob}, methods: "pwd mfa", at: "1000"}}
	if methods, at := (&passage{gate: &gateState{}, memory: e, found: &found{who: bob}}).toldProof(); methods != "pwd mfa" || at != "1000" {
		t.Errorf("of himself %q at %q", methods, at)
	}
	if methods, at := (&passage{gate: &gateState{}, memory: e, found: &noneFound}).toldProof(); methods != "" || at != "" {
		t.Errorf("of nobody %q at %q", methods, at)
	}
}
