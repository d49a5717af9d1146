package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
)

// call is one script to run on one partition.
type call struct {
	p      partition
	script *script
	keys   []string // the first is the mark
	args   []any
}

// reply is a script's answer.
type reply struct {
	word string
	mark mark
	age  time.Duration // of the line
	data []string
	safe bool // from a failover, as far as a replica has it
}

// run sends the calls, all of one server together, and compares every answer
// with what this node knew of the partition before it asked.
func (r *Redis) run(ctx context.Context, calls ...call) ([]reply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.client == nil {
		return nil, ErrClosed
	}
	before := make([]mark, len(calls))
	for i := range calls {
		before[i] = r.known[calls[i].p].get()
	}
	var out []reply
	err := r.circuit.Do(func() (err error) {
		ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
		defer cancel()
		out, err = r.send(ctx, calls)
		return err
	})
	if err != nil {
		return nil, reach(err)
	}
	for i := range out {
		if err := r.judge(ctx, &out[i], &before[i]); err != nil {
			return nil, err
		}
		// What was written and is acknowledged must be there from now on. What
		// was only read may be a write under way that nobody was promised.
		if out[i].safe || calls[i].script == update || calls[i].script == revoke {
			r.known[calls[i].p].raise(out[i].mark)
		}
	}
	return out, nil
}

// redisRights are what a user of a server must be given, as ACL SETUSER takes it.
// select is for a database other than 0, cluster|slots for a Cluster.
const redisRights = "~mfa:* +eval +evalsha +info +wait +ping +time +del +@string +@hash +@sortedset +select +cluster|slots"

// reach marks the errors of a server that cannot be reached.
func reach(err error) error {
	switch {
	case err == nil:
		return nil
	case redisconn.Unreachable(err):
		return fmt.Errorf("using redis: %w: %w", ErrUnreachable, err)
	case redis.IsPermissionError(err), strings.Contains(err.Error(), "The user executing the script can't run this command"):
		return fmt.Errorf("using redis: %w: what its user must be allowed is %s", err, redisRights)
	}
	return fmt.Errorf("using redis: %w", err)
}

// judge turns the words into errors.
func (r *Redis) judge(ctx context.Context, a *reply, before *mark) error {
	if !a.mark.holds(before) {
		r.doubt(ctx, before.accepted)
		return ErrOlder
	}
	switch a.word {
	case "ok", "none":
		return nil
	case "changed":
		return errChanged
	case "doubt":
		return ErrOlder
	case "settling":
		return ErrSettling
	case "missing":
		return ErrMissing
	case "lost":
		return ErrLost
	}
	return fmt.Errorf("using redis: a script answers %q", a.word)
}

// pause is how long a call that a server did not take waits before it is sent once
// more. The first time it is sent again at once: the server did not know the script,
// or the slot has moved. After that the slot is on the move.
const pause = 20 * time.Millisecond

// waiting is how long a write may wait for a replica. Longer is better for the
// write and worse for whoever waits; what is lost in spite of it is noticed.
const waiting = 100 * time.Millisecond

// send returns the answers in the order of the calls. A call that may have been
// run is not sent again.
func (r *Redis) send(ctx context.Context, calls []call) ([]reply, error) {
	out := make([]reply, len(calls))
	left := make([]int, len(calls))
	for i := range left {
		left[i] = i
	}
	for try := 0; ; try++ {
		groups, err := r.byPrimary(ctx, calls, left)
		if err != nil {
			return nil, err
		}
		left = left[:0]
		var why error
		for node, group := range groups {
			again, moved, err := r.pipe(ctx, node, calls, group, out, try > 0)
			if err != nil {
				// A primary that is gone has a successor, which only the others
				// know; the library looks for it once in a while.
				if redisconn.Unreachable(err) {
					r.reload(ctx)
				}
				return nil, err
			}
			left, why = append(left, again...), cmp.Or(moved, why)
		}
		if len(left) == 0 {
			return out, nil
		}
		r.reload(ctx)
		if try == 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the Cluster is moving the slot: %w", why)
		case <-time.After(pause):
		}
	}
}

// pipe sends the calls of one server and waits briefly until a replica has what
// they wrote. It returns those that were not run, with what the server said.
func (r *Redis) pipe(ctx context.Context, node *redis.Client, calls []call, group []int, out []reply, full bool) (again []int, why, err error) {
	pipe := node.Pipeline()
	sent := make([]*redis.Cmd, len(group))
	echoes := make([]string, len(group))
	replicas := int32(0)
	for i, n := range group {
		c := &calls[n]
		echoes[i] = strconv.FormatUint(r.echo.Add(1), 36)
		args := append([]any{echoes[i]}, c.args...)
		if full {
			sent[i] = pipe.Eval(ctx, c.script.text, c.keys, args...)
		} else {
			sent[i] = pipe.EvalSha(ctx, c.script.sum, c.keys, args...)
		}
		replicas = max(replicas, r.replicas[c.p].Load())
	}
	var wait *redis.Cmd
	if replicas > 0 {
		wait = pipe.Do(ctx, "wait", 1, waiting.Milliseconds())
	}
	_, unsent := pipe.Exec(ctx) // each call has its own error, but where none was sent
	safe := false
	if wait != nil {
		n, err := wait.Int()
		safe = err == nil && n > 0
	}
	for i, n := range group {
		err := sent[i].Err()
		if err == nil && sent[i].Val() == nil {
			err = unsent
		}
		if redis.HasErrorPrefix(err, "NOSCRIPT") || moved(err) {
			again, why = append(again, n), err
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if out[n], replicas, err = readReply(sent[i], echoes[i], calls[n].keys[0]); err != nil {
			return nil, nil, err
		}
		r.replicas[calls[n].p].Store(replicas)
		out[n].safe = safe || replicas == 0
	}
	return again, why, nil
}

// byPrimary sorts calls by the server that holds their partition.
func (r *Redis) byPrimary(ctx context.Context, calls []call, left []int) (map[*redis.Client][]int, error) {
	groups := map[*redis.Client][]int{}
	for _, n := range left {
		var node *redis.Client
		switch c := r.client.(type) {
		case *redis.ClusterClient:
			var err error
			if node, err = c.MasterForKey(ctx, calls[n].keys[0]); err != nil {
				return nil, err
			}
		case *redis.Client:
			node = c
		}
		groups[node] = append(groups[node], n)
	}
	return groups, nil
}

// moved tells that the server did not run the script since the slot is another's.
func moved(err error) bool {
	_, away := redis.IsMovedError(err)
	_, ask := redis.IsAskError(err)
	return away || ask || redis.IsTryAgainError(err)
}

// reload has the Cluster's map read again.
func (r *Redis) reload(ctx context.Context) {
	if c, ok := r.client.(*redis.ClusterClient); ok {
		c.ReloadState(ctx)
	}
}

// errReply is an answer that is none of these scripts', or another call's: a
// connection out of step must never tell one person's record for another's.
var errReply = errors.New("the answer is not that of the question")

func readReply(c *redis.Cmd, echo, mark string) (a reply, replicas int32, err error) {
	v, err := c.Slice()
	if err != nil || len(v) != 10 {
		return a, 0, errReply
	}
	var s [9]string
	for i := range s {
		var ok bool
		if s[i], ok = v[i].(string); !ok {
			return a, 0, errReply
		}
	}
	if s[0] != echo || s[1] != mark {
		return a, 0, errReply
	}
	a.word, a.mark.line, a.mark.past = s[2], s[3], s[5]
	count, err1 := strconv.ParseUint(s[4], 10, 64)
	accepted, err2 := strconv.ParseUint(s[6], 10, 64)
	age, err3 := strconv.ParseInt(s[7], 10, 64)
	behind, err4 := strconv.ParseInt(s[8], 10, 32)
	list, ok := v[9].([]any)
	if errors.Join(err1, err2, err3, err4) != nil || !ok || a.mark.line == "" {
		return a, 0, errReply
	}
	a.mark.count, a.mark.accepted, a.age = count, accepted, time.Duration(age)*time.Millisecond
	for _, one := range list {
		text, ok := one.(string)
		if !ok {
			return a, 0, errReply
		}
		a.data = append(a.data, text)
	}
	return a, int32(behind), nil
}

// record is the record in the answer of get; none has Version 0.
func (a *reply) record(key string) (envelope, error) {
	if a.word == "none" {
		return envelope{id: []byte{}}, nil
	}
	if len(a.data) != 1 {
		return envelope{}, errReply
	}
	return openEnvelope(key, []byte(a.data[0]))
}
