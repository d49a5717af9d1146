package policy

import (
	"strconv"
	"testing"
)

func TestReasonsBelongToOneVerdict(t *testing.T) {
	want := map[string]string{
		"open": "allow 200", "not-required": "allow 200", "verified": "allow 200", "enrolled": "allow 200",
		"exempt": "allow 200", "trusted-device": "allow 200", "grace": "allow 200", "postponed": "allow 200", "reported": "allow 200",
		"enroll": "enroll 403", "more-methods": "enroll 403", "review": "enroll 403",
		"verify": "verify 403", "stale": "verify 403", "weak": "verify 403",
		"remind":      "remind 403",
		"no-identity": "deny 401", "identity-conflict": "deny 401", "unknown-tenant": "deny 403", "bad-target": "deny 400",
		"mixed-credentials": "deny 400", "identity-down": "deny 503", "store-down": "deny 503",
	}
	if len(Reasons()) != len(want) {
		t.Errorf("%d reasons, the documentation lists %d", len(Reasons()), len(want))
	}
	for _, r := range Reasons() {
		got := r.Verdict().String() + " " + strconv.Itoa(r.Status())
		if want[r.String()] != got {
			t.Errorf("%s: %s, want %s", r, got, want[r.String()])
		}
	}
}

func TestWhatIsNotInTheListDenies(t *testing.T) {
	for _, r := range []Reason{0, Reason(len(reasons)), 255} {
		if r.Verdict() != Deny || r.Status() != 403 || r.String() != "" {
			t.Errorf("reason %d: %q %v %d", r, r, r.Verdict(), r.Status())
		}
	}
	if Verdict(99).String() != "deny" || Verdict(99).rank() != Deny.rank() {
		t.Error("an unknown verdict must deny")
	}
}

func TestStricterVerdicts(t *testing.T) {
	order := []Verdict{Allow, Remind, Verify, Enroll, Deny}
	for i, v := range order {
		if v.rank() != i {
			t.Errorf("%v ranks %d, want %d", v, v.rank(), i)
		}
	}
}
