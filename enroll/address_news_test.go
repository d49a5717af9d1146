package enroll

import (
	"testing"
	"time"
)

// Where the identity gives an address for the first time, another than the one of
// record, or that one again, the store has something to note.
func TestAccount_News(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct {
		known address
		email string
		want  bool
	}{
		"ok/the first":                    {address{}, "bob@a.test", true},
		"ok/another":                      {address{Record: "bob@a.test"}, "bob@b.test", true},
		"ok/that of record, again":        {address{Record: "bob@a.test", Next: "bob@b.test"}, "bob@a.test", true},
		"ok/another, for a week":          {address{Record: "bob@a.test", Next: "bob@b.test", Told: now.Add(-settle)}, "bob@b.test", true},
		"fail/the same":                   {address{Record: "bob@a.test"}, "bob@a.test", false},
		"fail/the same, in other letters": {address{Record: "bob@a.test"}, "Bob@A.test", false},
		"fail/another, of a while ago":    {address{Record: "bob@a.test", Next: "bob@b.test", Told: now.Add(-time.Hour)}, "bob@b.test", false},
		"fail/none":                       {address{Record: "bob@a.test"}, "", false},
		"fail/no address":                 {address{}, "bob", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := Account{address: c.known}
			if got := a.News(c.email, now); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
