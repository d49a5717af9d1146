package policy

import (
	"fmt"
	"strings"
	"testing"
)

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
