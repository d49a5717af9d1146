package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// warnOfAdmin warns once of an admin endpoint that other machines can reach. It
// asks nobody for a password: whoever reaches it loads a configuration without
// the gate.
func warnOfAdmin(h httpcaddyfile.Helper) {
	const key = "mfa.admin"
	if h.State[key] != nil {
		return
	}
	h.State[key] = true
	listen := caddy.DefaultAdminListen
	if a, ok := h.Option("admin").(*caddy.AdminConfig); ok {
		if a.Disabled {
			return
		}
		listen = caddy.NewReplacer().ReplaceAll(a.Listen, "")
	}
	if !onThisMachine(listen) {
		warn(h.Dispenser, fmt.Sprintf("the admin endpoint listens on %s: whoever reaches it can load a configuration without the gate; write 'admin localhost:2019', 'admin unix//run/caddy-admin.sock' or 'admin off'", listen))
	}
}

// onThisMachine reports whether only this machine can reach a listen address.
func onThisMachine(listen string) bool {
	addr, err := caddy.ParseNetworkAddressWithDefaults(listen, "tcp", 2019)
	if err != nil {
		return true // refused by Caddy
	}
	return addr.IsUnixNetwork() || addr.IsFdNetwork() || addr.Host != "" && isLoopback(addr.Host)
}
