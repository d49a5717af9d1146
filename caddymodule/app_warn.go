package caddymodule

import (
	"github.com/caddy-mfa/caddy-mfa/policy"
	"go.uber.org/zap"
)

// warn says what the policy gives away, and what of it this server cannot keep.
func (s *appState) warn() {
	p := s.file.Policy()
	for _, w := range p.Warnings() {
		s.log.Warn("policy", zap.String("warning", w))
	}
	for _, t := range p.Tenants() {
		if t.First == policy.FirstTyped && len(t.Hosts) == 0 && s.baseURL == "" {
			s.log.Warn("policy", zap.String("tenant", t.Key), zap.String("warning",
				"first: typed-email: no mail can name this site, so a code is mailed in place of the link: give the tenant hosts, or write base_url"))
		}
	}
}
