package policy

import (
	"strings"
	"testing"
)

// What a key may say is taken, and its form is checked.
func TestFormsAreChecked(t *testing.T) {
	if _, err := parseText(head1+"    recovery: {methods: []}\n", Options{}); err == nil {
		t.Error("recovery without methods is accepted")
	}
	for _, line := range []string{"locked: false", "grace: 0", "on_disable: release", "trust_device: none", "trust_device: 30d", "trust_device: unlimited", "enroll_from: [10.0.0.0/8, 192.0.2.1]", "service_accounts: none",
		"recovery: {methods: [codes], minimum: 1, required: false}", "protect: [{path: /a, when_store_down: closed, require: mfa}, {path: /b, when_store_down: last-known}]", "mode: enforce", "admins: {roles: [r], users: []}"} {
		if _, err := parseText(head1+"    "+line+"\n", Options{}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, line := range []string{"stage: prod", "activate: 2027-13-40", "grace: 14", "remind: {evry: 1d}", "remind: {times: 0}", "enroll_from: [10.0.0.1/8]", "enroll_from: [home]",
		"review: often", "trust_device: 30", "admins: {role: [x]}", "service_accounts: some", "service_accounts: [{user: s, until: soon}]", "assign: [x]", "rp_id: ''"} {
		if _, err := parseText(head1+"    "+line+"\n", Options{}); err == nil {
			t.Errorf("%s: the form is not checked: %v", line, err)
		}
	}
}

// There is nothing yet that an administrator could do, so naming one changes no
// decision, and whoever writes the file is told.
func TestAdvisory_CVE_2026_56212_AD1_AdminsGiveNobodyAnything(t *testing.T) {
	p, err := parseText(head1+"    require: mfa\n    protect: [/documents]\n    admins: {roles: [office-admin], users: [ana]}\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{
		Place: Place{Host: "a.example"}, Sent: Target{Path: "/documents"}, Method: "GET", Who: Known, User: "ana", Roles: []string{"office-admin"},
		Now: now, Account: Account{State: AccountKnown},
	}
	if d := p.Decide(&f); d.Verdict != Enroll {
		t.Errorf("an administrator without a factor: %v %v", d.Verdict, d.Reason)
	}
	if list := strings.Join(p.Warnings(), "\n"); !strings.Contains(list, "admins: this version has no pages") {
		t.Errorf("warnings: %q", list)
	}
	if _, err := parseText(head1+"    admins: {roles: [r, r]}\n", Options{}); err == nil {
		t.Error("a role listed twice is accepted")
	}
}
