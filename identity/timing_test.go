package identity

import (
	"context"
	"sync"
	"testing"
	"time"
)

// What a source remembers takes no time, and only what it really asks is told.
func TestTiming(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	var mu sync.Mutex
	told := map[string]int{}
	visit := func(headers ...string) *Visit {
		v := visitTo(app, "/", headers...)
		v.Placeholder = func(string) (string, bool) { return "bob", true }
		v.Took = func(source string, d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			told[source]++
			if d < 0 {
				t.Errorf("%s took %v", source, d)
			}
		}
		return v
	}
	placed, err := NewPlaceholder(Placeholder{Facts: PlaceholderFacts{User: "{http.auth.user.id}"}})
	if err != nil {
		t.Fatal(err)
	}
	whoami, token := mustWhoAmI(t, nil), mustJWT(t, func(c *JWT) { c.Header = "" })
	bearer := hs256(t, claimsOf(nil))
	for range 3 {
		whoami.Ask(context.Background(), visit("Cookie: sid=m"))
		token.Ask(context.Background(), visit("Cookie: jwt="+bearer))
		placed.Ask(context.Background(), visit())
	}
	for source, want := range map[string]int{"whoami": 1, "jwt": 1, "placeholder": 3} {
		if told[source] != want {
			t.Errorf("%s was told %d times, want %d", source, told[source], want)
		}
	}
	if a := whoami.Ask(context.Background(), &Visit{R: visit("Cookie: sid=m").R, Call: visit().Call, Fresh: true}); a.State != Known {
		t.Errorf("where nobody wants to know: %v", a.State)
	}
}
