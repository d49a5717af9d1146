package caddymodule

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/quic-go/quic-go/http3"
)

// feed is an app of streams.
type feed struct {
	*httptest.Server
	answer chan struct{} // lets /feed/slow answer
	read   chan error    // how the body sent to /feed/upload ended
}

func newFeed(t *testing.T) *feed {
	t.Helper()
	f := &feed{answer: make(chan struct{}), read: make(chan error, 1)}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w).Flush
	switch r.URL.Path {
	case "/feed/silent":
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: SECRET\n\n")
		_ = flush()
		<-r.Context().Done()
	case "/feed/events", "/feed/film":
		w.Header().Set("Content-Type", map[bool]string{true: "text/event-stream; charset=utf-8", false: "video/mp4"}[r.URL.Path == "/feed/events"])
		for r.Context().Err() == nil {
			fmt.Fprint(w, "data: SECRET\n\n")
			_ = flush()
			time.Sleep(5 * time.Millisecond)
		}
	case "/feed/slow":
		<-f.answer
		fmt.Fprint(w, "SECRET")
	case "/feed/upload":
		_, err := io.Copy(io.Discard, r.Body)
		f.read <- err
	case "/feed/ws":
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw)
	}
}

// startFeed runs a site whose streams are protected, judged again often.
func startFeed(t *testing.T, conf string, files map[string]string) (*live, *feed) {
	t.Helper()
	f := newFeed(t)
	often(t)
	conf = strings.Replace(conf, "\treverse_proxy", "\treverse_proxy /feed/* "+f.Listener.Addr().String()+"\n\treverse_proxy", 1)
	return start(t, conf, files), f
}

func often(t *testing.T) {
	t.Helper()
	set := func(every time.Duration) {
		openStreams.mu.Lock()
		openStreams.every = every
		openStreams.mu.Unlock()
	}
	set(20 * time.Millisecond)
	t.Cleanup(func() { set(recheckEvery) })
}

var feeds = strings.Replace(simple, "/documents /admin", "/documents /feed", 1)

// open begins a request and returns its answer, read so far as the first line.
func (b *browser) open(path string, fields ...string) (*http.Response, *bufio.Reader) {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.s.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	res, err := (&http.Client{Jar: b.Jar, Transport: b.Transport}).Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewReader(res.Body)
	if line, err := lines.ReadString('\n'); res.StatusCode != http.StatusOK || err != nil || !strings.Contains(line, "SECRET") {
		b.t.Fatalf("%s: %d %q %v", path, res.StatusCode, line, err)
	}
	return res, lines
}

// ends reads a stream to its end. One that was broken off must not look like
// one that came to its end.
func ends(t *testing.T, stream io.Reader) {
	t.Helper()
	over := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, stream)
		over <- err
	}()
	select {
	case err := <-over:
		if err == nil {
			t.Error("the stream that was broken off looks whole")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the stream goes on")
	}
}

// goesOn sees a stream through several looks at it.
func goesOn(t *testing.T, lines *bufio.Reader) {
	t.Helper()
	for range 3 {
		openStreams.recheck()
		for range 10 {
			if _, err := lines.ReadString('\n'); err != nil {
				t.Fatalf("the stream ended: %v", err)
			}
		}
	}
}

// socket opens a WebSocket.
func (b *browser) socket(path string) (net.Conn, *http.Response) {
	b.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.s.base, "http://"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
		path, strings.TrimPrefix(b.s.base, "http://"), b.cookies())
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return conn, res
}

func (b *browser) signOutEverywhere() {
	b.t.Helper()
	b.call("DELETE", "/.mfa/api/sessions", nil)
}

// TestDesign_M13_StreamsEndWithTheProof: whatever ends a proof ends the streams that were let pass by it.
func TestDesign_M13_StreamsEndWithTheProof(t *testing.T) {
	for name, end := range map[string]func(*live, *browser){
		"sign-out everywhere":            func(_ *live, b *browser) { b.signOutEverywhere() },
		"sign-out of the app":            func(_ *live, b *browser) { b.get("/logout") },
		"another person in the browser":  func(_ *live, b *browser) { b.signIn("eve"); b.get("/documents/1") },
		"the end of the flag's lifetime": func(s *live, _ *browser) { advance(s.t.(*testing.T), 13*time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := startFeed(t, feeds, nil)
			b := s.signedIn("bob").enroll()
			_, events := b.open("/feed/events")
			goesOn(t, events)
			end(s, b)
			ends(t, events)
		})
	}
}

// TestDesign_M13_AnOpenStreamKeepsNoSessionAlive: to look whether a stream may go on
// asks the app nothing, or an idle session would never run out.
func TestDesign_M13_AnOpenStreamKeepsNoSessionAlive(t *testing.T) {
	s, _ := startFeed(t, feeds, nil)
	b := s.signedIn("bob").enroll()
	_, events := b.open("/feed/events")
	before := s.app.questions()
	for range 20 {
		advance(t, 10*time.Minute)
		goesOn(t, events)
	}
	if n := s.app.questions() - before; n != 0 {
		t.Errorf("the app was asked %d times", n)
	}
}

func TestStreams_OfEveryKind(t *testing.T) {
	t.Run("ok/that says nothing", func(t *testing.T) {
		s, _ := startFeed(t, feeds, nil)
		b := s.signedIn("bob").enroll()
		_, silent := b.open("/feed/silent")
		b.signOutEverywhere()
		ends(t, silent)
	})
	t.Run("ok/over HTTP/2", func(t *testing.T) {
		s, _ := startFeed(t, strings.Replace(feeds, "\tmfa {", "\tservers {\n\t\tprotocols h1 h2c\n\t}\n\tmfa {", 1), nil)
		b := s.signedIn("bob").enroll()
		h2 := &http.Transport{Protocols: new(http.Protocols)}
		h2.Protocols.SetUnencryptedHTTP2(true)
		t.Cleanup(h2.CloseIdleConnections)
		two := *b
		two.Client = &http.Client{Jar: b.Jar, Transport: h2}
		res, silent := two.open("/feed/silent")
		_, other := two.open("/feed/events") // of the same connection
		if res.ProtoMajor != 2 {
			t.Fatal(res.Proto)
		}
		goesOn(t, other)
		b.signOutEverywhere()
		ends(t, silent)
		ends(t, other)
		two.get("/open").want(200)
	})
	t.Run("ok/over HTTP/3", func(t *testing.T) {
		port := freeport.Get(t)
		conf := strings.Replace(strings.Replace(feeds, "http://:0", "https://localhost:"+port, 1), "%PRELUDE%",
			strings.Replace(prelude, "auto_https off", "auto_https disable_redirects\n\tlocal_certs\n\tskip_install_trust\n\tstorage file_system %DIR%/storage", 1), 1)
		s, _ := startFeed(t, strings.NewReplacer("%DIR%", t.TempDir()).Replace(conf), nil)
		s.base = "https://localhost:" + port
		trust := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // a test's own server
		eventually(t, func() bool {                    // the certificate is made in the background
			conn, err := tls.Dial("tcp", "localhost:"+port, trust)
			return err == nil && conn.Close() == nil
		})
		b := s.browser()
		b.Transport = &http.Transport{TLSClientConfig: trust}
		b.signIn("bob")
		b.enroll()
		three := *b
		h3 := &http3.Transport{TLSClientConfig: trust}
		t.Cleanup(func() { _ = h3.Close() })
		three.Client = &http.Client{Jar: b.Jar, Transport: h3}
		res, silent := three.open("/feed/silent", "Accept", "text/event-stream")
		if res.ProtoMajor != 3 {
			t.Fatal(res.Proto)
		}
		_, film := three.open("/feed/events", "Accept", "*/*")
		goesOn(t, film)
		b.signOutEverywhere()
		ends(t, silent)
		ends(t, film)
	})
	t.Run("ok/a long answer", func(t *testing.T) {
		s, _ := startFeed(t, feeds, nil)
		b := s.signedIn("bob").enroll()
		_, film := b.open("/feed/film")
		if n := openStreams.count(); n != 0 {
			t.Errorf("%d streams: an answer that has only begun is none", n)
		}
		advance(t, longAfter+time.Second)
		goesOn(t, film)
		b.signOutEverywhere()
		ends(t, film)
	})
	t.Run("ok/a large file", func(t *testing.T) {
		conf := strings.Replace(feeds, "\treverse_proxy", "\thandle /documents/* {\n\t\troot %DIR%/www\n\t\tfile_server\n\t}\n\treverse_proxy", 1)
		s, _ := startFeed(t, conf, map[string]string{"www/documents/film": "SECRET\n" + strings.Repeat("x", 64<<20)})
		b := s.signedIn("bob").enroll()
		_, film := b.open("/documents/film")
		eventually(t, func() bool { return openStreams.count() == 1 })
		b.signOutEverywhere()
		eventually(t, func() bool { return openStreams.count() == 0 })
		ends(t, film)
	})
	t.Run("ok/a WebSocket", func(t *testing.T) {
		s, _ := startFeed(t, feeds, nil)
		b := s.signedIn("bob").enroll()
		conn, res := b.socket("/feed/ws")
		if res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal(res.Status)
		}
		for range 3 {
			openStreams.recheck()
			fmt.Fprint(conn, "hello")
			if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
		}
		b.signOutEverywhere()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("it goes on: %v", err)
		}
	})
	t.Run("ok/an answer that comes late", func(t *testing.T) {
		s, f := startFeed(t, feeds, nil)
		b := s.signedIn("bob").enroll()
		got := make(chan *reply, 1)
		slow := *b
		go func() { got <- slow.get("/feed/slow", "Accept", "application/json") }()
		eventually(t, func() bool { return f.waiting() })
		b.signOutEverywhere()
		advance(t, longAfter+time.Second)
		close(f.answer)
		if r := <-got; r.StatusCode != 403 || strings.Contains(r.body, "SECRET") {
			t.Errorf("%d %q", r.StatusCode, r.body)
		}
	})
	t.Run("ok/a body that is being sent", func(t *testing.T) {
		s, f := startFeed(t, feeds, nil)
		b := s.signedIn("bob").enroll()
		body, sent := io.Pipe()
		defer sent.Close()
		r, err := http.NewRequest("PUT", s.base+"/feed/upload", body)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if res, err := (&http.Client{Jar: b.Jar}).Do(r); err == nil {
				_ = res.Body.Close()
			}
		}()
		if _, err := sent.Write([]byte("a")); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return openStreams.count() == 1 })
		b.signOutEverywhere()
		if err := <-f.read; err == nil {
			t.Error("the app takes the half for the whole")
		}
	})
}

// waiting reports whether a request waits for its answer.
func (f *feed) waiting() bool {
	select {
	case f.answer <- struct{}{}:
		return false
	default:
		return true
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came so far")
		}
	}
}

// A rule that becomes stricter ends what it would no longer let pass, also what
// was open, or asked of nobody, before.
func TestStreams_EndWithAStricterRule(t *testing.T) {
	policy := func(require, protect string) string {
		return "version: 1\ntenants:\n  silva:\n    name: Silva\n    hosts: [localhost]\n    require: " + require + "\n    protect: [" + protect + "]\n"
	}
	site := strings.Replace(offices, "\t\t\ttenant json tenant\n", "", 1)
	for name, c := range map[string]struct{ before, after string }{
		"from open to protected":     {policy("mfa", "/documents"), policy("mfa", "/feed")},
		"from nothing to mfa":        {policy("none", "/feed"), policy("mfa", "/feed")},
		"to a second factor for all": {policy("none", "/documents"), policy("mfa", "/")},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := startFeed(t, site, map[string]string{"policy.yaml": c.before})
			_, events := s.signedIn("bob").open("/feed/events")
			goesOn(t, events)
			s.write("policy.yaml", c.after)
			ends(t, events)
		})
	}
	t.Run("a rule that does not touch it", func(t *testing.T) {
		s, _ := startFeed(t, site, map[string]string{"policy.yaml": policy("none", "/feed")})
		b := s.signedIn("bob")
		_, events := b.open("/feed/events")
		s.write("policy.yaml", policy("mfa", "/documents"))
		s.eventually(b, 403)
		goesOn(t, events)
	})
}

// How fresh a proof is, is asked when a request comes: nothing is cut because
// it goes on.
func TestStreams_DoNotGrowStale(t *testing.T) {
	s, _ := startFeed(t, strings.Replace(offices, "\t\t\ttenant json tenant\n", "", 1), map[string]string{
		"policy.yaml": "version: 1\ntenants:\n  silva:\n    hosts: [localhost]\n    require: mfa\n    protect: [{path: /feed, fresh: 5m}, /documents]\n",
	})
	b := s.signedIn("bob").enroll()
	_, events := b.open("/feed/events")
	advance(t, 6*time.Minute)
	b.get("/feed/events", "Accept", "application/json").want(403).reason("stale")
	goesOn(t, events)
	b.signOutEverywhere()
	ends(t, events)
}

// A configuration that is loaded anew judges what the one before it let pass.
func TestStreams_OutliveAReload(t *testing.T) {
	s, _ := startFeed(t, feeds, nil)
	b := s.signedIn("bob").enroll()
	_, events := b.open("/feed/events")
	conf := strings.Replace(feeds, "\treverse_proxy", "\treverse_proxy /feed/* 127.0.0.1:1\n\treverse_proxy", 1)
	if err := s.load(conf); err != nil {
		t.Fatal(err)
	}
	goesOn(t, events)
	if err := s.load(strings.Replace(conf, "cookies", "nobody guest\n\t\t\tcookies", 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.load(strings.Replace(conf, "json login", "json name", 1)); err != nil {
		t.Fatal(err)
	}
	ends(t, events) // by whose names nobody of the old ones is known
}

// An ordinary request is no stream, and one that ended is none any more.
func TestStreams_CostOrdinaryRequestsNothing(t *testing.T) {
	s, _ := startFeed(t, feeds, nil)
	b := s.signedIn("bob").enroll()
	for range 20 {
		b.get("/documents/1").want(200)
		b.form("/documents/1", map[string][]string{"a": {"b"}}).want(200)
		b.get("/open").want(200)
	}
	openStreams.mu.Lock()
	watched := openStreams.watched
	openStreams.mu.Unlock()
	if watched {
		t.Error("ordinary requests are looked after")
	}
	ctx, stop := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/feed/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Jar: b.Jar}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return openStreams.count() == 1 })
	stop()
	_ = res.Body.Close()
	eventually(t, func() bool { return openStreams.count() == 0 })
	eventually(t, func() bool {
		openStreams.mu.Lock()
		defer openStreams.mu.Unlock()
		return !openStreams.watched
	})
}

// A moment without the store cuts nothing; a second look without it does.
func TestStreams_OneMoreLookWithoutTheStore(t *testing.T) {
	decided := func(reasons ...policy.Reason) (list []policy.Decision) {
		for _, r := range reasons {
			list = append(list, policy.Decision{Verdict: r.Verdict(), Reason: r})
		}
		return list
	}
	asking := []policy.Decision{{Ask: policy.AskIdentity, Verdict: policy.Allow, Reason: policy.ReasonVerified}}
	for name, c := range map[string]struct {
		looks [][]policy.Decision
		want  string // y or n for each
	}{
		"ok/verified":               {[][]policy.Decision{decided(policy.ReasonVerified), decided(policy.ReasonVerified)}, "yy"},
		"ok/reminded":               {[][]policy.Decision{decided(policy.ReasonRemind)}, "y"},
		"ok/blind once":             {[][]policy.Decision{decided(policy.ReasonStoreDown), decided(policy.ReasonVerified), decided(policy.ReasonStoreDown)}, "yyy"},
		"fail/blind twice":          {[][]policy.Decision{decided(policy.ReasonStoreDown), decided(policy.ReasonStoreDown)}, "yn"},
		"fail/by one of two":        {[][]policy.Decision{decided(policy.ReasonVerified, policy.ReasonVerify)}, "n"},
		"fail/by one, blind of two": {[][]policy.Decision{decided(policy.ReasonStoreDown, policy.ReasonVerify)}, "n"},
		"fail/by no gate":           {[][]policy.Decision{{}}, "n"},
		"fail/not known":            {[][]policy.Decision{asking}, "n"},
		"fail/identity is down":     {[][]policy.Decision{decided(policy.ReasonIdentityDown)}, "n"},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := new(stream), ""
			for _, look := range c.looks {
				got += map[bool]string{true: "y", false: "n"}[s.weigh(look)]
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Caddy's idle time-outs give what goes on a new deadline at each step, so that
// a body, or a file, must itself know when it has ended.
func TestStreams_AReaderEndsWithItsStream(t *testing.T) {
	s := new(stream)
	r := judgedReader{strings.NewReader("SECRET"), s}
	half := make([]byte, 3)
	if _, err := io.ReadFull(r, half); err != nil || string(half) != "SEC" {
		t.Fatalf("%q %v", half, err)
	}
	s.ended.Store(true)
	if n, err := r.Read(half); n != 0 || !errors.Is(err, errEnded) {
		t.Errorf("%d bytes more, %v", n, err)
	}
}
