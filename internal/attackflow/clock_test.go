package attackflow

import (
	"sync/atomic"
	"testing"
	"time"
	_ "unsafe" // for go:linkname

	_ "github.com/caddy-mfa/caddy-mfa/caddymodule"
)

// gateClock is the clock of the gate, which nothing but a test may move: so it
// is not exported, and reached by its linker name.
//
//go:linkname gateClock github.com/caddy-mfa/caddy-mfa/caddymodule.now
var gateClock func() time.Time

// ahead is how far the gate's clock is ahead of the machine's.
var ahead atomic.Int64

func init() { gateClock = clock }

func clock() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }

// advance moves the gate's clock until the test ends.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	ahead.Add(int64(d))
	t.Cleanup(func() { ahead.Add(-int64(d)) })
}
