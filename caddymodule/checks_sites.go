package caddymodule

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
)

// checkSites looks at the routes of every site for ways around a gate. p is
// nil without a policy file. The error names all of them; the warnings are of
// what may be meant. It changes nothing.
func checkSites(app *caddyhttp.App, p *policy.Policy) (warnings []string, err error) {
	var doors []door
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(app.Servers)) {
		w := inspectServer(app.Servers[name], protection{p})
		doors = append(doors, w.doors...)
		warnings = append(warnings, w.warnings...)
		problems = append(problems, w.problems...)
	}
	return append(warnings, openDoors(doors)...), errors.Join(problems...)
}

// inspectServer walks a server's routes, and then, where a site of it has a
// gate, that site's handle_errors.
func inspectServer(srv *caddyhttp.Server, rules protection) *inspector {
	w := &inspector{rules: rules, named: map[string][]branch{}}
	for name, route := range srv.NamedRoutes {
		w.named[name] = readRoutes(caddyhttp.RouteList{*route})
	}
	w.verified = func(hosts []string) bool { return verifiesClients(srv.TLSConnPolicies, hosts) }
	defer w.checkAside()
	w.list(readRoutes(srv.Routes), flow{})
	if srv.Errors == nil {
		return w
	}
	gates := w.gates
	for _, b := range readRoutes(srv.Errors.Routes) {
		if own := hostsOf(b); slices.ContainsFunc(gates, func(hosts []string) bool { return own == nil || meet(hosts, own) }) {
			w.inErrors = true
			w.list([]branch{b}, flow{})
		}
	}
	return w
}

// meet reports whether a request can be for both lists of hosts. A site of any
// host gets none that has a site of its own.
func meet(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if covers(x, y) || covers(y, x) {
				return true
			}
		}
	}
	return false
}

// covers reports whether the host pattern takes in the host.
func covers(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if suffix, ok := strings.CutPrefix(pattern, "*."); ok {
		_, rest, _ := strings.Cut(host, ".")
		return rest == suffix
	}
	return pattern == host
}

// verifiesClients reports whether each connection to the hosts that shows a
// client certificate has its chain verified: the modes `request` and
// `require` take any self-signed one.
func verifiesClients(policies caddytls.ConnectionPolicies, hosts []string) bool {
	shown := func(host string) bool {
		for _, p := range policies {
			var names []string
			if raw, ok := p.MatchersRaw["sni"]; ok && json.Unmarshal(raw, &names) != nil {
				return false
			}
			if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return covers(n, host) }) {
				continue
			}
			return p.ClientAuthentication != nil && verifies(p.ClientAuthentication)
		}
		return false
	}
	if hosts == nil {
		hosts = []string{""}
	}
	for _, host := range hosts {
		if !shown(host) {
			return false
		}
	}
	return true
}

// verifies reports whether a certificate that is shown is checked against
// something: a pool of issuers, in a mode that looks at it (crypto/tls,
// VerifyClientCertIfGiven or more), or named certificates and verifiers, which
// Caddy asks in every mode.
func verifies(a *caddytls.ClientAuthentication) bool {
	//lint:ignore SA1019 Caddy still takes them
	pool := len(a.CARaw) > 0 || len(a.TrustedCACerts) > 0 || len(a.TrustedCACertPEMFiles) > 0
	//lint:ignore SA1019 Caddy still takes them
	named := len(a.TrustedLeafCerts) > 0 || len(a.VerifiersRaw) > 0
	return named || pool && (a.Mode == "" || a.Mode == "require_and_verify" || a.Mode == "verify_if_given")
}
