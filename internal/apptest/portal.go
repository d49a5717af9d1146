package apptest

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// Portal is the demo's application, running on its own.
type Portal struct {
	*Process
	Port, SMTPPort, hits string
}

// PortalBinary returns the portal's program, built now.
func PortalBinary(t testing.TB) string {
	t.Helper()
	return built(t, "portal", "./examples/portal")
}

// DemoRunner returns the program that starts the whole demo, built now.
func DemoRunner(t testing.TB) string {
	t.Helper()
	return built(t, "demo", "./examples/portal/run")
}

// StartPortal starts the portal and waits until it answers.
func StartPortal(t testing.TB) *Portal {
	t.Helper()
	p := &Portal{Port: Port(t), SMTPPort: Port(t), hits: "http://127.0.0.1:" + Port(t)}
	hits := strings.TrimPrefix(p.hits, "http://")
	p.Process = Start(t, exec.Command(PortalBinary(t),
		"-addr", "127.0.0.1:"+p.Port, "-smtp", "127.0.0.1:"+p.SMTPPort, "-hits", hits))
	p.Answers(t, "http://127.0.0.1:"+p.Port+"/entrar")
	p.Forget(t)
	return p
}

// Hit is one request that reached the portal.
type Hit struct {
	Method, URI, Host string
	Header            http.Header
	Body              int64
}

// Hits returns the requests that reached the portal since it was last told to
// forget, without the gate's own question who is signed in.
func (p *Portal) Hits(t testing.TB) []Hit {
	t.Helper()
	resp, err := http.Get(p.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var all, got []Hit
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if h.URI != "/api/me" {
			got = append(got, h)
		}
	}
	return got
}

// Forget empties the portal's log of requests.
func (p *Portal) Forget(t testing.TB) {
	t.Helper()
	req, err := http.NewRequest(http.MethodDelete, p.hits, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
}
