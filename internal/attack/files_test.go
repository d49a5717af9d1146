package attack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// TestDesign_M3_NoAuditIsPretended: a file that whoever writes it can write anew, and
// whose end can be cut off unseen, proves nothing. There is none yet, and who asks
// for one is told so rather than left to believe in it.
func TestDesign_M3_NoAuditIsPretended(t *testing.T) {
	plain := "http://a.test {\nmfa {\n" + whoami + "\n}\nreverse_proxy %APP%\n}"
	for _, line := range []string{"audit", "audit %DIR%/audit.log", "audit %DIR%/audit.log {\n\t\t\tkeep 7y\n\t\t}"} {
		err := verdict(t, strings.Replace(global, "store bolt", line+"\n\t\tstore bolt", 1), oneHost, plain)
		if err == nil || !strings.Contains(err.Error(), "'audit'") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

const split = "version: 1\ninclude: [tenants/*.yaml]\ndefaults: {first: none, require: mfa, protect: [/documents]}\n"

// TestDesign_M4_AnIncludedFileIsOfItsTenant: a tenant's own file says nothing for all,
// takes in no other files, claims nobody else's name or host, and is no link to
// somewhere else.
func TestDesign_M4_AnIncludedFileIsOfItsTenant(t *testing.T) {
	elsewhere := t.TempDir()
	write(t, elsewhere+"/b.yaml", "tenants: {b: {hosts: [b.test]}}\n")
	plain := "http://a.test {\nmfa {\n" + whoami + "\n}\nreverse_proxy %APP%\n}"
	for name, c := range map[string]struct {
		text string
		want string // of the error; empty: it is taken
	}{
		"its own tenant": {"tenants: {b: {hosts: [b.test]}}\n", ""},
		"defaults":       {"defaults: {require: none}\ntenants: {b: {hosts: [b.test]}}\n", "an included file holds tenants and tests only"},
		"an include":     {"include: [" + elsewhere + "/*.yaml]\ntenants: {b: {hosts: [c.test]}}\n", "an included file holds tenants and tests only"},
		"a second a":     {"tenants: {a: {require: none}}\n", `tenant "a" is already there`},
		"the host of a":  {"tenants: {b: {hosts: [A.test], require: none}}\n", "host a.test is already tenant a's"},
		"a link away":    {"-> " + elsewhere + "/b.yaml", "is a link out of its folder"},
	} {
		dir := t.TempDir()
		write(t, dir+"/policy.yaml", split)
		write(t, dir+"/tenants/a.yaml", "tenants: {a: {hosts: [a.test]}}\n")
		if to, link := strings.CutPrefix(c.text, "-> "); !link {
			write(t, dir+"/tenants/b.yaml", c.text)
		} else if err := os.Symlink(to, dir+"/tenants/b.yaml"); err != nil {
			t.Fatal(err)
		}
		err := verdictIn(t, dir, global, plain)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestDesign_M4_OneBadFileHoldsNobodyElseBack: the neighbour's file is broken, and the
// urgent requirement of this tenant comes into force all the same, while the
// neighbour's own last rules stay.
func TestDesign_M4_OneBadFileHoldsNobodyElseBack(t *testing.T) {
	s := &site{t: t, app: newApp(t), dir: t.TempDir()}
	tenant := func(file, more string) {
		path := filepath.Join(s.dir, "tenants", file+".yaml")
		write(t, path+".new", "tenants: {"+file+": {hosts: ["+file+".test]"+more+"}}\n")
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	tenant("good", ", require: none")
	tenant("bad", "")
	s.run(split, plainSite)
	gets := func(host string) string {
		a := raw(t, s.addr, message("GET", documents, host+".test", "Cookie: sid=bob"))
		return strings.TrimSpace(fmt.Sprint(a.status, " ", a.reason()))
	}
	if good, bad := gets("good"), gets("bad"); good != "200" || bad != "403 enroll" {
		t.Fatalf("to begin with: %s and %s", good, bad)
	}
	tenant("bad", ", require: none, protekt: [/nothing]")
	tenant("good", ", require: mfa")
	apptest.Eventually(t, time.Minute, "the requirement", func() bool { return gets("good") == "403 enroll" })
	if got := gets("bad"); got != "403 enroll" {
		t.Errorf("the tenant of the broken file gets %s", got)
	}
}
