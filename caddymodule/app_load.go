package caddymodule

import (
	"fmt"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
)

func (s *appState) loadModules(ctx caddy.Context, a *App) error {
	var err error
	var mod any
	if a.StoreRaw == nil {
		mod, err = ctx.LoadModuleByID("mfa.stores.bolt", nil)
	} else {
		mod, err = ctx.LoadModule(a, "StoreRaw")
	}
	if err != nil {
		return fmt.Errorf("loading the store: %w", err)
	}
	s.storeIn = mod.(StoreModule)
	if a.MailerRaw != nil {
		if mod, err = ctx.LoadModule(a, "MailerRaw"); err != nil {
			return fmt.Errorf("loading mail: %w", err)
		}
		s.mailer = mod.(MailerModule).Mailer()
	}
	if a.SMSRaw != nil {
		if mod, err = ctx.LoadModule(a, "SMSRaw"); err != nil {
			return fmt.Errorf("loading sms: %w", err)
		}
		s.texter = mod.(TexterModule).Texter()
	}
	return nil
}

func (s *appState) loadKeys(keys []string) error {
	if len(keys) == 0 {
		if s.storeIn.KeyFile() == "" {
			return errNoKey
		}
		return nil
	}
	plain := make([]string, len(keys))
	for i, k := range keys {
		v, err := expandSecret(k)
		if err != nil {
			return fmt.Errorf("key: %w", err)
		}
		plain[i] = v
	}
	ring, err := enroll.NewKeys(plain...)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	s.keys = ring
	return nil
}

func (s *appState) loadPolicy(path string) (err error) {
	mail := policy.MailNo
	if s.mailer != nil {
		mail = policy.MailYes
	}
	if path == "" {
		if mail == policy.MailNo {
			return errNoFirstProof
		}
		s.single, err = policy.Single(policy.SingleOptions{Mail: mail})
		return err
	}
	texts := policy.MailNo
	if s.texter != nil {
		texts = policy.MailYes
	}
	if s.file, err = policy.Open(path, policy.Options{Mail: mail, SMS: texts, Providers: s.providerNames(), Keep: keptBeside(path)}); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	if before, err := activeState(); err == nil && before.file != nil {
		if err := s.file.After(before.file); err != nil {
			return fmt.Errorf("policy: with the rules of tenants whose files are gone: %w", err)
		}
	}
	s.warn()
	return nil
}
