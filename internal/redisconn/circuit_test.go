package redisconn

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"
)

func TestCircuit(t *testing.T) {
	at := time.Unix(1, 0)
	c := NewCircuit(func() time.Time { return at })
	asked := 0
	ask := func(err error) error {
		return c.Do(func() error { asked++; return err })
	}
	for range maxFailed - 1 {
		_ = ask(io.EOF)
	}
	if err := ask(nil); err != nil {
		t.Fatal("an answer does not end the count:", err)
	}
	for range maxFailed {
		if err := ask(context.DeadlineExceeded); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
	}
	before := asked
	if err := ask(nil); !errors.Is(err, ErrResting) || asked != before || !Unreachable(err) {
		t.Fatalf("asked right after it failed: %v", err)
	}
	at = at.Add(rest)
	inner := error(nil)
	err := c.Do(func() error { inner = ask(nil); return io.EOF })
	if err != io.EOF || !errors.Is(inner, ErrResting) {
		t.Fatalf("two probes at once: %v, %v", err, inner)
	}
	if err := ask(nil); !errors.Is(err, ErrResting) {
		t.Fatal("a failed probe closed it:", err)
	}
	at = at.Add(rest)
	if err := ask(nil); err != nil {
		t.Fatal(err)
	}
	if err := ask(nil); err != nil {
		t.Fatal("a good probe leaves it open:", err)
	}
}

// A panic must not leave the probe out for ever.
func TestCircuitAfterPanic(t *testing.T) {
	at := time.Unix(1, 0)
	c := NewCircuit(func() time.Time { return at })
	for range maxFailed {
		_ = c.Do(func() error { return io.EOF })
	}
	at = at.Add(rest)
	func() {
		defer func() { _ = recover() }()
		_ = c.Do(func() error { panic("x") })
	}()
	at = at.Add(rest)
	if err := c.Do(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
}
