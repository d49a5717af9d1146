package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// TestWarnOfAnyHostsPasskeys: a relying party must not be of a client's choosing.
func TestWarnOfAnyHostsPasskeys(t *testing.T) {
	for _, c := range []struct {
		name, site, tenant, base string
		warned                   bool
	}{
		{"fail/any host", "http://:8080", "methods: [passkey]", "", true},
		{"fail/any host of TLS", ":8443", "methods: [totp, passkey]", "", true},
		{"ok/site with a name", "a.example", "methods: [passkey]", "", false},
		{"ok/base_url", "http://:8080", "methods: [passkey]", "https://a.example", false},
		{"ok/hosts", "http://:8080", "methods: [passkey], hosts: [a.example]", "", false},
		{"ok/rp_id", "http://:8080", "methods: [passkey], rp_id: a.example", "", false},
		{"ok/no passkeys", "http://:8080", "methods: [totp]", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(file, []byte("version: 1\ntenants: {a: {require: mfa, protect: [/x], "+c.tenant+"}}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := policy.Load(file, policy.Options{Mail: policy.MailYes})
			if err != nil {
				t.Fatal(err)
			}
			if got := openParties(httpApp(t, c.site+" {\n"+gate+"reverse_proxy app:80\n}"), p, c.base); (len(got) > 0) != c.warned {
				t.Errorf("%q", got)
			}
		})
	}
	if got := openParties(httpApp(t, ":80 {\n"+gate+"reverse_proxy app:80\n}"), nil, ""); got != nil {
		t.Errorf("without a policy: %q", got)
	}
}

// TestWarnOfPartiesNobodyServes: browsers ask the relying party's own host, where
// there must be somebody to answer.
func TestWarnOfPartiesNobodyServes(t *testing.T) {
	const far = "hosts: [a.portal.example, portal.test], rp_id: portal.example, methods: [passkey, totp]"
	for _, c := range []struct{ name, sites, tenant, want string }{
		{"fail/gates elsewhere", "a.portal.example, portal.test {\n" + gate + "reverse_proxy app:80\n}\nportal.example {\nrespond hi\n}", far, "no gate stands at portal.example, the rp_id of passkeys at portal.test"},
		{"fail/a wildcard is one label", "*.example, portal.test {\n" + gate + "reverse_proxy app:80\n}", "hosts: [a.b.portal.example, portal.test], rp_id: b.portal.example, methods: [passkey]", "no gate stands at b.portal.example"},
		{"ok/gate there", "a.portal.example, portal.test, portal.example {\n" + gate + "reverse_proxy app:80\n}", far, ""},
		{"ok/wildcard", "*.example, portal.test {\n" + gate + "reverse_proxy app:80\n}", far, ""},
		{"ok/any host", ":443 {\n" + gate + "reverse_proxy app:80\n}", far, ""},
		{"ok/all below", "a.portal.example {\n" + gate + "reverse_proxy app:80\n}", "hosts: [a.portal.example], rp_id: portal.example, methods: [passkey, totp]", ""},
		{"ok/no passkeys", "a.portal.example, portal.test {\n" + gate + "reverse_proxy app:80\n}", "hosts: [a.portal.example, portal.test], rp_id: portal.example, methods: [totp]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(file, []byte("version: 1\ntenants: {a: {require: mfa, protect: [/x], "+c.tenant+"}}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := policy.Load(file, policy.Options{Mail: policy.MailYes})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(unservedParties(httpApp(t, c.sites), p), "\n"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
