package portal_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden pages anew")

var hashed = regexp.MustCompile(`-[0-9a-f]{12}\.(css|js|svg)`)

// TestGolden compares whole pages with those in testdata. `go test -update`
// writes them anew; read the difference before you commit it.
func TestGolden(t *testing.T) {
	site := newSite(t)
	known, _, _ := enrolled(t, site, "ana")
	pages := map[string]func(c *client) *answer{
		"block":        func(c *client) *answer { return c.get("/documentos-recebidos/42?ano=2026") },
		"email":        func(c *client) *answer { return c.get("/.mfa/enroll") },
		"expired":      expired,
		"no-identity":  func(c *client) *answer { delete(c.cookies, "login"); return c.get("/mensagens") },
		"manage-empty": func(c *client) *answer { return c.get("/.mfa/") },
		"emailcode-error": func(c *client) *answer {
			c.submit("/.mfa/api/email")
			return c.submit("/.mfa/api/email/verify", "code", "1")
		},
		"verify": func(c *client) *answer {
			c.cookies["login"] = "ana"
			return c.follow(c.get("/mensagens"))
		},
		"verify-error": func(c *client) *answer {
			c.cookies["login"] = "ana"
			c.get("/mensagens")
			return c.submit("/.mfa/api/verify/totp/verify", "code", "1")
		},
		"unsent": func(c *client) *answer {
			c.cookies["login"] = "ana"
			return c.submit("/enviar-documentos/novo", "titulo", "x")
		},
		"done": func(c *client) *answer {
			c.cookies["login"], c.cookies["mfa"] = "ana", known.cookies["mfa"]
			return c.get("/.mfa/enroll?to=/mensagens")
		},
	}
	for name, open := range pages {
		for _, lang := range []string{"en", "pt-BR"} {
			t.Run(name+"."+lang, func(t *testing.T) {
				c := visitor(t, site, "bob-"+name+"-"+lang)
				c.headers["Accept-Language"] = lang
				got := hashed.ReplaceAllString(open(c).body, "-HASH.$1")
				file := filepath.Join("testdata", "golden", name+"."+lang+".html")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file) //nolint:gosec // a name of the table's
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("differs from %s:\n%s", file, got)
				}
			})
		}
	}
}

// expired is an enrolment whose time is up. It moves the site's clock back, for
// the other pages.
func expired(c *client) *answer {
	c.submit("/.mfa/api/email").want(c.t, 303)
	c.site.Clock.Add(16 * time.Minute)
	defer c.site.Clock.Add(-16 * time.Minute)
	return c.get("/.mfa/enroll")
}
