package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

const (
	defaultMount        = "/.mfa"
	defaultRealm        = "default"
	defaultFlag         = "__Host-mfa"
	defaultFlagLifetime = 12 * time.Hour
	realmByTenant       = "{tenant}"
)

// gateState is a gate as it works: its configuration checked and filled in.
type gateState struct {
	app          *appState
	log          *zap.Logger
	site         string // tells this gate's cached identities from another's
	chain        *identity.Chain
	watches      bool // some identity source wants to see sign-ins and sign-outs
	steady       bool // some identity source knows when its answer was overtaken
	claims       bool // the identity may say that a second factor was used
	heeds        fieldSet
	memory       *passMemory // nil: who a visitor is may depend on more than his cookies
	protect      *policy.Prefixes
	anonymous    Anonymous
	tenantBy     policy.TenantBy
	tenantMapped bool
	tenantFrom   string // a placeholder; empty: the identity's
	realm        string
	mount        string
	block        string
	flagLifetime time.Duration
	secureNames  *cookieNames
	plainNames   *cookieNames
}

// Provision loads the identity sources and checks every field. It dials and
// writes nothing.
func (g *Gate) Provision(ctx caddy.Context) error {
	appAny, err := ctx.App("mfa")
	if err != nil {
		return fmt.Errorf("mfa: loading the app: %w", err)
	}
	a := appAny.(*App).state
	g.identities = slices.Clone(g.IdentitiesRaw)
	s := &gateState{app: a, log: ctx.Logger(), anonymous: g.Anonymous, block: g.Block}
	if err := g.check(a.file != nil); err != nil {
		return fmt.Errorf("mfa: %w", err)
	}
	if err := s.fill(g); err != nil {
		return fmt.Errorf("mfa: %w", err)
	}
	if err := s.loadIdentities(ctx, g); err != nil {
		return fmt.Errorf("mfa: %w", err)
	}
	if err := a.register(g, s); err != nil {
		return fmt.Errorf("mfa: %w", err)
	}
	if err := a.sites.run(ctx, a.filePolicy(), s.log); err != nil {
		return fmt.Errorf("mfa: %w", err)
	}
	g.state = s
	return nil
}

// fill takes over the directive's fields, which were checked before.
func (s *gateState) fill(g *Gate) (err error) {
	s.mount = cmp.Or(g.Mount, defaultMount)
	if len(g.Protect) > 0 {
		if s.protect, err = policy.NewPrefixes(g.Protect, s.mount); err != nil {
			return fmt.Errorf("protect: %w", err)
		}
	}
	s.realm = cmp.Or(g.Realm, defaultRealm)
	s.flagLifetime = cmp.Or(time.Duration(g.Flag.Lifetime), defaultFlagLifetime)
	name := cmp.Or(g.Flag.Cookie, defaultFlag)
	s.secureNames = namesAfter(name)
	s.plainNames = namesAfter(strings.TrimPrefix(name, "__Host-"))
	return nil
}

func (s *gateState) loadIdentities(ctx caddy.Context, g *Gate) error {
	creds, err := identity.NewCredentials(g.Credentials)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	s.chain = &identity.Chain{Credentials: creds}
	if g.IdentitiesRaw == nil {
		src, err := ctx.LoadModuleByID("mfa.identities.placeholder", []byte(`{"user":"{http.auth.user.id}"}`))
		if err != nil {
			return fmt.Errorf("identity: %w", err)
		}
		s.chain.Sources = append(s.chain.Sources, src.(IdentitySource).IdentitySource())
	} else {
		mods, err := ctx.LoadModule(g, "IdentitiesRaw")
		if err != nil {
			return fmt.Errorf("identity: %w", err)
		}
		for _, m := range mods.([]any) {
			src, ok := m.(IdentitySource)
			if !ok {
				return fmt.Errorf("identity: module %T gives no identity", m)
			}
			s.chain.Sources = append(s.chain.Sources, src.IdentitySource())
		}
	}
	facts := s.chain.Facts()
	s.watches = slices.ContainsFunc(s.chain.Sources, func(src identity.Source) bool { _, ok := src.(identity.Watcher); return ok })
	s.steady = slices.ContainsFunc(s.chain.Sources, func(src identity.Source) bool { _, ok := src.(identity.Steady); return ok })
	s.claims = facts.Has(identity.FactMethods) || facts.Has(identity.FactACR)
	if err := s.fillTenant(g.Tenant, facts.Has(identity.FactTenant)); err != nil {
		return err
	}
	fields, ok := s.chain.Heeds()
	s.heeds = newFieldSet(fields)
	if ok && s.tenantFrom == "" {
		s.memory = newPassMemory()
	}
	return nil
}

func (s *gateState) fillTenant(word string, mapped bool) error {
	switch {
	case word == "":
		s.tenantBy, s.tenantMapped = policy.ByBoth, mapped
	case word == "host":
		s.tenantBy = policy.ByHost
	case word == "identity":
		if !mapped {
			return errors.New("tenant identity: no identity maps a tenant; add a line such as `tenant json office.id` to its block")
		}
		s.tenantBy, s.tenantMapped = policy.ByIdentity, true
	default:
		s.tenantBy, s.tenantMapped, s.tenantFrom = policy.ByIdentity, true, word
	}
	return nil
}

// at is a host of this gate's site.
func (s *gateState) at(host string) policy.Place {
	return policy.Place{Host: host, Mount: s.mount, Protect: s.protect, TenantBy: s.tenantBy, TenantMapped: s.tenantMapped}
}

// cookieNames are the names that count for this visitor: on https only those
// that no sibling domain and no plain-http page can set.
func (s *gateState) cookieNames(secure bool) *cookieNames {
	if secure {
		return s.secureNames
	}
	return s.plainNames
}

// tenantOf is the tenant that the request names by other means than its host.
func (s *gateState) tenantOf(p *passage, fromIdentity string) string {
	if s.tenantFrom == "" {
		return fromIdentity
	}
	repl := p.replacer()
	if repl == nil {
		return ""
	}
	t, err := repl.ReplaceOrErr(s.tenantFrom, true, true)
	if err != nil {
		return ""
	}
	return t
}

// realmOf is the directory in which the person's name is unique.
func (s *gateState) realmOf(tenant string) string {
	if s.realm == realmByTenant {
		return "tenant:" + tenant
	}
	return s.realm
}

// claimOf is the identity's own word that a second factor was used. It counts
// only where the Caddyfile maps `methods` or `acr`, and its time is auth_time.
func (s *gateState) claimOf(q *identity.Person) policy.Proof {
	if !slices.Contains(q.Methods, "mfa") {
		return policy.Proof{}
	}
	return policy.Proof{At: q.Time, Methods: q.Methods, Claim: true}
}
