package attack

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// verdict adapts and validates a Caddyfile, as `caddy validate` does.
func verdict(t *testing.T, options, policy, sites string) error {
	t.Helper()
	dir := t.TempDir()
	write(t, dir+"/policy.yaml", policy)
	return verdictIn(t, dir, options, sites)
}

// verdictIn is verdict with the policy of a folder.
func verdictIn(t *testing.T, dir, options, sites string) error {
	t.Helper()
	conf, _, err := adapt(dir, fill(options+sites, dir, "127.0.0.1:9"))
	if err != nil {
		return err
	}
	var cfg caddy.Config
	if err := json.Unmarshal(conf, &cfg); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(&cfg)
}

// TestDesign_H1_AMatcherIsNoPrefix: Caddy's path matchers let a third of the
// spellings through that a prefix does not, so none chooses what is protected;
// nor does anything else that reads the path.
func TestDesign_H1_AMatcherIsNoPrefix(t *testing.T) {
	for name, matcher := range map[string]string{
		"a path": "/documents/*", "a named path": "@m", "an expression": "`path('/documents/*')`", "a regexp": "@r", "not a path": "@n", "path in an or": "@e", "file": "@f",
	} {
		site := "http://a.test {\n@m path /documents/*\n@r path_regexp ^/documents\n@n not path /open/*\n@e expression {path}.startsWith('/documents')\n@f file {path}\nmfa " + matcher + " {\n" + whoami + "\n}\nreverse_proxy %APP%\n}"
		if err := verdict(t, global, oneHost, site); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := verdict(t, global, oneHost, "http://a.test {\n@m not remote_ip 192.0.2.1\nmfa @m {\n"+whoami+"\n}\nreverse_proxy %APP%\n}"); err != nil {
		t.Errorf("a matcher of networks: %v", err)
	}
}

// TestAdvisory_PN13_AGateIsNeverSilentlySkipped: one that no request reaches, or
// that stands behind what answers, is refused.
func TestAdvisory_PN13_AGateIsNeverSilentlySkipped(t *testing.T) {
	gate := "mfa {\n" + whoami + "\n}\n"
	for name, site := range map[string]string{
		"behind the proxy in a route":   "http://a.test {\nroute {\nreverse_proxy %APP%\n" + gate + "}\n}",
		"behind a handle":               "http://a.test {\nroute {\nhandle {\nreverse_proxy %APP%\n}\n" + gate + "}\n}",
		"two gates on one way":          "http://a.test {\nroute {\n" + gate + gate + "reverse_proxy %APP%\n}\n}",
		"ordered last":                  "http://a.test {\n" + gate + "reverse_proxy %APP%\n}",
		"php behind a rewrite after it": "http://a.test {\nroot * %DIR%\nroute {\n" + gate + "uri strip_prefix /x\nreverse_proxy %APP%\n}\n}",
	} {
		options := global
		if name == "ordered last" {
			options = strings.Replace(global, "{\n", "{\n\torder mfa last\n", 1)
		}
		if err := verdict(t, options, oneHost, site); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	// Written last, it still stands before what answers.
	for _, site := range []string{"reverse_proxy %APP%\n" + gate, "handle /open* {\nreverse_proxy %APP%\n}\nhandle {\nreverse_proxy %APP%\n}\n" + gate} {
		s := start(t, oneHost, "http://:0 {\n"+site+"}\n")
		s.closed("/documents", documents, "/open/../documents")
		s.reached("/open")
	}
}

// TestAdvisory_CVE_2026_27586_PN23_WhatCannotBeReadIsNotStarted: a matcher, a policy, a key
// or a list of keys that fails to load never leaves a site open, neither at a start nor
// at a reload.
func TestAdvisory_CVE_2026_27586_PN23_WhatCannotBeReadIsNotStarted(t *testing.T) {
	plain := "http://:0 {\nmfa {\n" + whoami + "\n}\nreverse_proxy %APP%\n}"
	s := start(t, oneHost, plain)
	for name, c := range map[string]struct{ policy, site string }{
		"an empty policy": {"", plain}, "half a policy": {oneHost[:60], plain}, "nothing but a comment": {"# later\n", plain}, "two documents": {oneHost + "---\n" + oneHost, plain}, "no tenants": {"version: 1\ntenants: {}\n", plain},
		"a null prefix": {strings.Replace(oneHost, "- /documents", "- ~", 1), plain}, "yes": {strings.Replace(oneHost, "require: mfa", "require: yes", 1), plain}, "off by a typo": {strings.Replace(oneHost, "require: mfa", "requires: mfa", 1), plain}, "an include of nothing": {"include: [tenants/*.yaml]\n" + oneHost, plain},
		"a regexp": {oneHost, strings.Replace(plain, "user json login", "user regexp (", 1)}, "a selector": {oneHost, strings.Replace(plain, "user json login", "user html [", 1)},
		"keys that are not there": {oneHost, strings.Replace(plain, whoami, "identity jwt {\ncookie j\nuser sub\npublic_key %DIR%/none.pem\n}", 1)}, "an empty secret": {oneHost, strings.Replace(plain, whoami, "identity jwt {\ncookie j\nuser sub\nsecret {env.ATTACK_NOT_SET}\n}", 1)},
		"a matcher": {oneHost, strings.Replace(plain, "mfa {", "@m header_regexp X (\nmfa @m {", 1)},
	} {
		if err := verdict(t, global, c.policy, c.site); err == nil {
			t.Errorf("%s is taken", name)
		}
		write(t, s.dir+"/policy.yaml", c.policy)
		conf, _, err := adapt(s.dir, fill(global+c.site, s.dir, s.app.Listener.Addr().String()))
		if err == nil {
			err = caddy.Load(conf, true)
		}
		if err == nil {
			t.Fatalf("%s is loaded", name)
		}
		s.closed(documents)
		s.reached("/open")
	}
	if err := verdict(t, global, oneHost, plain); err != nil {
		t.Fatal(err)
	}
}

// TestDesign_H6_WhatIsNotEnforcedIsNotIgnored: keys that would put off, soften or
// lock, and that nothing enforces yet, do not load (H7, H8, H10, H13, M14, M20).
func TestDesign_H6_WhatIsNotEnforcedIsNotIgnored(t *testing.T) {
	plain := "http://a.test {\nmfa {\n" + whoami + "\n}\nreverse_proxy %APP%\n}"
	for _, line := range []string{"ramp: 50%", "exempt: [bob]", "nonsense: 1", "protekt: [/x]", "grace: 9999d", "remind: {every: 0s, times: 3}", "trust_device: forever", "enroll_from: [everywhere]", "activate: yesterday", "locked: yes", "admins: everybody", "methods: [sms, nothing]"} {
		if err := verdict(t, global, oneHost+"    "+line+"\n", plain); err == nil {
			t.Errorf("%s is taken", line)
		}
	}
}

// TestDesign_M11_CodesAreNotMailedInClear beyond this machine.
func TestDesign_M11_CodesAreNotMailedInClear(t *testing.T) {
	plain := "http://a.test {\nmfa {\n" + whoami + "\n}\nreverse_proxy %APP%\n}"
	for url, taken := range map[string]bool{
		"smtp://mail.example.com": false, "smtp://mail.example.com:25": false, "smtp://10.0.0.1": false, "smtp://localhost.example.com": false, "smtp://127.0.0.1.example.com": false, "smtp://127.0.0.1@mail.example.com": false, "http://mail.example.com": false,
		"smtp://127.0.0.1:25": true, "smtp://localhost": true, "smtp://[::1]:25": true, "smtps://mail.example.com": true, "smtp+starttls://mail.example.com:587": true,
	} {
		options := strings.Replace(global, "store bolt", "mail smtp "+url+" {\n\t\t\tfrom a@example.com\n\t\t}\n\t\tstore bolt", 1)
		if err := verdict(t, options, oneHost, plain); (err == nil) != taken {
			t.Errorf("%s: %v, want taken %v", url, err, taken)
		}
	}
}
