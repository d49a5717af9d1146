package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"
)

// adaptLog is where warnings go while a Caddyfile is adapted; tests listen.
var adaptLog = func() *zap.Logger { return caddy.Log().Named("mfa") }

// warn logs what is odd but allowed, with the place in the Caddyfile. Caddy's
// own list of adapter warnings is closed to plugins.
func warn(d *caddyfile.Dispenser, text string) {
	adaptLog().Warn(text, zap.String("file", d.File()), zap.Int("line", d.Line()))
}
