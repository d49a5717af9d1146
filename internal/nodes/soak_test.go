package nodes

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// soakTime is how long TestSoak goes on; `make soak` sets SOAK to minutes.
const soakTime = 20 * time.Second

// TestSoak: at half of what it can do, with a new configuration every second and
// a store that comes and goes, nobody passes who proved nothing, nobody who
// proved is asked again, and nothing grows: memory, goroutines, open files.
func TestSoak(t *testing.T) {
	long := soakTime
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	server, app := redistest.Start(t), apptest.StartPortal(t)
	n := startPolicy(t, app, server.URL(), lastKnown)
	s := &soak{t: t, node: n, app: app.Port, ana: signedIn(t, n, "ana")}
	has := s.ana.Enrol()
	s.unproven = []*apptest.Visitor{signedIn(t, n, "ana"), signedIn(t, n, "bruno"), apptest.NewVisitor(t, n.url)}
	left := signedIn(t, n, "ana")
	left.Prove(has.App)
	flag := left.Cookie("mfa")
	left.SignOut()
	left.SignIn("ana")
	left.Header.Set("Cookie", "portal_sid="+left.Cookie("portal_sid")+"; mfa="+flag)
	left.Client.Jar = nil // the copy of a proof that was signed out
	s.unproven = append(s.unproven, left)

	s.calibrate()
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { s.load(stop) })
	all.Go(func() { s.reloads(stop) })
	all.Go(func() { s.flaps(stop, server) })
	warm := long / 4
	time.Sleep(warm) // what grows once has grown
	before := s.size()
	time.Sleep(long - warm)
	close(stop)
	all.Wait()
	back(t, s.ana)
	t.Logf("%d requests, of which %d found the store away, %d configurations, %d outages", s.requests.Load(), s.away.Load(), s.configs.Load(), s.outages.Load())
	if s.requests.Load() == 0 || s.away.Load() == 0 || s.configs.Load() < 5 || s.outages.Load() < 2 {
		t.Error("it was no strain")
	}
	after := s.size()
	grown := func() bool {
		return after.goroutines > before.goroutines+20 || after.files > before.files+20 || after.heap > before.heap*3/2+8<<20
	}
	for deadline := time.Now().Add(30 * time.Second); grown() && time.Now().Before(deadline); after = s.size() {
		time.Sleep(time.Second) // what is let go of ends by and by
	}
	t.Logf("before %+v, after %+v", before, after)
	if grown() {
		t.Error("the node has grown")
	}
}

type soak struct {
	t        *testing.T
	node     *node
	app      string             // its port
	ana      *apptest.Visitor   // proved
	unproven []*apptest.Visitor // did not, each in another way
	pause    time.Duration      // between two requests of one worker

	requests, away, configs, outages atomic.Int64
}

// workers send requests at once.
const workers = 4

// calibrate finds out how fast requests are answered, and makes the load half
// of it.
func (s *soak) calibrate() {
	var n atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range workers {
		all.Go(func() {
			for time.Since(begun) < time.Second {
				s.request(int(n.Add(1)))
			}
		})
	}
	all.Wait()
	s.pause = time.Since(begun) * workers / time.Duration(n.Load())
}

// request sends the i-th request, and holds its answer against what it may be.
func (s *soak) request(i int) {
	path := place
	if i%3 == 0 {
		path = shut
	}
	v, proved := s.ana, i%2 == 0
	if !proved {
		v = s.unproven[i/2%len(s.unproven)]
	}
	got, err := v.Try(http.MethodGet, path)
	if err != nil {
		return // a connection that a reload closed before it answered
	}
	s.requests.Add(1)
	switch {
	case got.Status == http.StatusServiceUnavailable:
		s.away.Add(1)
	case proved && got.Status != http.StatusOK:
		s.t.Errorf("who proved gets %d at %s: %.300s", got.Status, path, got.Body)
	case !proved && got.Status == http.StatusOK:
		s.t.Errorf("who proved nothing passes at %s: %.300s", path, got.Body)
	}
}

func (s *soak) load(stop <-chan struct{}) {
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; ; i += workers {
				select {
				case <-stop:
					return
				case <-time.After(s.pause):
				}
				s.request(i)
			}
		})
	}
	all.Wait()
}

// reloads gives the node another configuration every second. They differ in how
// long a proof counts. Connections to the app that are idle end soon: by them
// Caddy holds what a configuration was made of.
func (s *soak) reloads(stop <-chan struct{}) {
	text, err := os.ReadFile(s.node.file)
	if err != nil {
		s.t.Error(err)
		return
	}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(time.Second):
		}
		other := strings.Replace(string(text), "\tidentity whoami", fmt.Sprintf("\tflag __Host-mfa %dh\n\t\tidentity whoami", 10+i%2), 1)
		other = strings.Replace(other, "reverse_proxy 127.0.0.1:"+s.app, "reverse_proxy 127.0.0.1:"+s.app+" {\n\t\ttransport http {\n\t\t\tkeepalive 1s\n\t\t}\n\t}", 1)
		resp, err := http.Post("http://"+s.node.admin+"/load", "text/caddyfile", strings.NewReader(other))
		if err != nil {
			s.t.Error(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			s.t.Errorf("reloading: %d %s", resp.StatusCode, body)
			return
		}
		s.configs.Add(1)
	}
}

// flaps has the store frozen and killed in turn, and there in between.
func (s *soak) flaps(stop <-chan struct{}, server *redistest.Server) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(1500 * time.Millisecond):
		}
		if i%2 == 0 {
			server.Freeze(s.t)
			time.Sleep(3 * time.Second)
			server.Thaw(s.t)
		} else {
			server.Kill(s.t)
			time.Sleep(500 * time.Millisecond)
			server.Run(s.t)
		}
		s.outages.Add(1)
	}
}

// size is what the node has in use.
type size struct{ goroutines, files, heap int }

var (
	totalOf = regexp.MustCompile(`goroutine profile: total (\d+)`)
	inUseOf = regexp.MustCompile(`# HeapInuse = (\d+)`)
)

// size asks the node, after it has given back what it can.
func (s *soak) size() size {
	s.t.Helper()
	number := func(page string, of *regexp.Regexp) int {
		resp, err := http.Get("http://" + s.node.admin + "/debug/pprof/" + page)
		if err != nil {
			s.t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		m := of.FindSubmatch(text)
		if m == nil {
			s.t.Fatalf("%s says nothing: %.200s", page, bytes.TrimSpace(text))
		}
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			s.t.Fatal(err)
		}
		return n
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.node.Pid()))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("%d open files, %v", len(files), err)
	}
	heap := number("heap?gc=1&debug=1", inUseOf)
	return size{number("goroutine?debug=1", totalOf), len(files), heap}
}
