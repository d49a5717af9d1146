package nodes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
	"github.com/pquerna/otp/totp"
)

// TestAdvisory_FO6_KilledWhileEnrolling kills the gate, and with Redis the store,
// again and again while people enrol. Whoever was told to be protected is so
// afterwards; nobody is half; no code that was spent is good again.
func TestAdvisory_FO6_KilledWhileEnrolling(t *testing.T) {
	t.Run("bolt", func(t *testing.T) {
		s := newCrashSite(t, "store bolt mfa.db")
		s.crash(t, func(int) {
			s.node.Kill()
			s.start(t)
		})
	})
	t.Run("redis", func(t *testing.T) {
		server := redistest.Start(t)
		s := newCrashSite(t, "store redis "+server.URL()+" {\n\t\t\ttimeout 1s\n\t\t}")
		s.crash(t, func(round int) {
			if round%3 != 1 {
				s.node.Kill()
			}
			if round%3 != 0 {
				server.Kill(t)
				server.Run(t)
			}
			if round%3 != 1 {
				s.start(t)
			}
		})
	})
}

const crashConf = `{
	admin off
	persist_config off
	mfa policy.yaml {
		key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
		STORE
	}
}
http://localhost:PORT {
	bind 127.0.0.1
	mfa {
		identity whoami /api/me {
			user json login
			cookies sid
		}
	}
	reverse_proxy APP
}
`

// crashSite is a Caddy that can be killed and started again on the same files.
type crashSite struct {
	dir, url string
	node     *apptest.Process
}

func newCrashSite(t *testing.T, store string) *crashSite {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("sid"); err == nil && r.URL.Path == "/api/me" {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]string{"login": c.Value})
		}
	}))
	t.Cleanup(app.Close)
	s := &crashSite{dir: t.TempDir()}
	port := apptest.Port(t)
	s.url = "http://localhost:" + port
	for name, text := range map[string]string{
		"Caddyfile":   strings.NewReplacer("STORE", store, "PORT", port, "APP", strings.TrimPrefix(app.URL, "http://")).Replace(crashConf),
		"policy.yaml": "version: 1\ntenants: {office: {require: mfa, first: none, protect: [/documents]}}\n",
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.start(t)
	return s
}

func (s *crashSite) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command(apptest.Caddy(t), "run", "--config", filepath.Join(s.dir, "Caddyfile"))
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+s.dir, "XDG_CONFIG_HOME="+s.dir)
	s.node = apptest.Start(t, cmd)
	s.node.Answers(t, s.url+"/open")
}

// enrolment is what one person was told.
type enrolment struct {
	user, secret string
	asked, told  bool // the last step was sent; it was answered with success
	codes        []string
	spent        int // 0: the first code was not sent; 1: it was; 2: and it was taken
}

// crash lets four people at a time enrol while the site crashes six times, and
// looks at every one of them when it runs again.
func (s *crashSite) crash(t *testing.T, crash func(round int)) {
	var mu sync.Mutex
	var all []*enrolment
	var over atomic.Bool
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			for i := 0; !over.Load(); i++ {
				e := &enrolment{user: fmt.Sprintf("user-%d-%d", w, i)}
				s.enrol(e)
				mu.Lock()
				all = append(all, e)
				mu.Unlock()
			}
		})
	}
	told := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range all {
			if e.told {
				n++
			}
		}
		return n
	}
	for round := range 6 {
		enough := told() + 5 + round%3
		apptest.Eventually(t, time.Minute, "people to enrol", func() bool { return told() >= enough })
		crash(round)
	}
	over.Store(true)
	workers.Wait()
	apptest.Eventually(t, time.Minute, "the store", func() bool { return s.browser("nobody").reason(t) == "enroll" })
	sure, unsure := 0, 0
	for _, e := range all {
		if e.asked {
			s.look(t, e)
		}
		if e.told {
			sure++
		} else if e.asked {
			unsure++
		}
	}
	t.Logf("%d people were told to be protected, %d never heard", sure, unsure)
}

// enrol goes as far as the site lets it.
func (s *crashSite) enrol(e *enrolment) {
	b := s.browser(e.user)
	var begun struct{ Secret string }
	if status, err := b.post("methods/totp", nil, &begun); err != nil || status != http.StatusOK {
		return
	}
	e.secret = strings.ReplaceAll(begun.Secret, " ", "")
	e.asked = true
	var done struct {
		Codes []string `json:"recovery_codes"`
	}
	status, err := b.post("methods/totp/verify", map[string]string{"code": e.code(0), "name": "phone"}, &done)
	if err != nil || status != http.StatusOK {
		return
	}
	e.told, e.codes, e.spent = true, done.Codes, 1
	if status, err := s.browser(e.user).post("verify/codes/verify", map[string]string{"code": e.codes[0]}, nil); err == nil && status == http.StatusOK {
		e.spent = 2
	}
}

// look holds what stands after the crashes against what the person was told.
func (s *crashSite) look(t *testing.T, e *enrolment) {
	t.Helper()
	b := s.browser(e.user)
	switch reason := b.reason(t); {
	case reason == "enroll" && !e.told:
		again := &enrolment{user: e.user}
		if s.enrol(again); !again.told || again.spent != 2 {
			t.Errorf("%s, who never heard, cannot enrol anew", e.user)
		}
		return
	case reason != "verify":
		t.Errorf("%s was told %v, and gets %s", e.user, e.told, reason)
		return
	}
	if e.told {
		want := map[int]string{1: "200 409", 2: "409"}[e.spent]
		if status, err := b.post("verify/codes/verify", map[string]string{"code": e.codes[0]}, nil); err != nil || !strings.Contains(want, fmt.Sprint(status)) {
			t.Errorf("%s: the first code gives %d (%v), want %s", e.user, status, err, want)
		}
		if status, err := s.browser(e.user).post("verify/codes/verify", map[string]string{"code": e.codes[1]}, nil); err != nil || status != http.StatusOK {
			t.Errorf("%s: the second code gives %d (%v)", e.user, status, err)
		}
	}
	b = s.browser(e.user)
	if status, err := b.post("verify/totp/verify", map[string]string{"code": e.code(1)}, nil); err != nil || status != http.StatusOK {
		t.Errorf("%s: the app's code gives %d (%v)", e.user, status, err)
		return
	}
	if status, _, err := b.send(http.MethodGet, "/documents/1", nil); err != nil || status != http.StatusOK {
		t.Errorf("%s has proved, and gets %d (%v)", e.user, status, err)
	}
}

// code is the app's code so many steps from now.
func (e *enrolment) code(steps int) string {
	code, err := totp.GenerateCode(e.secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		return ""
	}
	return code
}

// crashBrowser is a browser whose requests may fail.
type crashBrowser struct {
	base string
	http.Client
}

func (s *crashSite) browser(user string) *crashBrowser {
	jar, _ := cookiejar.New(nil)
	u, _ := url.Parse(s.url)
	jar.SetCookies(u, []*http.Cookie{{Name: "sid", Value: user}})
	return &crashBrowser{s.url, http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

func (b *crashBrowser) send(method, path string, in any) (status int, body []byte, err error) {
	text, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequest(method, b.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	r.Header = http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Origin": {b.base}, "Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"cors"}}
	if method == http.MethodGet {
		r.Body, r.ContentLength = nil, 0
	}
	res, err := b.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

func (b *crashBrowser) post(path string, in map[string]string, out any) (status int, err error) {
	if in == nil {
		in = map[string]string{}
	}
	status, body, err := b.send(http.MethodPost, "/.mfa/api/"+path, in)
	if err != nil || out == nil || status != http.StatusOK {
		return status, err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return 0, errors.New("the answer was cut")
	}
	return status, nil
}

// reason is why the protected page is not shown.
func (b *crashBrowser) reason(t *testing.T) string {
	t.Helper()
	status, body, err := b.send(http.MethodGet, "/documents/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	var problem struct{ Reason string }
	if err := json.Unmarshal(body, &problem); err != nil {
		t.Fatalf("%d %.200s", status, body)
	}
	return problem.Reason
}
