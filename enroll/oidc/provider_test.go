package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc/oidctest"
)

func newProvider(t *testing.T, issuer string, now func() time.Time) *Provider {
	t.Helper()
	p, err := New(Config{Issuer: issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, Now: now, Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var trip = enroll.Trip{Redirect: "https://portal.example/.mfa/oidc/x", State: strings.Repeat("s", 26), Nonce: strings.Repeat("n", 26), Verifier: strings.Repeat("v", 52)}

// goThere goes the whole way at the provider.
func goThere(t *testing.T, p *Provider, idp *oidctest.IdP) error {
	t.Helper()
	address, err := p.Begin(context.Background(), trip)
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(idp.SignIn(t, address))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Finish(context.Background(), trip, back.Query().Get("code"), back.Query().Get("iss"))
	return err
}

func redeemed(idp *oidctest.IdP) (n int) {
	idp.Do(func(p *oidctest.IdP) { n = p.Redeemed })
	return n
}

// TestFinish_WhereTheSecretGoes: it is said as the provider says that it takes it;
// where that is not said, or one site is held to less than all, at most one code
// is redeemed in two steps.
func TestFinish_WhereTheSecretGoes(t *testing.T) {
	const header, form = "client_secret_basic", "client_secret_post"
	for name, c := range map[string]struct {
		takes         string
		said          []string
		first, second int // requests for the first code, and for the next
	}{
		"nothing said, either":       {"", nil, 1, 1},
		"nothing said, header":       {header, nil, 1, 1},
		"nothing said, form":         {form, nil, 2, 1},
		"header said":                {header, []string{header}, 1, 1},
		"form said":                  {form, []string{"private_key_jwt", form}, 1, 1},
		"both said, this site: form": {form, []string{form, header}, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			idp := oidctest.New(t)
			idp.Takes, idp.Said = c.takes, c.said
			p := newProvider(t, idp.URL, nil)
			for i, want := range []int{c.first, c.second} {
				before := redeemed(idp)
				if err := goThere(t, p, idp); err != nil || redeemed(idp)-before != want {
					t.Errorf("code %d: %v, after %d requests, want %d", i, err, redeemed(idp)-before, want)
				}
			}
		})
	}
}

// TestFinish_ARefusedCodeIsSentOnce: a provider that takes one code twice for an
// attack would be right, and what it answers to the second is not the reason.
func TestFinish_ARefusedCodeIsSentOnce(t *testing.T) {
	for name, c := range map[string]struct {
		broken int
		reason *enroll.Error
	}{"refused": {0, enroll.ErrExpired}, "out of order": {http.StatusBadGateway, nil}} {
		idp := oidctest.New(t)
		idp.Takes, idp.Break = "client_secret_basic", c.broken
		p := newProvider(t, idp.URL, nil)
		_, err := p.Finish(context.Background(), trip, "a code of nobody", "")
		if err == nil || c.reason != nil && !errors.Is(err, c.reason) || redeemed(idp) != 1 {
			t.Errorf("%s: %v, after %d requests", name, err, redeemed(idp))
		}
	}
}

// TestBegin_NobodyIsSentToADeadProvider: one that has gone since is noticed before
// the browser is led there; who is on the way back does not wait for that.
func TestBegin_NobodyIsSentToADeadProvider(t *testing.T) {
	var at atomic.Int64
	at.Store(time.Now().Unix())
	now := func() time.Time { return time.Unix(at.Load(), 0) }
	idp := oidctest.New(t)
	idp.Now = now
	p := newProvider(t, idp.URL, now)
	if err := goThere(t, p, idp); err != nil {
		t.Fatal(err)
	}
	idp.Close()
	at.Add(59)
	if _, err := p.Begin(context.Background(), trip); err != nil {
		t.Errorf("asked again within the minute: %v", err)
	}
	at.Add(1)
	if address, err := p.Begin(context.Background(), trip); err == nil {
		t.Errorf("a browser is sent to %s", address)
	}
	if d, err := p.discover(context.Background(), discoveredFor); err != nil || d == nil {
		t.Errorf("forgotten for those who come back: %v", err)
	}
}

// TestBegin_AHangingProviderHoldsUpNobodyElse: while it is asked anew, whoever comes
// back is served by what is known.
func TestBegin_AHangingProviderHoldsUpNobodyElse(t *testing.T) {
	var at atomic.Int64
	at.Store(time.Now().Unix())
	now := func() time.Time { return time.Unix(at.Load(), 0) }
	idp := oidctest.New(t)
	idp.Now = now
	p := newProvider(t, idp.URL, now)
	if err := goThere(t, p, idp); err != nil {
		t.Fatal(err)
	}
	at.Add(61)
	p.asking.Lock() // as one does who waits for the provider
	defer p.asking.Unlock()
	if _, err := p.discover(context.Background(), discoveredFor); err != nil {
		t.Error(err)
	}
}

// TestErrorsAreShort: a page that comes in place of an answer is not copied into
// the log.
func TestErrorsAreShort(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte(strings.Repeat("é", 100_000)))
	}))
	t.Cleanup(srv.Close)
	_, err := newProvider(t, srv.URL, nil).Begin(context.Background(), trip)
	if err == nil || len(err.Error()) > 400 || !strings.Contains(err.Error(), "502") {
		t.Errorf("%.500v", err)
	}
}
