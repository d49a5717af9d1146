package caddymodule

import (
	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// came hears of a step of an enrolment.
func (p *passage) came(step string, v *portal.Visit) {
	p.gate.app.step(step, v.Rules.Tenant)
	if step != "enrolled" {
		return
	}
	p.gate.app.awaited.add(personKey{v.Person.Realm, v.Person.User}, p.now)
	p.eventOf(eventEnrolled, v, nil)
}

// tried hears of a proof.
func (p *passage) tried(kind enroll.Kind, result string, v *portal.Visit) {
	p.gate.app.tried(kind, result, v.Rules.Tenant)
	more := map[string]any{"method": string(kind)}
	switch result {
	case "ok":
		p.eventOf(eventVerified, v, more)
	case enroll.ErrTooMany.Reason:
		p.eventOf(eventLockedOut, v, more)
	}
}

// eventOf makes an event of a visit to the gate's pages.
func (p *passage) eventOf(name string, v *portal.Visit, data map[string]any) {
	if data == nil {
		data = map[string]any{}
	}
	data["user"], data["realm"], data["tenant"] = v.Person.User, v.Person.Realm, v.Rules.Tenant
	p.gate.app.events.tell(name, v.Person.Realm, v.Person.User, data, p.now)
}

// tellBlock makes an event of a block, and, where somebody has to enrol whose
// browser asked for a page, the first step of the funnel.
func (p *passage) tellBlock() {
	d, tenant := p.decision, p.tenantKey()
	if d.Verdict == policy.Enroll && p.isPageVisit() {
		p.gate.app.step(stepBlocked, tenant)
	}
	if !p.gate.app.events.heard(eventBlocked) {
		return
	}
	user := p.who.Person.User
	p.gate.app.events.tell(eventBlocked, p.realm, user, map[string]any{
		"user": user, "realm": p.realm, "tenant": tenant,
		"verdict": d.Verdict.String(), "reason": d.Reason.String(), "reference": p.reference(),
	}, p.now)
}

// returned counts somebody who enrolled and is where they wanted to go.
func (p *passage) returned() {
	if p.decision.Reason == policy.ReasonVerified && p.gate.app.awaited.came(personKey{p.realm, p.who.Person.User}, p.now) {
		p.gate.app.step(stepReturned, p.tenantKey())
	}
}

// maxRequirements bounds the events of one change of the policy file.
const maxRequirements = 100

// tellRequirements makes an event of every tenant that requires something else
// than before.
func (s *appState) tellRequirements(before, after *policy.Policy) {
	told := 0
	for _, t := range after.Tenants() {
		was := policy.RequireNone
		if old := before.Tenant(t.Key); old != nil {
			was = old.Require
		}
		if t.Require == was {
			continue
		}
		if told++; told > maxRequirements {
			return
		}
		s.events.tell(eventRequirement, "", t.Key, map[string]any{"tenant": t.Key, "was": was.String(), "require": t.Require.String()}, now())
	}
}
