package oidc

import (
	"context"
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

// newVisited is a provider at which somebody has signed in, and the clock of both, in
// seconds.
func newVisited(t *testing.T) (p *Provider, idp *oidctest.IdP, at *atomic.Int64) {
	t.Helper()
	at = new(atomic.Int64)
	at.Store(time.Now().Unix())
	now := func() time.Time { return time.Unix(at.Load(), 0) }
	idp = oidctest.New(t)
	idp.Now = now
	p = newProvider(t, idp.URL, now)
	if err := goThere(t, p, idp); err != nil {
		t.Fatal(err)
	}
	return p, idp, at
}

// TestBegin_NobodyIsSentToADeadProvider: one that has gone since is noticed before
// the browser is led there; who is on the way back does not wait for that.
func TestBegin_NobodyIsSentToADeadProvider(t *testing.T) {
	p, idp, at := newVisited(t)
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
	p, _, at := newVisited(t)
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
