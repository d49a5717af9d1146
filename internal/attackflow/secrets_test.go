package attackflow

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// logging has Caddy write everything it has to say to one file and its access
// log to another, and show its metrics at a host of their own.
var logging = []string{
	"\tlog {\n\t\toutput discard\n\t}\n", "\tmetrics {\n\t\tper_host\n\t}\n\tlog {\n\t\toutput file %DIR%/all.log\n\t\tlevel DEBUG\n\t}\n",
	"http://:0 {\n\tmfa {", "http://metrics.test:0 {\n\tmetrics\n}\nhttp://:0 {\n\tlog {\n\t\toutput file %DIR%/access.log\n\t\tlevel DEBUG\n\t}\n\tmfa {",
	"from security@portal.test\n", "from security@portal.test\n\t\t\tusername planted-mailer\n\t\t\tpassword planted-mail-password\n",
}

// planted is what was given to the gate or came from it, and must not be found
// again: by what it is.
type planted struct {
	t    *testing.T
	what map[string]string // value to what it is
}

func (p *planted) add(what, value string) {
	if len(value) < 6 {
		p.t.Errorf("%s was never made: %q", what, value)
		return
	}
	p.what[value] = what
	p.what[url.QueryEscape(value)] = what
}

// in tells what of it stands in a text; only names what to look for.
func (p *planted) in(text string, only ...string) (found []string) {
	for value, what := range p.what {
		wanted := len(only) == 0
		for _, o := range only {
			wanted = wanted || strings.HasPrefix(what, o)
		}
		if wanted && strings.Contains(text, value) {
			found = append(found, what)
		}
	}
	return found
}

// TestAdvisory_PR6_NothingPlantedIsFoundAgain goes every way through the gate, the
// failing ones too, and reads all that was written: the gate's lines at every
// level, the metrics, the pages and problems of others, Caddy's own log.
func TestAdvisory_PR6_NothingPlantedIsFoundAgain(t *testing.T) {
	s := start(t, logging...)
	p := &planted{t, map[string]string{}}
	p.add("the user", "planted-user")
	p.add("the mail server's password", "planted-mail-password")
	p.add("the address", "planted-address@mail.test")
	p.add("the name", "Planted Name")
	p.add("the return-to query", "planted-query")
	p.add("the password", "planted-password")
	p.add("the bearer token", "planted-bearer-token")
	p.add("a forged token", "eyJhbGciOiJub25lIn0")
	s.app.set("planted-user", "email", "planted-address@mail.test")
	s.app.set("planted-user", "name", "Planted Name")
	var others, own []string // what other people, and whoever has the password alone, got to read
	other := s.browser()
	look := func() {
		for _, r := range []*reply{other.page("/documents/1"), other.page("/.mfa/enroll"), other.page("/.mfa/verify"), other.call("GET", "state", nil), other.call("POST", "email", nil)} {
			others = append(others, r.body)
		}
	}
	b := s.signedIn("planted-user")
	p.add("a session cookie", b.cookie("sid"))
	b.form("/login", url.Values{"user": {"planted-user"}, "password": {"planted-password"}})
	b.page("/documents/1?q=planted-query").want(403)
	b.call("GET", "state?to=/x?q=planted-query", nil)
	p.add("token: the ticket", b.cookie("mfa-ticket"))
	s.mail.setEcho(true)
	b.post("email").want(503)
	s.mail.setEcho(false)
	b.post("email").want(200)
	code, link := s.mail.code(t, "planted-address@mail.test"), s.mail.link(t, "planted-address@mail.test")
	p.add("token: the mailed code", code)
	p.add("token: the mailed link", strings.TrimPrefix(link, "/.mfa/link/"))
	p.add("token: the visit", b.cookie("mfa-visit"))
	look()
	b.page(link).want(200)
	other.page(link)
	b.send("HEAD", link, "")
	b.page(link + "?q=planted-query")
	p.add("a wrong code", "87654321")
	b.post("email/verify", "code", "87654321")
	b.post("email/verify", "code", code).want(200)
	b.beginTOTP()
	p.add("token: the key", b.secret)
	p.add("token: the code", b.at(0))
	p.add("the name of a method", "planted-method")
	b.post("methods/totp/verify", "code", b.wrong(), "name", "planted-method")
	b.finishTOTP()
	for _, c := range b.codes {
		p.add("token: a recovery code", c)
		p.add("token: a recovery code without groups", strings.ReplaceAll(c, "-", ""))
	}
	p.add("token: the flag", b.cookie("mfa"))
	p.add("token: the mark of this browser", b.cookie("mfa-known"))
	b.page("/documents/1?q=planted-query").want(200)
	b.call("GET", "state", nil)
	look()
	// What fails.
	pw := s.signedIn("planted-user")
	keep := func(r *reply) *reply { own = append(own, r.body, fmt.Sprint(r.Header)); return r }
	keep(pw.page("/documents/1?q=planted-query")).want(303)
	keep(pw.page("/.mfa/verify?to=/documents/1?q=planted-query"))
	p.add("a wrong code of the app", b.wrong())
	for range 6 {
		keep(pw.post("verify/totp/verify", "code", b.wrong()))
		keep(pw.form("/.mfa/api/verify/totp/verify", url.Values{"code": {b.wrong()}}))
	}
	keep(pw.call("GET", "state", nil))
	keep(pw.page("/documents/1", "Authorization", "Bearer planted-bearer-token"))
	keep(pw.page("/documents/1?user=planted-user&password=planted-password"))
	keep(pw.page("/documents/1;jsessionid=planted-query"))
	pw.post("verify/codes/verify", "code", b.codes[0]).want(200)
	forged := s.signedIn("planted-user")
	forged.plant("mfa", "eyJhbGciOiJub25lIn0.e30.")
	forged.plant("mfa-ticket", "eyJhbGciOiJub25lIn0.e30.")
	forged.plant("mfa-visit", "eyJhbGciOiJub25lIn0")
	forged.page("/documents/1?q=planted-query")
	forged.page("/.mfa/enroll")
	forged.post("methods/totp")
	s.store().down.Store(true)
	for _, path := range []string{"/documents/1?q=planted-query", "/.mfa/enroll", "/.mfa/", link} {
		forged.page(path)
	}
	forged.post("email")
	forged.post("verify/codes/verify", "code", b.codes[1])
	b.form("/logout", nil)
	s.store().down.Store(false)
	s.app.set("planted-user", "login", map[string]any{"planted-name": "planted-address@mail.test"})
	forged.page("/documents/1?q=planted-query").want(503)
	forged.post("email")
	s.app.set("planted-user", "login", "planted-user")
	s.app.set("planted-user", "email", "planted-address@mail.test\r\nBcc: x@evil.test")
	forged.post("email")
	write(t, filepath.Join(s.dir, "policy.yaml"), policyFile+"\nnonsense: true\n")
	look()
	s.until("the policy that cannot be read is told of", func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, "all.log"))
		return err == nil && strings.Contains(string(text), "reading the policy again")
	})
	metrics := s.browser().send("GET", "/metrics", "", "Host", "metrics.test")
	if !strings.Contains(metrics.body, "caddy_mfa_decisions_total") {
		t.Errorf("no metrics: %d %.200s", metrics.StatusCode, metrics.body)
	}
	if found := p.in(metrics.body); found != nil {
		t.Errorf("the metrics hold %q", found)
	}
	for _, text := range others {
		if found := p.in(text); found != nil {
			t.Errorf("somebody else reads %q in\n%.300s", found, text)
		}
	}
	for _, text := range own {
		if found := p.in(text, "token: the ma", "token: the key", "token: a rec", "token: the flag", "a wrong code", "the address", "the name of", "the bearer", "the password", "a session"); found != nil {
			t.Errorf("whoever has the password reads %q in\n%.300s", found, text)
		}
	}
	of := 0
	s.lines(t, "all.log", func(logger, line string) {
		if strings.Contains(logger, "mfa") {
			of++
			if found := p.in(line); found != nil {
				t.Errorf("the gate writes %q: %s", found, line)
			}
		} else if found := p.in(line, "token:"); found != nil {
			t.Errorf("Caddy writes %q: %s", found, line)
		}
	})
	if of < 10 {
		t.Errorf("the gate wrote only %d lines", of)
	}
	n := s.lines(t, "access.log", func(_, line string) {
		if found := p.in(line, "token:"); found != nil {
			t.Errorf("the access log holds %q: %s", found, line)
		}
		if strings.Contains(line, `"mfa":{`) && p.in(line[strings.Index(line, `"mfa":{`):], "the user", "the address", "the return-to") != nil {
			t.Errorf("the gate's object in the access log tells who it is: %s", line)
		}
	})
	if n < 30 {
		t.Errorf("the access log has only %d lines", n)
	}
}

// lines hands on each line of a log, with the name of its logger.
func (s *site) lines(t *testing.T, file string, see func(logger, line string)) (n int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var l struct{ Logger string }
		_ = json.Unmarshal([]byte(line), &l)
		see(l.Logger, line)
		n++
	}
	return n
}

// until asks again and again, and gives up after half a minute.
func (s *site) until(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
