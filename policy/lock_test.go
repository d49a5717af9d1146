package policy

import (
	"path/filepath"
	"strings"
	"testing"
)

// above is a locked tenant that says something of every key.
const above = `version: 1
tenants:
  above:
    locked: true
    require: mfa
    mode: enforce
    grace: 7d
    remind: {every: 1d, times: 3}
    activate: 2030-06-01
    on_disable: keep
    undo: never
    protect: [/documents, {path: /orders, fresh: 5m, require: phishing-resistant}, {path: /index.php, query: {page: mail}}]
    allow: [/documents/help, {path: /documents/login, method: [GET, POST]}, {path: /documents/wiki, query: {t: login}, keys: [back, name]}]
    methods: [passkey, totp]
    minimum: 2
    manage: 10m
    enroll_from: [10.0.0.0/8, 192.0.2.7]
    trust_device: 30d
    service_accounts: [{user: svc, from: [192.0.2.0/24], until: 2030-01-01, owner: o, reason: r}]
  below: {parent: above, LINE}
`

// H7: locked locks every key, not one word. What may be written below is as
// strict or stricter.
func TestDesign_H7_LockedLocksEveryKey(t *testing.T) {
	svc := "{user: svc, from: [192.0.2.0/24], until: 2030-01-01, owner: o, reason: r}"
	orders, mail := "{path: /orders, fresh: 5m, require: phishing-resistant}", "{path: /index.php, query: {page: mail}}"
	for line, ok := range map[string]bool{
		"require: none": false, "require: mfa": true, "require: phishing-resistant": true,
		"locked: false": false, "locked: true": true,
		"mode: report":  false,
		"activate: now": true, "activate: next-session": false, "activate: 2030-05-31": true, "activate: 2030-06-02": false,
		"grace: 0": true, "grace: 8d": false,
		"remind: {every: 1d, times: 2}": true, "remind: {every: 1d, times: 4}": false, "remind: {every: 1d, times: unlimited}": false,
		"prove: enrolled": false, "prove: session": true,
		"share: everywhere": false, "on_disable: release": false, "on_disable: wipe": false, "undo: allowed": false,
		"case: sensitive": false,
		"protect: [/documents, " + orders + ", " + mail + ", /more]":                                   true,
		"protect: [/, /documents, " + orders + ", " + mail + "]":                                       true,
		"protect: [/documents, {path: /orders, fresh: 1m, require: phishing-resistant}, " + mail + "]": true,
		"protect: [/, " + orders + ", " + mail + "]":                                                   false, // what allow opens below / was closed
		"protect: []": false,
		"protect: [/documents, {path: /orders, require: phishing-resistant}, " + mail + "]":            false,
		"protect: [/documents, {path: /orders, fresh: 6m, require: phishing-resistant}, " + mail + "]": false,
		"protect: [/documents, {path: /orders, fresh: 5m}, " + mail + "]":                              false,
		"protect: [/documents, " + orders + ", {path: /index.php, query: {page: mail, x: y}}]":         false,
		"protect: [{path: /documents, when_store_down: last-known}, " + orders + ", " + mail + "]":     false,
		"allow: []": true, "allow: [/documents/help]": true, "allow: [/]": false, "allow: [/documents/help/x]": false,
		"allow: [{path: /documents/help, method: [GET]}]": true, "allow: [{path: /documents/login, method: [GET]}]": true,
		"allow: [{path: /documents/wiki, query: {t: login}, keys: [back]}]": true, "allow: [{path: /documents/wiki, query: {t: login}, keys: [back, id]}]": false, "allow: [{path: /documents/wiki, query: {t: login}}]": false,
		"allow: [/documents/login]": false, "allow: [{path: /documents/login, method: [PUT]}]": false,
		"methods: [passkey], minimum: 2": true, "methods: [totp, email], minimum: 2": false,
		"recovery: {methods: [codes, email]}": false,
		"minimum: 1":                          false, "minimum: 3": true,
		"manage: session": false, "manage: 11m": false, "manage: 5m": true,
		"first: none": false, "first: typed-email": false, "first: email": true,
		"enroll_from: [10.1.0.0/16]": true, "enroll_from: [192.0.2.7, 10.0.0.0/8]": true, "enroll_from: [10.0.0.0/7]": false, "enroll_from: [192.0.2.0/24]": false, "enroll_from: ['::/0']": false,
		"trust_device: none": true, "trust_device: 30d": true, "trust_device: 31d": false, "trust_device: unlimited": false,
		"service_accounts: none": true, "service_accounts: [" + svc + "]": true,
		"service_accounts: [" + strings.Replace(svc, "192.0.2.0/24", "192.0.0.0/16", 1) + "]": false,
		"limits: {totp: 9}": true, "language: de": true, "brand: {color: '#0b57d0'}": true, "rp_id: a.example": true,
	} {
		_, err := parseText(strings.Replace(above, "LINE", line, 1), Options{})
		switch {
		case ok && err != nil:
			t.Errorf("%s: %v", line, err)
		case !ok && (err == nil || !strings.Contains(err.Error(), "policy.yaml:20:") || !strings.Contains(err.Error(), "is weaker here than what tenant above locks (policy.yaml:4:13)")):
			t.Errorf("%s: %v", line, err)
		}
	}
}

// Every key that can be inherited has a word on what is weaker, or is known to
// weaken nothing.
func TestDesign_H7_NoKeyIsForgotten(t *testing.T) {
	base := standard()
	for _, k := range keys {
		if k.own || k.copy == nil {
			continue
		}
		if weaker(k.name, base, base) {
			t.Errorf("%s: what is weaker of it is not said", k.name)
		}
	}
	if !weaker("a key to come", base, base) {
		t.Error("a key that nobody thought of is not locked")
	}
}

// Defaults lock all tenants; a lock is handed down, and stands in no one's way
// above it.
func TestLockedDefaultsAndDepth(t *testing.T) {
	const locked = "version: 1\ndefaults: {require: mfa, locked: true}\ntenants:\n  a: {LINE}\n  b: {parent: a}\n"
	if _, err := parseText(strings.Replace(locked, "LINE", "prove: enrolled", 1), Options{}); err == nil || !strings.Contains(err.Error(), "what defaults lock (policy.yaml:2:34)") {
		t.Errorf("%v", err)
	}
	p := mustParse(t, strings.Replace(locked, "LINE", "minimum: 2", 1))
	if !p.Tenant("b").Locked {
		t.Error("the lock is not handed down")
	}
	_, err := parseText("version: 1\ntenants:\n  a: {locked: true, require: mfa}\n  b: {parent: a}\n  c: {parent: b, require: none}\n  d: {require: none}\n", Options{})
	if err == nil || strings.Count(err.Error(), "\n") != 0 || !strings.Contains(err.Error(), "policy.yaml:5:27: require is weaker here than what tenant b locks (policy.yaml:3:15)") {
		t.Errorf("%v", err)
	}
}

// X8: a tenant's own file may switch its requirement off where nobody above locks
// it, and on always; where the tenant above has locked it, only that one can.
func TestX8_WhoMaySwitch(t *testing.T) {
	for name, c := range map[string]struct {
		parent, own string
		want        Reason // "": the file is refused
	}{
		"ok/the tenant itself, off":            {"{require: mfa}", "require: none", ReasonNotRequired},
		"ok/the tenant itself, on":             {"{require: none}", "require: mfa", ReasonEnroll},
		"ok/the tenant above, on":              {"{require: mfa, locked: true}", "name: Below", ReasonEnroll},
		"ok/the tenant above, off":             {"{require: none, locked: true}", "name: Below", ReasonNotRequired},
		"ok/locked, the tenant itself, on":     {"{require: none, locked: true}", "require: mfa", ReasonEnroll},
		"fail/locked, the tenant itself, off":  {"{require: mfa, locked: true}", "require: none", 0},
		"fail/locked, the tenant itself, free": {"{require: mfa, locked: true}", "locked: false, require: none", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "p.yaml", "version: 1\ninclude: [below.yaml]\ndefaults: {protect: [/]}\ntenants:\n  above: "+c.parent+"\n")
			write(t, dir, "below.yaml", "tenants:\n  below: {parent: above, hosts: [below.example], "+c.own+"}\n")
			p, err := Load(filepath.Join(dir, "p.yaml"), Options{})
			if strings.HasPrefix(name, "fail/") {
				if err == nil || !strings.Contains(err.Error(), "below.yaml:2:") || !strings.Contains(err.Error(), "what tenant above locks") {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			f := known("below.example", "/")
			if d := p.Decide(&f); d.Reason != c.want {
				t.Errorf("%v, want %v", d.Reason, c.want)
			}
		})
	}
}
