package policy

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

const services = `version: 1
defaults:
  require: mfa
  protect:
    - /documents
    - {path: /orders, fresh: 5m}
    - {path: /vault, require: phishing-resistant}
  methods: [totp, passkey]
tenants:
  silva:
    hosts: [silva.example]
    service_accounts:
      - {user: svc-backup, from: [192.0.2.0/24, "2001:db8::7"], until: 2027-03-01, owner: ana@silva.example, reason: nightly export}
  branch:
    parent: silva
  strict:
    parent: silva
    hosts: [strict.example]
    service_accounts: none
`

// A service account passes as itself, from its networks, until its end, and
// nowhere else and no longer.
func TestServiceAccounts(t *testing.T) {
	p := mustParse(t, services)
	day := time.Date(2027, 2, 28, 23, 59, 59, 0, time.UTC)
	for name, c := range map[string]struct {
		host, path, user, from string
		who                    Who
		now                    time.Time
		want                   Reason
	}{
		"ok/from its network":             {want: ReasonExempt},
		"ok/at its last moment":           {now: day, want: ReasonExempt},
		"ok/from its one address":         {from: "2001:db8::7", want: ReasonExempt},
		"ok/from an address in two forms": {from: "::ffff:192.0.2.9", want: ReasonExempt},
		"ok/on an open path":              {path: "/", from: "198.51.100.1", want: ReasonOpen},
		"fail/at its end":                 {now: day.Add(time.Second), want: ReasonEnroll},
		"fail/from elsewhere":             {from: "192.0.3.1", want: ReasonEnroll},
		"fail/from no address":            {from: "-", want: ReasonEnroll},
		"fail/another user":               {user: "bob", want: ReasonEnroll},
		"fail/its name in another case":   {user: "SVC-BACKUP", want: ReasonEnroll},
		"fail/its name with a space":      {user: "svc-backup ", want: ReasonEnroll},
		"fail/at a tenant without any":    {host: "strict.example", want: ReasonEnroll},
		"fail/where a proof must be new":  {path: "/orders", want: ReasonEnroll},
		"fail/where phishing must fail":   {path: "/vault", want: ReasonEnroll},
		"fail/by it where it must fail":   {who: Mixed, path: "/vault", want: ReasonMixedCredentials},
		"ok/by a password of its own":     {who: Mixed, want: ReasonExempt},
		"fail/by another's password":      {who: Mixed, user: "bob", want: ReasonMixedCredentials},
		"fail/by it from elsewhere":       {who: Mixed, from: "192.0.3.1", want: ReasonMixedCredentials},
		"fail/by it at its end":           {who: Mixed, now: day.Add(time.Second), want: ReasonMixedCredentials},
		"fail/by it for a new proof":      {who: Mixed, path: "/orders", want: ReasonMixedCredentials},
		"fail/beside somebody":            {who: Mixed, user: "-", want: ReasonMixedCredentials},
		"fail/in conflict":                {who: Conflict, want: ReasonIdentityConflict},
		"fail/when nobody can be asked":   {who: Down, want: ReasonIdentityDown},
	} {
		t.Run(name, func(t *testing.T) {
			f := Facts{
				Place: Place{Host: "silva.example"}, Method: "GET", Sent: Target{Path: "/documents/1"}, Now: day.AddDate(-1, 0, 0),
				Who: Known, User: "svc-backup", Client: netip.MustParseAddr("192.0.2.9"), Account: Account{State: AccountKnown},
			}
			if c.host != "" {
				f.Host = c.host
			}
			if c.path != "" {
				f.Sent.Path = c.path
			}
			if c.user == "-" {
				f.User = ""
			} else if c.user != "" {
				f.User = c.user
			}
			if c.from == "-" {
				f.Client = netip.Addr{}
			} else if c.from != "" {
				f.Client = netip.MustParseAddr(c.from)
			}
			if c.who != NotAsked {
				f.Who = c.who
			}
			if !c.now.IsZero() {
				f.Now = c.now
			}
			if d := p.Decide(&f); d.Reason != c.want {
				t.Errorf("%v, want %v", d.Reason, c.want)
			}
		})
	}
}

// It is settled before the store is asked, so that a backup runs on while the
// store is down.
func TestServiceAccountsNeedNoStore(t *testing.T) {
	p := mustParse(t, services)
	f := Facts{
		Place: Place{Host: "silva.example"}, Method: "GET", Sent: Target{Path: "/documents/1"}, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Who: Known, User: "svc-backup", Client: netip.MustParseAddr("192.0.2.9"),
	}
	if d := p.Decide(&f); d.Ask != AskNothing || d.Reason != ReasonExempt || !d.Protected {
		t.Errorf("%+v", d)
	}
}

// Where two tenants speak, both must know it.
func TestServiceAccountsOfTwoTenants(t *testing.T) {
	p := mustParse(t, services)
	f := Facts{
		Place: Place{Host: "silva.example", TenantMapped: true}, Method: "GET", Sent: Target{Path: "/documents/1"}, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Who: Known, User: "svc-backup", Client: netip.MustParseAddr("192.0.2.9"), Tenant: "branch",
		Account: Account{State: AccountKnown},
	}
	if d := p.Decide(&f); d.Reason != ReasonExempt {
		t.Errorf("branch inherits them: %v", d.Reason)
	}
	f.Tenant = "strict"
	if d := p.Decide(&f); d.Reason != ReasonEnroll {
		t.Errorf("strict has none: %v", d.Reason)
	}
}

func TestServiceAccountsParse(t *testing.T) {
	whole := "{user: s, from: [192.0.2.0/24], until: 2027-03-01, owner: o, reason: r}"
	for name, c := range map[string]struct{ value, want string }{
		"ok/none":              {"none", ""},
		"ok/one":               {"[" + whole + "]", ""},
		"ok/a time":            {"[" + strings.Replace(whole, "2027-03-01", `"2027-03-01T12:00:00+02:00"`, 1) + "]", ""},
		"ok/an address":        {"[" + strings.Replace(whole, "192.0.2.0/24", "192.0.2.7", 1) + "]", ""},
		"fail/another word":    {"some", "service_accounts is none"},
		"fail/no list":         {whole, "is a list"},
		"fail/empty":           {"[]", "write none, or list one"},
		"fail/no reason":       {"[" + strings.Replace(whole, ", reason: r", "", 1) + "]", "reason is missing"},
		"fail/no owner":        {"[" + strings.Replace(whole, ", owner: o", "", 1) + "]", "owner is missing"},
		"fail/no end":          {"[" + strings.Replace(whole, ", until: 2027-03-01", "", 1) + "]", "until is missing"},
		"fail/no network":      {"[" + strings.Replace(whole, ", from: [192.0.2.0/24]", "", 1) + "]", "from is missing"},
		"fail/empty networks":  {"[" + strings.Replace(whole, "[192.0.2.0/24]", "[]", 1) + "]", "from is empty"},
		"fail/a wrong network": {"[" + strings.Replace(whole, "192.0.2.0/24", "192.0.2.1/24", 1) + "]", "write 192.0.2.0/24"},
		"fail/a wrong end":     {"[" + strings.Replace(whole, "2027-03-01", "soon", 1) + "]", "until is a date"},
		"fail/an unknown key":  {"[" + strings.Replace(whole, "owner", "ovner", 1) + "]", "did you mean"},
		"fail/one user twice":  {"[" + whole + ", " + whole + "]", `"s" is already there`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseText(head1+"    service_accounts: "+c.value+"\n", Options{})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestServiceAccountsFromEverywhereAreWarnedOf(t *testing.T) {
	for from, warned := range map[string]bool{"192.0.2.0/24": false, "0.0.0.0/0": true, `"::/0"`: true} {
		p := mustParse(t, head1+"    service_accounts: [{user: s, from: ["+from+"], until: 2027-03-01, owner: o, reason: r}]\n")
		if got := strings.Contains(strings.Join(p.Warnings(), "\n"), "holds nobody back"); got != warned {
			t.Errorf("%s: warned %v", from, got)
		}
	}
}

func TestServiceAccountsThatPassNowhereAreWarnedOf(t *testing.T) {
	p := mustParse(t, head1+"    require: phishing-resistant\n    methods: [passkey]\n    service_accounts: [{user: s, from: [192.0.2.0/24], until: 2027-03-01, owner: o, reason: r}]\n")
	if !strings.Contains(strings.Join(p.Warnings(), "\n"), "they pass nowhere") {
		t.Errorf("%q", p.Warnings())
	}
}

// A file's own tests can say whence a request comes.
func TestServiceAccountsInTests(t *testing.T) {
	p := mustParse(t, services+`tests:
  - {as: {user: svc-backup, from: 192.0.2.9}, host: silva.example, get: /documents/1, want: exempt}
  - {as: {user: svc-backup, from: 198.51.100.9}, host: silva.example, get: /documents/1, want: enroll}
  - {as: {user: svc-backup}, host: silva.example, get: /documents/1, want: enroll}
`)
	for _, r := range p.Test() {
		if !r.OK {
			t.Errorf("%+v", r)
		}
	}
	if _, err := parseText(services+"tests: [{as: {user: s, from: home}, get: /a, want: exempt}]\n", Options{}); err == nil || !strings.Contains(err.Error(), "from is an address") {
		t.Errorf("from: home: %v", err)
	}
	var q Question
	if err := q.As("user=svc-backup,from=192.0.2.9"); err != nil || q.From != netip.MustParseAddr("192.0.2.9") {
		t.Errorf("%+v %v", q, err)
	}
	if err := q.As("user=s,from=home"); err == nil {
		t.Error("from=home is taken")
	}
}
