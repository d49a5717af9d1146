package caddymodule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

func init() {
	httpcaddyfile.RegisterDirective("mfa", parseGate)
	// After what signs a visitor in and what rewrites, before what answers;
	// before encode, so that no page of ours with a secret is compressed.
	httpcaddyfile.RegisterDirectiveOrder("mfa", httpcaddyfile.After, "forward_auth")
}

// parseGate reads the directive. Syntax:
//
//	mfa [<matcher>] {
//	    protect     <prefixes...>
//	    identity    <source> [<args...>]
//	    anonymous   deny | confirm [<paths...>] | login <url>
//	    tenant      host | identity | <placeholder>
//	    realm       <name> | {tenant}
//	    credentials <names...>
//	    mount       <path>
//	    block       page | error
//	    flag        <cookie> [<lifetime>]
//	}
//
// A matcher that reads the path is refused. Any other gives two routes: the
// gate, and its pages, which are served whatever the matcher says.
func parseGate(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	matcher, err := gateMatcher(h)
	if err != nil {
		return nil, err
	}
	g := &Gate{At: h.File() + ":" + strconv.Itoa(h.Line())}
	if err := g.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	app, err := globalOption(h)
	if err != nil {
		return nil, err
	}
	h.Reset()
	h.Next()
	if app.Policy == "" && app.MailerRaw == nil {
		return nil, h.WrapErr(errNoFirstProof)
	}
	if err := g.check(app.Policy != ""); err != nil {
		return nil, h.WrapErr(err)
	}
	if g.Mount == "" && nested(h) {
		warn(h.Dispenser, "mfa inside a block: its pages live under /.mfa, which must reach this block; inside 'handle /app/*' write 'mount /app/.mfa'")
	}
	warnOfProxies(h)
	warnOfAdmin(h)
	if matcher == nil {
		return h.NewRoute(nil, g), nil
	}
	// Of a group only the first route that matches runs: a request meets the
	// gate, or what serves its pages and takes forged headers from all else.
	pages := *g
	pages.PagesOnly = true
	routes := append(h.NewRoute(matcher, g), h.NewRoute(nil, &pages)...)
	h.GroupRoutes(routes)
	return routes, nil
}

// nested reports whether the directive stands in a block of its site, such as
// handle or route: only at the site's own level are both states one map.
func nested(h httpcaddyfile.Helper) bool {
	const key = "mfa.probe"
	h.State[key] = true
	_, same := h.BlockState[key]
	delete(h.State, key)
	return !same
}

// warnOfProxies warns once of a forwarded address that the client writes:
// without trusted_proxies_strict Caddy takes the left-most one, and a balancer
// that appends leaves that to whoever sends the request.
func warnOfProxies(h httpcaddyfile.Helper) {
	const key = "mfa.proxies"
	if h.State[key] != nil {
		return
	}
	h.State[key] = true
	raw, err := json.Marshal(h.Option("servers"))
	var servers []struct {
		TrustedProxiesRaw    json.RawMessage
		TrustedProxiesStrict int
	}
	if err != nil || json.Unmarshal(raw, &servers) != nil {
		return
	}
	for _, s := range servers {
		if len(s.TrustedProxiesRaw) > 0 && string(s.TrustedProxiesRaw) != "null" && s.TrustedProxiesStrict == 0 {
			warn(h.Dispenser, "trusted_proxies without trusted_proxies_strict takes the client's address from what the client may have written: write 'trusted_proxies_strict' beside it")
			return
		}
	}
}

// globalOption is what the global option mfa says; the zero App without one.
func globalOption(h httpcaddyfile.Helper) (*App, error) {
	a := new(App)
	if option, ok := h.Option("mfa").(httpcaddyfile.App); ok {
		if err := json.Unmarshal(option.Value, a); err != nil {
			return nil, fmt.Errorf("reading the global option mfa: %w", err)
		}
	}
	return a, nil
}

// UnmarshalCaddyfile reads the directive's block; the matcher is gone.
func (g *Gate) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("the directive mfa takes no argument but a matcher: write '%s' in its block, or, for a policy file, in the global option mfa", d.Val())
	}
	return parseBlock(d, "mfa", words{
		"protect":     someArgs(&g.Protect),
		"identity":    g.unmarshalIdentity,
		"anonymous":   g.Anonymous.unmarshal,
		"tenant":      oneArg(&g.Tenant),
		"realm":       oneArg(&g.Realm),
		"credentials": someArgs(&g.Credentials),
		"mount":       oneArg(&g.Mount),
		"block":       oneArg(&g.Block),
		"flag":        g.Flag.unmarshal,
	}, nil, "protect", "identity", "credentials")
}

// unmarshalIdentity reads: identity <source> [<args...>] [{ … }]
func (g *Gate) unmarshalIdentity(d *caddyfile.Dispenser) error {
	var raw json.RawMessage
	if err := guestModule(&raw, "mfa.identities", "source")(d); err != nil {
		return err
	}
	if slices.ContainsFunc(g.IdentitiesRaw, func(r json.RawMessage) bool { return string(r) == string(raw) }) {
		return d.Err("the same identity stands twice: keep one")
	}
	g.IdentitiesRaw = append(g.IdentitiesRaw, raw)
	return nil
}

// unmarshal reads: anonymous deny | confirm [<paths...>] | login <url>
func (a *Anonymous) unmarshal(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) == 0 {
		return d.Err("'anonymous' takes deny, confirm [<paths...>] or login <url>")
	}
	a.Action = args[0]
	switch args = args[1:]; {
	case a.Action == "deny" && len(args) == 0:
	case a.Action == "confirm":
		a.Paths = args
	case a.Action == "login" && len(args) == 1:
		a.URL = args[0]
	case a.Action == "login":
		return d.Err("'anonymous login' takes one URL: write for example 'anonymous login /login?next={http.mfa.return_to}'")
	case a.Action == "deny":
		return d.Err("'anonymous deny' takes nothing after it")
	default:
		return d.Errf("unknown 'anonymous %s'%s", a.Action, didYouMean(a.Action, []string{"deny", "confirm", "login"}))
	}
	return nil
}

// unmarshal reads: flag <cookie> [<lifetime>]
func (f *Flag) unmarshal(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) < 1 || len(args) > 2 {
		return d.Err("'flag' takes a cookie's name and perhaps a lifetime: write for example 'flag __Host-mfa 12h'")
	}
	f.Cookie = args[0]
	if len(args) == 2 {
		lifetime, err := duration(args[1])
		if err != nil {
			return d.WrapErr(fmt.Errorf("reading the flag's lifetime: %w", err))
		}
		f.Lifetime = caddy.Duration(lifetime)
	}
	return nil
}

// duration reads Caddy's durations (90s, 12h, 14d), from 1s to 3650d.
func duration(text string) (time.Duration, error) {
	d, err := caddy.ParseDuration(text)
	if err != nil || d < time.Second || d > 3650*24*time.Hour {
		return 0, fmt.Errorf("'%s' is no duration from 1s to 3650d: write for example 30s, 12h or 14d", text)
	}
	return d, nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Gate)(nil)
