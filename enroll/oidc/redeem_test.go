package oidc

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc/oidctest"
)

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
