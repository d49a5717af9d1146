package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/spf13/cobra"
)

// copyTimeout is of one call to a server, which has all the time a person has.
const copyTimeout = 5 * time.Second

// copyCommand is `caddy mfa store copy`.
func copyCommand() *cobra.Command {
	c := fileCommand("copy <from> <to>", "Copies a store into an empty one, from the embedded store to Redis or back", cobra.ExactArgs(2), nil)
	c.Long = `
Copies every record and revocation, and compares the two stores at the end. A
store is a file of the embedded store ("bolt": the default one), or Redis: an
address as in 'store redis', or several with spaces between them, or
'{env.NAME}' or '{file./path}' that holds them, so that no password is seen.

  caddy mfa store copy bolt '{env.REDIS_URL}'

Stop every server that uses either first; a backup of the embedded store will do
for the source. The key goes with the data: give the servers the same 'key' (for
the embedded store, what its key file holds, in the same order).`
	var insecure bool
	at := &adminAt{}
	c.Flags().BoolVar(&at.json, "json", false, "Print JSON, for programs")
	c.Flags().BoolVar(&insecure, "insecure", false, "Allow clear text beyond this machine, and a server without a password")
	c.RunE = func(c *cobra.Command, args []string) error {
		return plainly(func(out io.Writer) error { return at.copy(c.Context(), out, args[0], args[1], insecure) })(c, nil)
	}
	return c
}

func (a *adminAt) copy(ctx context.Context, out io.Writer, from, to string, insecure bool) error {
	if ctx == nil {
		ctx = context.Background()
	}
	// One moment for both: what ends while it is copied must not make two.
	moment := now()
	source, err := openFor(ctx, from, insecure, true, moment)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := openFor(ctx, to, insecure, false, moment)
	if err != nil {
		return err
	}
	held, err := store.Copy(ctx, source, target)
	if err = errors.Join(err, target.Close()); err != nil {
		return err
	}
	return a.tell(out, held, fmt.Sprintf("copied %s and %s, and compared them", count(held.Records, "record"), count(held.Lines, "revocation")))
}

// openFor opens a store that a person names.
func openFor(ctx context.Context, name string, insecure, reading bool, moment time.Time) (store.Loader, error) {
	clock := func() time.Time { return moment }
	var s store.Loader
	if strings.Contains(name, "://") || strings.HasPrefix(name, "{") {
		r := RedisStore{Insecure: insecure}
		all, _, err := expandRedis([]string{name}, "")
		if err != nil {
			return nil, fmt.Errorf("store redis: %w", err)
		}
		target, err := r.parse(strings.Fields(all[0]), "")
		if err != nil {
			return nil, err
		}
		s = store.NewRedis(store.RedisConfig{Target: target, Timeout: copyTimeout, Now: clock,
			Evicting: reading})
	} else {
		if name == "bolt" {
			name = defaultBolt()
		}
		if s = store.NewBoltTarget(name, clock); reading {
			s = store.NewBoltReader(name, clock)
		}
	}
	if err := s.Open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// tell prints what a store holds.
func (a *adminAt) tell(out io.Writer, held store.Copied, text string) error {
	if a.json {
		return json.NewEncoder(out).Encode(held)
	}
	_, err := fmt.Fprintf(out, "%s\ndigest %s\n", text, held.Digest)
	return err
}
