package caddymodule

import (
	"errors"
	"strings"
	"testing"
)

// TestCheckServed: the store, the key and the policy lie in no folder that a
// site shows, be the site gated or not.
func TestCheckServed(t *testing.T) {
	files := []ownFile{
		{"/srv/data/mfa.db", "the store", true},
		{"/srv/conf/mfa.key", "the key", true},
		{"/srv/conf/policy.yaml", "the policy", false},
	}
	tests := []struct{ name, site, want, warn string }{
		{name: "ok/another folder", site: "root * /srv/www\nfile_server"},
		{name: "ok/a folder of the same beginning", site: "root * /srv/dat\nfile_server"},
		{name: "ok/no files at all", site: "reverse_proxy app:80"},
		{name: "ok/hidden by name", site: "root * /srv\nfile_server {\nhide data mfa.key *.yaml\n}"},
		{name: "ok/hidden by path", site: "root * /srv\nfile_server {\nhide /srv/data /srv/conf\n}"},
		{name: "fail/the store", site: "root * /srv/data\nfile_server", want: "the file_server of a.example shows /srv/data, and with it the store, /srv/data/mfa.db"},
		{name: "fail/from above", site: "root * /\nfile_server browse", want: "and with it the key, /srv/conf/mfa.key"},
		{name: "fail/under another path", site: "handle_path /x/* {\nroot * /srv/data/\nfile_server\n}", want: "and with it the store"},
		{name: "fail/by its own root", site: "file_server {\nroot /srv/data\n}", want: "and with it the store"},
		{name: "fail/hidden by half", site: "root * /srv\nfile_server {\nhide data\n}", want: "and with it the key"},
		{name: "warn/the policy", site: "root * /srv/conf\nfile_server {\nhide mfa.key\n}", warn: "and with it the policy, /srv/conf/policy.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			warnings, problems := checkServed(httpApp(t, "a.example {\n"+test.site+"\n}"), files)
			err := errors.Join(problems...)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("error: %v\nwant:  %s", err, test.want)
			}
			if all := strings.Join(warnings, "\n"); test.want == "" && (test.warn == "" && all != "" || !strings.Contains(all, test.warn)) {
				t.Fatalf("warnings: %s\nwant:     %s", all, test.warn)
			}
		})
	}
}

func TestOwnFiles(t *testing.T) {
	s := &appState{storeIn: &BoltStore{File: "/srv/mfa.db"}, keyFiles: keyFilesOf([]string{"{env.K}", "{file./run/secrets/key}"}), policyFile: "/etc/p.yaml"}
	var all []string
	for _, f := range s.ownFiles() {
		all = append(all, f.path)
	}
	for _, want := range []string{"/srv/mfa.db", "/mfa/mfa.key", "/run/secrets/key", "/etc/p.yaml"} {
		if !strings.Contains(strings.Join(all, " "), want) {
			t.Errorf("%s is missing in %q", want, all)
		}
	}
}
