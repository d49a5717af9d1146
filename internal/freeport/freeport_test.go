package freeport

import (
	"net"
	"strconv"
	"testing"
)

// A port that was handed out is not handed out again while its test runs, though
// nobody listens there yet; afterwards it may be.
func TestGet(t *testing.T) {
	held := map[string]bool{}
	t.Run("held", func(t *testing.T) {
		for range 500 {
			port := Get(t)
			if n, err := strconv.Atoi(port); err != nil || held[port] || n < first || n >= first+count {
				t.Fatalf("port %s: %v, handed out before: %v", port, err, held[port])
			}
			held[port] = true
		}
		for port := range held {
			l, err := net.Listen("tcp", "127.0.0.1:"+port)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if mine, err := net.Listen("unix", "@caddy-mfa-test-port-"+port); err == nil {
				_ = mine.Close()
				t.Fatalf("another program could be given %s", port)
			}
		}
	})
	for port := range held {
		mine, err := net.Listen("unix", "@caddy-mfa-test-port-"+port)
		if err != nil {
			t.Fatal(err)
		}
		_ = mine.Close()
	}
}
