package enroll

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestKnown: the mark of a browser ends with its year, goes on when keys are rotated,
// has one spelling, and is nobody else's.
func TestKnown(t *testing.T) {
	w := newWorld(t)
	now := w.clock.now()
	known, err := w.SignKnown("default", "bob")
	w.ok(err)
	if len(known) > 32 { // each request of the person's carries it
		t.Errorf("%d bytes: %s", len(known), known)
	}
	end, seal, _ := strings.Cut(known, ".")
	until, err := strconv.ParseInt(end, 36, 64)
	w.ok(err)
	later := strconv.FormatInt(until+1, 36) + "." + seal
	for name, c := range map[string]struct {
		token, realm, user string
		after              time.Duration
		want               bool
	}{
		"ok":                        {known, "default", "bob", 0, true},
		"ok/last second":            {known, "default", "bob", KnownLife - time.Second, true},
		"fail/over":                 {known, "default", "bob", KnownLife, false},
		"fail/end put off":          {later, "default", "bob", 0, false},
		"fail/end in capitals":      {strings.ToUpper(end) + "." + seal, "default", "bob", 0, false},
		"fail/end with a sign":      {"+" + known, "default", "bob", 0, false},
		"fail/end with a zero":      {"0" + known, "default", "bob", 0, false},
		"fail/more":                 {known + "A", "default", "bob", 0, false},
		"fail/less":                 {known[:len(known)-1], "default", "bob", 0, false},
		"fail/no seal":              {end + ".", "default", "bob", 0, false},
		"fail/no end":               {"." + seal, "default", "bob", 0, false},
		"fail/nothing":              {"", "default", "bob", 0, false},
		"fail/somebody else's":      {known, "default", "eve", 0, false},
		"fail/another realm's":      {known, "other", "bob", 0, false},
		"fail/another realm's user": {known, "default/bob", "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.ReadKnown(c.token, c.realm, c.user, now.Add(c.after)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if _, err := w.SignKnown("default", ""); err == nil {
		t.Error("it marks a browser of nobody's")
	}
}
