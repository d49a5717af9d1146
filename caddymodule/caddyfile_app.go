package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("mfa", parseApp)
}

// parseApp reads the global option. Syntax:
//
//	mfa [<policy_file>] {
//	    store    <module> [<args...>]
//	    key      <key> [<older_keys...>]
//	    issuer   <name>
//	    base_url <url>
//	    mail     <module> [<args...>]
//	    sms      <module> [<args...>]
//	    metrics  per_tenant
//	    oidc     <name> { … }
//	}
func parseApp(d *caddyfile.Dispenser, existing any) (any, error) {
	d.Next()
	if existing != nil {
		return nil, d.Err("mfa is already configured by another global option 'mfa': keep one")
	}
	a := new(App)
	if err := a.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "mfa", Value: caddyconfig.JSON(a, nil)}, nil
}

// UnmarshalCaddyfile reads the option from its name on.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	switch args := d.RemainingArgs(); len(args) {
	case 0:
	case 1:
		path, err := besideCaddyfile(d, args[0])
		if err != nil {
			return err
		}
		a.Policy = path
	default:
		return d.Errf("the global option mfa takes one argument, the policy file; '%s' is one too many", args[1])
	}
	err := parseBlock(d, "mfa", words{
		"store":    guestModule(&a.StoreRaw, "mfa.stores", "module"),
		"key":      a.unmarshalKey,
		"issuer":   oneArg(&a.Issuer),
		"base_url": a.unmarshalBaseURL,
		"mail":     guestModule(&a.MailerRaw, "mfa.mailers", "module"),
		"sms":      guestModule(&a.SMSRaw, "mfa.sms", "module"),
		"metrics":  a.unmarshalMetrics,
		"oidc":     a.unmarshalOIDC,
	}, planned{"audit"}, "oidc")
	if err != nil {
		return err
	}
	if len(a.Keys) == 0 && needsKey(a.StoreRaw) {
		return d.WrapErr(errNoKey)
	}
	if a.Policy == "" && a.MailerRaw == nil {
		return d.WrapErr(errNoFirstProof)
	}
	return nil
}

var errNoKey = errors.New("key: nodes that share a store need one key, which is given: write 'key {env.MFA_KEY}' and make it with `openssl rand -base64 32`")

// needsKey tells that the store makes no key of its own.
func needsKey(storeRaw json.RawMessage) bool {
	var store struct {
		Module string `json:"module"`
	}
	if json.Unmarshal(storeRaw, &store) != nil {
		return false // none is named
	}
	info, err := caddy.GetModule("mfa.stores." + store.Module)
	if err != nil {
		return false
	}
	m, ok := info.New().(StoreModule)
	return ok && m.KeyFile() == ""
}

// unmarshalKey reads: key <key> [<older_keys...>]
func (a *App) unmarshalKey(d *caddyfile.Dispenser) error {
	if err := someArgs(&a.Keys)(d); err != nil {
		return err
	}
	if err := checkSecrets(d, "key", a.Keys...); err != nil {
		return err
	}
	for _, k := range a.Keys {
		if placeholder.MatchString(k) {
			continue // looked at once its value is known
		}
		if _, err := enroll.NewKeys(k); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

// unmarshalBaseURL reads: base_url <url>
func (a *App) unmarshalBaseURL(d *caddyfile.Dispenser) error {
	if err := oneArg(&a.BaseURL)(d); err != nil {
		return err
	}
	if err := checkBaseURL(a.BaseURL); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// unmarshalMetrics reads: metrics per_tenant
func (a *App) unmarshalMetrics(d *caddyfile.Dispenser) error {
	if err := oneArg(&a.Metrics)(d); err != nil {
		return err
	}
	if a.Metrics != perTenant {
		return d.Errf("unknown 'metrics %s'%s: write 'metrics per_tenant', or leave it out", a.Metrics, didYouMean(a.Metrics, []string{perTenant}))
	}
	return nil
}

// checkBaseURL wants the beginning of a link: scheme and host, perhaps a port,
// and nothing after them but a slash.
func checkBaseURL(raw string) error {
	u, err := url.Parse(raw)
	if err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && !strings.ContainsAny(u.Host, "{}") &&
		strings.Trim(strings.TrimPrefix(raw, u.Scheme+"://"+u.Host), "/") == "" {
		return nil
	}
	return fmt.Errorf("base_url '%s' is not a scheme and a host: write for example https://portal.example.com", hidePassword(raw))
}

// hidePassword cuts what stands between the scheme and an '@'.
func hidePassword(raw string) string {
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		return "…" + raw[at:]
	}
	return raw
}

// besideCaddyfile makes path absolute: a relative one is meant from the
// Caddyfile the current token stands in, since a service's working directory
// is rarely where its files are. From standard input: the working directory.
func besideCaddyfile(d *caddyfile.Dispenser, path string) (string, error) {
	if path == "" || strings.Contains(path, "{") {
		return "", d.Errf("'%s' is no file path: placeholders are not read here; write the path, or {$NAME} for a variable read when the Caddyfile is", path)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(d.File()), path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", d.WrapErr(fmt.Errorf("making %s absolute: %w", path, err))
	}
	return abs, nil
}

// guestModule reads a line that names a module of a namespace, and hands the
// rest of the line and its block to it.
func guestModule(to *json.RawMessage, namespace, inlineKey string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		word := d.Val()
		if !d.NextArg() {
			return d.Errf("'%s' takes a kind: %s", word, strings.Join(moduleNames(namespace), ", "))
		}
		name := d.Val()
		if _, err := caddy.GetModule(namespace + "." + name); err != nil {
			return d.Errf("unknown '%s %s'%s", word, name, didYouMean(name, moduleNames(namespace)))
		}
		guest, err := caddyfile.UnmarshalModule(d, namespace+"."+name)
		if err != nil {
			return err
		}
		*to = caddyconfig.JSONModuleObject(guest, inlineKey, name, nil)
		return nil
	}
}

// moduleNames are the names of the modules registered in namespace.
func moduleNames(namespace string) []string {
	var names []string
	for _, m := range caddy.GetModules(namespace) {
		names = append(names, m.ID.Name())
	}
	slices.Sort(names)
	return names
}

// Interface guard
var _ caddyfile.Unmarshaler = (*App)(nil)
