package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// keysCommand is `caddy mfa keys`.
func keysCommand() *cobra.Command {
	keys := &cobra.Command{Use: "keys", Short: "Shows, rotates and takes away the keys of a running server"}

	list := fileCommand("list", "Lists the keys by their ids, newest first", cobra.NoArgs, nil)
	at := adminFlags(list)
	list.RunE = plainly(func(out io.Writer) error {
		var st keysState
		if err := at.read(http.MethodGet, keysPath, &st); err != nil {
			return err
		}
		return at.keys(out, st)
	})

	rotate := fileCommand("rotate", "Seals everything in the store with the newest key, and says when the old one may go", cobra.NoArgs, nil)
	rotate.Long = `
Seals every record with the newest key while the server works, on one node for
all. With the embedded store and its key file it makes the new key itself. With
'key' in the configuration, first give every node 'key <old> <new>', then every
node 'key <new> <old>', reloading each time; then rotate on one of them.
It may be interrupted at any moment, and run again.`
	rotateAt := adminFlags(rotate)
	rotate.RunE = plainly(func(out io.Writer) error { return rotateAt.rotate(out) })

	forget := fileCommand("forget", "Takes every key but the newest out of the key file", cobra.NoArgs, nil)
	forget.Long = `
Takes the older keys out of the embedded store's key file, once a rotation has
ended. What they signed counts no more: whoever proved before the rotation proves
once more, and browsers that were remembered are so no longer.`
	forgetAt := adminFlags(forget)
	forget.RunE = plainly(func(out io.Writer) error {
		var st keysState
		if err := forgetAt.read(http.MethodPost, keysPath+"/forget", &st); err != nil {
			return err
		}
		return forgetAt.keys(out, st)
	})
	keys.AddCommand(list, rotate, forget)
	return keys
}

// plainly runs a subcommand that says its errors plainly, once.
func plainly(run func(out io.Writer) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) error {
		c.SilenceUsage, c.SilenceErrors = true, true
		err := run(c.OutOrStdout())
		if err != nil {
			fmt.Fprintln(c.ErrOrStderr(), err)
		}
		return err
	}
}

// lookAgain is how often a running rotation is asked how far it is.
const lookAgain = 500 * time.Millisecond

func (a *adminAt) rotate(out io.Writer) error {
	var st keysState
	if err := a.read(http.MethodPost, keysPath+"/rotate", &st); err != nil {
		return err
	}
	for shown := -1; st.Rotation.Running; {
		if n := st.Rotation.Resealed; !a.json && n != shown {
			shown = n
			fmt.Fprintf(out, "%d records looked at, %d sealed anew\n", st.Rotation.Records, n)
		}
		time.Sleep(lookAgain)
		if err := a.read(http.MethodGet, keysPath, &st); err != nil {
			return err
		}
	}
	if err := a.keys(out, st); err != nil {
		return err
	}
	if st.Rotation.Error != "" {
		return errors.New(st.Rotation.Error)
	}
	return nil
}

// keys prints the state of the keys.
func (a *adminAt) keys(out io.Writer, st keysState) error {
	if a.json {
		return json.NewEncoder(out).Encode(st)
	}
	for i, id := range st.Keys {
		use := "opens what it sealed"
		if i == 0 {
			use = "seals and signs"
		}
		fmt.Fprintf(out, "key %s %s\n", id, use)
	}
	r := st.Rotation
	switch {
	case r.Running:
		fmt.Fprintf(out, "sealing: %d records looked at, %d sealed anew\n", r.Records, r.Resealed)
	case r.Done():
		fmt.Fprintf(out, "%s sealed anew with key %s; none needs an older one\n", count(r.Resealed, "record"), r.Key)
	}
	if st.OldMayGo.IsZero() {
		return nil
	}
	how := "take it out of 'key' on every node, and reload"
	if st.File != "" {
		how = "`caddy mfa keys forget`"
	}
	fmt.Fprintf(out, "the older key may go from %s on, when the last proof it signed has ended: %s.\n"+
		"Sooner is safe too: whoever proved before must then prove once more.\n", st.OldMayGo.Format("2006-01-02 15:04 MST"), how)
	return nil
}
