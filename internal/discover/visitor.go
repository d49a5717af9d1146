package discover

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of what is asked and read.
const (
	maxRequests = 150
	maxPage     = 1 << 20
	maxHops     = 5
)

// visitor is one browser that stays on one host: the site's, where that is known.
type visitor struct {
	ctx    context.Context
	client *http.Client
	jar    *cookiejar.Jar
	base   *url.URL
	left   int
	set    map[string]int  // how often the application set each cookie
	basic  string          // sent as Authorization with everything, if not ""
	own    []string        // hosts that are the application itself, past Caddy
	away   map[string]bool // addresses of other hosts that it was sent to
}

func newVisitor(ctx context.Context, o Options, base *url.URL) *visitor {
	at := o.site()
	if at == nil {
		at = base
	}
	jar, _ := cookiejar.New(nil) // never fails without a list of suffixes
	c := &http.Client{Timeout: 10 * time.Second}
	if o.Client != nil {
		*c = *o.Client
	}
	if at != base {
		c.Transport = &asCaddy{to: base, by: c.Transport}
	}
	c.Jar, c.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{ctx: ctx, client: c, jar: jar, base: at, left: maxRequests, set: map[string]int{}, own: ownHosts(base, at), away: map[string]bool{}}
}

// ownHosts are those by which the application may call itself, other than the
// site's: where it was found, and the site's name with the port it listens at.
func ownHosts(base, site *url.URL) (hosts []string) {
	if base.Host == site.Host {
		return nil
	}
	hosts = append(hosts, base.Host)
	if port := base.Port(); port != "" {
		hosts = append(hosts, net.JoinHostPort(site.Hostname(), port))
	}
	return hosts
}

// here reports whether an address is the application's.
func (v *visitor) here(u *url.URL) bool {
	return u.Host == v.base.Host || slices.Contains(v.own, u.Host)
}

// site is the address that people open, nil where it is not known.
func (o *Options) site() *url.URL {
	text := o.Site
	if text == "" {
		return nil
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}
}

// asCaddy asks the application as Caddy will: for the site's host. Many
// applications lead to the address they were configured with, or take no other.
type asCaddy struct {
	to *url.URL
	by http.RoundTripper
}

func (t *asCaddy) RoundTrip(r *http.Request) (*http.Response, error) {
	by, sub := t.by, r.Clone(r.Context())
	if by == nil {
		by = http.DefaultTransport
	}
	sub.Host, sub.URL.Scheme, sub.URL.Host = r.URL.Host, t.to.Scheme, t.to.Host
	sub.Header.Set("X-Forwarded-Host", r.URL.Host)
	sub.Header.Set("X-Forwarded-Proto", r.URL.Scheme)
	return by.RoundTrip(sub)
}

// open asks for a page and follows redirects on this host.
func (v *visitor) open(href string) *page {
	p := v.get(href)
	for range maxHops {
		to := p.header.Get("Location")
		if p.err != nil || p.status < 300 || p.status > 399 || to == "" || leaving(to) {
			break
		}
		next, err := p.at.Parse(to)
		if err != nil || !v.here(next) {
			break
		}
		p = v.get(next.RequestURI())
	}
	return p
}

// get asks once.
func (v *visitor) get(href string, fields ...string) *page {
	at, err := v.base.Parse(href)
	if err != nil || at.Host != v.base.Host {
		return &page{err: errors.New("it leads elsewhere"), header: http.Header{}}
	}
	return v.send(http.MethodGet, at, nil, fields...)
}

func (v *visitor) send(method string, at *url.URL, body url.Values, fields ...string) *page {
	if v.left--; v.left < 0 {
		return &page{err: errors.New("enough was asked"), header: http.Header{}}
	}
	r, err := http.NewRequestWithContext(v.ctx, method, at.String(), strings.NewReader(body.Encode()))
	if err != nil {
		return &page{err: err, header: http.Header{}}
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", v.base.Scheme+"://"+v.base.Host)
		r.Header.Set("Referer", at.String())
	} else {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	if v.basic != "" {
		r.Header.Set("Authorization", v.basic)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	res, err := v.client.Do(r)
	if err != nil {
		return &page{err: err, header: http.Header{}}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	for _, c := range res.Cookies() {
		v.set[c.Name]++
	}
	if to, err := at.Parse(res.Header.Get("Location")); err == nil && res.StatusCode/100 == 3 && to.Host != "" && to.Host != v.base.Host {
		v.away[to.Scheme+"://"+to.Host] = true
	}
	p := &page{at: at, own: v.own, status: res.StatusCode, header: res.Header, body: text, err: err}
	p.read()
	return p
}

// cookies are those of a request to the path.
func (v *visitor) cookies(path string) map[string]string {
	m := map[string]string{}
	at, err := v.base.Parse(path)
	if err != nil {
		return m
	}
	for _, c := range v.jar.Cookies(at) {
		m[c.Name] = c.Value
	}
	return m
}

// without is the same browser without some of its cookies.
func (v *visitor) without(path string, names ...string) *visitor {
	w := *v
	w.client = new(http.Client)
	*w.client = *v.client
	w.jar, _ = cookiejar.New(nil)
	w.client.Jar = w.jar
	at, err := v.base.Parse(path)
	if err != nil {
		return &w
	}
	var kept []*http.Cookie
	for name, value := range v.cookies(path) {
		drop := false
		for _, n := range names {
			drop = drop || n == name
		}
		if !drop {
			kept = append(kept, &http.Cookie{Name: name, Value: value, Path: "/"}) // #nosec G124 -- kept for a request, set nowhere
		}
	}
	w.jar.SetCookies(at, kept)
	return &w
}
