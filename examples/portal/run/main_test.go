//go:build unix

package main

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
)

func TestATakenPortIsNamedWithTheVariableThatMovesIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, taken, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ports {
		t.Run("fail/"+p.variable, func(t *testing.T) {
			for _, other := range ports {
				t.Setenv(other.variable, freeport.Get(t))
			}
			t.Setenv(p.variable, taken)
			err := run(context.Background(), "no-caddy", "no-portal", "no-config", t.TempDir())
			if err == nil || !strings.Contains(err.Error(), taken) || !strings.Contains(err.Error(), p.variable+"=") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
