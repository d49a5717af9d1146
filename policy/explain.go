package policy

import "strings"

// A Step is one thing Decide looked at.
type Step struct {
	Rule string // a rule with its place in the file, or a step of Decide's order
	Hit  bool
	Note string // what a hit means; of a deciding step, the verdict and reason
}

// Explain returns every rule and step that Decide looked at for the facts, in
// its order, and whether it hit. It is Decide itself, taking notes.
func (p *Policy) Explain(f *Facts) []Step {
	rec := &recorder{}
	p.decide(f, rec)
	return rec.steps
}

// A recorder takes Decide's notes. The nil recorder takes none and costs none.
type recorder struct{ steps []Step }

// step notes a step whose hit decides, for a tenant or for all, and returns the
// hit. It is small enough to cost a decision without notes no call.
func (r *recorder) step(rule string, t *Tenant, hit bool, reason Reason) bool {
	if r != nil {
		r.note(rule, t, hit, reason)
	}
	return hit
}

//go:noinline
func (r *recorder) note(rule string, t *Tenant, hit bool, reason Reason) {
	s := Step{Rule: rule, Hit: hit}
	if t != nil {
		s.Rule = "tenants." + t.Key + ": " + rule
	}
	if hit {
		s.Note = reason.Verdict().String() + " " + reason.String()
	}
	r.steps = append(r.steps, s)
}

// rules notes every rule of the directive, of the host's tenant and of the one
// that the identity names, and whether it covers a reading of the target.
func (r *recorder) rules(p *Policy, host *Tenant, own *ruleset, asked []*target, f *Facts) {
	if r == nil {
		return
	}
	if own != nil {
		r.ruleset(own, asked, f)
	}
	if host != nil {
		r.ruleset(host.rules, asked, f)
	}
	if t := p.Tenant(f.Tenant); t != nil && t != host && p.mapped(&f.Place) {
		r.ruleset(t.rules, asked, f)
	}
}

func (r *recorder) ruleset(s *ruleset, asked []*target, f *Facts) {
	for _, p := range longestFirst(s.protect) {
		step := Step{Rule: s.where(p)}
		for _, t := range asked {
			for j := range t.len() {
				if g := t.at(j); p.protects(g, s.sensitive) && p.asked(t, f) || t.more != nil && p.inBatch(g) {
					step = step.readAs(t, g)
				}
			}
		}
		r.steps = append(r.steps, step)
	}
	for _, a := range longestFirst(s.allow) {
		step := Step{Rule: s.where(a)}
		for _, t := range asked {
			for j := range t.len() {
				if g := t.at(j); a.allows(g, s.sensitive) && a.answers(t, f) && a.agreed(t, f) {
					step = step.readAs(t, g)
				}
			}
		}
		r.steps = append(r.steps, step)
	}
}

// readAs notes a hit, and the first reading that was hit where there are more.
func (s Step) readAs(t *target, g *reading) Step {
	if !s.Hit && t.len() > 1 {
		s.Note = "read as " + strings.Clone(g.text)
	}
	s.Hit = true
	return s
}
