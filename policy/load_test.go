package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const head1 = "version: 1\ntenants:\n  a:\n"

func TestWhatALoaderRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty file":              {"", "policy.yaml: the file is empty"},
		"comments":                {"# nothing\n", "policy.yaml: the file "},
		"null":                    {"~\n", "1:1: a policy file holds keys, found nothing"},
		"a list":                  {"- a\n", "1:1: a policy file holds keys, found a list"},
		"no YAML":                 {"a: [\n", "policy.yaml:1:1: reading YAML: "},
		"half a document":         {"version: 1\ntenants:\n  a: {require: mf", "reading YAML: "},
		"tab":                     {"version: 1\n\ttenants: {}\n", "policy.yaml:2:1: reading YAML: "},
		"two documents":           {"version: 1\ntenants: {a: {}}\n---\nversion: 1\n", "3:1: a second document"},
		"broken second document":  {"version: 1\ntenants: {a: {}}\n---\n[\n", "reading YAML: "},
		"no version":              {"tenants: {a: {}}\n", "1:1: version is missing"},
		"version 2":               {"version: 2\ntenants: {a: {}}\n", `1:10: version is 1, not "2"`},
		"version as text":         {"version: '1'\ntenants: {a: {}}\n", "version is 1"},
		"no tenants":              {"version: 1\n", "1:1: no tenants"},
		"null tenants":            {"version: 1\ntenants:\n", "2:1: tenants has no value"},
		"null tenant":             {"version: 1\ntenants:\n  a:\n", "3:3: a has no value"},
		"unknown key":             {"version: 1\ntennants: {}\n", `2:1: unknown key "tennants" in a policy file, did you mean tenants?`},
		"unknown tenant key":      {head1 + "    gracee: 14d\n", `4:5: unknown key "gracee" in a tenant, did you mean grace?`},
		"unknown, nothing near":   {head1 + "    xyzzyxyz: 1\n", `4:5: unknown key "xyzzyxyz" in a tenant`},
		"duplicate key":           {head1 + "    require: mfa\n    require: none\n", `5:5: "require" is already there, on line 4`},
		"duplicate tenant":        {"version: 1\ntenants:\n  a: {}\n  a: {}\n", `4:3: "a" is already there, on line 3`},
		"merge key":               {"version: 1\ndefaults: &d {}\ntenants: {a: {<<: *d}}\n", `unknown key "<<"`},
		"null value":              {head1 + "    require:\n", "4:5: require has no value"},
		"tilde":                   {head1 + "    require: ~\n", "require has no value"},
		"null item":               {head1 + "    protect: [/a, ~]\n", "4:19: an item of protect is empty"},
		"empty item":              {head1 + "    protect: [/a, '']\n", "4:19: an item of protect is empty"},
		"dangling dash":           {head1 + "    protect:\n      - /a\n      -\n", "6:8: an item of protect is empty"},
		"duplicate item":          {head1 + "    protect: [/a, /A]\n", "4:19: /A is already in protect, on line 4"},
		"duplicate method":        {head1 + "    methods: [totp, totp]\n", `methods lists "totp" twice`},
		"empty methods":           {head1 + "    methods: []\n", "methods is empty"},
		"protect as text":         {head1 + "    protect: /a\n", "4:14: protect is a list: write [/a]"},
		"no slash":                {head1 + "    protect: [documents]\n", `4:15: "documents": a prefix starts with one slash: write /documents`},
		"double slash":            {head1 + "    protect: [//a]\n", "write /a"},
		"trailing slash":          {head1 + "    protect: [/a/]\n", "write /a"},
		"dot segment":             {head1 + "    protect: [/a/../b]\n", "write /b"},
		"star":                    {head1 + "    protect: ['/a/*']\n", "write /a"},
		"inner star":              {head1 + "    protect: ['/a*b']\n", "without '*'"},
		"query in a prefix":       {head1 + "    protect: ['/a?b=c']\n", "write {path: /a, query: {key: value}}"},
		"fragment":                {head1 + "    protect: ['/a#b']\n", "without '#'"},
		"escape":                  {head1 + "    protect: ['/a%20b']\n", "without '%'"},
		"semicolon":               {head1 + "    protect: ['/a;b']\n", "without ';'"},
		"backslash":               {head1 + "    protect: ['/a\\b']\n", `without '\\'`},
		"outer space":             {head1 + "    protect: ['/a ']\n", "no outer space"},
		"control character":       {head1 + "    protect: [\"/a\\tb\"]\n", "no control characters"},
		"under the mount":         {head1 + "    protect: [/.mfa/x]\n", "the gate's own pages live"},
		"the mount, other case":   {head1 + "    protect: [/.MFA]\n", "the gate's own pages live"},
		"allow without path":      {head1 + "    allow: [{method: [POST]}]\n", "4:13: an entry of allow needs a path"},
		"method in protect":       {head1 + "    protect: [{path: /a, method: [GET]}]\n", `unknown key "method" in an entry of protect`},
		"lower-case method":       {head1 + "    allow: [{path: /a, method: [post]}]\n", "written in capitals"},
		"TRACE":                   {head1 + "    allow: [{path: /a, method: [TRACE]}]\n", "TRACE is refused everywhere"},
		"method as text":          {head1 + "    allow: [{path: /a, method: POST}]\n", "method is a list: write [POST]"},
		"empty query":             {head1 + "    protect: [{path: /a, query: {}}]\n", "query is empty"},
		"query key twice":         {head1 + "    protect: [{path: /a, query: {p: 1, P: 2}}]\n", "another spelling"},
		"empty query values":      {head1 + "    protect: [{path: /a, query: {p: []}}]\n", "p is empty"},
		"fresh without unit":      {head1 + "    protect: [{path: /a, fresh: 5}]\n", "4:33: fresh is a duration"},
		"fresh 0s":                {head1 + "    protect: [{path: /a, fresh: 0s}]\n", "fresh is a duration"},
		"fresh too long":          {head1 + "    protect: [{path: /a, fresh: 3651d}]\n", "fresh is a duration"},
		"fraction":                {head1 + "    protect: [{path: /a, fresh: 1.5h}]\n", "fresh is a duration"},
		"milliseconds":            {head1 + "    protect: [{path: /a, fresh: 500ms}]\n", "fresh is a duration"},
		"negative":                {head1 + "    protect: [{path: /a, fresh: -5m}]\n", "fresh is a duration"},
		"overflow":                {head1 + "    protect: [{path: /a, fresh: 99999999999999999999d}]\n", "fresh is a duration"},
		"language of a name":      {head1 + "    protect: [{path: /a, name: {portuguese!: x}}]\n", "is no language"},
		"empty name":              {head1 + "    name: ''\n", "name is empty"},
		"number as name":          {head1 + "    name: 12\n", `write it in quotes, "12"`},
		"require misspelt":        {head1 + "    require: mfaa\n", `4:14: require is none, mfa or phishing-resistant, not "mfaa", did you mean mfa?`},
		"require as boolean":      {head1 + "    require: yes\n", `not "yes"`},
		"locked: yes":             {head1 + "    locked: yes\n", `4:13: locked is true or false, not "yes"`},
		"locked: on":              {head1 + "    locked: on\n", "locked is true or false"},
		"locked in quotes":        {head1 + "    locked: 'true'\n", "locked is true or false"},
		"octal":                   {head1 + "    limits: {totp: 010}\n", `4:20: totp is a whole number from 1 to 100, not "010"`},
		"hexadecimal":             {head1 + "    limits: {totp: 0x5}\n", "totp is a whole number"},
		"zero limit":              {head1 + "    limits: {totp: 0}\n", "totp is a whole number"},
		"float":                   {head1 + "    minimum: 1.0\n", "minimum is a whole number"},
		"unknown method":          {head1 + "    methods: [totpp]\n", "did you mean totp?"},
		"unknown limit":           {head1 + "    limits: {topt: 3}\n", "did you mean totp?"},
		"minimum too high":        {head1 + "    minimum: 4\n    limits: {totp: 3}\n", "4:14: minimum: 4, but methods and limits let a user have 3"},
		"unknown parent":          {"version: 1\ntenants:\n  silva: {}\n  b: {parent: silav}\n", `4:15: unknown parent "silav", did you mean silva?`},
		"own parent":              {"version: 1\ntenants:\n  a: {parent: a}\n", `parent "a" is below this tenant itself`},
		"cycle":                   {"version: 1\ntenants:\n  a: {parent: b}\n  b: {parent: c}\n  c: {parent: a}\n", "is below this tenant itself"},
		"duplicate host":          {"version: 1\ntenants:\n  a: {hosts: [x.example]}\n  b: {hosts: [X.example.]}\n", "4:14: host x.example is already tenant a's, at policy.yaml:3:14"},
		"host twice in a tenant":  {head1 + "    hosts: [x.example, 'x.example:80']\n", "twice"},
		"host with scheme":        {head1 + "    hosts: ['https://x.example']\n", "without scheme"},
		"host with star inside":   {head1 + "    hosts: ['a.*.example']\n", "a host is a name"},
		"bare star":               {head1 + "    hosts: ['*']\n", "a host is a name"},
		"host beyond ASCII":       {head1 + "    hosts: [straße.example]\n", "xn--"},
		"hosts in defaults":       {"version: 1\ndefaults:\n  hosts: [x]\ntenants: {a: {}}\n", "3:10: hosts is of one tenant alone"},
		"name in defaults":        {"version: 1\ndefaults:\n  name: x\ntenants: {a: {}}\n", "name is of one tenant alone"},
		"colour":                  {head1 + "    brand: {color: blue}\n", `color is six digits`},
		"script as link":          {head1 + "    brand: {help: 'javascript:alert(1)'}\n", "help is an https: address or a path"},
		"other host as path":      {head1 + "    brand: {logo: //evil.example/x}\n", "logo is an https: address or a path"},
		"http link":               {head1 + "    brand: {password: 'http://x.example'}\n", "password is an https: address or a path"},
		"mailto of nobody":        {head1 + "    brand: {support: 'mailto:nobody'}\n", "support is a mailto:"},
		"unknown brand key":       {head1 + "    brand: {colour: '#000000'}\n", "did you mean color?"},
		"alias bomb":              {aliasBomb(), "aliases stand for more than"},
		"alias to itself":         {"version: 1\ntenants: &a {a: {protect: *a}}\n", "protect is a list"},
		"deep nesting":            {"version: 1\ntenants: {a: {protect: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}}\n", "an entry of protect holds keys, found a list"},
		"failing test":            {head1 + "    protect: [/a]\ntests:\n  - {as: {user: b, tenant: a}, get: /a, want: deny}\n", "6:5: test GET /a as b of a: want deny, got allow (not-required)"},
		"test without request":    {head1 + "    protect: [/a]\ntests: [{want: allow}]\n", "a test needs a request"},
		"test without want":       {head1 + "    protect: [/a]\ntests: [{get: /a}]\n", "a test needs what is wanted"},
		"test of an unknown word": {head1 + "    protect: [/a]\ntests: [{get: /a, want: alow}]\n", "did you mean allow?"},
		"test of nobody proven":   {head1 + "    protect: [/a]\ntests: [{as: {user: b, proven: 2m}, get: /a, want: allow}]\n", "proven needs the methods"},
		"include of nothing":      {"version: 1\ninclude: []\ntenants: {a: {}}\n", "include is empty"},
		"control in a key":        {"version: 1\ntenants: {\"a\\nb\": {}}\n", "a tenant's key has"},
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			p, err := parseText(c.text, Options{})
			if err == nil || p != nil {
				t.Fatalf("loaded: %v", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func aliasBomb() string {
	var b strings.Builder
	b.WriteString("version: 1\ntenants:\n  t:\n    protect:\n")
	b.WriteString("      - {path: /a, query: &a0 {a: 1}}\n")
	b.WriteString("      - {path: /b, query: {k: &b0 [x,x,x,x,x,x,x,x,x,x]}}\n")
	for i := range 1200 {
		fmt.Fprintf(&b, "      - {path: /c%d, query: {k: *b0}}\n", i)
	}
	return b.String()
}

func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	_, err := parseText("version: 3\ntenants:\n  a: {require: x, protect: [b], parent: z}\n  b: {hosts: ['?'], gracee: 1}\n", Options{})
	want := []string{":1:10:", ":3:16:", ":3:29:", ":3:41:", ":4:15:", ":4:21:"}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%v", len(lines), len(want), err)
	}
	for i, w := range want {
		if !strings.HasPrefix(lines[i], "policy.yaml"+w) {
			t.Errorf("line %d: %s, want %s", i, lines[i], w)
		}
	}
}

func TestInheritanceKeyByKey(t *testing.T) {
	p := mustParse(t, `
version: 1
defaults: {require: mfa, protect: [/d], prove: enrolled, minimum: 2, language: pt-BR, brand: {color: "#0b57d0"}}
tenants:
  child: {parent: mid, prove: session, protect: []}
  mid: {parent: top, require: none, allow: [/open]}
  top: {name: Top, manage: session, limits: {totp: 3}, undo: never, share: everywhere, case: sensitive, hosts: [top.example]}
`)
	c, m, top := p.Tenant("child"), p.Tenant("mid"), p.Tenant("top")
	if c.Name != "child" || c.Parent != "mid" || c.Prove != "session" || m.Prove != "enrolled" || c.Require != RequireNone || top.Require != RequireMFA ||
		c.Minimum != 2 || c.Language != "pt-BR" || c.Manage != 0 || c.Limits["totp"] != 3 || c.Undo || c.Share != "everywhere" || len(c.Hosts) != 0 ||
		!c.CaseSensitive || c.Brand.Color != "#0b57d0" || c.First != "email" {
		t.Errorf("child: %+v", c)
	}
	if len(c.rules.protect) != 0 || len(c.rules.allow) != 1 || len(m.rules.protect) != 1 || len(top.rules.allow) != 0 {
		t.Errorf("rules: %+v %+v %+v", c.rules, m.rules, top.rules)
	}
	if !c.under(top) || top.under(c) {
		t.Error("the order of tenants is wrong")
	}
	var order []string
	for _, tenant := range p.Tenants() {
		order = append(order, tenant.Key)
	}
	if strings.Join(order, " ") != "child mid top" {
		t.Errorf("order %v", order)
	}
}

func TestStandardValues(t *testing.T) {
	a := mustParse(t, "version: 1\ntenants: {a: {protect: [/]}}").Tenant("a")
	if a.Require != RequireNone || a.Report || a.Prove != "session" || a.Share != "tenant" || a.First != "email" || !a.Undo || a.Minimum != 1 ||
		a.Manage != 5*time.Minute || a.CaseSensitive || strings.Join(a.Methods, " ") != "totp" || strings.Join(a.Recovery, " ") != "codes" {
		t.Errorf("%+v", a)
	}
}

func TestAreaNames(t *testing.T) {
	a := mustParse(t, `
version: 1
tenants:
  a:
    protect:
      - {path: /m, name: {pt-BR: Mensagens, en: Messages}}
      - {path: /n, name: {en: Messages, pt-BR: Mensagens}}
      - {path: /o, name: Office}
      - /p
      - {path: /q, name: {fi: Kirje}}
`).Tenant("a")
	for lang, want := range map[string]string{
		"pt-BR": "Mensagens Office /p Kirje", "pt-br": "Mensagens Office /p Kirje", "en": "Messages Office /p Kirje", "en-GB": "Messages Office /p Kirje", "de": "Messages Office /p Kirje",
	} {
		if got := strings.Join(a.Areas(lang), " "); got != want {
			t.Errorf("%s: %s, want %s", lang, got, want)
		}
	}
}

func TestMail(t *testing.T) {
	text := head1 + "    require: mfa\n    protect: [/a]\n    first: email\n"
	if _, err := parseText(text, Options{Mail: MailNo}); err == nil || !strings.HasPrefix(err.Error(), "policy.yaml:6:12: ") || !strings.Contains(err.Error(), "mail smtp") || !strings.Contains(err.Error(), "first: none") {
		t.Errorf("without mail: %v", err)
	}
	for _, o := range []Options{{Mail: MailYes}, {}} {
		if _, err := parseText(text, o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := parseText("version: 1\ntenants: {a: {first: none}}", Options{Mail: MailNo}); err != nil {
		t.Error(err)
	}
}

func TestWarnings(t *testing.T) {
	p := mustParse(t, `
version: 1
defaults: {prove: enrolled}
tenants:
  a: {first: none, share: everywhere, require: mfa}
  b: {protect: [/x], allow: [/x], brand: {color: "#ffee00"}}
  c: {brand: {color: "#0b57d0"}}
`)
	want := []string{"policy.yaml:3:19: prove: enrolled", "policy.yaml:5:14: first: none", "policy.yaml:5:27: share: everywhere", "policy.yaml:6:42: brand.color #ffee00", "policy.yaml:5:6: tenant a requires a factor and protects nothing", "allow[0] /x policy.yaml:6:30: it opens nothing"}
	got := p.Warnings()
	for i, w := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], w) {
			t.Fatalf("%s\nwant %s", strings.Join(got, "\n"), w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d warnings, want %d", len(got), len(want))
	}
}

// Every line of the table of what is not enforced yet is reachable, and what it
// names is refused with the key, the value and what to write.
func TestWhatIsNotEnforcedIsRefused(t *testing.T) {
	left := map[string]bool{}
	for k := range later {
		left[k] = true
	}
	for _, line := range []string{
		"stage: trial", "stage: production", "locked: true", "require: phishing-resistant", "activate: next-session", "activate: 2027-01-15",
		"grace: 14d", "remind: {every: 1d, times: 3}", "remind: {every: 1d, times: unlimited}", "on_disable: keep", "on_disable: wipe",
		"protect: [{path: /a, when_store_down: last-known}]", "protect: [{path: /a, require: phishing-resistant}]",
		"methods: [passkey, totp]", "methods: [email, sms, oidc]", "methods: [oidc.entra]",
		"recovery: {methods: [codes, email]}", "recovery: {methods: [sms, totp]}", "recovery: {minimum: 2}", "recovery: {required: true}", "recovery: {methods: [email]}",
		"limits: {passkey: 10, sms: 1, email: 1, oidc: 1}", "assign: {a.example: oidc.entra}", "review: 180d", "enroll_from: [10.0.0.0/8, 192.0.2.1]",
		"first: typed-email", "first: pass", "trust_device: 30d", "trust_device: unlimited", "rp_id: a.example",
		"language: de", "language: nl", "language: fi", "language: es", "language: fr", "language: it", "language: ar",
		"admins: {roles: [r], users: []}", "service_accounts: [{user: s, from: [192.0.2.0/24], until: 2027-03-01, owner: o, reason: r}]",
	} {
		_, err := parseText(head1+"    "+line+"\n", Options{})
		if err == nil {
			t.Errorf("%s: accepted", line)
			continue
		}
		for _, text := range strings.Split(err.Error(), "\n") {
			what, rest, found := strings.Cut(text, " is not enforced by this version, so it is refused and not ignored: ")
			what = what[strings.Index(what, ": ")+2:]
			if !found || rest != later[what] {
				t.Errorf("%s: %s", line, text)
			}
			delete(left, what)
		}
	}
	delete(left, "recovery: no codes") // beside one that is named already
	if _, err := parseText(head1+"    recovery: {methods: []}\n", Options{}); err == nil {
		t.Error("recovery without methods is accepted")
	}
	for k := range left {
		t.Errorf("no line leads to %q", k)
	}
	for _, line := range []string{"locked: false", "grace: 0", "activate: now", "on_disable: release", "trust_device: none", "service_accounts: none",
		"recovery: {methods: [codes], minimum: 1, required: false}", "protect: [{path: /a, when_store_down: closed, require: mfa}]", "mode: enforce"} {
		if _, err := parseText(head1+"    "+line+"\n", Options{}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, line := range []string{"stage: prod", "activate: 2027-13-40", "grace: 14", "remind: {evry: 1d}", "remind: {times: 0}", "enroll_from: [10.0.0.1/8]", "enroll_from: [home]",
		"review: often", "trust_device: 30", "admins: {role: [x]}", "service_accounts: some", "service_accounts: [{user: s, until: soon}]", "assign: [x]", "rp_id: ''"} {
		if _, err := parseText(head1+"    "+line+"\n", Options{}); err == nil || strings.Contains(err.Error(), "not enforced") {
			t.Errorf("%s: the form is not checked: %v", line, err)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.yaml")
	write(t, dir, "policy.yaml", "version: 1\ninclude: [tenants/*.yaml]\ndefaults: {require: mfa, protect: [/d]}\n")
	if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), "policy.yaml:2:11: include tenants/*.yaml: no file matches") {
		t.Errorf("no match: %v", err)
	}
	write(t, dir, "tenants/a.yaml", "tenants: {a: {}}\ntests: [{as: {user: u, tenant: a}, get: /d, want: enroll}]\n")
	write(t, dir, "tenants/b.yaml", "tenants: {b: {parent: a, require: none}}\n")
	p, err := Load(path, Options{})
	if err != nil || len(p.Tenants()) != 2 || p.Tenant("a").Require != RequireMFA || len(p.Test()) != 1 || !p.Test()[0].OK {
		t.Fatalf("%v", err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"defaults":         {"defaults: {}\ntenants: {c: {}}\n", "c.yaml:1:11: an included file holds tenants and tests only"},
		"include":          {"include: [x]\n", "an included file holds tenants and tests only"},
		"version":          {"version: 1\n", "an included file holds tenants and tests only"},
		"another's tenant": {"tenants: {a: {}}\n", `c.yaml:1:14: tenant "a" is already there, at `},
		"another's host":   {"tenants: {c: {hosts: [h.example]}, d: {hosts: [H.example]}}\n", "host h.example is already tenant c's"},
		"failing test":     {"tenants: {c: {}}\ntests: [{as: {user: u, tenant: c}, get: /d, want: allow}]\n", "c.yaml:2:9: test GET /d"},
		"empty":            {"", "c.yaml: the file is empty"},
	} {
		write(t, dir, "tenants/c.yaml", c.text)
		if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("fail/%s: %v", name, err)
		}
	}
	outside := t.TempDir()
	write(t, outside, "x.yaml", "tenants: {x: {}}\n")
	os.Remove(filepath.Join(dir, "tenants/c.yaml"))
	if err := os.Symlink(filepath.Join(outside, "x.yaml"), filepath.Join(dir, "tenants/x.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), "is a link out of its folder") {
		t.Errorf("fail/link: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "none.yaml"), Options{}); err == nil || !strings.Contains(err.Error(), "none.yaml: reading the file: no such file") {
		t.Errorf("fail/missing: %v", err)
	}
}

func TestAFileOver16MiB(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "policy.yaml", "version: 1\ntenants: {a: {}}\n#"+strings.Repeat("x", maxFile))
	if _, err := Load(filepath.Join(dir, "policy.yaml"), Options{}); err == nil || !strings.Contains(err.Error(), "at most 16 MiB") {
		t.Error(err)
	}
}
