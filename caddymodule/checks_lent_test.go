package caddymodule

import (
	"strings"
	"testing"
)

// TestDesign_C1_CredentialsOfOtherNames: a header that is set after the gate can
// make a credential of what the gate takes for harmless.
func TestDesign_C1_CredentialsOfOtherNames(t *testing.T) {
	const want = "is followed by"
	tests := []struct{ name, handlers, want string }{
		{name: "ok/ordinary headers", handlers: "request_header X-Real-IP {remote_host}\nrequest_header X-Page {path}\nreverse_proxy app:80 {\nheader_up Host {host}\nheader_up X-Query {query.q}\nheader_up X-Forwarded-For {header.CF-Connecting-IP}\n}"},
		{name: "ok/the configuration's own key", handlers: "reverse_proxy app:80 {\nheader_up X-Api-Key {env.KEY}\nheader_up Authorization \"Basic abc\"\n}"},
		{name: "ok/the same header", handlers: "reverse_proxy app:80 {\nheader_up Authorization {header.Authorization}\n}"},
		{name: "ok/a cookie that whoami is shown", handlers: "reverse_proxy app:80 {\nheader_up Authorization \"Bearer {cookie.jwt}\"\n}"},
		{name: "ok/a name the gate refuses", handlers: "reverse_proxy app:80 {\nheader_up Authorization \"Bearer {query.access_token}\"\n}"},
		{name: "ok/a path that needs nothing", handlers: "handle /feed/* {\nrequest_header Authorization {header.X-Feed}\nreverse_proxy app:80\n}"},

		{name: "fail/query", handlers: "request_header Authorization \"Bearer {query.key}\"\nreverse_proxy app:80", want: "as {http.request.uri.query.key} beside an identity and a proof of its own: name it, 'credentials key'"},
		{name: "fail/another header", handlers: "reverse_proxy app:80 {\nheader_up Authorization {header.X-Ticket}\n}", want: "'credentials X-Ticket'"},
		{name: "fail/cookie from the query", handlers: "reverse_proxy app:80 {\nheader_up +Cookie \"sid={query.sid}\"\n}", want: want},
		{name: "fail/by another name", handlers: "vars t {query.t}\nreverse_proxy app:80 {\nheader_up X-Api-Key {vars.t}\n}", want: want},
		{name: "fail/from the path", handlers: "reverse_proxy app:80 {\nheader_up X-Auth-Token {path.0}\n}", want: want},
		{name: "fail/in a protected block", handlers: "handle /documents/* {\nrequest_header Authorization {header.X-Feed}\nreverse_proxy app:80\n}", want: want},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := checkSites(httpApp(t, "a.example {\n"+gate+test.handlers+"\n}"), nil)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("error: %v\nwant:  %s", err, test.want)
			}
		})
	}
	t.Run("ok/named", func(t *testing.T) {
		if _, err := checkSites(httpApp(t, "a.example {\n"+gateWith("credentials key")+"reverse_proxy app:80 {\nheader_up Authorization {query.key}\n}\n}"), nil); err != nil {
			t.Fatal(err)
		}
	})
}
