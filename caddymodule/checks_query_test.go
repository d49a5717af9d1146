package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// TestCheckQueries holds rewrites after a gate to rules that look at the query:
// behind try_files, /nothing?page=messages is /index.php?page=messages, and the
// gate has read /nothing.
func TestCheckQueries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	text := "version: 1\ndefaults:\n  require: mfa\n  protect:\n    - {path: /index.php, query: {page: messages}}\ntenants: {a: {}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(file, policy.Options{Mail: policy.MailYes})
	if err != nil {
		t.Fatal(err)
	}
	const moved = "can lead under a protected prefix"
	tests := []struct{ name, handlers, want string }{
		{name: "ok/no rewrite", handlers: "reverse_proxy app:80"},
		{name: "ok/a page of the configuration's", handlers: "handle {\nrewrite * /index.php?page=home\nreverse_proxy app:80\n}"},
		{name: "ok/another script", handlers: "handle {\nrewrite * /search.php?{query}\nreverse_proxy app:80\n}"},
		{name: "ok/a value of another key", handlers: "handle /u/* {\nrewrite * /index.php?user={path.1}\nreverse_proxy app:80\n}"},
		{name: "ok/query kept", handlers: "handle {\nrewrite * {path}?{query}\nreverse_proxy app:80\n}"},
		{name: "ok/query kept and more", handlers: "handle {\nrewrite * ?{query}&lang=en\nreverse_proxy app:80\n}"},
		{name: "ok/key taken away", handlers: "handle {\nuri query -utm_source\nuri query -page\nreverse_proxy app:80\n}"},
		{name: "ok/another key set", handlers: "handle {\nuri query lang en\nreverse_proxy app:80\n}"},
		{name: "ok/a block of other paths", handlers: "handle /list/* {\nuri query page 1\nreverse_proxy app:80\n}"},
		{name: "ok/single-page app", handlers: "handle {\nroot * /srv\ntry_files {path} /index.html\nfile_server\n}"},

		{name: "fail/php_fastcgi falls back to the script", handlers: "root * /srv\nphp_fastcgi 127.0.0.1:9000\nfile_server", want: moved},
		{name: "fail/try_files", handlers: "handle {\nroot * /srv\ntry_files {path} /index.php\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/query as asked", handlers: "handle {\nrewrite * /index.php\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/query as asked, written out", handlers: "handle {\nrewrite * /index.php?{query}\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/value of the client's", handlers: "handle /p/* {\nrewrite * /index.php?page={path.1}\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/the value itself", handlers: "handle {\nrewrite * /index.php?page=messages\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/the query alone", handlers: "handle {\nrewrite * ?page=messages\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/the path kept", handlers: "handle {\nrewrite * {path}?page={query.p}\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/key set", handlers: "handle {\nuri query page {query.p}\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/key added", handlers: "handle {\nuri query +PAGE messages\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/key renamed", handlers: "handle {\nuri query p>page\nreverse_proxy app:80\n}", want: moved},
		{name: "fail/key of the client's", handlers: "handle {\nuri query {query.k} messages\nreverse_proxy app:80\n}", want: moved},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := checkSites(httpApp(t, "a.example {\n"+gate+test.handlers+"\n}"), p)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("error: %v\nwant:  %s", err, test.want)
			}
		})
	}
}
