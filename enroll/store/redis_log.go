package store

import (
	"context"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// Revoke adds a line to the log.
func (r *Redis) Revoke(ctx context.Context, value []byte, expires time.Time) (uint64, error) {
	p := logPartition
	entry := encode(Record{value, 1, expires})
	var end any = ""
	if !expires.IsZero() {
		end = expires.UnixMilli()
	}
	out, err := r.run(ctx, call{p, revoke, []string{p.mark(), p.key("log"), p.key("log.ends")}, []any{entry, end, r.cfg.Now().UnixMilli()}})
	if err != nil {
		return 0, err
	}
	if len(out[0].data) != 1 {
		return 0, errReply
	}
	return strconv.ParseUint(out[0].data[0], 10, 64)
}

// logPage is how many lines are read at a time.
const logPage = 1000

// Revoked reads the live lines after seq. It also looks at every partition:
// nodes call it twice a second, and so notice within a second where the store
// has lost something.
func (r *Redis) Revoked(ctx context.Context, after uint64) (lines []Entry, err error) {
	if _, err := r.looks(ctx); err != nil {
		return nil, err
	}
	p := logPartition
	for {
		out, err := r.run(ctx, call{p, revoked, []string{p.mark(), p.key("log")}, []any{after, logPage}})
		if err != nil {
			return nil, err
		}
		for _, one := range out[0].data {
			e, err := readEntry(one)
			if err != nil {
				return nil, err
			}
			after = e.Seq
			if !expired(e.Expires, r.cfg.Now()) {
				lines = append(lines, e)
			}
		}
		if len(out[0].data) < logPage {
			r.remember(false)
			return lines, nil
		}
	}
}

func readEntry(s string) (Entry, error) {
	number, rest, found := strings.Cut(s, ":")
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil || !found || len(rest) < 16 || binary.BigEndian.Uint64([]byte(rest)) == 0 {
		return Entry{}, errReply
	}
	e, err := decode([]byte(rest))
	return Entry{seq, e.Value, e.Expires}, err
}
