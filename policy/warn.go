package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// warnings names what a policy may say and should not say lightly. The tenants
// are what the settings came to.
func warnings(docs []*document, tenants []*Tenant, written []*settings) (list []string) {
	for _, d := range docs {
		list = append(list, d.weak()...)
	}
	for i, t := range tenants {
		s := written[i]
		if t.Require != RequireNone && len(t.rules.protect) == 0 {
			list = append(list, fmt.Sprintf("%s: tenant %s requires a factor and protects nothing: only what directives protect asks for it", s.at, t.Key))
		}
		if t.First == FirstEmail && t.Offers(MethodEmail) {
			list = append(list, fmt.Sprintf("%s: tenant %s proves the first enrolment by mail and takes mailed codes as the method: one mailbox is both, so whoever reads it needs nothing else but the password", s.at, t.Key))
		}
		if t.Require != RequireNone && t.RecoveryRequired && (t.Grace > 0 || t.Remind.Every > 0) {
			list = append(list, fmt.Sprintf("%s: tenant %s requires a factor and ways of recovery, and lets the factor wait (grace, remind): there is nothing yet that they recover; let nothing wait, or require recovery alone", s.place("recovery"), t.Key))
		}
		if t.scattersKeys() {
			list = append(list, fmt.Sprintf("%s: tenant %s has several hosts and no rp_id: a passkey works only at the host where it was made; write rp_id, a domain above all of them", s.place("hosts"), t.Key))
		}
		if h := t.farFrom(t.RPID); t.RPID != "" && t.Offers(MethodPasskey) && h != "" {
			list = append(list, fmt.Sprintf("%s: tenant %s has passkeys of rp_id %s, and none at its host %s: browsers want every host that does not lie under it by name; write them out, else people there cannot give the passkey that they are asked for", s.place("hosts"), t.Key, t.RPID, h))
		}
		if t.TrustDevice > 0 && t.wantsKeys() {
			list = append(list, fmt.Sprintf("%s: tenant %s trusts devices and asks for phishing-resistant: a trusted browser is never let in there, and elsewhere a copy of its cookie is worth a code", s.place("trust_device"), t.Key))
		}
		if t.Require == RequireResistant && len(t.ServiceAccounts) > 0 {
			list = append(list, fmt.Sprintf("%s: tenant %s lists service accounts and requires phishing-resistant, which they never are: they pass nowhere; require it of the areas that need it", s.at, t.Key))
		}
	}
	return append(list, deadRules(tenants)...)
}

// weak returns what the document's keys give away. It is the same each time.
func (d *document) weak() []string {
	if d.weighed {
		return d.weaknesses
	}
	d.weighed = true
	weigh := func(s *settings) {
		for _, p := range s.places {
			if text := weak(keys[p.key].name, s); text != "" {
				d.weaknesses = append(d.weaknesses, fmt.Sprintf("%s: %s", s.of(p), text))
			}
		}
	}
	if d.defaults != nil {
		weigh(d.defaults)
	}
	for _, s := range d.tenants {
		weigh(s)
	}
	return d.weaknesses
}

// weak says what a key's value gives away, "" for nothing.
func weak(key string, s *settings) string {
	switch {
	case key == "prove" && s.Prove == ProveEnrolled:
		return "prove: enrolled: a stolen password passes as soon as its owner has enrolled; session asks for the factor at each sign-in"
	case key == "methods":
		return weakMethods(s.Methods)
	case key == "recovery" && slices.Contains(s.Recovery, MethodEmail):
		return "recovery: email: whoever knows a password and reads the mailbox passes without any of the other factors; codes ask for one of ten that were kept"
	case key == "first" && s.First == FirstNone:
		return "first: none: whoever knows a password first can register a factor of their own for it; email asks for the address too"
	case key == "first" && s.First == FirstTyped:
		return "first: typed-email: whoever knows a password first can type an address of their own and register a factor for it; email asks for the address of record"
	case key == "share" && s.Share == ShareEverywhere:
		return "share: everywhere: an enrolment counts in every tenant of its realm that shares too, as strong as the weakest of them"
	case key == "service_accounts" && slices.ContainsFunc(s.ServiceAccounts, func(a ServiceAccount) bool { return a.everywhere() }):
		return "service_accounts: a network of all addresses holds nobody back: whoever learns the account's password passes from anywhere; name the networks it comes from"
	case key == "admins":
		return "admins: this version has no pages and no API for administrators: it gives nobody anything yet, and what holds is this file's to say"
	case key == "enroll_from" && holdNobody(s.EnrollFrom):
		return "enroll_from: a network of all addresses keeps nobody from registering: name the networks of the place"
	case key == "brand" && s.Brand.Color != "" && contrast(s.Brand.Color) < 4.5:
		return fmt.Sprintf("brand.color %s: white on it, or it on white, has a contrast of %.1f to 1; 4.5 is needed to be read (WCAG 2.2, 1.4.3)", s.Brand.Color, contrast(s.Brand.Color))
	}
	return ""
}

// weakMethods says what is given away by each weak kind that is named.
func weakMethods(kinds []string) string {
	var list []string
	if slices.Contains(kinds, MethodEmail) {
		list = append(list, "methods: email: a mailed code is weak: whoever reads the mailbox, which often opens with the same password, has the second factor; name passkey or totp, alone or beside it")
	}
	if slices.Contains(kinds, MethodSMS) {
		list = append(list, "methods: sms: a text message is weak: numbers are taken over in shops, and texts are read on their way; name passkey or totp, alone or beside it")
	}
	return strings.Join(list, "; ")
}

// wantsKeys reports whether the tenant asks for a phishing-resistant proof
// anywhere.
func (t *Tenant) wantsKeys() bool {
	return t.Require == RequireResistant || slices.ContainsFunc(t.rules.protect, func(r rule) bool { return r.area().Resistant })
}

// deadRules finds entries of allow that a protect of the same prefix always
// wins over.
func deadRules(tenants []*Tenant) (list []string) {
	seen := map[string]bool{}
	for _, t := range tenants {
		if len(t.rules.allow) == 0 {
			continue
		}
		protect := longestFirst(t.rules.protect)
		for _, a := range longestFirst(t.rules.allow) {
			for _, p := range protect {
				if p.folded() != a.folded() || p.query() != nil {
					continue
				}
				if where := t.rules.where(a); !seen[where] {
					seen[where] = true
					list = append(list, fmt.Sprintf("%s: it opens nothing: %s wins, protect does at a tie", where, t.rules.where(p)))
				}
			}
		}
	}
	return list
}

// contrast is the contrast of a "#rrggbb" colour and white (WCAG 2.2, relative
// luminance), from 1 to 21.
func contrast(color string) float64 {
	var light float64
	for i, weight := range [...]float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return 1
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		light += weight * c
	}
	return 1.05 / (light + 0.05)
}
