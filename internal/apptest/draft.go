package apptest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Draft is what `caddy mfa discover` wrote about a running application.
type Draft struct {
	t     testing.TB
	text  string
	Asked []string // the requests that reached the application, each "METHOD target"
}

// Discover runs `caddy mfa discover` over the application and notes what that
// sends. The draft proxies to the address at which it was looked at, which goes
// on passing everything to the application.
func Discover(t testing.TB, app, site, password string, args ...string) *Draft {
	t.Helper()
	at, err := url.Parse(app)
	if err != nil {
		t.Fatal(err)
	}
	to := &url.URL{Scheme: at.Scheme, Host: at.Host}
	d := &Draft{t: t}
	var mu sync.Mutex
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		mu.Lock()
		defer mu.Unlock()
		d.Asked = append(d.Asked, r.In.Method+" "+r.In.RequestURI)
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
	between := httptest.NewServer(proxy)
	t.Cleanup(between.Close)
	cmd := exec.Command(Caddy(t), append([]string{"mfa", "discover", between.URL + at.RequestURI(), "--site", site}, args...)...)
	cmd.Env = append(os.Environ(), "MFA_TEST_PASSWORD="+password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("discovering %s: %v\n%s", app, err, out)
	}
	d.text = string(out)
	mu.Lock()
	defer mu.Unlock()
	d.Asked = append([]string(nil), d.Asked...)
	return d
}

// OnlyReads fails the test where anything but reading was sent, beside as many
// sign-ins as are said.
func (d *Draft) OnlyReads(signIns int) {
	d.t.Helper()
	posts := 0
	for _, asked := range d.Asked {
		switch method, target, _ := strings.Cut(asked, " "); method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
			if strings.Contains(target, "logout") || strings.Contains(target, "sair") {
				d.t.Errorf("discovering sent %s", asked)
			}
		case http.MethodPost:
			posts++
		default:
			d.t.Errorf("discovering sent %s", asked)
		}
	}
	if posts != signIns {
		d.t.Errorf("discovering sent %d forms, want %d: %q", posts, signIns, d.Asked)
	}
}

// Answer writes a person's answer to a doubt in place of what the draft says.
// Every line it replaces must be marked: a draft that needs another change has
// hidden a doubt.
func (d *Draft) Answer(old, with string) {
	d.t.Helper()
	if strings.Count(d.text, old) != 1 {
		d.t.Fatalf("%q stands %d times in the draft:\n%s", old, strings.Count(d.text, old), d.text)
	}
	at := strings.Index(d.text, old)
	first := strings.Count(d.text[:at], "\n")
	marked := doubted(strings.Split(d.text, "\n"))
	for i := range strings.Count(strings.TrimRight(old, "\n"), "\n") + 1 {
		if !marked[first+i] {
			d.t.Fatalf("line %d is not marked as a doubt:\n%s", first+i+1, d.text)
		}
	}
	d.text = d.text[:at] + with + d.text[at+len(old):]
}

// Drop takes away the block that begins so, which must be marked.
func (d *Draft) Drop(begin string) {
	d.t.Helper()
	at := strings.Index(d.text, begin)
	if at < 0 {
		d.t.Fatalf("no %q in the draft:\n%s", begin, d.text)
	}
	indent := begin[:len(begin)-len(strings.TrimLeft(begin, "\t"))]
	block, _, _ := strings.Cut(d.text[at:], "\n"+indent+"}\n")
	d.Answer(block+"\n"+indent+"}\n", "")
}

// Write puts the two files of the draft into a folder.
func (d *Draft) Write(dir string) {
	d.t.Helper()
	conf, rules, ok := strings.Cut(d.text, "# policy.yaml:")
	if !ok {
		d.t.Fatalf("no policy in the draft:\n%s", d.text)
	}
	for name, text := range map[string]string{"Caddyfile": conf, "policy.yaml": "#" + rules} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

// doubted tells of each line whether the draft marks it: by DOUBT at its end, or
// by a comment above it, which marks a block to its end.
func doubted(lines []string) []bool {
	marked := make([]bool, len(lines))
	depth, above := 0, false
	for i, l := range lines {
		plain := strings.TrimSpace(l)
		alone := strings.HasPrefix(plain, "# DOUBT")
		marked[i] = strings.Contains(l, "DOUBT") || above || depth > 0
		if alone {
			above = true
			continue
		}
		if above || depth > 0 {
			depth += strings.Count(plain, "{") - strings.Count(plain, "}")
		}
		above = false
	}
	return marked
}
