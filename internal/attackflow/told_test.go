package attackflow

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestDesign_M7_BeforeAProofOnlyTheKindsAreTold: who has only the password learns which
// kinds can be asked for, and of the methods no name, no time, no number of them and no
// address, not even masked. Another's tenant is answered like none.
func TestDesign_M7_BeforeAProofOnlyTheKindsAreTold(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	told := func(b *browser) map[string]any {
		var state map[string]any
		b.call("GET", "state", nil).want(200).json(&state)
		for name, value := range state {
			if text, _ := json.Marshal(value); string(text) == "[]" || string(text) == "null" || string(text) == `""` || string(text) == "false" {
				delete(state, name)
			}
		}
		return state
	}
	all := told(owner)
	if methods, _ := all["methods"].([]any); len(methods) != 1 {
		t.Fatalf("the owner is told %v", all)
	}
	pw := told(s.signedIn("bob"))
	for _, name := range slices.Sorted(maps.Keys(pw)) {
		text, _ := json.Marshal(pw[name])
		for what, mark := range map[string]string{"a name": "phone", "an address": "mail.test", "a masked one": "•", "an id": `"id"`} {
			if strings.Contains(string(text), mark) {
				t.Errorf("%s tells %s: %s", name, what, text)
			}
		}
	}
	for _, name := range []string{"methods", "codes_left", "recovery_codes", "proved", "devices"} {
		if value, there := pw[name]; there {
			t.Errorf("%s is told before a proof: %v", name, value)
		}
	}
	// Of one more method nothing is to be noticed.
	owner.beginTOTP().post("methods/totp/verify", "code", owner.at(0), "name", "second phone").want(200)
	if more := told(s.signedIn("bob")); !mapsAlike(pw, more) {
		t.Errorf("with one method %v, with two %v", pw, more)
	}
	for _, path := range []string{"/.mfa/?", "/.mfa/enroll?", "/.mfa/verify?", "/.mfa/api/state?"} {
		foreign, none := owner.page(path+"tenantId=lax"), owner.page(path+"tenantId=no-such")
		if foreign.StatusCode != 404 || foreign.StatusCode != none.StatusCode || foreign.body != none.body {
			t.Errorf("%s: another's tenant gives %d, none %d", path, foreign.StatusCode, none.StatusCode)
		}
	}
}

func mapsAlike(a, b map[string]any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
