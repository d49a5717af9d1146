package store

import (
	"context"
	"errors"
	"slices"
)

// perPartition is how many keys List asks a partition for at a time.
const perPartition = 64

// List merges the partitions' indexes, a page at a time; fn may use the store.
func (r *Redis) List(ctx context.Context, prefix, after string, fn func(string, Record) error) error {
	for {
		keys, more, err := r.keys(ctx, prefix, after)
		if err != nil {
			return err
		}
		for _, key := range keys {
			one, err := r.Get(ctx, key)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := fn(key, one); err != nil {
				return err
			}
			after = key
		}
		if !more {
			return nil
		}
		after = keys[len(keys)-1]
	}
}

// keys are the first ones after a key, in order; more says that there are others.
// A partition that gave a full page may have more right after it, so the keys
// beyond the nearest such end are left for the next time.
func (r *Redis) keys(ctx context.Context, prefix, after string) (keys []string, more bool, err error) {
	from := "[" + prefix
	if after >= prefix && after != "" {
		from = "(" + after
	}
	if from == "[" {
		from = "-"
	}
	calls := make([]call, partitions)
	for p := range partition(partitions) {
		calls[p] = call{p, list, []string{p.mark(), p.key("index")}, []any{from, "(" + prefix + "\xff", perPartition}}
	}
	out, err := r.run(ctx, calls...)
	if err != nil {
		return nil, false, err
	}
	end := ""
	for i := range out {
		got := out[i].data
		if len(got) == perPartition && (!more || got[len(got)-1] < end) {
			more, end = true, got[len(got)-1]
		}
		keys = append(keys, got...)
	}
	slices.Sort(keys)
	if more {
		i, _ := slices.BinarySearch(keys, end)
		keys = keys[:i+1]
	}
	return keys, more, nil
}
