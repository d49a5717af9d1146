package policy

import "gopkg.in/yaml.v3"

// The stages of a partner: a tenant that has tenants of its own to look after.
const (
	StageTrial      = "trial"      // as any tenant
	StageProduction = "production" // always required, and locked: nobody switches it off
)

func readStage(r *reader, n *yaml.Node, s *settings) {
	s.stage = r.word(n, "stage", StageTrial, StageProduction)
}

// onStage is what the tenant's terms are on its stage. What it takes from a stage
// is its own: a customer below a partner is no partner.
func (b *base) onStage(s *settings, terms *Terms) *Terms {
	if s.stage == "" {
		return terms
	}
	key := stageKey{terms, s.stage}
	if same := b.stage[key]; same != nil {
		return same
	}
	own := *terms
	own.Stage, own.offStage = s.stage, terms
	if s.stage == StageProduction {
		own.Require, own.Locked = max(own.Require, RequireMFA), true
	}
	if b.stage == nil || len(b.stage) >= maxTermsSeen {
		b.stage = map[stageKey]*Terms{}
	}
	b.stage[key] = &own
	return &own
}

type stageKey struct {
	terms *Terms
	stage string
}

// checkStage refuses what a partner in production says against its stage.
func (l *linker) checkStage(s, full *settings) {
	if s.stage != StageProduction {
		return
	}
	if full.Require == RequireNone && s.place("require") != s.at {
		l.bad(s, s.place("require"), "require: none, but a partner in production is always required: leave it out")
	}
	if full.Report {
		l.bad(s, l.written(s, "mode"), "mode: report, but a partner in production is always required: write mode: enforce for tenant %s", s.Key)
	}
	if !full.Locked && s.place("locked") != s.at {
		l.bad(s, s.place("locked"), "locked: false, but a partner in production is always locked: leave it out")
	}
}
