package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "mfa",
		Short: "Checks, tests and explains multi-factor policies",
		Long: `
Works on policy files alone: no server is asked, nothing is dialled or written,
but by "store", "keys" and "user", which talk to a running server's admin endpoint, and
"discover", which looks at an application.
Each subcommand ends with status 0 where all is well, and with 1 otherwise.`,
		CobraFunc: func(c *cobra.Command) {
			c.AddCommand(validateCommand(), testCommand(), explainCommand(), schemaCommand(), storeCommand(), keysCommand(), userCommand(), tenantCommand(), discoverCommand())
			c.RunE = func(c *cobra.Command, args []string) error {
				if len(args) > 0 {
					return fmt.Errorf("unknown subcommand %q", args[0])
				}
				return c.Help()
			}
		},
	})
}

// fileCommand is a subcommand that does something with a policy file.
func fileCommand(use, short string, args cobra.PositionalArgs, run func(out io.Writer, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(c *cobra.Command, args []string) error {
			c.SilenceUsage, c.SilenceErrors = true, true
			err := run(c.OutOrStdout(), args)
			if err != nil { // said here, and plainly: editors look for file:line:col at the start of a line
				fmt.Fprintln(c.ErrOrStderr(), err)
			}
			return err
		},
	}
}

func validateCommand() *cobra.Command {
	return fileCommand("validate <policy>", "Reads a policy and runs its tests", cobra.ExactArgs(1),
		func(out io.Writer, args []string) error {
			p, err := policy.Load(args[0], policy.Options{})
			if err != nil {
				return err
			}
			for _, w := range p.Warnings() {
				fmt.Fprintf(out, "warning: %s\n", w)
			}
			fmt.Fprintf(out, "%s is valid: %s, %s\n", args[0], count(len(p.Tenants()), "tenant"), count(len(p.Test()), "test"))
			return nil
		})
}

func testCommand() *cobra.Command {
	return fileCommand("test <policy>", "Runs a policy's tests and lists the prefixes that none asks for", cobra.ExactArgs(1),
		func(out io.Writer, args []string) error {
			p, err := policy.LoadUntested(args[0], policy.Options{})
			if err != nil {
				return err
			}
			failed := 0
			results := p.Test()
			for _, r := range results {
				if r.OK {
					fmt.Fprintf(out, "ok    %s: %s: %s\n", r.At, r.Name, r.Got)
				} else {
					failed++
					fmt.Fprintf(out, "FAIL  %s: %s: want %s, got %s\n", r.At, r.Name, r.Want, r.Got)
				}
			}
			for _, rule := range p.Untested() {
				fmt.Fprintf(out, "no test asks for %s\n", rule)
			}
			if failed > 0 {
				return fmt.Errorf("%s of %d failed", count(failed, "test"), len(results))
			}
			fmt.Fprintf(out, "%s passed\n", count(len(results), "test"))
			return nil
		})
}

func explainCommand() *cobra.Command {
	var as, method, host string
	c := fileCommand("explain <policy> [<method>] <path>", "Prints every rule, whether it hits a request, and the verdict", cobra.RangeArgs(2, 3),
		func(out io.Writer, args []string) error {
			p, err := policy.LoadUntested(args[0], policy.Options{})
			if err != nil {
				return err
			}
			q := policy.Question{Host: host, Method: "GET", Path: args[len(args)-1]}
			if len(args) == 3 {
				q.Method = args[1]
			}
			if method != "" {
				if len(args) == 3 && method != args[1] {
					return errors.New("reading the request: --method and the word before the path are two methods: leave one out")
				}
				q.Method = method
			}
			if err := q.As(as); err != nil {
				return fmt.Errorf("reading --as: %w", err)
			}
			explain(out, p, q)
			return nil
		})
	c.Long = "Prints every rule in the order in which it is looked at, whether it hits, and the verdict.\n\n" +
		"  caddy mfa explain policy.yaml --as user=bob,tenant=silva,methods=totp,proven=2m GET /documents/1"
	c.Flags().StringVar(&as, "as", "", "who asks: user=bob,tenant=silva,methods=totp,codes,proven=2m,roles=x (default nobody)")
	c.Flags().StringVar(&method, "method", "", "the request's method (default GET)")
	c.Flags().StringVar(&host, "host", "", "the request's host, which may name the tenant")
	return c
}

// explain prints a policy's answer and how it came about.
func explain(out io.Writer, p *policy.Policy, q policy.Question) {
	facts := p.Facts(q)
	fmt.Fprintf(out, "%s\n\n", visible(q.String()))
	for _, s := range p.Explain(facts) {
		hit := "  no "
		if s.Hit {
			hit = "  hit"
		}
		line := hit + "  " + s.Rule
		if s.Note != "" {
			line += " -> " + s.Note
		}
		fmt.Fprintln(out, visible(line))
	}
	d := p.Decide(facts)
	fmt.Fprintf(out, "\nverdict %s, reason %s", d.Verdict, d.Reason)
	if d.Would != 0 {
		fmt.Fprintf(out, " (would be %s)", d.Would)
	}
	if d.Tenant != nil {
		fmt.Fprintf(out, ", tenant %s", visible(d.Tenant.Key))
	}
	if d.Area != nil {
		fmt.Fprintf(out, ", area %s", visible(d.Area.Name("en")))
	}
	fmt.Fprintln(out)
}

func schemaCommand() *cobra.Command {
	return fileCommand("schema", "Prints the JSON Schema of policy files, for editors", cobra.NoArgs,
		func(out io.Writer, _ []string) error {
			_, err := out.Write(policy.Schema())
			return err
		})
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// visible writes control characters out: a path or a name from elsewhere must
// not move the cursor of the terminal it is shown on.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r <= 0x9f || r == 0x2028 || r == 0x2029 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, s)
}
