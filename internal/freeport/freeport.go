// Package freeport hands out ports for programs that tests start.
package freeport

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Ports are taken from below those that systems choose by themselves (Linux: from
// 32768 on), for connections and for whoever listens at port 0: between the look
// and the start of a program, one of many on a busy machine would take it. The
// port 10000 higher, where a Redis of a Cluster listens as well, is none of these
// and below them too.
const (
	first = 12000
	count = 10000
)

// Get returns a loopback port that is free, and no other test's until this one
// ends, also of those that run in other programs at the same time.
func Get(t testing.TB) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(first + rand.IntN(count)) // #nosec G404 -- a port of a test
		// A name in Linux's own space: nothing is left behind by whoever is killed.
		mine, err := net.Listen("unix", "@caddy-mfa-test-port-"+port)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			_ = mine.Close()
			continue
		}
		t.Cleanup(func() { _ = mine.Close() })
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatalf("no port from %d to %d is free", first, first+count-1)
	return ""
}
