package caddymodule

import (
	"strings"
	"testing"
)

// A gate that rests on basic_auth must come after it.
func TestCheckSites_AuthBeforeTheGate(t *testing.T) {
	const auth = "basic_auth {\nbob $2a$10$bHTBPj6kXpa0bTMiBVBkPuFyKn2zuv30GCVj4ZsAFPIFcbr1mtJzO\n}\n"
	const taking = "mfa {\nprotect /documents\nidentity placeholder {http.auth.user.id}\n}\n"
	const byDefault = "mfa {\nprotect /documents\n}\n"
	const want = "runs before the basic_auth in the block of /documents/* that knows it"
	for name, c := range map[string]struct{ site, want string }{
		"ok/at one level":          {auth + taking + "reverse_proxy app:80", ""},
		"ok/in one handle":         {"handle {\n" + auth + taking + "reverse_proxy app:80\n}", ""},
		"ok/in a route":            {"route {\n" + auth + taking + "reverse_proxy app:80\n}", ""},
		"ok/the gate alone inside": {auth + "handle {\n" + taking + "reverse_proxy app:80\n}", ""},
		"ok/both, and once more":   {auth + taking + "handle /documents/* {\n" + auth + "reverse_proxy app:80\n}", ""},
		"ok/known by other means":  {gate + "handle /documents/* {\n" + auth + "reverse_proxy app:80\n}", ""},
		"ok/in another handle":     {"handle /api/* {\n" + auth + "reverse_proxy app:80\n}\nhandle {\n" + gate + "reverse_proxy app:80\n}", ""},
		"fail/inside a handle":     {taking + "handle /documents/* {\n" + auth + "reverse_proxy app:80\n}", want},
		"fail/by default":          {byDefault + "handle /documents/* {\n" + auth + "reverse_proxy app:80\n}", want},
		"fail/later in a route":    {"route {\n" + taking + auth + "reverse_proxy app:80\n}", "runs before the basic_auth that knows it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checkSites(httpApp(t, "a.example {\n"+c.site+"\n}"), nil)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error: %v\nwant:  %s", err, c.want)
			}
		})
	}
}
