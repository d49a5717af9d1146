package caddymodule

import (
	"context"
	"io"
	"os"

	"github.com/caddy-mfa/caddy-mfa/internal/discover"
	"github.com/spf13/cobra"
)

// passwordVariable holds the test login's password: on a command line everybody
// on the machine could read it.
const passwordVariable = "MFA_TEST_PASSWORD"

func discoverCommand() *cobra.Command {
	o := discover.Options{}
	c := fileCommand("discover <url>", "Looks at a running application and drafts its identity and a policy", cobra.ExactArgs(1),
		func(out io.Writer, args []string) error {
			o.URL, o.Password = args[0], os.Getenv(passwordVariable)
			f, err := discover.Look(context.Background(), o)
			if err != nil {
				return err
			}
			return f.Draft(out)
		})
	c.Long = `
Looks at a running application from outside, directly and not through Caddy, and
prints a Caddyfile block and a policy. What it is not sure of is marked DOUBT: the
line that ends with it, or what stands below it. It asks for pages and sends
nothing that changes anything; with a test login it signs in, once. Give a login
made for this, its password in ` + passwordVariable + `.`
	c.Flags().StringVar(&o.User, "user", "", "the test login's name")
	c.Flags().StringVar(&o.Site, "site", "", "the address that people will open, such as https://portal.example.com")
	c.Flags().StringVar(&o.Cookie, "cookie", "", "the Cookie header of a browser in which it is signed in, instead of a password")
	return c
}
