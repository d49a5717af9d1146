package policy

import (
	"net/mail"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

func readRequire(r *reader, n *yaml.Node, s *settings) {
	switch r.word(n, "require", "none", "mfa", "phishing-resistant") {
	case "mfa":
		s.Require = RequireMFA
	case "phishing-resistant":
		s.Require = RequireResistant
	}
}

// parseDate reads a date, which stands for its first moment in UTC, or a time
// as in RFC 3339.
func parseDate(s string) (t time.Time, ok bool) {
	for _, layout := range [...]string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return t, false
}

var methodKinds = []string{"passkey", "totp", "email", "sms", "oidc"}

func readMethods(r *reader, n *yaml.Node, s *settings) {
	s.Methods = r.kinds(n, "methods")
}

// kinds reads a list of kinds of methods, of which those built are returned.
func (r *reader) kinds(n *yaml.Node, what string) (kinds []string) {
	r.texts(n, what, false)
	r.items(n, what, func(_ int, n *yaml.Node) {
		if name, ok := strings.CutPrefix(n.Value, MethodOIDC+"."); ok && isProvider(name) {
			kinds = append(kinds, r.keep(n.Value))
		} else if w := r.word(n, "an item of "+what, methodKinds...); w != "" {
			kinds = append(kinds, w)
		}
	})
	return kinds
}

const schemaRecovery = `{"type": "object", "additionalProperties": false, "properties": {"methods": {"type": "array", "uniqueItems": true, "minItems": 1, "items": {"enum": ["codes", "email", "sms", "totp"]}}, "minimum": {"type": "integer", "minimum": 1, "maximum": 10}, "required": {"type": "boolean"}}}`

func readRecovery(r *reader, n *yaml.Node, s *settings) {
	s.Recovery, s.RecoveryMinimum = []string{MethodCodes}, 1
	r.mapping(n, "recovery", []string{"methods", "minimum", "required"}, func(key string, v *yaml.Node) {
		switch key {
		case "methods":
			s.Recovery = r.recoveryMethods(v)
		case "minimum":
			s.RecoveryMinimum = r.whole(v, "minimum", 1, 10)
		case "required":
			s.RecoveryRequired = r.boolean(v, "required")
		}
	})
}

func (r *reader) recoveryMethods(n *yaml.Node) (kinds []string) {
	r.texts(n, "methods", false)
	r.items(n, "methods", func(_ int, n *yaml.Node) {
		if w := r.word(n, "an item of methods", MethodCodes, MethodEmail, MethodSMS, MethodTOTP); w != "" {
			kinds = append(kinds, w)
		}
	})
	return kinds
}

func standardLimits() map[string]int {
	return map[string]int{MethodPasskey: 10, MethodTOTP: 5, MethodEmail: 1, MethodSMS: 2, MethodOIDC: 1}
}

func readLimits(r *reader, n *yaml.Node, s *settings) {
	s.Limits = standardLimits()
	r.mapping(n, "limits", methodKinds, func(kind string, v *yaml.Node) {
		if most := r.whole(v, kind, 1, 100); most > 0 {
			s.Limits[kind] = most
		}
	})
}

func readManage(r *reader, n *yaml.Node, s *settings) {
	if v, ok := r.scalar(n, "manage"); ok && v != "session" {
		s.Manage = r.duration(n, "manage, where it is not session,")
	}
}

// networks reads a list of networks; an address is a network of one.
func (r *reader) networks(n *yaml.Node, what string) (list []netip.Prefix) {
	r.texts(n, what, false)
	r.items(n, what, func(_ int, n *yaml.Node) {
		p, err := netip.ParsePrefix(n.Value)
		one, errOne := netip.ParseAddr(n.Value)
		switch {
		case err == nil && p != p.Masked():
			r.bad(n, "%s has bits beyond its length: write %s", n.Value, p.Masked())
		case err == nil:
			list = append(list, p)
		case errOne == nil:
			list = append(list, netip.PrefixFrom(one, one.BitLen()))
		default:
			r.bad(n, "an item of %s is an address or a network such as 10.0.0.0/8, not %s", what, describe(n))
		}
	})
	return list
}

func readFirst(r *reader, n *yaml.Node, s *settings) {
	if w := r.word(n, "first", FirstEmail, FirstTyped, FirstPass, FirstNone); w != "" {
		s.First = w
	}
}

func readTrustDevice(r *reader, n *yaml.Node, s *settings) {
	switch v, ok := r.scalar(n, "trust_device"); {
	case !ok || v == "none":
	case v == "unlimited":
		s.TrustDevice = TrustForever
	default:
		s.TrustDevice = r.duration(n, "trust_device, where it is not none or unlimited,")
	}
}

func readLanguage(r *reader, n *yaml.Node, s *settings) {
	s.Language = r.word(n, "language", "en", "pt-BR", "de", "nl", "fi", "es", "fr", "it", "ar")
}

// readAdmins checks who may change a tenant's settings on the gate's own pages.
// There are no such pages yet, so it gives nobody anything, which weak says.
func readAdmins(r *reader, n *yaml.Node, _ *settings) {
	r.mapping(n, "admins", []string{"roles", "users"}, func(key string, v *yaml.Node) { r.texts(v, key, true) })
}

const schemaAdmins = `{"type": "object", "additionalProperties": false, "properties": {"roles": {"type": "array", "uniqueItems": true, "items": ` + schemaText + `}, "users": {"type": "array", "uniqueItems": true, "items": ` + schemaText + `}}}`

const schemaBrand = `{"type": "object", "additionalProperties": false, "properties": {"logo": {"type": "string"}, "color": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}, "support": {"type": "string"}, "help": {"type": "string"}, "password": {"type": "string"}}}`

var hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func readBrand(r *reader, n *yaml.Node, s *settings) {
	r.mapping(n, "brand", []string{"logo", "color", "support", "help", "password"}, func(key string, v *yaml.Node) {
		text := r.text(v, key)
		switch {
		case text == "":
		case key == "color":
			if hexColor.MatchString(text) {
				s.Brand.Color = text
			} else {
				r.bad(v, `color is six digits after a "#", in quotes, such as "#0b57d0", not %s`, describe(v))
			}
		case key == "support" && isContact(text), isLink(text):
			*map[string]*string{"logo": &s.Brand.Logo, "support": &s.Brand.Support, "help": &s.Brand.Help, "password": &s.Brand.Password}[key] = text
		case key == "support":
			r.bad(v, "support is a mailto:, tel: or https: address, or a path, not %s", describe(v))
		default:
			r.bad(v, "%s is an https: address or a path such as /%s, not %s", key, key, describe(v))
		}
	})
}

// isLink reports whether a link may stand on the gate's pages: nothing that
// runs (javascript:), nothing that leaves by another host's name ("//host").
func isLink(s string) bool {
	if strings.ContainsAny(s, " \"'<>`\\") {
		return false
	}
	host, ok := strings.CutPrefix(s, "https://")
	return ok && host != "" && host[0] != '/' || strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//")
}

func isContact(s string) bool {
	if address, ok := strings.CutPrefix(s, "mailto:"); ok {
		address, _, _ = strings.Cut(address, "?")
		_, err := mail.ParseAddress(address)
		return err == nil && !strings.ContainsAny(s, " \"'<>`\\")
	}
	number, ok := strings.CutPrefix(s, "tel:")
	return ok && number != "" && strings.Trim(number, "+-().0123456789") == ""
}
