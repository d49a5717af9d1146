// Command caddy is Caddy with its standard modules and this plugin: what
// xcaddy would generate, kept in the repository so that a plain go build does
// as well.
package main

import (
	_ "time/tzdata"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-mfa/caddy-mfa"
)

func main() {
	caddycmd.Main()
}
