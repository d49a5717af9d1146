package policy

import (
	"strings"
	"testing"
	"time"
)

const banks = `
version: 1
defaults:
  methods: [passkey, totp]
  protect: [/documents, {path: /transfer, require: phishing-resistant}, {path: /transfer/limits, fresh: 5m}]
tenants:
  bank: {require: phishing-resistant, hosts: [bank.example]}
  shop: {require: mfa, hosts: [shop.example]}
  club: {require: none, hosts: [club.example]}
  loose: {require: phishing-resistant, prove: enrolled, share: everywhere, hosts: [loose.example]}
  other: {require: mfa, share: everywhere, hosts: [other.example]}
  narrow: {require: mfa, methods: [totp], protect: [/documents], hosts: [narrow.example]}
  branch: {require: mfa, parent: bank, protect: [/documents], hosts: [branch.example]}
`

func resistant(f *Facts) { f.Proof.Resistant = true }

// TestPhishingResistant: nothing but a passkey, proven at the gate, opens what
// asks for one; who has none registers one; who has one is asked for it.
func TestPhishingResistant(t *testing.T) {
	p := mustParse(t, banks)
	key := func(tenant string) func(*Facts) { return has("passkey", tenant, "email") }
	app := func(tenant string) func(*Facts) { return has("totp", tenant, "email") }
	byKey := func(tenant string, ago time.Duration) func(*Facts) {
		return func(f *Facts) { proven(ago, tenant, "email", "passkey")(f); resistant(f) }
	}
	byApp := func(tenant string) func(*Facts) { return proven(time.Hour, tenant, "email", "totp") }
	byCode := proven(time.Hour, "bank", "email", "codes")
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/passkey":                           {known("bank.example", "/documents", byKey("bank", time.Hour)), ReasonVerified},
		"ok/passkey while the store is down":   {known("bank.example", "/documents", byKey("bank", time.Hour), store(AccountDown)), ReasonVerified},
		"ok/app where any will do":             {known("shop.example", "/documents", byApp("shop")), ReasonVerified},
		"ok/passkey where any will do":         {known("shop.example", "/documents", byKey("shop", time.Hour)), ReasonVerified},
		"ok/passkey in the area":               {known("shop.example", "/transfer", byKey("shop", time.Hour)), ReasonVerified},
		"ok/area of a tenant that is off":      {known("club.example", "/transfer"), ReasonNotRequired},
		"ok/passkey shared":                    {known("loose.example", "/documents", byKey("other", time.Hour)), ReasonVerified},
		"fail/nobody has one":                  {known("bank.example", "/documents"), ReasonEnroll},
		"fail/app proven, no passkey":          {known("bank.example", "/documents", app("bank"), byApp("bank")), ReasonEnroll},
		"fail/app not proven, no passkey":      {known("bank.example", "/documents", app("bank")), ReasonVerify},
		"fail/app proven, passkey there":       {known("bank.example", "/documents", app("bank"), key("bank"), byApp("bank")), ReasonWeak},
		"fail/app proven, store down":          {known("bank.example", "/documents", byApp("bank"), store(AccountDown)), ReasonStoreDown},
		"fail/nothing proven, passkey there":   {known("bank.example", "/documents", key("bank")), ReasonVerify},
		"fail/code proven, passkey there":      {known("bank.example", "/documents", key("bank"), has("codes", "bank", "email"), byCode), ReasonWeak},
		"fail/code proven, no passkey":         {known("bank.example", "/documents", app("bank"), byCode), ReasonEnroll},
		"fail/claim":                           {known("bank.example", "/documents", key("bank"), claim(before(time.Minute))), ReasonWeak},
		"fail/claim that says so itself":       {known("bank.example", "/documents", key("bank"), claim(before(time.Minute)), resistant), ReasonWeak},
		"fail/claim, no passkey":               {known("bank.example", "/documents", claim(before(time.Minute))), ReasonEnroll},
		"fail/app in the area":                 {known("shop.example", "/transfer", app("shop"), key("shop"), byApp("shop")), ReasonWeak},
		"fail/app in the area, below":          {known("shop.example", "/transfer/1", app("shop"), byApp("shop")), ReasonEnroll},
		"fail/area below keeps what is above":  {known("shop.example", "/transfer/limits", app("shop"), key("shop"), proven(time.Minute, "shop", "email", "totp")), ReasonWeak},
		"fail/passkey too old for the area":    {known("shop.example", "/transfer/limits", key("shop"), byKey("shop", time.Hour)), ReasonStale},
		"fail/any spelling of the area":        {known("shop.example", "/transfer/../%74ransfer", app("shop"), key("shop"), byApp("shop")), ReasonWeak},
		"fail/having one is not proving it":    {known("loose.example", "/documents", key("loose")), ReasonVerify},
		"fail/passkey of a tenant not sharing": {known("bank.example", "/documents", key("shop"), byKey("shop", time.Hour)), ReasonEnroll},
		"fail/flag of a passkey now refused":   {known("narrow.example", "/documents", key("narrow"), byKey("narrow", time.Hour)), ReasonEnroll},
		"fail/stricter parent, weaker branch":  {known("branch.example", "/documents", identity("bank"), app("branch"), key("branch"), byApp("branch")), ReasonEnroll},
	} {
		t.Run(name, func(t *testing.T) {
			d := p.Decide(&c.facts)
			if d.Reason != c.want || d.Ask != AskNothing {
				t.Errorf("%v (ask %d), want %v", d.Reason, d.Ask, c.want)
			}
			if asks := strings.HasPrefix(c.facts.Sent.Path, "/transfer") || c.facts.Host == "bank.example" || c.facts.Host == "loose.example" || c.facts.Host == "branch.example"; d.Resistant != (asks && c.facts.Host != "club.example") {
				t.Errorf("resistant: %v", d.Resistant)
			}
		})
	}
}

// TestPhishingResistantAsksTheStore: a proof that is too weak is not the end; what
// else there is decides between asking for it and having it registered.
func TestPhishingResistantAsksTheStore(t *testing.T) {
	p := mustParse(t, banks)
	f := known("bank.example", "/documents", store(AccountNotAsked), proven(time.Hour, "bank", "email", "totp"))
	if d := p.Decide(&f); d.Ask != AskAccount || d.Verdict != Deny {
		t.Errorf("%+v", d)
	}
}

func TestQuestionsAboutPasskeys(t *testing.T) {
	p := mustParse(t, banks+`
tests:
  - {as: {user: bob, tenant: bank, methods: [passkey], proven: 2m}, get: /documents, want: verified}
  - {as: {user: bob, tenant: bank, methods: [totp], proven: 2m}, get: /documents, want: enroll}
  - {as: {user: bob, tenant: shop, methods: [totp, passkey]}, get: /documents, want: verify}
`)
	if len(p.Test()) != 3 {
		t.Error("the tests did not run")
	}
}

// TestDesign_M14_AParentNameOverOnesOwnHostsAlone: passkeys of a name above other
// people's hosts could be asked for there; a public suffix is above everybody's.
func TestDesign_M14_AParentNameOverOnesOwnHostsAlone(t *testing.T) {
	for name, c := range map[string]struct{ tenant, want string }{
		"ok/above":               {"hosts: [a.portal.example, '*.b.portal.example'], rp_id: portal.example", ""},
		"ok/the host":            {"hosts: [portal.example], rp_id: portal.example", ""},
		"ok/no host":             {"rp_id: portal.example", ""},
		"ok/localhost":           {"hosts: [localhost], rp_id: localhost", ""},
		"ok/inherited":           {"parent: above, hosts: [a.portal.example]", ""},
		"ok/another domain":      {"hosts: [a.portal.example, portal.test], rp_id: portal.example", ""},
		"ok/of the one above":    {"parent: served, hosts: [portal.test]", ""},
		"ok/of one far above":    {"parent: middle, hosts: [portal.test]", ""},
		"fail/none above":        {"hosts: [b.test, portal.test], rp_id: portal.example", "6:44: rp_id: portal.example does not lie above the host b.test of tenant a, nor above another of its hosts"},
		"fail/below":             {"hosts: [portal.example], rp_id: a.portal.example", "does not lie above the host portal.example"},
		"fail/half a label":      {"hosts: [myportal.example], rp_id: portal.example", "does not lie above the host myportal.example"},
		"fail/wildcard above":    {"hosts: ['*.example.org'], rp_id: a.example.org", "does not lie above the host *.example.org"},
		"fail/address":           {"hosts: [portal.example, 192.0.2.1], rp_id: portal.example", "does not lie above the host 192.0.2.1 of tenant a, and at an address browsers have no passkeys"},
		"fail/address, six":      {"hosts: [portal.example, '[2001:db8::1]'], rp_id: portal.example", "at an address browsers have no passkeys"},
		"fail/inherited":         {"parent: above, hosts: [a.test]", "does not lie above the host a.test of tenant a"},
		"fail/public suffix":     {"rp_id: com.br", "com.br is a public suffix"},
		"fail/top level":         {"rp_id: example", "example is a public suffix"},
		"fail/private suffix":    {"rp_id: github.io", "github.io is a public suffix"},
		"fail/scheme":            {"rp_id: 'https://portal.example'", "rp_id is a name such as portal.example"},
		"fail/port":              {"rp_id: 'portal.example:443'", "rp_id is a name such as portal.example"},
		"fail/upper case":        {"rp_id: Portal.example", "rp_id is a name such as portal.example"},
		"fail/address as the id": {"rp_id: '192.0.2.1'", "rp_id is a name such as portal.example"},
		"fail/wildcard":          {"rp_id: '*.portal.example'", "rp_id is a name such as portal.example"},
		"fail/path":              {"rp_id: portal.example/x", "rp_id is a name such as portal.example"},
		"fail/empty":             {"rp_id: ''", "rp_id is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseText("version: 1\ntenants:\n  above: {rp_id: portal.example}\n  served: {rp_id: portal.example, hosts: ['*.portal.example']}\n  middle: {parent: served}\n  a: {"+c.tenant+"}\n", Options{})
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestResistantNeedsPasskey: a combination that would lock everybody out is
// refused where it is written.
func TestResistantNeedsPasskey(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"ok/both":                {"  a: {require: phishing-resistant, methods: [passkey]}", ""},
		"ok/inherited":           {"  p: {methods: [totp, passkey]}\n  a: {parent: p, require: phishing-resistant}", ""},
		"fail/tenant":            {"  a: {require: phishing-resistant, methods: [totp]}", "3:16: require: phishing-resistant, but methods do not name passkey"},
		"fail/default methods":   {"  a: {require: phishing-resistant}", "methods do not name passkey"},
		"fail/area":              {"  a: {require: mfa, protect: [{path: /a, require: phishing-resistant}]}", "3:30: require: phishing-resistant, but"},
		"fail/inherited methods": {"  p: {require: phishing-resistant, methods: [passkey]}\n  a: {parent: p, methods: [totp]}", "3:16: require: phishing-resistant, but"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseText("version: 1\ntenants:\n"+c.text+"\n", Options{})
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	p := mustParse(t, "version: 1\ntenants: {a: {methods: [passkey, totp], limits: {passkey: 2}, minimum: 4}}\n")
	if a := p.Tenant("a"); a.Limits["passkey"] != 2 || a.Limits["totp"] != 5 || a.Minimum != 4 {
		t.Errorf("%+v", a)
	}
	if p := mustParse(t, "version: 1\ntenants: {a: {methods: [passkey]}}\n"); p.Tenant("a").Limits["passkey"] != 10 {
		t.Error("no limit for passkeys where none is written")
	}
}

func TestScatteredKeysAreWarnedOf(t *testing.T) {
	for text, want := range map[string]bool{
		"hosts: [a.example.org, b.example.org]": true, "hosts: ['*.example.org']": true, "hosts: [a.example.org]": false,
		"hosts: [a.example.org, b.example.org], rp_id: example.org": false, "hosts: [a.example.org, b.example.org], methods: [totp]": false,
	} {
		p := mustParse(t, "version: 1\ndefaults: {methods: [passkey, totp]}\ntenants:\n  a: {"+text+"}\n")
		if got := strings.Contains(strings.Join(p.Warnings(), "\n"), "policy.yaml:4:14: tenant a has several hosts and no rp_id"); got != want {
			t.Errorf("%s: %q", text, p.Warnings())
		}
	}
}
