package policy

import (
	"strings"
	"testing"
)

// S1.1 to S1.4, S1.10: partners in production are required and locked, whoever
// stands above them; partners on trial and customers below are not by that.
func TestS1_1_Stages(t *testing.T) {
	p := mustParse(t, `version: 1
defaults: {require: none, protect: [/]}
tenants:
  direct: {stage: production}
  indirect: {stage: production, parent: direct}
  strict: {stage: production, require: phishing-resistant, methods: [passkey]}
  trial: {stage: trial, parent: direct}
  customer: {parent: indirect}
  free: {parent: indirect, require: none, prove: enrolled}
tests:
  - {as: {user: bob, tenant: direct}, get: /, want: enroll}
  - {as: {user: bob, tenant: indirect}, get: /, want: enroll}
  - {as: {user: bob, tenant: strict, methods: [passkey], proven: 1m}, get: /, want: verified}
  - {as: {user: bob, tenant: trial}, get: /, want: not-required}
  - {as: {user: bob, tenant: customer}, get: /, want: not-required}
`)
	for key, want := range map[string]struct {
		require Require
		locked  bool
		stage   string
	}{
		"direct": {RequireMFA, true, StageProduction}, "indirect": {RequireMFA, true, StageProduction},
		"strict": {RequireResistant, true, StageProduction}, "trial": {RequireNone, false, StageTrial},
		"customer": {RequireNone, false, ""}, "free": {RequireNone, false, ""},
	} {
		if got := p.Tenant(key); got.Require != want.require || got.Locked != want.locked || got.Stage != want.stage {
			t.Errorf("%s: %v, locked %v, %q", key, got.Require, got.Locked, got.Stage)
		}
	}
}

func TestS1_2_ProductionIsNotSwitchedOff(t *testing.T) {
	for line, want := range map[string]string{
		"require: none": "4:35: require: none, but a partner in production is always required",
		"mode: report":  "4:32: mode: report, but a partner in production is always required",
		"locked: false": "4:34: locked: false, but a partner in production is always locked",
	} {
		_, err := parseText("version: 1\ntenants:\n\n  a: {stage: production, "+line+"}\n", Options{})
		if err == nil || !strings.Contains(err.Error(), "policy.yaml:"+want) {
			t.Errorf("%s: %v", line, err)
		}
	}
	if _, err := parseText("version: 1\ndefaults: {mode: report}\ntenants: {a: {stage: production}}\n", Options{}); err == nil || !strings.Contains(err.Error(), "policy.yaml:2:18: mode: report") {
		t.Errorf("inherited: %v", err)
	}
	if _, err := parseText("version: 1\ndefaults: {stage: production}\ntenants: {a: {}}\n", Options{}); err == nil {
		t.Error("a stage stands in defaults")
	}
}
