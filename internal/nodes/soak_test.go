package nodes

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// soakTime is how long TestSoak strains the node where SOAK does not say: the
// least in which a leak of one thing a reload, an outage or a request shows.
const soakTime = 20 * time.Second

// TestSoak: at half of what the machine can do, with a new configuration and
// another policy every second and a store that comes and goes, nobody passes who
// proved nothing, nobody who proved is asked again, and nothing grows: memory,
// goroutines, open files, neither under the strain nor once it is over.
func TestSoak(t *testing.T) {
	long := soakTime
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	s := newSoak(t)
	if err := s.newConfig(1); err != nil { // whose connections end soon
		t.Fatal(err)
	}
	s.calibrate(min(long/10, 10*time.Second))
	warm := max(long/10, 6*time.Second)
	s.strain(warm) // what grows once has grown: caches, pools, compiled pages
	before := s.atRest(nil)
	s.series = nil
	s.strain(long - warm)
	s.strained(long)
	s.flat()
	after := s.atRest(&before)
	t.Logf("at rest before %+v, after %+v", before, after)
	if what := after.above(before); what != "" {
		t.Errorf("the node has grown: %s, in %d requests, %d configurations and %d outages", what, s.requests.Load(), s.configs.Load(), s.outages.Load())
	}
}

type soak struct {
	t      *testing.T
	node   *node
	app    *apptest.Portal
	server *redistest.Server
	web    *http.Transport // of all visitors
	ana    *caller         // proved
	others []*caller       // did not, each in another way
	conf   string          // its Caddyfile
	sid    string          // of ana's session

	full float64       // requests a second, as many as are answered
	gap  time.Duration // between two requests
	next atomic.Int64  // request to be sent

	requests, wrong, lost, late, away, configs, policies, outages atomic.Int64

	series []size // under the strain, in order
}

// workers send requests: enough for the rate while the store is frozen and every
// question to it takes its second.
const workers = 48

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{t: t, server: redistest.Start(t), app: apptest.StartPortal(t), web: &http.Transport{MaxIdleConnsPerHost: workers}}
	t.Cleanup(s.web.CloseIdleConnections)
	s.node = startPolicy(t, s.app, s.server.URL(), lastKnown)
	text, err := os.ReadFile(s.node.file)
	if err != nil {
		t.Fatal(err)
	}
	s.conf = string(text)
	ana, left := signedIn(t, s.node, "ana"), signedIn(t, s.node, "ana")
	has := ana.Enrol()
	s.sid = ana.Cookie("portal_sid")
	left.Prove(has.App)
	flag := left.Cookie("mfa")
	left.SignOut()
	left.SignIn("ana")
	left.Header.Set("Cookie", "portal_sid="+left.Cookie("portal_sid")+"; mfa="+flag)
	left.Client.Jar = nil
	s.ana = &caller{Visitor: ana, who: "who proved", gets: http.StatusOK}
	s.others = []*caller{
		{signedIn(t, s.node, "ana"), "who has not proved yet", http.StatusForbidden},
		{signedIn(t, s.node, "bruno"), "who has nothing to prove with", http.StatusForbidden},
		{apptest.NewVisitor(t, s.node.url), "a stranger", http.StatusUnauthorized},
		{left, "the copy of a proof that was signed out", http.StatusForbidden},
	}
	for _, c := range append([]*caller{s.ana}, s.others...) {
		c.Client.Transport = s.web
	}
	return s
}

// calibrate finds out how many requests the machine answers in a second, with
// the visitors it has to play as well, and paces the load at half of it.
func (s *soak) calibrate(long time.Duration) {
	s.t.Helper()
	var all sync.WaitGroup
	begun := time.Now()
	for range workers {
		all.Go(func() {
			for time.Since(begun) < long {
				s.request(s.next.Add(1))
			}
		})
	}
	all.Wait()
	if s.requests.Load() == 0 {
		s.t.Fatal("nothing was answered")
	}
	s.full = float64(s.requests.Load()) / time.Since(begun).Seconds()
	s.gap = time.Duration(2 * float64(time.Second) / s.full)
	s.t.Logf("%.0f requests a second are answered: a load of %.0f", s.full, s.full/2)
}

// strain goes on for a while.
func (s *soak) strain(long time.Duration) {
	s.t.Helper()
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { s.load(stop) })
	all.Go(func() { s.reloads(stop) })
	all.Go(func() { s.flaps(stop) })
	all.Go(func() { s.watch(stop) })
	time.Sleep(long)
	close(stop)
	all.Wait()
	back(s.t, s.ana.Visitor)
}

// load sends a request every gap. What could not be sent in time is left out:
// nobody's visitors come twice because they came late.
func (s *soak) load(stop <-chan struct{}) {
	var mu sync.Mutex
	due := time.Now()
	turn := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		for due = due.Add(s.gap); time.Since(due) > time.Second; due = due.Add(s.gap) {
			s.late.Add(1)
		}
		return due
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Until(turn())):
				}
				s.request(s.next.Add(1))
			}
		})
	}
	all.Wait()
}

// reloads gives the node another policy and another configuration every second;
// of eight seconds it leaves three for the node to find the policy by itself.
// Configurations differ in how long a proof counts, policies in an area that
// nobody opens. Connections to the app that are idle end soon: by them Caddy holds
// what a configuration was made of.
func (s *soak) reloads(stop <-chan struct{}) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-second.C:
		}
		var err error
		if i%8 < 6 {
			err = s.newPolicy(i)
		}
		if i%8 < 5 && err == nil {
			err = s.newConfig(i)
		}
		if err != nil {
			s.t.Error(err)
			return
		}
	}
}

// newPolicy writes the i-th, whole at once as an editor does.
func (s *soak) newPolicy(i int) error {
	file := policyOf(s.conf)
	if err := os.WriteFile(file+".new", fmt.Appendf(nil, "%s      - /nobody-opens-%d\n", lastKnown, i%2), 0o600); err != nil {
		return err
	}
	s.policies.Add(1)
	return os.Rename(file+".new", file)
}

// admin asks Caddy's admin endpoint, which begins anew with each configuration and
// ends the connections that it has.
var admin = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// newConfig loads the i-th.
func (s *soak) newConfig(i int) error {
	next := strings.NewReplacer(
		"\tidentity whoami", fmt.Sprintf("\tflag __Host-mfa %dh\n\t\tidentity whoami", 10+i%2),
		"reverse_proxy 127.0.0.1:"+s.app.Port, "reverse_proxy 127.0.0.1:"+s.app.Port+" {\n\t\ttransport http {\n\t\t\tkeepalive 1s\n\t\t}\n\t}",
	).Replace(s.conf)
	resp, err := admin.Post("http://"+s.node.admin+"/load", "text/caddyfile", strings.NewReader(next))
	if err != nil {
		return err
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("reloading: %d %s", resp.StatusCode, body)
	}
	s.configs.Add(1)
	return nil
}

// policyOf finds the policy's file in a configuration.
func policyOf(conf string) string {
	_, rest, _ := strings.Cut(conf, "\tmfa ")
	file, _, _ := strings.Cut(rest, " ")
	return file
}

// flaps has the store frozen and killed in turn, and there in between.
func (s *soak) flaps(stop <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(1500 * time.Millisecond):
		}
		if i%2 == 0 {
			s.server.Freeze(s.t)
			time.Sleep(3 * time.Second)
			s.server.Thaw(s.t)
		} else {
			s.server.Kill(s.t)
			time.Sleep(500 * time.Millisecond)
			s.server.Run(s.t)
		}
		s.outages.Add(1)
	}
}

// strained says what the strain was, and that it was one.
func (s *soak) strained(long time.Duration) {
	s.t.Helper()
	requests, seconds := s.requests.Load(), int64(long/time.Second)
	seen := int64(strings.Count(s.node.Log(), "the policy changed"))
	s.t.Logf("%d requests, %d of them found the store away, %d more got no answer, %d were not sent in time; %d configurations, %d policies, %d of them found by the node, %d outages",
		requests, s.away.Load(), s.lost.Load(), s.late.Load(), s.configs.Load(), s.policies.Load(), seen, s.outages.Load())
	for what, c := range map[string]struct{ got, least int64 }{
		"requests":                             {requests, int64(s.full / 8 * long.Seconds())},
		"requests without a store":             {s.away.Load(), requests / 200},
		"configurations":                       {s.configs.Load(), seconds / 4},
		"policies that the node found":         {seen, seconds / 40},
		"outages":                              {s.outages.Load(), seconds / 8},
		"requests for each that got no answer": {requests / max(s.lost.Load(), 1), 100},
	} {
		if c.got < c.least {
			s.t.Errorf("it was no strain: %d %s, and not %d at least", c.got, what, c.least)
		}
	}
}
