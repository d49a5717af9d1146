package enroll_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc/oidctest"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

const (
	entra    = enroll.Kind("oidc.entra")
	redirect = "https://portal.example/.mfa/oidc/entra"
)

// suite is a service whose tenant assigns finteqx.tech to a provider.
type suite struct {
	*enroll.Service
	t     *testing.T
	idp   *oidctest.IdP
	at    atomic.Int64
	rules enroll.Rules
}

func (s *suite) now() time.Time { return time.Unix(s.at.Load(), 0) }

func newSuite(t *testing.T, change ...func(*oidc.Config)) *suite {
	t.Helper()
	s := &suite{t: t, idp: oidctest.New(t)}
	s.at.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).Unix())
	s.idp.Now = s.now
	c := oidc.Config{Label: "Microsoft Entra ID", Issuer: s.idp.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret, Now: s.now, Timeout: 3 * time.Second}
	for _, fn := range change {
		fn(&c)
	}
	p, err := oidc.New(c)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	keys, err := enroll.NewKeys(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	s.Service, err = enroll.New(enroll.Config{Store: store.NewMemory(s.now), Keys: keys, Now: s.now, Providers: map[string]enroll.Provider{"entra": p}})
	if err == nil {
		err = s.Start(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.rules = enroll.Rules{
		Tenant: "finteqx", TenantName: "FinteQX", Required: true, Methods: []enroll.Kind{entra}, Assigned: entra, AssignedDomains: []string{"finteqx.tech", "finteqx.nl"},
		First: "email", Prove: "session", Share: "tenant", Undo: true, Manage: 5 * time.Minute, Minimum: 1,
	}
	return s
}

func bob() enroll.Person {
	return enroll.Person{Realm: "default", User: "bob", Tenant: "finteqx", Email: "bob@finteqx.tech", Session: "session of bob"}
}

// back reads what a provider sends a browser back with.
func back(t *testing.T, address string) enroll.Return {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, redirect+"?") {
		t.Fatalf("sent back to %s", address)
	}
	q := u.Query()
	return enroll.Return{Provider: "entra", State: q.Get("state"), Browser: "browser", Code: q.Get("code"), Issuer: q.Get("iss"), Denied: q.Get("error") != ""}
}

// link goes the whole way of an enrolment.
func (s *suite) link(p enroll.Person) (*enroll.Arrived, error) {
	s.t.Helper()
	v, err := s.BeginVisit(context.Background(), p, s.rules, nil)
	if err != nil {
		return nil, err
	}
	if v.Owed != "" {
		s.t.Fatalf("%s is owed first", v.Owed)
	}
	address, err := s.BeginLink(context.Background(), v, p, s.rules, nil, entra, redirect, "browser", "/", "")
	if err != nil {
		return nil, err
	}
	return s.Arrive(context.Background(), p, s.rules, nil, back(s.t, s.idp.SignIn(s.t, address)))
}

// prove goes the whole way of a proof.
func (s *suite) prove(p enroll.Person) (*enroll.Arrived, error) {
	s.t.Helper()
	address, err := s.BeginLinkProof(context.Background(), p, s.rules, entra, redirect, "browser", "/", "", false)
	if err != nil {
		return nil, err
	}
	return s.Arrive(context.Background(), p, s.rules, nil, back(s.t, s.idp.SignIn(s.t, address)))
}

func refused(t *testing.T, what string, err error, reason, detail string) {
	t.Helper()
	var e *enroll.Error
	if !errors.As(err, &e) || e.Reason != reason || e.Detail != detail {
		t.Errorf("%s: %v (%+v), want %s %s", what, err, e, reason, detail)
	}
}

// TestS2_21_TheExistingAccountAtOnce: whoever is assigned the company's provider
// is asked for no number and no mail, signs in there once, and is enrolled.
func TestS2_21_TheExistingAccountAtOnce(t *testing.T) {
	s := newSuite(t)
	got, err := s.link(bob())
	if err != nil {
		t.Fatal(err)
	}
	if m := got.Enrolled.Method; m.Kind != entra || m.Name != "Microsoft Entra ID" || m.First != "email" || m.Masked != "bob@finteqx.tech" || len(got.Enrolled.RecoveryCodes) != 10 {
		t.Errorf("got %+v", got.Enrolled)
	}
	if !slices.Equal(got.Flag.AMR, []string{"mfa"}) || !slices.Equal(got.Flag.Methods, []string{"oidc.entra"}) || got.Flag.Resistant {
		t.Errorf("the flag: %+v", got.Flag)
	}
	asked := s.idp.Asked()[0]
	if asked.Get("login_hint") != "bob@finteqx.tech" || asked.Get("scope") != "openid email profile" || asked.Get("redirect_uri") != redirect {
		t.Errorf("asked for %v", asked)
	}
	s.at.Add(3600)
	if got, err = s.prove(bob()); err != nil || !got.Flag.At.Equal(s.now()) || got.Flag.Tenant != "finteqx" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestS2_8_9_10_WhoseAccountCounts: an organisation's, of the linked domain, with
// the address of record as its real and verified one.
func TestS2_8_9_10_WhoseAccountCounts(t *testing.T) {
	for name, c := range map[string]struct {
		claims         map[string]any
		reason, detail string
	}{
		"S2.8 personal":                {map[string]any{"tid": "9188040d-6c67-4c5b-b112-36b66a3dad95"}, "wrong-account", "oidc-personal"},
		"S2.8 personal, as a guest":    {map[string]any{"tid": "t1", "idp": "live.com"}, "wrong-account", "oidc-personal"},
		"S2.9 another domain":          {map[string]any{"email": "bob@gmail.example"}, "wrong-account", "oidc-domain"},
		"S2.9 half a domain":           {map[string]any{"email": "bob@evilfinteqx.tech"}, "wrong-account", "oidc-domain"},
		"S2.10 an alias":               {map[string]any{"email": "robert@finteqx.tech", "preferred_username": "bob@finteqx.tech"}, "wrong-account", "oidc-alias"},
		"S2.10 an alias, as upn":       {map[string]any{"email": "robert@finteqx.tech", "preferred_username": "robert", "upn": "bob@finteqx.tech"}, "wrong-account", "oidc-alias"},
		"S2.10 somebody else":          {map[string]any{"email": "eva@finteqx.tech"}, "wrong-account", "oidc-address"},
		"S2.10 not verified":           {map[string]any{"email_verified": false}, "wrong-account", "oidc-unverified"},
		"S2.10 nothing said of it":     {map[string]any{"email_verified": nil}, "wrong-account", "oidc-unverified"},
		"S2.10 no address":             {map[string]any{"email": nil, "preferred_username": "bob@finteqx.tech"}, "wrong-account", "oidc-unverified"},
		"S2.1 two that are known":      {map[string]any{"amr": []string{"pwd", "pin"}}, "not-allowed", "oidc-mfa"},
		"S2.1 a question beside it":    {map[string]any{"amr": []string{"pwd", "kba"}}, "not-allowed", "oidc-mfa"},
		"S2.22 one factor":             {map[string]any{"amr": []string{"pwd"}}, "not-allowed", "oidc-mfa"},
		"S2.22 a code is not two":      {map[string]any{"amr": []string{"otp"}}, "not-allowed", "oidc-mfa"},
		"S2.22 nothing said":           {map[string]any{"amr": nil}, "not-allowed", "oidc-mfa"},
		"S2.22 another word's case":    {map[string]any{"amr": []string{"MFA"}}, "not-allowed", "oidc-mfa"},
		"S2.22 acr that is not asked":  {map[string]any{"amr": nil, "acr": "mfa"}, "not-allowed", "oidc-mfa"},
		"an old sign-in":               {map[string]any{"auth_time": int64(1700000000)}, "not-allowed", "oidc-old"},
		"no time":                      {map[string]any{"auth_time": nil}, "not-allowed", "oidc-old"},
		"a time as a text":             {map[string]any{"auth_time": "1900000000"}, "not-allowed", "oidc-old"},
		"a time ahead":                 {map[string]any{"auth_time": int64(1900000000)}, "not-allowed", "oidc-old"},
		"amr as a text, which is none": {map[string]any{"amr": "mfa"}, "oidc-down", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t)
			s.idp.Do(func(p *oidctest.IdP) {
				for k, v := range c.claims {
					p.Claims[k] = v
				}
			})
			_, err := s.link(bob())
			refused(t, name, err, c.reason, c.detail)
			if a, _ := s.Account(context.Background(), "default", "bob"); len(a.Methods) != 0 || a.CodesLeft != 0 {
				t.Errorf("half an enrolment is saved: %+v", a)
			}
		})
	}
	for name, claims := range map[string]map[string]any{
		"Microsoft's word": {"email_verified": nil, "xms_edov": true}, "a text": {"email_verified": "true"}, "letter case": {"email": "Bob@FinteqX.tech"},
		"a domain more": {"email": "bob@finteqx.tech", "tid": "t1"},
	} {
		s := newSuite(t)
		s.idp.Do(func(p *oidctest.IdP) {
			for k, v := range claims {
				p.Claims[k] = v
			}
		})
		if _, err := s.link(bob()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestS2_22_ConfiguredWords: other words for a second factor count where they are
// configured, and then they alone; acr is asked for.
func TestS2_22_ConfiguredWords(t *testing.T) {
	s := newSuite(t, func(c *oidc.Config) { c.ACR, c.AMR = []string{"urn:two"}, []string{"hwk"} })
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["amr"] = []string{"mfa"} })
	_, err := s.link(bob())
	refused(t, "mfa, which is not configured", err, "not-allowed", "oidc-mfa")
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["acr"] = "urn:two" })
	if _, err := s.link(bob()); err != nil {
		t.Error(err)
	}
	if asked := s.idp.Asked()[0]; asked.Get("acr_values") != "urn:two" {
		t.Errorf("asked for %v", asked)
	}
}

// TestProvider_Lies: whatever a provider answers that it should not is told as its
// fault, and nothing is half-saved.
func TestProvider_Lies(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(*oidctest.IdP) {
		return func(p *oidctest.IdP) { p.Lie = func(c map[string]any) { c[name] = value } }
	}
	for name, c := range map[string]struct {
		lie    func(*oidctest.IdP)
		reason string
	}{
		"wrong nonce":        {claim("nonce", "another"), "oidc-down"},
		"no nonce":           {claim("nonce", nil), "oidc-down"},
		"wrong audience":     {claim("aud", "another"), "oidc-down"},
		"two audiences":      {claim("aud", []string{oidctest.ClientID, "another"}), "oidc-down"},
		"another party":      {claim("azp", "another"), "oidc-down"},
		"another issuer":     {claim("iss", "https://evil.example"), "oidc-down"},
		"over":               {claim("exp", int64(1700000000)), "oidc-down"},
		"no subject":         {claim("sub", ""), "oidc-down"},
		"another key":        {func(p *oidctest.IdP) { p.Other = other }, "oidc-down"},
		"down":               {func(p *oidctest.IdP) { p.Break = 500 }, "oidc-down"},
		"refuses the client": {func(p *oidctest.IdP) { p.Break = 401 }, "oidc-down"},
		"redirects":          {func(p *oidctest.IdP) { p.Break = 307 }, "oidc-down"},
		"denied":             {func(p *oidctest.IdP) { p.Deny = url.Values{"error": {"access_denied"}} }, "not-allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t)
			s.idp.Do(c.lie)
			_, err := s.link(bob())
			var e *enroll.Error
			if !errors.As(err, &e) || e.Reason != c.reason {
				t.Fatalf("got %v", err)
			}
			for _, secret := range []string{oidctest.Secret, "code=", "bob@"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells %q: %v", secret, err)
				}
			}
			if a, _ := s.Account(context.Background(), "default", "bob"); len(a.Methods) != 0 {
				t.Errorf("half an enrolment is saved: %+v", a)
			}
			s.idp.Do(func(p *oidctest.IdP) { p.Lie, p.Other, p.Break, p.Deny = nil, nil, 0, nil })
			if _, err := s.link(bob()); err != nil {
				t.Errorf("after it, with the truth: %v", err)
			}
		})
	}
}

// TestProvider_WrongWay: an answer counts in the browser, session and for the
// person that it was begun for, once, at its own provider, and not for ever.
func TestProvider_WrongWay(t *testing.T) {
	s := newSuite(t)
	ctx := context.Background()
	if _, err := s.link(bob()); err != nil {
		t.Fatal(err)
	}
	address, err := s.BeginLinkProof(ctx, bob(), s.rules, entra, redirect, "browser", "/", "", false)
	if err != nil {
		t.Fatal(err)
	}
	good := back(t, s.idp.SignIn(t, address))
	for name, change := range map[string]func(*enroll.Return, *enroll.Person, *enroll.Rules) (reason, detail string){
		"another browser": func(b *enroll.Return, _ *enroll.Person, _ *enroll.Rules) (string, string) {
			b.Browser = "another"
			return "not-here", "oidc"
		},
		"no cookie": func(b *enroll.Return, _ *enroll.Person, _ *enroll.Rules) (string, string) {
			b.Browser = ""
			return "not-here", "oidc"
		},
		"another session": func(_ *enroll.Return, p *enroll.Person, _ *enroll.Rules) (string, string) {
			p.Session = "another session of bob"
			return "not-here", "oidc"
		},
		"another person": func(_ *enroll.Return, p *enroll.Person, _ *enroll.Rules) (string, string) {
			p.User = "eva"
			return "expired", "oidc"
		},
		"another realm": func(_ *enroll.Return, p *enroll.Person, _ *enroll.Rules) (string, string) {
			p.Realm = "other"
			return "expired", "oidc"
		},
		"another tenant": func(_ *enroll.Return, _ *enroll.Person, r *enroll.Rules) (string, string) {
			r.Tenant = "bakker"
			return "not-here", ""
		},
		"another provider": func(b *enroll.Return, _ *enroll.Person, _ *enroll.Rules) (string, string) {
			b.Provider = "other"
			return "not-here", "oidc"
		},
		"a made-up state": func(b *enroll.Return, _ *enroll.Person, _ *enroll.Rules) (string, string) {
			b.State = "AAAA"
			return "expired", "oidc"
		},
		"no state": func(b *enroll.Return, _ *enroll.Person, _ *enroll.Rules) (string, string) {
			b.State = ""
			return "expired", "oidc"
		},
	} {
		b, p, r := good, bob(), s.rules
		reason, detail := change(&b, &p, &r)
		_, err := s.Arrive(ctx, p, r, nil, b)
		refused(t, name, err, reason, detail)
	}
	// None of that spent it; now it counts, once, however often it is sent.
	var proved, used atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch _, err := s.Arrive(ctx, bob(), s.rules, nil, good); {
			case err == nil:
				proved.Add(1)
			case errors.Is(err, enroll.ErrUsedCode):
				used.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if proved.Load() != 1 || used.Load() != 19 {
		t.Errorf("%d proved, %d used", proved.Load(), used.Load())
	}
	// A code of another way: PKCE and the provider's own memory hold.
	one, err := s.BeginLinkProof(ctx, bob(), s.rules, entra, redirect, "browser", "/", "", false)
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.BeginLinkProof(ctx, bob(), s.rules, entra, redirect, "browser", "/", "", false)
	if err != nil {
		t.Fatal(err)
	}
	first, second := back(t, s.idp.SignIn(t, one)), back(t, s.idp.SignIn(t, two))
	second.Code = first.Code
	_, err = s.Arrive(ctx, bob(), s.rules, nil, second)
	refused(t, "a code of another way", err, "expired", "oidc")
	late, err := s.BeginLinkProof(ctx, bob(), s.rules, entra, redirect, "browser", "/", "", false)
	if err != nil {
		t.Fatal(err)
	}
	b := back(t, s.idp.SignIn(t, late))
	s.at.Add(16 * 60)
	_, err = s.Arrive(ctx, bob(), s.rules, nil, b)
	refused(t, "too late", err, "expired", "oidc")
}

// TestProvider_MixUp: an answer that names another issuer, or names none where the
// provider always does, is not taken (RFC 9207).
func TestProvider_MixUp(t *testing.T) {
	s := newSuite(t)
	s.idp.Do(func(p *oidctest.IdP) { p.Names = true })
	if _, err := s.link(bob()); err != nil {
		t.Fatal(err)
	}
	for name, issuer := range map[string]string{"another": "https://evil.example", "none": ""} {
		address, err := s.BeginLinkProof(context.Background(), bob(), s.rules, entra, redirect, "browser", "/", "", false)
		if err != nil {
			t.Fatal(err)
		}
		b := back(t, s.idp.SignIn(t, address))
		b.Issuer = issuer
		_, err = s.Arrive(context.Background(), bob(), s.rules, nil, b)
		refused(t, name, err, "oidc-down", "")
	}
}

// TestProvider_AddressElsewhere: a provider that says the address only where it is
// asked for it is asked, and an answer about another account is not taken.
func TestProvider_AddressElsewhere(t *testing.T) {
	s := newSuite(t)
	s.idp.Do(func(p *oidctest.IdP) { p.Info, p.Wrong = true, true })
	_, err := s.link(bob())
	refused(t, "of another account", err, "oidc-down", "")
	s.idp.Do(func(p *oidctest.IdP) { p.Wrong, p.Claims["email_verified"] = false, false })
	_, err = s.link(bob())
	refused(t, "not verified there", err, "wrong-account", "oidc-unverified")
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["email_verified"] = true })
	if _, err := s.link(bob()); err != nil {
		t.Error(err)
	}
}

// TestProvider_OnlyTheLinkedAccount: bound at the first link, and known by nothing
// that can be edited ever after.
func TestProvider_OnlyTheLinkedAccount(t *testing.T) {
	s := newSuite(t)
	if _, err := s.link(bob()); err != nil {
		t.Fatal(err)
	}
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["sub"] = "subject-of-eve" }) // with bob's address, as an administrator there can write
	_, err := s.prove(bob())
	refused(t, "another subject", err, "wrong-account", "oidc-other")
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["sub"], p.Claims["tid"] = "subject-of-bob", "another-organisation" })
	_, err = s.prove(bob())
	refused(t, "another organisation", err, "wrong-account", "oidc-other")
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["tid"], p.Claims["email"] = nil, "robert@finteqx.tech" })
	if _, err := s.prove(bob()); err != nil { // he was renamed there
		t.Error(err)
	}
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["email"] = "bob@gmail.example" })
	_, err = s.prove(bob())
	refused(t, "S2.9, at a proof too", err, "wrong-account", "oidc-domain")
	// S2.16, S2.22 hold at each proof.
	s.idp.Do(func(p *oidctest.IdP) { p.Claims["email"], p.Claims["amr"] = "bob@finteqx.tech", []string{"pwd"} })
	_, err = s.prove(bob())
	refused(t, "one factor", err, "not-allowed", "oidc-mfa")
	// One account more is none.
	v, err := s.BeginVisit(context.Background(), bob(), s.rules, nil)
	if v != nil || !errors.Is(err, enroll.ErrFreshProof) {
		t.Errorf("%v", err)
	}
}

// TestProvider_NotAssigned: nobody else gets in by it, and whoever is assigned it
// sets up nothing else.
func TestProvider_NotAssigned(t *testing.T) {
	s := newSuite(t)
	ctx := context.Background()
	eva := enroll.Person{Realm: "default", User: "eva", Tenant: "finteqx", Email: "eva@gmail.example"}
	r := s.rules
	r.Assigned, r.AssignedDomains, r.Methods, r.First = "", nil, []enroll.Kind{enroll.KindTOTP}, "none"
	v, err := s.BeginVisit(ctx, eva, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.BeginLink(ctx, v, eva, r, nil, entra, redirect, "browser", "/", "")
	refused(t, "not assigned", err, "not-offered", "")
	v, err = s.BeginVisit(ctx, bob(), s.rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.BeginTOTP(ctx, v, bob(), s.rules, nil, "")
	refused(t, "another kind", err, "not-offered", "")
	_, err = s.BeginLink(ctx, v, bob(), s.rules, nil, "oidc.other", redirect, "browser", "/", "")
	refused(t, "another provider", err, "not-offered", "")
	_, err = s.BeginLinkProof(ctx, bob(), s.rules, entra, redirect, "browser", "/", "", false)
	refused(t, "nothing is linked", err, "wrong-step", "")
}

// TestProvider_Down: one that cannot be asked is told, and asked again later.
func TestProvider_Down(t *testing.T) {
	s := newSuite(t)
	s.idp.Server.Close()
	v, err := s.BeginVisit(context.Background(), bob(), s.rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.BeginLink(context.Background(), v, bob(), s.rules, nil, entra, redirect, "browser", "/", "")
	refused(t, "down", err, "oidc-down", "")
}

// TestOIDC_WaysAreCounted: whoever has the password fills no store with ways to a
// provider, and keeps nobody out who has proved in another browser.
func TestOIDC_WaysAreCounted(t *testing.T) {
	s := newSuite(t)
	if _, err := s.link(bob()); err != nil {
		t.Fatal(err)
	}
	begin := func(known bool) error {
		_, err := s.BeginLinkProof(context.Background(), bob(), s.rules, entra, redirect, "browser", "/", "", known)
		return err
	}
	for range 30 {
		if err := begin(false); err != nil {
			t.Fatal(err)
		}
	}
	var e *enroll.Error
	if err := begin(false); !errors.As(err, &e) || e.Reason != enroll.ErrTooMany.Reason || e.RetryAfter != 15*time.Minute {
		t.Errorf("got %v (%+v)", err, e)
	}
	if err := begin(true); err != nil {
		t.Errorf("a browser that proved before: %v", err)
	}
	s.at.Add(15 * 60)
	if err := begin(false); err != nil {
		t.Errorf("once they are over: %v", err)
	}
}
