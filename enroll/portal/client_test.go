package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// client is a browser without scripts, before a site.
type client struct {
	t       *testing.T
	site    *portaltest.Site
	cookies map[string]string
	headers map[string]string // sent with every request
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

func newSite(t *testing.T) *portaltest.Site {
	t.Helper()
	site, err := portaltest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Service.Close() })
	return site
}

// visitor is somebody signed in to the app; "": nobody.
func visitor(t *testing.T, site *portaltest.Site, user string) *client {
	c := &client{t: t, site: site, cookies: map[string]string{}, headers: map[string]string{
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept": "text/html",
	}}
	if user != "" {
		c.cookies["login"] = user
	}
	return c
}

func (c *client) send(r *http.Request) *answer {
	c.t.Helper()
	for name, value := range c.headers {
		if r.Header.Get(name) == "" {
			r.Header.Set(name, value)
		}
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	c.site.ServeHTTP(w, r)
	a := &answer{w.Result(), w.Body.String()}
	for _, k := range a.Cookies() {
		if k.MaxAge < 0 {
			delete(c.cookies, k.Name)
		} else {
			c.cookies[k.Name] = k.Value
		}
	}
	return a
}

func (c *client) get(path string) *answer {
	c.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.send(r)
}

// follow opens what a 303 leads to.
func (c *client) follow(a *answer) *answer {
	c.t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		c.t.Fatalf("status %d, want 303: %s", a.StatusCode, a.body)
	}
	return c.get(a.Header.Get("Location"))
}

// submit sends a page's form as a browser does.
func (c *client) submit(path string, fields ...string) *answer {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.send(r)
}

// call is a program's request.
func (c *client) call(method, path, body string) *answer {
	c.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.send(r)
}

func (a *answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("status %d, not JSON: %s", a.StatusCode, a.body)
	}
	return v
}

// want demands a status.
func (a *answer) want(t *testing.T, status int) *answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", a.StatusCode, status, a.body)
	}
	return a
}

// refused demands a problem with a reason.
func (a *answer) refused(t *testing.T, status int, reason string) map[string]any {
	t.Helper()
	a.want(t, status)
	p := a.json(t)
	if p["reason"] != reason || p["type"] != "urn:mfa:"+reason || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %v (%s), want %s", p, a.Header.Get("Content-Type"), reason)
	}
	return p
}

var onlyDigits = regexp.MustCompile(`(?m)^\d{6,8}$`)

func mailed(t *testing.T, site *portaltest.Site) string {
	t.Helper()
	mails := site.Mails.All() // notices come when they come
	for i := len(mails) - 1; i >= 0; i-- {
		if code := onlyDigits.FindString(mails[i].Text); code != "" {
			return code
		}
	}
	t.Fatalf("no code on its own line in any of %d mails", len(mails))
	return ""
}

func appCode(t *testing.T, site *portaltest.Site, key string) string {
	t.Helper()
	code, err := totp.GenerateCode(key, site.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrolled is a visitor who has just set up an app, through the API.
func enrolled(t *testing.T, site *portaltest.Site, user string) (c *client, key string, codes []string) {
	t.Helper()
	c = visitor(t, site, user)
	c.call("POST", "/.mfa/api/email", "").want(t, 200)
	c.call("POST", "/.mfa/api/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	key = c.call("POST", "/.mfa/api/methods/totp", "").want(t, 200).json(t)["secret"].(string)
	done := c.call("POST", "/.mfa/api/methods/totp/verify", `{"code":"`+appCode(t, site, key)+`"}`).want(t, 200).json(t)
	for _, code := range done["recovery_codes"].([]any) {
		codes = append(codes, code.(string))
	}
	site.Clock.Add(30 * time.Second)
	return c, key, codes
}

// change alters the rules of the site's tenant.
func change(site *portaltest.Site, with func(*enroll.Rules)) {
	rules := site.Rules[site.Tenant]
	with(&rules)
	site.Rules[site.Tenant] = rules
}
