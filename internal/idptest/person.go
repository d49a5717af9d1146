package idptest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// Code is everybody's second step.
const Code = "246810"

// Way is what a person does at the provider.
type Way struct {
	Account string // bob, eva, robert (whose other name is bob's address), unsure (bob's address, not verified)
	OneStep bool   // leaves the second step out
	Cancel  bool   // at the sign-in
	Consent string // the button: allow (also ""), deny, unapproved
}

func (w Way) fields() url.Values {
	v := url.Values{"account": {w.Account}, "password": {w.Account}, "step": {Code}}
	if w.OneStep {
		v.Set("step", "")
	}
	return v
}

func (w Way) consent() string {
	if w.Consent == "" {
		return "allow"
	}
	return w.Consent
}

// Person is somebody's browser at the provider, which keeps its cookies there.
type Person struct {
	t      testing.TB
	p      *IdP
	client *http.Client
}

// Person opens a browser.
func (p *IdP) Person(t testing.TB) *Person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	return &Person{t: t, p: p, client: client}
}

// Go goes a way, from the address that a site sent the browser to, by the pages
// and redirects that come, and gives the address that leads back.
func (v *Person) Go(address string, w Way) string {
	v.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for range 15 {
		res, err := v.client.Do(req)
		if err != nil {
			v.t.Fatal(err)
		}
		page, err := html.Parse(io.LimitReader(res.Body, 1<<20))
		res.Body.Close()
		if err != nil {
			v.t.Fatal(err)
		}
		if res.StatusCode/100 == 3 {
			to, err := res.Location()
			if err != nil {
				v.t.Fatal(err)
			}
			if strings.HasPrefix(to.String(), v.p.redirect+"?") {
				return to.String()
			}
			if !strings.HasPrefix(to.String(), v.p.URL+"/") {
				v.t.Fatalf("the provider leads to %s", to)
			}
			req, err = http.NewRequest(http.MethodGet, to.String(), nil)
			if err != nil {
				v.t.Fatal(err)
			}
			continue
		}
		if res.StatusCode != http.StatusOK {
			v.t.Fatalf("the provider answers %d at %s:\n%s", res.StatusCode, req.URL, v.p.Log())
		}
		req = v.submit(req.URL, page, w)
	}
	v.t.Fatal("the provider leads in a circle")
	return ""
}

// submit presses a button of a page, or sends a form that a script would send.
func (v *Person) submit(at *url.URL, page *html.Node, w Way) *http.Request {
	v.t.Helper()
	form := cascadia.Query(page, cascadia.MustCompile("form"))
	if form == nil {
		v.t.Fatalf("there is no form at %s", at)
	}
	in := url.Values{}
	for _, field := range cascadia.QueryAll(form, cascadia.MustCompile("input[type=hidden]")) {
		in.Set(attr(field, "name"), attr(field, "value"))
	}
	switch has := func(css string) bool { return cascadia.Query(form, cascadia.MustCompile(css)) != nil }; {
	case has("#sign-in") && w.Cancel:
		in.Set("do", "cancel")
	case has("#sign-in"):
		in = w.fields()
		in.Set("do", "sign-in")
	case has("#allow"):
		in.Set("do", w.consent())
	case has("button"):
		v.t.Fatalf("nobody knows which button to press at %s", at)
	}
	to, err := at.Parse(attr(form, "action"))
	if err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(in.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// SignIn fills in the provider's sign-in, at a real browser that is led there.
func (w Way) SignIn(b *apptest.Browser) {
	b.Wait("#sign-in")
	fields := w.fields()
	for _, name := range []string{"account", "password", "step"} {
		b.Type("#"+name, fields.Get(name))
	}
	b.Click("#sign-in")
}

// Agree presses the way's button on the provider's page that asks for consent.
func (w Way) Agree(b *apptest.Browser) {
	b.Wait("#" + w.consent())
	b.Click("#" + w.consent())
}
