package policy

import (
	"math"
	"time"

	"gopkg.in/yaml.v3"
)

// Settings is what one tenant, or `defaults`, writes down, before anything is
// inherited.
type settings struct {
	Tenant
	at             place
	has            uint64 // bit i: keys[i] is written
	places         []keyPlace
	protect, allow *ruleList
	stage          string

	// What the last link made of it, and of which defaults where it held
	// (link.go).
	tenant *Tenant
	base   *base
	round  *round
}

type keyPlace struct{ key, line, col uint32 }

// A ruleList is a `protect` or `allow` as it was written. Tenants that inherit
// it share it, and what is built from it.
type ruleList struct {
	file  string
	rules []rule // in the order of the file, derived ones behind them
	face  string // of protect: a host, and its block
	sieve sieve  // of protect
	host  uint8  // bytes of the host
	plain bool   // as ruleset.plain
}

// place returns where the settings write a key, else where they begin.
func (s *settings) place(key string) place {
	for _, p := range s.places {
		if keys[p.key].name == key {
			return s.of(p)
		}
	}
	return s.at
}

func (s *settings) of(p keyPlace) place { return place{s.at.file, int(p.line), int(p.col)} }

// A key is one key of a tenant. This table is the language: the parser, the
// suggestions for a mistyped key, inheritance and the JSON Schema follow it.
type key struct {
	name   string
	own    bool // of one tenant alone, never in defaults and never inherited
	schema string
	read   func(r *reader, n *yaml.Node, s *settings)
	copy   func(to, from *settings)
}

const (
	schemaText     = `{"type": "string", "minLength": 1}`
	schemaDuration = `{"type": "string", "pattern": "^([0-9]+[smhd])+$"}`
	schemaMethods  = `{"type": "array", "minItems": 1, "uniqueItems": true, "items": {"pattern": "^(passkey|totp|email|sms|oidc(\\.[a-z0-9-]+)?)$"}}`
	schemaLimit    = `{"type": "integer", "minimum": 1, "maximum": 100}`
)

var keys []key

// Inheritable is the keys that Terms holds: by name, and as in settings.has.
var (
	inheritable = map[string]bool{}
	inTerms     uint64
	inRules     uint64 // what makes a tenant's rules others than those that it inherits
)

// The table is set here, not at its declaration: its functions read mappings
// whose known keys are the table's own.
func init() {
	keys = []key{
		{name: "name", own: true, schema: schemaText,
			read: func(r *reader, n *yaml.Node, s *settings) { s.Name = r.keep(r.text(n, "name")) }},
		{name: "parent", own: true, schema: schemaText,
			read: func(r *reader, n *yaml.Node, s *settings) {
				parent, _ := r.scalar(n, "parent")
				s.Parent = r.keep(parent)
			}},
		{name: "hosts", own: true, schema: `{"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "minLength": 1}}`,
			read: readHosts},
		{name: "stage", own: true, schema: `{"enum": ["trial", "production"]}`, read: readStage},
		{name: "require", schema: `{"enum": ["none", "mfa", "phishing-resistant"]}`, read: readRequire, copy: func(to, from *settings) { to.Require = from.Require }},
		{name: "locked", schema: `{"type": "boolean"}`,
			read: func(r *reader, n *yaml.Node, s *settings) { s.Locked = r.boolean(n, "locked") },
			copy: func(to, from *settings) { to.Locked = from.Locked }},
		{name: "mode", schema: `{"enum": ["enforce", "report"]}`,
			read: func(r *reader, n *yaml.Node, s *settings) {
				s.Report = r.word(n, "mode", "enforce", "report") == "report"
			},
			copy: func(to, from *settings) { to.Report = from.Report }},
		{name: "activate", schema: schemaActivate, read: readActivate, copy: func(to, from *settings) { to.Activate = from.Activate }},
		{name: "grace", schema: `{"anyOf": [{"const": 0}, ` + schemaDuration + `]}`,
			read: readGrace, copy: func(to, from *settings) { to.Grace = from.Grace }},
		{name: "remind", schema: schemaRemind, read: readRemind, copy: func(to, from *settings) { to.Remind = from.Remind }},
		{name: "prove", schema: `{"enum": ["session", "enrolled"]}`,
			read: func(r *reader, n *yaml.Node, s *settings) { s.Prove = r.word(n, "prove", ProveSession, ProveEnrolled) },
			copy: func(to, from *settings) { to.Prove = from.Prove }},
		{name: "share", schema: `{"enum": ["tenant", "everywhere"]}`,
			read: func(r *reader, n *yaml.Node, s *settings) { s.Share = r.word(n, "share", ShareTenant, ShareEverywhere) },
			copy: func(to, from *settings) { to.Share = from.Share }},
		{name: "on_disable", schema: `{"enum": ["release", "keep", "wipe"]}`,
			read: func(r *reader, n *yaml.Node, s *settings) {
				s.OnDisable = r.word(n, "on_disable", OnDisableRelease, OnDisableKeep, OnDisableWipe)
			},
			copy: func(to, from *settings) { to.OnDisable = from.OnDisable }},
		{name: "undo", schema: `{"enum": ["allowed", "never"]}`,
			read: func(r *reader, n *yaml.Node, s *settings) { s.Undo = r.word(n, "undo", "allowed", "never") != "never" },
			copy: func(to, from *settings) { to.Undo = from.Undo }},
		{name: "case", schema: `{"enum": ["insensitive", "sensitive"]}`,
			read: func(r *reader, n *yaml.Node, s *settings) {
				s.CaseSensitive = r.word(n, "case", "insensitive", "sensitive") == "sensitive"
			},
			copy: func(to, from *settings) { to.CaseSensitive = from.CaseSensitive }},
		{name: "protect", schema: schemaProtect, read: readProtect, copy: func(to, from *settings) { to.protect = from.protect }},
		{name: "allow", schema: schemaAllow, read: readAllow, copy: func(to, from *settings) { to.allow = from.allow }},
		{name: "methods", schema: schemaMethods, read: readMethods, copy: func(to, from *settings) { to.Methods = from.Methods }},
		{name: "recovery", schema: schemaRecovery, read: readRecovery, copy: func(to, from *settings) {
			to.Recovery, to.RecoveryMinimum, to.RecoveryRequired = from.Recovery, from.RecoveryMinimum, from.RecoveryRequired
		}},
		{name: "limits", schema: `{"type": "object", "additionalProperties": false, "properties": {"passkey": ` + schemaLimit + `, "totp": ` + schemaLimit + `, "email": ` + schemaLimit + `, "sms": ` + schemaLimit + `, "oidc": ` + schemaLimit + `}}`,
			read: readLimits, copy: func(to, from *settings) { to.Limits = from.Limits }},
		{name: "minimum", schema: schemaLimit,
			read: func(r *reader, n *yaml.Node, s *settings) { s.Minimum = r.whole(n, "minimum", 1, 100) },
			copy: func(to, from *settings) { to.Minimum = from.Minimum }},
		{name: "manage", schema: `{"anyOf": [{"const": "session"}, ` + schemaDuration + `]}`,
			read: readManage, copy: func(to, from *settings) { to.Manage = from.Manage }},
		{name: "assign", schema: schemaAssign, read: readAssign, copy: func(to, from *settings) { to.Assign = from.Assign }},
		{name: "review", schema: schemaDuration,
			read: func(r *reader, n *yaml.Node, s *settings) { s.Review = r.duration(n, "review") },
			copy: func(to, from *settings) { to.Review = from.Review }},
		{name: "enroll_from", schema: `{"type": "array", "minItems": 1, "uniqueItems": true, "items": ` + schemaText + `}`,
			read: func(r *reader, n *yaml.Node, s *settings) { s.EnrollFrom = r.networks(n, "enroll_from") },
			copy: func(to, from *settings) { to.EnrollFrom = from.EnrollFrom }},
		{name: "first", schema: `{"enum": ["email", "typed-email", "pass", "none"]}`, read: readFirst, copy: func(to, from *settings) { to.First = from.First }},
		{name: "trust_device", schema: `{"anyOf": [{"enum": ["none", "unlimited"]}, ` + schemaDuration + `]}`,
			read: readTrustDevice, copy: func(to, from *settings) { to.TrustDevice = from.TrustDevice }},
		{name: "rp_id", schema: schemaText, read: readRPID, copy: func(to, from *settings) { to.RPID = from.RPID }},
		{name: "language", schema: `{"enum": ["en", "pt-BR", "de", "nl", "fi", "es", "fr", "it", "ar"]}`, read: readLanguage, copy: func(to, from *settings) { to.Language = from.Language }},
		{name: "admins", schema: schemaAdmins, read: readAdmins, copy: func(_, _ *settings) {}},
		{name: "service_accounts", schema: schemaServiceAccounts, read: readServiceAccounts,
			copy: func(to, from *settings) { to.ServiceAccounts = from.ServiceAccounts }},
		{name: "brand", schema: schemaBrand, read: readBrand, copy: func(to, from *settings) { to.Brand = from.Brand }},
	}
	for i, k := range keys {
		if k.name == "protect" || k.name == "allow" || k.name == "case" {
			inRules |= 1 << i
		}
		if !k.own && k.name != "protect" && k.name != "allow" {
			inheritable[k.name] = true
			inTerms |= 1 << i
		}
	}
}

// standard is what holds where neither a tenant nor anything above it says.
func standard() *settings {
	return &settings{Tenant: Tenant{Terms: standardTerms()}, protect: &ruleList{}, allow: &ruleList{}}
}

func standardTerms() *Terms {
	return &Terms{
		Require: RequireNone, Methods: []string{MethodTOTP}, Recovery: []string{MethodCodes}, RecoveryMinimum: 1,
		Limits: standardLimits(), Minimum: 1, Prove: ProveSession, Share: ShareTenant, OnDisable: OnDisableRelease, First: FirstEmail,
		Manage: 5 * time.Minute, Undo: true,
	}
}

func keyNames(own bool) (names []string) {
	for _, k := range keys {
		if own || !k.own {
			names = append(names, k.name)
		}
	}
	return names
}

// settings reads one tenant, or the defaults.
func (r *reader) settings(n *yaml.Node, what string, own bool) *settings {
	s := &settings{Tenant: Tenant{Terms: &Terms{}}, at: place{r.file, n.Line, n.Column}}
	known := keyNames(true)
	r.mapping(n, what, known, func(name string, v *yaml.Node) {
		for i, k := range keys {
			if k.name != name {
				continue
			}
			if k.own && !own {
				r.bad(v, "%s is of one tenant alone: write it there, not in defaults", name)
				return
			}
			s.has |= 1 << i
			s.places = append(s.places, keyPlace{uint32(i), uint32(v.Line), uint32(v.Column)}) // #nosec G115 -- a file has 16 MiB at most
			k.read(r, v, s)
			return
		}
	})
	r.keepHosts(s)
	s.places = append(make([]keyPlace, 0, len(s.places)), s.places...)
	if len(r.list) == 0 { // nothing in the file was left out of the reading
		s.Terms = r.terms.of(s.Terms, n)
	}
	return s
}

// keepHosts keeps the hosts, the first of them beside the block of the prefixes.
func (r *reader) keepHosts(s *settings) {
	hosts := s.Hosts
	if list := s.protect; list != nil {
		host := ""
		if len(hosts) > 0 && len(hosts[0]) <= math.MaxUint8 {
			host = hosts[0]
		}
		list.face, list.sieve, list.plain = r.face(host, list.rules)
		list.host = uint8(len(host)) // #nosec G115 -- just seen to
		if host != "" {
			hosts[0], hosts = list.face[:len(host)], hosts[1:]
		}
	}
	for i := range hosts {
		hosts[i] = r.keep(hosts[i])
	}
}
