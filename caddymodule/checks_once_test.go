package caddymodule

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(probe{})
	httpcaddyfile.RegisterHandlerDirective("mfa_probe", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		return new(probe), nil
	})
	httpcaddyfile.RegisterDirectiveOrder("mfa_probe", httpcaddyfile.Before, "request_header")
}

// probe is a handler that checks the sites while it is provisioned, after the
// handlers before it: Caddy has thrown away the JSON of earlier routes by then.
type probe struct{}

func (probe) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mfa_probe", New: func() caddy.Module { return new(probe) }}
}

func (probe) Provision(ctx caddy.Context) error {
	return new(siteChecks).run(ctx, nil, ctx.Logger())
}

func (probe) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// TestChecksWhileProvisioning runs the checks where `caddy validate` does,
// with a part of the routes already made.
func TestChecksWhileProvisioning(t *testing.T) {
	const auth = "forward_auth 127.0.0.1:9 {\nuri /api/authz\ncopy_headers Remote-User\n}\n"
	identity := gateWith("identity placeholder {header.Remote-User}")
	matched := "@in remote_ip 10.0.0.0/8\n" + strings.Replace(identity, "mfa {", "mfa @in {", 1)
	tests := []struct{ name, site, want string }{
		{name: "ok/header set by a handler already made", site: "http://:0 {\n" + auth + matched + "mfa_probe\nreverse_proxy 127.0.0.1:9\n}"},
		{name: "fail/nothing made before sets it", site: "http://:0 {\nencode gzip\n" + matched + "mfa_probe\nreverse_proxy 127.0.0.1:9\n}", want: "which any client can send"},
		{name: "fail/rewrite after the gate", site: "http://:0 {\n" + auth + matched + "mfa_probe\nhandle_path /x/* {\nreverse_proxy 127.0.0.1:9\n}\n}", want: "can lead under a protected prefix"},
		{name: "ok/files elsewhere", site: "http://:0 {\n" + gate + "mfa_probe\nroot * /srv/www\nfile_server\n}"},
		{name: "fail/the store among the files", site: "http://:0 {\n" + gate + "mfa_probe\nroot * " + caddy.AppDataDir() + "\nfile_server\n}", want: "and with it the store, " + filepath.Join(caddy.AppDataDir(), "mfa", "mfa.db")},
		{name: "fail/handle_errors", site: "http://:0 {\n" + gate + "mfa_probe\nreverse_proxy 127.0.0.1:9\nhandle_errors {\nreverse_proxy 127.0.0.1:9\n}\n}", want: "with no mfa before it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw, err := adapt(strings.Replace(withMail, "{\n", "{\nadmin off\nauto_https off\n", 1) + test.site)
			if err != nil {
				t.Fatal(err)
			}
			var config caddy.Config
			if err := json.Unmarshal([]byte(raw), &config); err != nil {
				t.Fatal(err)
			}
			err = caddy.Validate(&config)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("error: %v\nwant:  %s", err, test.want)
			}
		})
	}
}
