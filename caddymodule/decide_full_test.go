package caddymodule

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// decideFully is what the policy says of a request when all is found out anew and
// nothing is remembered.
func decideFully(g *gateState, r *http.Request) policy.Decision {
	alone := *g
	alone.memory = newPassMemory() // of this one request
	p, _ := alone.enter(httptest.NewRecorder(), r, nil)
	pol := g.app.policy()
	f := policy.Facts{
		Place: g.at(r.Host), Method: r.Method, Sent: p.sent, Rewritten: policy.Target{Path: cmp.Or(r.URL.EscapedPath(), "/"), RawQuery: r.URL.RawQuery},
		Form: formBody(r), Cookies: r.Header["Cookie"], Preflight: isPreflight(r),
		Now: p.now, Client: clientAddr(r), Began: p.began,
	}
	p.identify()
	p.tell(&f)
	decision := p.settle(pol, &f, pol.Decide(&f), supposeDue)
	p.decision = &decision
	if hasDestination(r) {
		p.decideDestination(pol, f)
	}
	return *p.decision
}

const manyTerms = `version: 1
defaults: {require: mfa}
tenants:
  a:
    hosts: [a.test, localhost]
    protect: [/documents, {path: /fresh, fresh: 5m}, {path: /keys, require: phishing-resistant}, {path: /list, query: {page: secret}}, /shop/index.php]
    methods: [totp, passkey]
    allow: [{path: /documents/help, method: [GET]}, {path: /documents/list, query: {page: open}}]
  b: {hosts: [b.test], case: sensitive, protect: [/Documents, /do]}
  c: {parent: a, hosts: [c.test], grace: 1h}
  d: {hosts: [d.test], minimum: 2, protect: [/]}
  e: {hosts: [e.test], require: none, on_disable: keep, protect: [/documents]MORE}
  f: {hosts: [f.test], protect: [/documents, /documents/1, /do, /shop], allow: [/documents/help, /shop/2]MORE}
  g: {hosts: [g.test], require: phishing-resistant, methods: [totp, passkey], protect: [/documents, /do]}
`

const oneTerm = `version: 1
tenants:
  all: {require: mfa, protect: [/documents, /do, /own, /shop], allow: [/documents/help]MORE}
`

// A request is decided, whatever is remembered of others a moment ago and whatever
// is seen at a glance, as if all were found out anew.
func TestDecide_AsIfNothingWereRemembered(t *testing.T) {
	for name, c := range map[string]struct {
		protect, terms string
		alike          int // at least
	}{
		"ok/prefixes of the gate's own": {"protect /own", manyTerms, 0},
		"ok/those of the policy alone":  {"", manyTerms, 15},
		"ok/of one tenant":              {"", oneTerm, 50},
	} {
		t.Run(name, func(t *testing.T) { decidesAsIfAnew(t, c.protect, c.terms, c.alike) })
	}
}

func decidesAsIfAnew(t *testing.T, protect, terms string, leastAlike int) {
	stopClock(t)
	site := strings.NewReplacer("mfa {\n\t\tstore", "mfa %DIR%/policy.yaml {\n\t\tstore", "protect /documents /admin", protect, "methods amr\n", "methods amr\ntime auth_time\nheader Authorization\n").Replace(claiming)
	policies := []string{strings.ReplaceAll(terms, "MORE", ""), strings.NewReplacer("MORE", ", service_accounts: [{user: eve, from: [127.0.0.0/8], until: 2999-01-01, owner: a@b.example, reason: export}]", "/documents,", "/documents/1,", "/documents/1, /do", "/do").Replace(terms)}
	s := start(t, site, map[string]string{"policy.yaml": policies[0]})
	g := s.state().gates.gates[0].state
	r := rand.New(rand.NewPCG(13, 14))
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	flagged := s.browser()
	flagged.setCookie("sid", claim(t, "eve", time.Hour, "pwd"))
	flagged.enroll()
	cookies := []string{"", "a=b", "sid=forged", flagged.cookies()}
	for _, user := range []string{"bob", "eve"} {
		cookies = append(cookies, "sid="+claim(t, user, time.Hour, "pwd", "mfa"), "sid="+claim(t, user, time.Hour, "pwd"), "sid="+claim(t, user, 20*time.Second, "mfa"))
	}
	tokens := []string{"", "", "", "Bearer x", "Basic Ym9iOmJvYg=="}
	for _, c := range cookies[4:] {
		tokens = append(tokens, "Bearer "+strings.TrimPrefix(c, "sid="))
	}
	cookies = append(cookies, cookies[4]+"; page=secret", cookies[4]+"; "+cookies[7], flagged.cookies()+"; page=secret")
	recalled, tokened, queried, spared, again, alike, current := 0, 0, 0, 0, 0, 0, 0
	host, cookie, token, last := "a.test", cookies[4], "", "/documents/1"
	for i := range 6000 {
		if r.IntN(15) == 0 {
			host, cookie = one("a.test", "a.test", "a.test", "a.test", "b.test", "c.test", "d.test", "e.test", "f.test", "f.test", "f.test", "f.test", "f.test", "g.test", "x.test"), one(cookies...)
			if token = one(tokens...); token != "" && r.IntN(3) > 0 {
				cookie = ""
			}
		}
		switch r.IntN(400) {
		case 0:
			advance(t, time.Duration(r.IntN(1500))*time.Millisecond)
			if err := g.app.service().Poll(context.Background()); err != nil {
				t.Fatal(err)
			}
		case 1, 2, 3, 4:
			s.write("policy.yaml", policies[0])
			s.policyCounts()
			current = 0
		case 5:
			if err := g.app.service().RevokeUser(context.Background(), defaultRealm, "nobody", ""); err != nil {
				t.Fatal(err)
			}
		}
		method, path := one("GET", "GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "MOVE"), one(last, last, last, "/documents/1", "/documents/2", "/do/2", "/shop/2", "/documents/help", "/documents/list", "/Documents", "/DOCUMENTS/1", "/do", "/doc", "/fresh/1", "/keys", "/list", "/shop", "/shop/", "/own", "/open/1", "/open", "/", "/%64ocuments", "/open/..;/documents", "/.mfa%2f", "//documents", "/shop.php/documents")
		last = path
		query, now := one("", "", "", "", "", "", "page=secret", "page=open", "/documents", "q=1"), one("", "", "", "", "", "", "", "/", "/documents/1", "/open/1", "gone")
		to := one("/open/2", "/documents/2")
		ask := func() *http.Request {
			q := httptest.NewRequest(method, "http://"+host+path, nil)
			q.RequestURI, q.Host = path, host
			if query != "" {
				q.RequestURI += "?" + query
			}
			q.URL, _ = url.ParseRequestURI(q.RequestURI)
			if cookie != "" {
				q.Header["Cookie"] = []string{cookie}
			}
			if token != "" {
				q.Header["Authorization"] = []string{token}
			}
			switch {
			case method == "MOVE":
				q.Header.Set("Destination", to)
			case method == "OPTIONS" && i%2 == 0:
				q.Header.Set("Origin", "https://x.test")
				q.Header.Set("Access-Control-Request-Method", "GET")
			}
			ctx := context.WithValue(q.Context(), caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: "127.0.0.1"})
			ctx = context.WithValue(ctx, caddyhttp.OriginalRequestCtxKey, *q)
			q = q.WithContext(ctx)
			switch u := *q.URL; now {
			case "":
			case "gone":
				u.Path, u.RawPath = "", ""
				q.URL = &u
			default:
				u.Path, u.RawPath = now, ""
				q.URL = &u
			}
			return q
		}
		want := decideFully(g, ask())
		for n := range 4 { // found out, remembered, the same again, and after a change
			if n == 3 {
				if known := g.memory.Get(cmp.Or(cookie, token), &visitorKey{host: host, cookies: cookie != "", authorization: token}); known == nil || known.Value.decided.Load() == nil || r.IntN(8) > 0 {
					break
				}
				current ^= 1
				s.write("policy.yaml", policies[current])
				s.policyCounts()
				want = decideFully(g, ask())
			}
			p, to := g.enter(httptest.NewRecorder(), ask(), nil)
			known := p.memory
			if to == whereBefore {
				again++
			}
			if to == whereBefore || p.decide() {
				if to != whereBefore {
					alike++
				}
				if told := p.tells(); p.told != told {
					t.Fatalf("%s%s: the app is told %q again, and %q anew", host, path, p.told, told)
				}
			}
			if *p.decision != want {
				t.Fatalf("%s %s%s?%s, now %q, of %.20q and %.20q: decided %+v, all anew %+v", method, host, path, query, now, cookie, token, *p.decision, want)
			}
			if p.decision.Protected && p.decision.Verdict == policy.Allow && p.decision.Reason == policy.ReasonVerified && p.flag == nil && !p.gate.claimOf(&p.who.Person).Claim {
				t.Fatalf("%s%s: let pass as verified, and nothing is proven", host, path)
			}
			if known != nil && p.memory == known {
				recalled++
				if token != "" {
					tokened++
				}
				if query != "" {
					queried++
				}
			}
			if p.decision.Reason == policy.ReasonOpen {
				spared++
			}
		}
	}
	if (undecided != policy.Decision{}) || (openToAll != policy.Decision{Verdict: policy.Allow, Reason: policy.ReasonOpen}) || noneFound.who != &nobodyYet || noneFound.flag != nil {
		t.Error("what all requests share was written to")
	}
	t.Logf("%d were recalled, %d by a token, %d with a query, %d the same again, %d alike, %d open", recalled, tokened, queried, again, alike, spared)
	if recalled < 300 || tokened < 50 || queried < 50 || again < 50 || alike < leastAlike || spared < 300 {
		t.Error("too few of a kind")
	}
}
