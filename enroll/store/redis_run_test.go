package store

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestReadReply: an answer to another question is none (the attack is a
// connection out of step: one person's "there is no such account" for another).
func TestReadReply(t *testing.T) {
	good := func() []any {
		return []any{"e1", "mark", "ok", "abc", "7", "old:3 ", "2", "1500", "1", []any{"x"}}
	}
	with := func(i int, v any) []any {
		l := good()
		l[i] = v
		return l
	}
	for name, tt := range map[string]struct {
		val any
		ok  bool
	}{
		"ok/its own":               {good(), true},
		"fail/another call's":      {with(0, "e2"), false},
		"fail/another partition's": {with(1, "mark2"), false},
		"fail/no count":            {with(4, "x"), false},
		"fail/negative count":      {with(4, "-1"), false},
		"fail/no line":             {with(3, ""), false},
		"fail/a number":            {with(2, int64(1)), false},
		"fail/no list":             {with(9, "x"), false},
		"fail/no text in it":       {with(9, []any{nil}), false},
		"fail/short":               {good()[:9], false},
		"fail/text":                {"OK", false},
		"fail/nothing":             {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := redis.NewCmd(context.Background())
			c.SetVal(tt.val)
			a, replicas, err := readReply(c, "e1", "mark")
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, errReply) {
				t.Fatalf("%+v, %v", a, err)
			}
			if tt.ok && (a.word != "ok" || a.mark.count != 7 || a.mark.accepted != 2 || replicas != 1 || a.data[0] != "x") {
				t.Fatalf("%+v, %d", a, replicas)
			}
		})
	}
}
