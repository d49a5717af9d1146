package caddymodule

import (
	"errors"
	"sync"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// siteChecks looks at the sites of one configuration when its first gate is
// provisioned. Caddy has no later moment at which `caddy validate` could still
// refuse: by then the http app is known by name, part of it provisioned, part
// still JSON, and the checks read both.
type siteChecks struct {
	once sync.Once
	err  error
}

// run checks once, logs the warnings, and gives every gate the same answer. p
// is nil without a policy file.
func (c *siteChecks) run(ctx caddy.Context, p *policy.Policy, log *zap.Logger) error {
	c.once.Do(func() {
		app, err := ctx.AppIfConfigured("http")
		sites, ok := app.(*caddyhttp.App)
		if err != nil || !ok {
			return // a gate outside a server, as in a test
		}
		var warnings []string
		warnings, c.err = checkSites(sites, p)
		if app, err := ctx.AppIfConfigured("mfa"); err == nil {
			state := app.(*App).state
			more, problems := checkServed(sites, state.ownFiles())
			warnings = append(append(warnings, more...), openParties(sites, p, state.baseURL)...)
			warnings = append(warnings, unservedParties(sites, p)...)
			c.err = errors.Join(append([]error{c.err}, problems...)...)
		}
		for _, text := range warnings {
			log.Warn(text)
		}
	})
	return c.err
}
