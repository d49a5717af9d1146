package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// userCommand is `caddy mfa user`.
func userCommand() *cobra.Command {
	user := &cobra.Command{Use: "user", Short: "Helps one user of a running server"}

	pass := fileCommand("pass <user>", "Issues a temporary access pass, which lets a user set up a second factor", cobra.ExactArgs(1), nil)
	pass.Long = `
Issues a temporary access pass and prints it, this once: give it to the person
by a way on which nobody else is. It works once, for an hour or as long as --life
says, for this user in this tenant, and opens the setting up of a factor and
nothing else. An earlier one stops working. The user is told by mail, where there
is an address.`
	issue := userFlags(pass)
	pass.Flags().StringVar(&issue.Life, "life", "", "How long it works, from 1m to 24h (default 1h)")
	pass.RunE = func(c *cobra.Command, args []string) error {
		return plainly(func(out io.Writer) error {
			var made passIssued
			if err := issue.post(args[0], "pass", &made); err != nil {
				return err
			}
			if issue.at.json {
				return json.NewEncoder(out).Encode(made) // #nosec G117 -- it is shown this once
			}
			fmt.Fprintf(out, "%s\nworks once, in tenant %s, until %s\n", made.Pass, visible(made.Tenant), made.Expires.Local().Format(time.DateTime))
			return nil
		})(c, args)
	}

	reset := fileCommand("reset <user>", "Takes every factor of a user away", cobra.ExactArgs(1), nil)
	reset.Long = `
Takes a user's methods, recovery codes, trusted browsers and passes away and ends
every confirmed sign-in; with --tenant those made in that tenant. The user is told
by mail. Afterwards the password alone sets nothing up: the mailbox of record is
asked for, or a pass.`
	clear := userFlags(reset)
	reset.RunE = func(c *cobra.Command, args []string) error {
		return plainly(func(out io.Writer) error {
			var done userReset
			if err := clear.post(args[0], "reset", &done); err != nil {
				return err
			}
			if clear.at.json {
				return json.NewEncoder(out).Encode(done)
			}
			where := "every tenant"
			if done.Tenant != "" {
				where = "tenant " + visible(done.Tenant)
			}
			fmt.Fprintf(out, "reset in %s of realm %s\n", where, visible(done.Realm))
			return nil
		})(c, args)
	}
	user.AddCommand(pass, reset)
	return user
}

// userAim is what the flags of a subcommand say of a user.
type userAim struct {
	userCall
	at *adminAt
}

func userFlags(c *cobra.Command) *userAim {
	a := &userAim{at: adminFlags(c)}
	c.Flags().StringVar(&a.Tenant, "tenant", "", "The tenant's key, where there are several")
	c.Flags().StringVar(&a.Realm, "realm", "", "The realm in which the user's name is unique, where there are several")
	return a
}

// post sends the call and reads its answer.
func (a *userAim) post(user, what string, into any) error {
	body, err := json.Marshal(a.userCall)
	if err != nil {
		return err
	}
	return a.at.send(http.MethodPost, usersPath+url.PathEscape(user)+"/"+what, bytes.NewReader(body), into)
}
