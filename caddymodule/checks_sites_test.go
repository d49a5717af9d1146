package caddymodule

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// withMail is the global option every site of these tests has.
const withMail = "{\n\tmfa {\n\t\tmail smtp smtp://localhost:25 {\n\t\t\tfrom a@example.com\n\t\t}\n\t}\n}\n"

// httpApp adapts a Caddyfile and gives its http app, not provisioned.
func httpApp(t *testing.T, caddyfile string) *caddyhttp.App {
	t.Helper()
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(withMail+caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Apps struct {
			HTTP *caddyhttp.App `json:"http"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(out, &config); err != nil {
		t.Fatal(err)
	}
	return config.Apps.HTTP
}

const gate = "mfa {\nprotect /documents\nidentity whoami /me {\nuser json id\ncookies sid\n}\n}\n"

func gateWith(lines string) string { return "mfa {\nprotect /documents\n" + lines + "\n}\n" }

const knownByWhoami = "identity whoami /me {\nuser json id\ncookies sid\n}"

// TestCheckSitesPolicy holds a site to what a policy protects besides.
func TestCheckSitesPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	text := "version: 1\ndefaults:\n  require: mfa\n  allow: [/secret/login]\ntenants:\n  a:\n    protect: [/secret]\n  b:\n    protect: [/other, {path: /doku.php, query: {id: private}}]\n  c:\n    hosts: [c.example]\n    protect: [/inside]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(file, policy.Options{Mail: policy.MailYes})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, site, want string }{
		{name: "ok/login is open", site: "a.example {\n" + gateWith("anonymous login /login") + "reverse_proxy app:80\n}"},
		{name: "ok/login is allowed", site: "a.example {\n" + gateWith("anonymous login /secret/login?next={http.mfa.return_to}") + "reverse_proxy app:80\n}"},
		{name: "ok/login by query", site: "a.example {\n" + gateWith("anonymous login /doku.php?id=start&do=login&next={http.mfa.return_to}") + "reverse_proxy app:80\n}"},
		{name: "fail/login is protected by query", site: "a.example {\n" + gateWith("anonymous login /doku.php?id=private&next={http.mfa.return_to}") + "reverse_proxy app:80\n}", want: "is itself protected"},
		{name: "ok/rewrite to an open page", site: "a.example {\n" + gate + "handle {\nrewrite * /index.html\nreverse_proxy app:80\n}\n}"},
		{name: "fail/login is protected for one tenant", site: "a.example {\n" + gateWith("anonymous login /other/login") + "reverse_proxy app:80\n}", want: "/other/login, which is itself protected"},
		{name: "ok/login is protected at another host", site: "c.example {\n" + gateWith("anonymous login /other/login\n"+knownByWhoami) + "reverse_proxy app:80\n}"},
		{name: "fail/login is protected at this host", site: "c.example {\n" + gateWith("anonymous login /inside/login\n"+knownByWhoami) + "reverse_proxy app:80\n}", want: "/inside/login, which is itself protected"},
		{name: "fail/login is protected at one of two hosts", site: "c.example, a.example {\n" + gateWith("anonymous login /other/login\n"+knownByWhoami) + "reverse_proxy app:80\n}", want: "is itself protected"},
		{name: "fail/login is protected for a tenant the identity may name", site: "c.example {\n" + gateWith("anonymous login /other/login\n"+strings.Replace(knownByWhoami, "}", "tenant json office\n}", 1)) + "reverse_proxy app:80\n}", want: "is itself protected"},
		{name: "fail/rewrite to a tenant's page", site: "a.example {\n" + gate + "handle {\nrewrite * /secret/x\nreverse_proxy app:80\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/rewrite to a protected query", site: "a.example {\n" + gate + "handle {\nrewrite * /doku.php?id=private\nreverse_proxy app:80\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/handle_path of one tenant's prefix", site: "a.example {\n" + gate + "handle_path /secret/* {\nreverse_proxy app:80\n}\n}", want: "can lead under a protected prefix"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := checkSites(httpApp(t, test.site), p)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("error: %v\nwant:  %s", err, test.want)
			}
		})
	}
}

// TestDesign_H19: a cache before the gate hands one visitor's answers to others.
// The handler is another plugin's, so it stands here as JSON.
func TestDesign_H19_CacheBeforeGate(t *testing.T) {
	server := func(handlers ...string) *caddyhttp.App {
		route := caddyhttp.Route{}
		for _, h := range handlers {
			route.HandlersRaw = append(route.HandlersRaw, json.RawMessage(h))
		}
		return &caddyhttp.App{Servers: map[string]*caddyhttp.Server{"a": {Routes: caddyhttp.RouteList{route}}}}
	}
	const cache, mfa = `{"handler":"cache"}`, `{"handler":"mfa","protect":["/documents"]}`
	if _, err := checkSites(server(cache, mfa), nil); err == nil || !strings.Contains(err.Error(), "stands after the cache 'cache'") {
		t.Fatalf("cache before the gate: %v", err)
	}
	if _, err := checkSites(server(mfa, cache), nil); err != nil {
		t.Fatalf("cache after the gate: %v", err)
	}
}

// TestCheckSites holds whole sites to what a configuration may not do: want is
// a part of the error, and empty where the site is fine; warn likewise.
func TestCheckSites(t *testing.T) {
	tests := []struct{ name, site, want, warn string }{
		{name: "ok/smallest", site: "a.example {\n" + gate + "reverse_proxy app:80\n}"},
		{name: "ok/port alone", site: ":8080 {\n" + gate + "reverse_proxy app:80\n}"},
		{name: "ok/handle blocks behind it", site: "a.example {\n" + gate + "handle /api/* {\nreverse_proxy app:80\n}\nhandle {\nreverse_proxy app:80\n}\n}"},
		{name: "ok/nested handles, templates, encode, files", site: "a.example {\n" + gate + "root * /srv\nencode gzip\ntemplates\nhandle /a/* {\nhandle /a/b/* {\nfile_server\n}\n}\nfile_server\n}"},
		{name: "ok/route", site: "a.example {\nroute {\n" + gate + "reverse_proxy app:80\n}\n}"},
		{name: "ok/php_fastcgi", site: "a.example {\n" + gate + "root * /srv\nphp_fastcgi unix//run/php.sock\nfile_server\n}"},
		{name: "ok/php_fastcgi in a handle", site: "a.example {\n" + gate + "handle {\nroot * /srv\nphp_fastcgi 127.0.0.1:9000\nfile_server\n}\n}"},
		{name: "ok/single-page app", site: "a.example {\n" + gate + "handle /api/* {\nreverse_proxy app:80\n}\nhandle {\nroot * /srv\ntry_files {path} {path}/ /index.html\nfile_server\n}\n}"},
		{name: "ok/rewrite before it", site: "a.example {\n" + gate + "rewrite /old/* /documents{uri}\nuri strip_prefix /x\nreverse_proxy app:80\n}"},
		{name: "ok/handle_path with the gate inside", site: "a.example {\nhandle_path /app/* {\n" + gateWith("mount /app/.mfa") + "reverse_proxy app:80\n}\nhandle {\nrespond hello\n}\n}"},
		{name: "ok/handle_path that only answers", site: "a.example {\n" + gate + "handle_path /x/* {\nrespond ok\n}\nreverse_proxy app:80\n}"},
		{name: "ok/handle_path of a protected prefix", site: "a.example {\n" + gate + "handle_path /documents/* {\nreverse_proxy docs:80\n}\nreverse_proxy app:80\n}"},
		{name: "ok/handle_path and all is protected", site: "a.example {\nmfa {\nprotect /\n}\nhandle_path /x/* {\nreverse_proxy app:80\n}\n}"},
		{name: "ok/gate again after the rewrite", site: "a.example {\n" + gate + "handle_path /x/* {\n" + gateWith("mount /x/.mfa") + "reverse_proxy app:80\n}\nreverse_proxy app:80\n}"},
		{name: "ok/static files of their own", site: "a.example {\n" + gate + "handle_path /static/* {\nroot * /srv/static\nfile_server\n}\nreverse_proxy app:80\n}"},
		{name: "ok/static files beside others", site: "a.example {\n" + gate + "root * /srv/app\nhandle_path /static/* {\nroot * /srv/static\nfile_server\n}\nhandle {\nfile_server\n}\n}"},
		{name: "fail/static files of the app", site: "a.example {\n" + gate + "root * /srv/app\nhandle_path /static/* {\nfile_server\n}\nhandle {\nfile_server\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/static files around the app's", site: "a.example {\n" + gate + "handle_path /static/* {\nroot * /srv\nfile_server\n}\nhandle {\nroot * /srv/app\nfile_server\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/static files of the PHP app", site: "a.example {\n" + gate + "handle_path /static/* {\nroot * /srv/app\nfile_server\n}\nhandle {\nroot * /srv/app\nphp_fastcgi 127.0.0.1:9000\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/static files of no root", site: "a.example {\n" + gate + "handle_path /static/* {\nfile_server\n}\nreverse_proxy app:80\n}", want: "can lead under a protected prefix"},
		{name: "ok/rewrite to elsewhere behind it", site: "a.example {\n" + gate + "handle /v1/* {\nrewrite * /new{uri}\nreverse_proxy app:80\n}\nreverse_proxy app:80\n}"},
		{name: "ok/forward_auth behind it", site: "a.example {\n" + gate + "handle {\nforward_auth auth:9091 {\nuri /api/authz\ncopy_headers Remote-User\n}\nreverse_proxy app:80\n}\n}"},
		{name: "ok/errors are words", site: "a.example {\n" + gate + "reverse_proxy app:80\nhandle_errors {\nrespond \"{err.status_code}\"\n}\n}"},
		{name: "ok/errors are pages of their own", site: "a.example {\n" + gate + "reverse_proxy app:80\nhandle_errors {\nrewrite * /{err.status_code}.html\nroot * /srv/errors\nfile_server\n}\n}"},
		{name: "ok/errors behind a gate", site: "a.example {\n" + gate + "reverse_proxy app:80\nhandle_errors {\n" + gate + "reverse_proxy app:80\n}\n}"},
		{name: "ok/errors of another site", site: "a.example {\n" + gate + "reverse_proxy app:80\n}\nb.example {\nreverse_proxy other:80\nhandle_errors {\nreverse_proxy other:80\n}\n}"},
		{name: "ok/errors of a host beside a gate for any", site: "http:// {\n" + gate + "reverse_proxy app:80\n}\nhttp://b.example {\nreverse_proxy other:80\nhandle_errors {\nreverse_proxy other:80\n}\n}"},
		{name: "ok/the app sends a file", site: "a.example {\n" + gate + "reverse_proxy app:80 {\n@accel header X-Accel-Redirect *\nhandle_response @accel {\nroot * /private\nrewrite * {rp.header.X-Accel-Redirect}\nmethod * GET\nfile_server\n}\n}\n}"},
		{name: "ok/two gates, two blocks", site: "a.example {\nhandle /a/* {\n" + gateWith("mount /a/.mfa") + "reverse_proxy app:80\n}\nhandle {\n" + gate + "reverse_proxy app:80\n}\n}"},
		{name: "ok/header that forward_auth sets", site: "a.example {\nforward_auth auth:9091 {\nuri /api/authz\ncopy_headers Remote-User\n}\n" + gateWith("identity placeholder {header.Remote-User}") + "reverse_proxy app:80\n}"},
		{name: "ok/header that is deleted first", site: "a.example {\nroute {\nrequest_header -Remote-*\n" + gateWith("identity placeholder {header.Remote-User}") + "reverse_proxy app:80\n}\n}"},
		{name: "ok/verified certificate", site: "a.example {\ntls {\nclient_auth {\nmode verify_if_given\ntrust_pool inline {\ntrust_der MIIB\n}\n}\n}\n" + gateWith("identity placeholder {tls_client_subject}") + "reverse_proxy app:80\n}"},
		{name: "ok/login elsewhere", site: "a.example {\n" + gateWith("anonymous login /login?next={http.mfa.return_to}") + "reverse_proxy app:80\n}"},

		{name: "fail/TestDesign_C7 proxy in handle_errors", site: "a.example {\n" + gate + "reverse_proxy app:80\nhandle_errors {\nreverse_proxy app:80\n}\n}", want: "handle_errors of a.example has a reverse_proxy with no mfa before it"},
		{name: "fail/files in handle_errors", site: "a.example {\n" + gate + "file_server\nhandle_errors 404 {\nfile_server\n}\n}", want: "has a file_server with no mfa before it"},
		{name: "fail/php in handle_errors", site: "a.example {\n" + gate + "file_server\nhandle_errors {\nphp_fastcgi 127.0.0.1:9000\n}\n}", want: "with no mfa before it"},
		{name: "fail/handle_errors without a host", site: ":8080 {\n" + gate + "file_server\nhandle_errors {\nfile_server\n}\n}", want: "handle_errors of the site has a file_server"},
		{name: "fail/handle_errors of any host", site: "http://a.example {\n" + gate + "reverse_proxy app:80\n}\nhttp:// {\nhandle_errors {\nreverse_proxy app:80\n}\n}", want: "handle_errors of the site has a reverse_proxy"},
		{name: "fail/errors under the path asked for", site: "a.example {\n" + gate + "file_server\nhandle_errors {\nrewrite * {path}.html\nfile_server\n}\n}", want: "has a file_server with no mfa before it"},
		{name: "fail/sometimes rewritten errors", site: "a.example {\n" + gate + "file_server\nhandle_errors {\n@e path /x\nrewrite @e /e.html\nfile_server\n}\n}", want: "has a file_server with no mfa before it"},
		{name: "fail/TestDesign_C7 handle_path", site: "a.example {\n" + gate + "handle_path /x/* {\nreverse_proxy app:80\n}\n}", want: "in the block of /x/* (strip_path_prefix /x) that can lead under a protected prefix"},
		{name: "fail/rewrite in a handle", site: "a.example {\n" + gate + "handle /y/* {\nrewrite * /documents{uri}\nreverse_proxy app:80\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/rewrite to a query", site: "a.example {\n" + gate + "handle /y/* {\nrewrite * {query.to}\nreverse_proxy app:80\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/proxy that rewrites", site: "a.example {\n" + gate + "reverse_proxy app:80 {\nrewrite /documents{uri}\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/uri in a route", site: "a.example {\n" + gate + "route {\nuri strip_suffix .x\nreverse_proxy app:80\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/rewritten and then on", site: "a.example {\n" + gate + "handle_path /x/* {\nheader A b\n}\nreverse_proxy app:80\n}", want: "can lead under a protected prefix"},
		{name: "fail/named route", site: "&(door) {\nuri /x/* strip_prefix /x\nreverse_proxy app:80\n}\na.example {\n" + gate + "invoke door\n}", want: "can lead under a protected prefix"},
		{name: "fail/candidate of try_files", site: "a.example {\n" + gate + "handle {\ntry_files /documents{path}\nfile_server\n}\n}", want: "can lead under a protected prefix"},
		{name: "fail/two gates at one level", site: "a.example {\n" + gate + gate + "reverse_proxy app:80\n}", want: "can match one request"},
		{name: "fail/gate in a gate", site: "a.example {\n" + gate + "handle {\n" + gate + "reverse_proxy app:80\n}\n}", want: "can match one request"},
		{name: "fail/matchers that overlap", site: "a.example {\n@a remote_ip 10.0.0.0/8\n@b remote_ip 10.1.0.0/16\nmfa @a {\nprotect /documents\n}\nmfa @b {\nprotect /documents\n}\nreverse_proxy app:80\n}", want: "can match one request"},
		{name: "fail/TestDesign_C12 header anybody sends", site: "a.example {\n" + gateWith("identity placeholder {header.Remote-User}") + "reverse_proxy app:80\n}", want: "header field Remote-User, which any client can send"},
		{name: "fail/header of a fact", site: "a.example {\n" + gateWith("identity placeholder {http.auth.user.id} {\nemail {header.X-Mail}\n}") + "reverse_proxy app:80\n}", want: "header field X-Mail, which any client can send"},
		{name: "fail/header sometimes set", site: "a.example {\n@in remote_ip 10.0.0.0/8\nforward_auth @in auth:9091 {\nuri /api/authz\ncopy_headers Remote-User\n}\n" + gateWith("identity placeholder {header.Remote-User}") + "reverse_proxy app:80\n}", want: "which any client can send"},
		{name: "fail/header set from a header", site: "a.example {\nroute {\nrequest_header Remote-User {header.X-User}\n" + gateWith("identity placeholder {header.Remote-User}") + "reverse_proxy app:80\n}\n}", want: "which any client can send"},
		{name: "ok/variable of a header that is settled", site: "a.example {\nforward_auth auth:9091 {\nuri /api/authz\ncopy_headers Remote-User\n}\nvars kind human\n" + gateWith("identity placeholder {http.auth.user.id} {\nroles {vars.kind}\n}") + "reverse_proxy app:80\n}"},
		{name: "fail/variable of the query", site: "a.example {\nvars user {query.u}\n" + gateWith("identity placeholder {vars.user}") + "reverse_proxy app:80\n}", want: "{http.vars.user}, which is {http.request.uri.query.u} here, and so chosen by the client"},
		{name: "ok/tenant mapped from the host", site: "a.example {\nmap {host} {office} {\na.example silva\n}\n" + gateWith("tenant {office}") + "reverse_proxy app:80\n}"},
		{name: "fail/tenant mapped from a header", site: "a.example {\nmap {header.X-Office} {office} {\na silva\n}\n" + gateWith("tenant {office}") + "reverse_proxy app:80\n}", want: "takes the tenant from {office}: {http.request.header.X-Office} is chosen by the client"},
		{name: "fail/header set after the gate", site: "a.example {\nrequest_header -Remote-User\n" + gateWith("identity placeholder {header.Remote-User}") + "reverse_proxy app:80\n}", want: "which any client can send"},
		{name: "fail/TestDesign_C12 certificate of anybody", site: "a.example {\ntls {\nclient_auth {\nmode require\n}\n}\n" + gateWith("identity placeholder {tls_client_subject}") + "reverse_proxy app:80\n}", want: "which this site does not verify"},
		{name: "fail/no certificate asked for", site: "a.example {\n" + gateWith("identity placeholder {tls_client_subject}") + "reverse_proxy app:80\n}", want: "which this site does not verify"},

		{name: "warn/TestDesign_C7 another site", site: "a.example {\n" + gate + "reverse_proxy app:80\n}\nhttp://www.example {\nreverse_proxy app:80\n}", warn: "www.example reaches app:80 with no mfa before it, while mfa at Caddyfile:"},
		{name: "warn/another block", site: "a.example {\nhandle /api/* {\nreverse_proxy localhost:80\n}\nhandle {\n" + gate + "reverse_proxy 127.0.0.1:80\n}\n}", warn: "reaches 127.0.0.1:80 with no mfa before it"},
		{name: "warn/mount out of reach", site: "a.example {\nhandle /app/* {\n" + gate + "reverse_proxy app:80\n}\n}", warn: "write 'mount /app/.mfa'"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			warnings, err := checkSites(httpApp(t, test.site), nil)
			switch {
			case test.want == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Fatalf("error: %v\nwant:  %s", err, test.want)
			}
			if all := strings.Join(warnings, "\n"); test.warn == "" && all != "" && test.want == "" || !strings.Contains(all, test.warn) {
				t.Fatalf("warnings: %s\nwant:     %s", all, test.warn)
			}
		})
	}
}
