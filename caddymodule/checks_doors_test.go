package caddymodule

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestOpenDoors(t *testing.T) {
	const files = "root * /srv/app\nfile_server\n"
	php := func(root string) string { return "root * " + root + "\nphp_fastcgi unix//run/php.sock\n" }
	tests := []struct{ name, site, warn string }{
		{name: "ok/files of another site", site: "a.example {\n" + gate + files + "}\nb.example {\nroot * /srv/other\nfile_server\n}"},
		{name: "ok/a part of the files, on purpose", site: "a.example {\n" + gate + files + "}\nb.example {\nroot * /srv/app/static\nfile_server\n}"},
		{name: "ok/some paths of the files", site: "a.example {\nhandle /static/* {\n" + files + "}\nhandle {\n" + gate + files + "}\n}"},
		{name: "ok/a page of errors", site: "a.example {\n" + gate + files + "handle_errors {\nrewrite * /{err.status_code}.html\n" + files + "}\n}"},
		{name: "ok/one PHP for many sites", site: "a.example {\n" + gate + php("/srv/app") + "}\nb.example {\n" + php("/srv/blog") + "}"},
		{name: "ok/two sites, both gated", site: "a.example {\n" + gateWith("realm x") + files + "}\nb.example {\n" + gateWith("realm x") + files + "}"},

		{name: "warn/TestDesign_C7 the same files", site: "a.example {\n" + gate + files + "}\nb.example {\n" + files + "}", warn: "b.example shows the files in /srv/app with no mfa before it, while mfa at Caddyfile:"},
		{name: "warn/the folder above", site: "a.example {\n" + gate + files + "}\nb.example {\nroot * /srv\nfile_server browse\n}", warn: "b.example shows the files in /srv with no mfa"},
		{name: "warn/the same files under another path", site: "a.example {\nhandle_path /raw/* {\n" + files + "}\nhandle {\n" + gate + files + "}\n}", warn: "shows the files in /srv/app with no mfa"},
		{name: "warn/the same scripts", site: "a.example {\n" + gate + php("/srv/app") + "}\nb.example {\n" + php("/srv/app") + "}", warn: "b.example reaches unix//run/php.sock for /srv/app with no mfa"},
		{name: "warn/TestDesign_M5 the admin endpoint", site: "a.example {\n" + gate + "reverse_proxy app:80\n}\nb.example {\nreverse_proxy localhost:2019\n}", warn: "b.example reaches 127.0.0.1:2019, where Caddy's admin endpoint is"},
		{name: "warn/the admin endpoint, gated", site: "a.example {\n" + gate + "reverse_proxy 127.0.0.1:2019\n}", warn: "reaches 127.0.0.1:2019, where Caddy's admin endpoint is"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			warnings, err := checkSites(httpApp(t, test.site), nil)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(warnings, "\n"); test.warn == "" && all != "" || !strings.Contains(all, test.warn) {
				t.Fatalf("warnings: %s\nwant:     %s", all, test.warn)
			}
		})
	}
}

// TestDesign_C7_ErrorRoutesOfABlock: JSON gives a block error routes of its
// own. They run for what was refused in the block.
func TestDesign_C7_ErrorRoutesOfABlock(t *testing.T) {
	const mfa, proxy = `{"handler":"mfa","protect":["/documents"]}`, `{"handler":"reverse_proxy","upstreams":[{"dial":"app:80"}]}`
	site := func(before, inside, errors string) *caddyhttp.App {
		block := `{"handler":"subroute","routes":[{"handle":[` + inside + `]}],"errors":{"routes":[{"handle":[` + errors + `]}]}}`
		route := caddyhttp.Route{}
		if before != "" {
			route.HandlersRaw = append(route.HandlersRaw, json.RawMessage(before))
		}
		route.HandlersRaw = append(route.HandlersRaw, json.RawMessage(block))
		return &caddyhttp.App{Servers: map[string]*caddyhttp.Server{"a": {Routes: caddyhttp.RouteList{route}}}}
	}
	tests := []struct {
		name, want string
		app        *caddyhttp.App
	}{
		{name: "ok/a page", app: site("", mfa+","+proxy, `{"handler":"static_response","body":"no"}`)},
		{name: "ok/behind the gate", app: site(mfa, proxy, proxy)},
		{name: "ok/no gate in the block", app: site("", proxy, proxy)},
		{name: "fail/around the gate", app: site("", mfa+","+proxy, proxy), want: "has a reverse_proxy with no mfa before it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := checkSites(test.app, nil)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("error: %v\nwant:  %s", err, test.want)
			}
		})
	}
}
