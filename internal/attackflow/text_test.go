package attackflow

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// gateway is an SMS gateway on loopback, which keeps all that it was sent.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	texts  []struct{ To, Text string }
	heads  []http.Header
	status int
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{status: 200}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.status != 200 {
			w.WriteHeader(g.status)
			_, _ = w.Write(b) // as some do: it repeats what it was sent
			return
		}
		var m struct{ To, Text string }
		if err := json.Unmarshal(b, &m); err != nil {
			t.Errorf("the gateway was sent %s", b)
		}
		g.texts, g.heads = append(g.texts, m), append(g.heads, r.Header.Clone())
		_, _ = io.WriteString(w, "<html>not what anybody expects")
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) answers(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status = status
}

// code is that of the newest text, which went to the number.
func (g *gateway) code(t *testing.T, number string) string {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.texts) == 0 || g.texts[len(g.texts)-1].To != number {
		t.Fatalf("no text to %s: %v", number, g.texts)
	}
	return regexp.MustCompile(`\d{6}`).FindString(g.texts[len(g.texts)-1].Text)
}

// withTexts is what makes the site's Caddyfile send texts, and log to a file.
func withTexts(g *gateway, dir string) []string {
	return []string{
		"base_url http://portal.test", "base_url http://portal.test\n\t\tsms http " + g.URL + "/v1 {\n\t\t\theader X-Key planted-key\n\t\t\tbody `{\"to\":\"{mfa.sms.number}\",\"text\":\"{mfa.sms.text}\"}`\n\t\t}",
		"output discard", "output file " + filepath.Join(dir, "log.jsonl"),
		"http://:0 {", "http://:0 {\n\tlog\n\tmetrics /gate-metrics",
	}
}

// TestS2_5_TheNumberIsForCodesAlone: a tenant that makes texts mandatory, through
// a running Caddy (S2.3, S2.4): what leaves is number and text, to the gateway;
// the number stands in no request to the app, no log line, no page and no byte of
// the store; and when the gateway fails, nothing is saved.
func TestS2_5_TheNumberIsForCodesAlone(t *testing.T) {
	g, logs := newGateway(t), t.TempDir()
	s := start(t, withTexts(g, logs)...)
	s.addTenants("  texted: {name: Texted, methods: [sms], limits: {sms: 1}}\n")
	bob := s.signedInTo("texted", "bob")
	bob.page("/documents/1").want(403)
	bob.proveAddress()
	bob.post("methods/totp").wantReason(403, "not-offered")
	bob.post("methods/sms", "number", "+31 84 123 4567").wantReason(400, "bad-request")
	const number = "+31612345678"
	for _, status := range []int{500, 401, 302} {
		g.answers(status)
		bob.post("methods/sms", "number", number).wantReason(503, "sms-down")
		bob.post("methods/sms/verify", "code", "123456").wantReason(409, "wrong-step")
	}
	g.answers(200)
	bob.post("methods/sms", "number", number).want(200)
	bob.page("/documents/1").want(403)
	bob.post("methods/sms/verify", "code", g.code(t, number)).want(200)
	bob.page("/documents/1").want(200)

	again := s.signedIn("bob")
	again.page("/documents/1").want(http.StatusSeeOther)
	again.post("verify/sms").want(200)
	code := g.code(t, number)
	s.signedIn("bob").post("verify/sms/verify", "code", code).wantReason(409, "wrong-step")
	again.post("verify/sms/verify", "code", code).want(200)
	again.page("/documents/1").want(200)
	again.post("verify/sms/verify", "code", code).wantReason(409, "used-code")
	again.post("methods/sms", "number", "+31612345679").wantReason(409, "limit-reached")

	g.mu.Lock()
	for i, m := range g.texts {
		if lines := strings.Split(m.Text, "\n"); lines[len(lines)-1] != "@portal.test #"+regexp.MustCompile(`\d{6}`).FindString(m.Text) {
			t.Errorf("the text: %q", m.Text)
		}
		if g.heads[i].Get("X-Key") != "planted-key" || g.heads[i].Get("Cookie")+g.heads[i].Get("X-Forwarded-For") != "" {
			t.Errorf("the gateway was sent %v", g.heads[i])
		}
	}
	g.mu.Unlock()
	if n := s.app.hitsOn("345678"); n != 0 {
		t.Errorf("the app was told the number %d times", n)
	}
	for _, r := range []*reply{again.page("/.mfa/"), again.call("GET", "state", nil), again.send("GET", "/gate-metrics", "")} {
		if strings.Contains(r.body, "345678") || !strings.Contains(r.body, "Mobile phone") && !strings.Contains(r.body, "caddy_mfa") {
			t.Errorf("%s: %s", r.Request.URL, r.body)
		}
	}
	s.restart() // so that all is written
	for _, file := range []string{filepath.Join(s.dir, "mfa.db"), filepath.Join(logs, "log.jsonl")} {
		b, err := os.ReadFile(file)
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		for _, secret := range []string{"612345678", "planted-key", code} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%q stands in %s", secret, file)
			}
		}
	}
}
