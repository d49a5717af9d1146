package caddymodule

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

// now is the clock, and since what has gone by on it; tests move it.
var (
	now   = time.Now
	since = time.Since
)

// appState is the app as it works.
type appState struct {
	log        *zap.Logger
	slog       *slog.Logger
	file       *policy.File   // nil: no policy file
	single     *policy.Policy // then this one holds
	baseURL    string
	baseHost   string   // of baseURL
	policyFile string   // its path; empty: none
	perTenant  bool     // `metrics per_tenant`
	keyFiles   []string // the files that keys were given in
	issuer     string
	keys       *enroll.Keys // nil: KeyFile of the store module
	storeIn    StoreModule
	mailer     enroll.Mailer
	texter     enroll.Texter // nil: none
	providers  map[string]enroll.Provider

	share   string         // the key under which other configurations find the same service
	pooled  bool           // a reference to it is held
	blocks  *portal.Portal // writes blocked answers, which need no store
	mu      sync.Mutex     // of opening and letting go
	gone    bool
	running atomic.Pointer[running]
	cancel  context.CancelFunc
	late    atomic.Bool // openLater is at it
	done    sync.WaitGroup
	gates   gateList
	events  events
	awaited awaited
	nested  atomic.Bool // there are several gates, so one may stand behind another
	sites   siteChecks

	requirements requirements
}

func newAppState(ctx caddy.Context, a *App) (*appState, error) {
	s := &appState{log: ctx.Logger(), slog: ctx.Slogger(), issuer: a.Issuer}
	s.share = a.fingerprint()
	s.perTenant = a.Metrics == perTenant
	s.policyFile, s.keyFiles = a.Policy, keyFilesOf(a.Keys)
	var err error
	if s.blocks, err = portal.New(portal.Config{Log: s.slog}); err != nil {
		return nil, err
	}
	if a.Metrics != "" && a.Metrics != perTenant {
		return nil, fmt.Errorf("metrics is %q: write %q, or leave it out", a.Metrics, perTenant)
	}
	if err := s.events.load(ctx); err != nil {
		return nil, err
	}
	if err := s.loadModules(ctx, a); err != nil {
		return nil, err
	}
	if err := s.loadKeys(a.Keys); err != nil {
		return nil, err
	}
	if err := s.loadProviders(a.OIDC); err != nil {
		return nil, err
	}
	if a.BaseURL != "" {
		if err := checkBaseURL(a.BaseURL); err != nil {
			return nil, err
		}
		s.baseURL = strings.TrimRight(a.BaseURL, "/")
		s.baseHost = hostOfURL(s.baseURL)
	}
	if err := s.loadPolicy(a.Policy); err != nil {
		return nil, err
	}
	return s, s.registerMetrics(ctx.GetMetricsRegistry())
}

func errField(err error) zap.Field { return zap.Error(err) }
