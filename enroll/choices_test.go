package enroll

import (
	"slices"
	"testing"
)

// S3.31: what an interrupted person sees follows from the policy, from what is
// owed, and from what they have. The cases are those of the flow: who is asked
// for methods, for ways of recovery, for both, or for neither.
func TestS3_31_WhatAnInterruptedPersonIsOffered(t *testing.T) {
	const owed, strong = true, true
	kinds := func(list ...Kind) []Kind { return append([]Kind{}, list...) }
	m := func(list ...Kind) (has []Method) {
		for _, k := range list {
			has = append(has, Method{Kind: k, Tenant: "silva"})
		}
		return has
	}
	mfa := Rules{Tenant: "silva", Required: true, Minimum: 1, Methods: kinds(KindPasskey, KindTOTP), Recovery: kinds(KindCodes), Limits: map[Kind]int{KindTOTP: 2, KindPasskey: 1}}
	both := mfa
	both.Methods, both.Recovery, both.RecoveryMinimum = kinds(KindPasskey), kinds(KindTOTP, KindCodes), 2
	three := both
	three.Methods, three.Recovery, three.Limits = kinds(KindEmail, KindSMS, KindTOTP), kinds(KindEmail, KindSMS, KindTOTP), map[Kind]int{KindTOTP: 1}
	two := mfa
	two.Minimum = 2
	recovery := Rules{Tenant: "silva", Minimum: 1, Methods: kinds(KindPasskey), Recovery: kinds(KindTOTP), RecoveryMinimum: 1, RecoveryRequired: true}
	mail := recovery
	mail.Methods, mail.Recovery = kinds(KindTOTP, KindEmail), kinds(KindEmail)
	none := mfa
	none.Required = false
	for name, c := range map[string]struct {
		rules        Rules
		has          []Method
		owed, strong bool
		want         []Kind
	}{
		"methods, has none: all that count, the strongest first":    {mfa, nil, owed, false, kinds(KindPasskey, KindTOTP)},
		"methods, has none, at a page for passkeys":                 {mfa, nil, owed, strong, kinds(KindPasskey)},
		"methods, has an app, at a page for passkeys":               {mfa, m(KindTOTP), owed, strong, kinds(KindPasskey)},
		"methods, passkeys alone and none can be":                   {Rules{Tenant: "silva", Required: true, Methods: kinds(KindTOTP)}, nil, owed, strong, kinds()},
		"methods, two are wanted, has one":                          {two, m(KindTOTP), owed, false, kinds(KindPasskey, KindTOTP)},
		"methods, two are wanted, has the one passkey there may be": {two, m(KindPasskey), owed, false, kinds(KindTOTP)},
		"both, has none: the first counts as a method (S3.28)":      {both, nil, owed, false, kinds(KindPasskey)},
		"both, has a way of recovery alone":                         {both, m(KindTOTP), owed, false, kinds(KindPasskey)},
		"both, has a method: the second is either":                  {both, m(KindPasskey), owed, false, kinds(KindTOTP)},
		"both, has a method, and room for another":                  {func() Rules { r := both; r.Limits = nil; return r }(), m(KindPasskey), owed, false, kinds(KindPasskey, KindTOTP)},
		"S3.29: app and phone before e-mail":                        {three, nil, owed, false, kinds(KindTOTP, KindSMS, KindEmail)},
		"S3.29: has the app, the phone comes next":                  {three, m(KindTOTP), owed, false, kinds(KindSMS, KindEmail)},
		"recovery alone: its ways and no method (S3.25)":            {recovery, nil, owed, false, kinds(KindTOTP)},
		"recovery alone, has a method":                              {recovery, m(KindPasskey), owed, false, kinds(KindTOTP)},
		"recovery alone, by mail":                                   {mail, nil, owed, false, kinds(KindEmail)},
		"nothing, has none: what counts":                            {none, nil, false, false, kinds(KindPasskey, KindTOTP)},
		"nothing, has one: whatever may be registered":              {both, m(KindPasskey, KindTOTP), false, false, kinds(KindTOTP)},
		"nothing owed at a page for passkeys":                       {mfa, m(KindPasskey), false, strong, kinds(KindTOTP)},
		"another tenant's methods leave room":                       {mfa, []Method{{Kind: KindPasskey, Tenant: "costa"}}, owed, false, kinds(KindPasskey, KindTOTP)},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.rules.Choices(c.has, c.owed, c.strong)
			if !slices.Equal(got, c.want) || got == nil {
				t.Errorf("%v, want %v", got, c.want)
			}
			slices.Reverse(c.has)
			if again := c.rules.Choices(c.has, c.owed, c.strong); !slices.Equal(again, got) {
				t.Errorf("%v and %v of the same", got, again)
			}
		})
	}
}

// Where codes are no way of recovery, none are made, renewed or taken.
func TestRecovery_WithoutCodes(t *testing.T) {
	w := newWorld(t)
	p, r := person("bob"), silva()
	r.Recovery = []Kind{KindTOTP}
	e, _ := w.enrol(p, r, nil)
	if len(e.RecoveryCodes) != 0 || w.account(p).CodesLeft != 0 {
		t.Error("codes are made")
	}
	_, err := w.NewRecoveryCodes(ctx, p, r, &e.Flag)
	w.refused(err, ErrNotOffered)
	other := silva()
	codes, err := w.NewRecoveryCodes(ctx, p, other, &e.Flag)
	w.ok(err)
	_, err = w.ProveRecovery(ctx, p, r, codes[0], false)
	w.refused(err, ErrNotOffered)
	_, err = w.ProveRecovery(ctx, p, other, codes[0], false)
	w.ok(err)
}
