package caddymodule

import (
	"context"
	"errors"
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

// lookEvery is how often the policy file is looked at. A change counts once
// two looks found the same bytes, so within 2 seconds.
const lookEvery = 900 * time.Millisecond

// now is the clock, and since what has gone by on it; tests move it.
var (
	now   = time.Now
	since = time.Since
)

var errNotStarted = errors.New("mfa: the store is not open")

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

// running is what Start made.
type running struct {
	service *enroll.Service
	pages   *portal.Portal
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

func (s *appState) loadModules(ctx caddy.Context, a *App) error {
	var err error
	var mod any
	if a.StoreRaw == nil {
		mod, err = ctx.LoadModuleByID("mfa.stores.bolt", nil)
	} else {
		mod, err = ctx.LoadModule(a, "StoreRaw")
	}
	if err != nil {
		return fmt.Errorf("loading the store: %w", err)
	}
	s.storeIn = mod.(StoreModule)
	if a.MailerRaw != nil {
		if mod, err = ctx.LoadModule(a, "MailerRaw"); err != nil {
			return fmt.Errorf("loading mail: %w", err)
		}
		s.mailer = mod.(MailerModule).Mailer()
	}
	if a.SMSRaw != nil {
		if mod, err = ctx.LoadModule(a, "SMSRaw"); err != nil {
			return fmt.Errorf("loading sms: %w", err)
		}
		s.texter = mod.(TexterModule).Texter()
	}
	return nil
}

func (s *appState) loadKeys(keys []string) error {
	if len(keys) == 0 {
		if s.storeIn.KeyFile() == "" {
			return errNoKey
		}
		return nil
	}
	plain := make([]string, len(keys))
	for i, k := range keys {
		v, err := expandSecret(k)
		if err != nil {
			return fmt.Errorf("key: %w", err)
		}
		plain[i] = v
	}
	ring, err := enroll.NewKeys(plain...)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	s.keys = ring
	// What {file./key} or {env.KEY} holds may be another than at the last reload.
	s.share += strings.Join(ring.IDs(), " ")
	return nil
}

func (s *appState) loadPolicy(path string) (err error) {
	mail := policy.MailNo
	if s.mailer != nil {
		mail = policy.MailYes
	}
	if path == "" {
		if mail == policy.MailNo {
			return errNoFirstProof
		}
		s.single, err = policy.Single(policy.SingleOptions{Mail: mail})
		return err
	}
	texts := policy.MailNo
	if s.texter != nil {
		texts = policy.MailYes
	}
	if s.file, err = policy.Open(path, policy.Options{Mail: mail, SMS: texts, Providers: s.providerNames()}); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	s.warn()
	return nil
}

// policy is the one in force.
func (s *appState) policy() *policy.Policy {
	if s.file != nil {
		return s.file.Policy()
	}
	return s.single
}

// service is nil where the store cannot be opened. Caddy starts apps in no
// order, so a request may come before this app's Start: it opens the store.
func (s *appState) service() *enroll.Service {
	if r := s.run(); r != nil {
		return r.service
	}
	return nil
}

// revocations is the state of what this node has heard of ended flags.
func (s *appState) revocations() uint64 {
	if svc := s.service(); svc != nil {
		return svc.Revocations()
	}
	return 0
}

func (s *appState) run() *running {
	if r := s.running.Load(); r != nil || s.late.Load() {
		return r
	}
	if err := s.open(); err != nil {
		s.log.Error("opening the store", errField(err))
		return nil
	}
	return s.running.Load()
}

func (s *appState) account(ctx context.Context, realm, user string) (*enroll.Account, error) {
	svc := s.service()
	if svc == nil {
		return nil, errNotStarted
	}
	return svc.Glance(ctx, realm, user)
}

// start opens the store and begins to watch the policy.
func (s *appState) start() error {
	err := s.open()
	if err != nil && !s.mayComeLater(err) {
		return fmt.Errorf("mfa: %w", err)
	}
	life, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if err != nil {
		s.openLater(life, err)
	}
	s.noteRequirements()
	s.watch(life)
	s.done.Go(func() { s.events.run(life) })
	return nil
}

// open opens the store and reads, or makes, the key.
func (s *appState) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return errNotStarted
	}
	if s.running.Load() != nil {
		return nil
	}
	shared, _, err := services.LoadOrNew(s.share, s.newService)
	if err != nil {
		return err
	}
	s.pooled = true
	svc := shared.(*sharedService).Service
	pages, err := portal.New(portal.Config{Service: svc, Log: s.slog, Now: now})
	if err != nil {
		return err
	}
	s.running.Store(&running{service: svc, pages: pages})
	return nil
}

// watch looks at the policy file until stop.
func (s *appState) watch(ctx context.Context) {
	if s.file == nil {
		return
	}
	s.done.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.look()
				s.noteRequirements()
			}
		}
	})
}

func (s *appState) look() {
	before := s.file.Policy()
	changed, err := s.file.Look()
	switch {
	case err != nil:
		policyLoaded(false)
		s.log.Error("reading the policy again; the last good one stays in force", errField(err))
	case changed:
		policyLoaded(true)
		s.tellRequirements(before, s.file.Policy())
		s.log.Info("the policy changed")
		s.warn()
	}
}

func (s *appState) stop() error {
	if s.cancel != nil {
		s.cancel()
		s.done.Wait()
	}
	return nil
}

// cleanup lets go of the store. Requests of this configuration may still come:
// Caddy lets its old servers drain in the background. They find the service
// open as long as the new configuration uses the same.
func (s *appState) cleanup() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if !s.pooled {
		return nil
	}
	s.pooled = false
	_, err := services.Delete(s.share)
	return err
}

func errField(err error) zap.Field { return zap.Error(err) }

func (s *appState) filePolicy() *policy.Policy {
	if s.file == nil {
		return nil
	}
	return s.file.Policy()
}
