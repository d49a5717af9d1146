package policy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// mustParse makes a policy of a text, without files.
func mustParse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := parseText(text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parseText(text string, o Options) (*Policy, error) {
	d := parse("policy.yaml", []byte(text), o.Mount, false, &termsSeen{})
	p, wrong := link([]*document{d}, o)
	wrong = append(d.problems, wrong...)
	if len(wrong) == 0 {
		wrong = p.failing()
	}
	if len(wrong) > 0 {
		return nil, errorsOf(wrong)
	}
	return p, nil
}

const offices = `
version: 1
defaults:
  protect: [/documents, {path: /orders, fresh: 5m}]
  allow: [/documents/help]
tenants:
  silva: {require: mfa, hosts: [silva.example]}
  costa: {require: mfa, share: everywhere, hosts: [costa.example]}
  souza: {require: mfa, share: everywhere, first: none, prove: enrolled, hosts: [souza.example]}
  vapaa: {hosts: [vapaa.example]}
  branch: {require: none, parent: silva, hosts: [branch.example]}
  strict: {require: mfa, minimum: 2, hosts: [strict.example]}
  trial: {require: mfa, mode: report, hosts: [trial.example]}
`

var (
	now    = time.Unix(1_800_000_000, 0)
	before = func(d time.Duration) time.Time { return now.Add(-d) }
	totp   = []string{"totp"}
)

// known is the facts of bob at a host, with changes.
func known(host, path string, change ...func(*Facts)) Facts {
	f := Facts{Place: Place{Host: host, Mount: DefaultMount}, Method: "GET", Sent: Target{Path: path}, Now: now, Who: Known, User: "bob",
		Account: Account{State: AccountKnown}}
	for _, c := range change {
		c(&f)
	}
	return f
}

func has(kind, tenant, first string) func(*Facts) {
	return func(f *Facts) {
		f.Account.Methods = append(f.Account.Methods, AccountMethod{Kind: kind, Tenant: tenant, First: first})
	}
}

func proven(d time.Duration, tenant, first string, methods ...string) func(*Facts) {
	return func(f *Facts) { f.Proof = Proof{At: before(d), Tenant: tenant, First: first, Methods: methods} }
}

func who(w Who) func(*Facts) { return func(f *Facts) { f.Who = w } }

func identity(tenant string) func(*Facts) {
	return func(f *Facts) { f.TenantMapped, f.Tenant = true, tenant }
}

func by(b TenantBy) func(*Facts)         { return func(f *Facts) { f.TenantBy = b } }
func store(s AccountState) func(*Facts)  { return func(f *Facts) { f.Account.State = s } }
func rewritten(path string) func(*Facts) { return func(f *Facts) { f.Rewritten = Target{Path: path} } }
func preflight(f *Facts)                 { f.Preflight = true }
func claim(at time.Time) func(*Facts) {
	return func(f *Facts) { f.Proof = Proof{At: at, Claim: true, Methods: []string{"mfa"}} }
}
func silvaHas(f *Facts) { has("totp", "silva", "email")(f) }

func TestDecide(t *testing.T) {
	p := mustParse(t, offices)
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/open":                              {known("silva.example", "/finance"), ReasonOpen},
		"ok/open to nobody":                    {known("silva.example", "/finance", who(Nobody)), ReasonOpen},
		"ok/open while all is down":            {known("silva.example", "/finance", who(Down), store(AccountDown)), ReasonOpen},
		"ok/allowed below a protected prefix":  {known("silva.example", "/documents/help", who(Nobody)), ReasonOpen},
		"ok/preflight":                         {known("silva.example", "/documents", preflight, who(Mixed)), ReasonOpen},
		"ok/not required":                      {known("vapaa.example", "/documents"), ReasonNotRequired},
		"ok/not required while store is down":  {known("vapaa.example", "/documents", store(AccountDown)), ReasonNotRequired},
		"ok/verified":                          {known("silva.example", "/documents", proven(time.Hour, "silva", "email", "totp")), ReasonVerified},
		"ok/verified while store is down":      {known("silva.example", "/documents", proven(time.Hour, "silva", "email", "totp"), store(AccountDown)), ReasonVerified},
		"ok/verified, host in any spelling":    {known("SILVA.example.:8443", "/documents", proven(time.Hour, "silva", "email", "totp")), ReasonVerified},
		"ok/fresh":                             {known("silva.example", "/orders", proven(5*time.Minute, "silva", "email", "totp")), ReasonVerified},
		"ok/enrolled":                          {known("souza.example", "/documents", has("totp", "souza", "none")), ReasonEnrolled},
		"ok/enrolled elsewhere, shared":        {known("souza.example", "/documents", has("totp", "costa", "email")), ReasonEnrolled},
		"ok/proven elsewhere, shared":          {known("souza.example", "/documents", proven(time.Hour, "costa", "email", "totp")), ReasonVerified},
		"ok/claim":                             {known("silva.example", "/documents", claim(time.Time{})), ReasonVerified},
		"ok/claim with its time, fresh":        {known("silva.example", "/orders", claim(before(time.Minute))), ReasonVerified},
		"ok/two methods where two are wanted":  {known("strict.example", "/documents", proven(time.Hour, "strict", "email", "totp"), has("totp", "strict", "email"), has("totp", "strict", "email")), ReasonVerified},
		"ok/reported":                          {known("trial.example", "/documents"), ReasonReported},
		"ok/reported, nobody known":            {known("trial.example", "/documents", who(Nobody)), ReasonReported},
		"ok/reported, store down":              {known("trial.example", "/documents", store(AccountDown)), ReasonReported},
		"ok/recovered, methods left":           {known("silva.example", "/documents", proven(time.Hour, "silva", "email", "codes"), silvaHas), ReasonVerified},
		"ok/identity and host agree":           {known("silva.example", "/documents", identity("silva"), proven(0, "silva", "email", "totp")), ReasonVerified},
		"ok/identity alone":                    {known("any.example", "/documents", identity("vapaa"), by(ByIdentity)), ReasonNotRequired},
		"ok/host alone":                        {known("vapaa.example", "/documents", identity("silva"), by(ByHost)), ReasonNotRequired},
		"ok/open where the identity may speak": {known("silva.example", "/finance", identity("nowhere")), ReasonOpen},

		"fail/enroll":                            {known("silva.example", "/documents"), ReasonEnroll},
		"fail/enrolled elsewhere, not shared":    {known("silva.example", "/documents", has("totp", "costa", "email")), ReasonEnroll},
		"fail/enrolled where nothing is shared":  {known("souza.example", "/documents", has("totp", "silva", "email")), ReasonEnroll},
		"fail/shared, but proven less":           {known("costa.example", "/documents", has("totp", "souza", "none")), ReasonEnroll},
		"fail/flag shared, but proven less":      {known("costa.example", "/documents", proven(time.Hour, "souza", "none", "totp")), ReasonEnroll},
		"fail/flag of another tenant":            {known("silva.example", "/documents", proven(time.Hour, "costa", "email", "totp"), silvaHas), ReasonVerify},
		"fail/flag of a tenant that is gone":     {known("silva.example", "/documents", proven(time.Hour, "gone", "email", "totp"), silvaHas), ReasonVerify},
		"fail/flag of a method not offered":      {known("silva.example", "/documents", proven(time.Hour, "silva", "email", "sms"), silvaHas), ReasonVerify},
		"fail/flag of no method":                 {known("silva.example", "/documents", proven(time.Hour, "silva", "email"), silvaHas), ReasonVerify},
		"fail/flag from the future":              {known("silva.example", "/documents", proven(-2*time.Minute, "silva", "email", "totp"), silvaHas), ReasonVerify},
		"fail/verify":                            {known("silva.example", "/documents", silvaHas), ReasonVerify},
		"fail/verify with codes alone":           {known("silva.example", "/documents", has("codes", "silva", "email")), ReasonVerify},
		"fail/enrolled with codes alone":         {known("souza.example", "/documents", has("codes", "souza", "none")), ReasonVerify},
		"fail/recovered, no method left":         {known("silva.example", "/documents", proven(time.Hour, "silva", "email", "codes"), has("codes", "silva", "email")), ReasonEnroll},
		"fail/stale":                             {known("silva.example", "/orders", proven(5*time.Minute+time.Second, "silva", "email", "totp"), silvaHas), ReasonStale},
		"fail/enrolled is not fresh":             {known("souza.example", "/orders", has("totp", "souza", "none")), ReasonVerify},
		"fail/claim without its time":            {known("silva.example", "/orders", claim(time.Time{}), silvaHas), ReasonStale},
		"fail/claim without its time, no method": {known("silva.example", "/orders", claim(time.Time{})), ReasonEnroll},
		"fail/one method where two are wanted":   {known("strict.example", "/documents", proven(time.Hour, "strict", "email", "totp"), has("totp", "strict", "email")), ReasonMoreMethods},
		"fail/minimum while the store is down":   {known("strict.example", "/documents", proven(time.Hour, "strict", "email", "totp"), store(AccountDown)), ReasonStoreDown},
		"fail/store down":                        {known("silva.example", "/documents", store(AccountDown)), ReasonStoreDown},
		"fail/an account state not in the list":  {known("silva.example", "/documents", store(99)), ReasonStoreDown},
		"fail/nobody":                            {known("silva.example", "/documents", who(Nobody)), ReasonNoIdentity},
		"fail/a who not in the list":             {known("silva.example", "/documents", who(99)), ReasonNoIdentity},
		"fail/identity down":                     {known("silva.example", "/documents", who(Down)), ReasonIdentityDown},
		"fail/conflict":                          {known("silva.example", "/documents", who(Conflict)), ReasonIdentityConflict},
		"fail/mixed":                             {known("silva.example", "/documents", who(Mixed)), ReasonMixedCredentials},
		"fail/nobody where nothing is required":  {known("vapaa.example", "/documents", who(Nobody)), ReasonNoIdentity},
		"fail/unknown host":                      {known("evil.example", "/documents"), ReasonUnknownTenant},
		"fail/deeper host than the wildcard":     {known("a.silva.example", "/documents"), ReasonUnknownTenant},
		"fail/mapped and none":                   {known("silva.example", "/documents", identity("")), ReasonUnknownTenant},
		"fail/mapped and unknown":                {known("silva.example", "/documents", identity("nowhere")), ReasonUnknownTenant},
		"fail/no tenant for identity alone":      {known("silva.example", "/documents", by(ByIdentity)), ReasonUnknownTenant},
		"fail/bad target":                        {known("silva.example", "/%zz"), ReasonBadTarget},
		"fail/bad target before the preflight":   {known("silva.example", "/%zz", preflight), ReasonBadTarget},
		"fail/rewritten to a bad target":         {known("silva.example", "/finance", rewritten("/a%00")), ReasonBadTarget},
		"fail/sent open, rewritten protected":    {known("silva.example", "/finance", rewritten("/documents")), ReasonEnroll},
		"fail/sent protected, rewritten open":    {known("silva.example", "/documents", rewritten("/finance")), ReasonEnroll},
		"fail/no spelling of allow opens":        {known("silva.example", "/documents/help;x"), ReasonEnroll},
		"fail/out of allow":                      {known("silva.example", "/documents/help/%2e%2e/1"), ReasonEnroll},

		// C4: the host picks the tenant, the session picks the data.
		"fail/TestDesign_C4 host of the lax, identity of the strict": {known("vapaa.example", "/documents", identity("silva")), ReasonUnknownTenant},
		"fail/TestDesign_C4 host below the identity":                 {known("branch.example", "/documents", identity("silva")), ReasonEnroll},
		"fail/TestDesign_C4 identity below the host":                 {known("silva.example", "/documents", identity("branch")), ReasonEnroll},
		// M16: a target that is the gate's by one reading and the app's by another.
		"fail/TestDesign_M16 out of the mount":  {known("silva.example", "/.mfa/..%2fdocuments"), ReasonBadTarget},
		"fail/TestDesign_M16 into the mount":    {known("silva.example", "/documents/../.mfa/"), ReasonBadTarget},
		"fail/TestDesign_M16 beside the mount":  {known("silva.example", "/.MFA/x"), ReasonBadTarget},
		"ok/TestDesign_M16 the mount's sibling": {known("silva.example", "/.mfa-x"), ReasonOpen},
	} {
		t.Run(name, func(t *testing.T) {
			d := p.Decide(&c.facts)
			if d.Ask != AskNothing || d.Reason != c.want || d.Verdict != c.want.Verdict() {
				t.Errorf("%v %v (ask %v), want %v", d.Verdict, d.Reason, d.Ask, c.want)
			}
			if strings.HasPrefix(name, "ok/") != (d.Verdict == Allow) {
				t.Errorf("%v: the name says otherwise", d.Verdict)
			}
		})
	}
}

func TestWhatDecideAsksFor(t *testing.T) {
	p := mustParse(t, offices)
	for name, c := range map[string]struct {
		facts Facts
		want  Ask
	}{
		"ok/open asks nothing":                {known("silva.example", "/finance", who(NotAsked)), AskNothing},
		"ok/bad target asks nothing":          {known("silva.example", "/%00", who(NotAsked)), AskNothing},
		"ok/protected asks who":               {known("silva.example", "/documents", who(NotAsked)), AskIdentity},
		"ok/any tenant's prefix asks who":     {known("nowhere.example", "/documents", who(NotAsked)), AskIdentity},
		"ok/not required asks no store":       {known("vapaa.example", "/documents", store(AccountNotAsked)), AskNothing},
		"ok/a flag asks no store":             {known("silva.example", "/documents", store(AccountNotAsked), proven(time.Hour, "silva", "email", "totp")), AskNothing},
		"ok/no flag asks the store":           {known("silva.example", "/documents", store(AccountNotAsked)), AskAccount},
		"ok/a stale flag asks the store":      {known("silva.example", "/orders", store(AccountNotAsked), proven(time.Hour, "silva", "email", "totp")), AskAccount},
		"ok/a minimum asks the store":         {known("strict.example", "/documents", store(AccountNotAsked), proven(time.Hour, "strict", "email", "totp")), AskAccount},
		"ok/codes alone ask the store":        {known("silva.example", "/documents", store(AccountNotAsked), proven(time.Hour, "silva", "email", "codes")), AskAccount},
		"ok/the second tenant asks the store": {known("branch.example", "/documents", store(AccountNotAsked), identity("silva")), AskAccount},
		"ok/the first of two asks the store":  {known("silva.example", "/documents", store(AccountNotAsked), identity("branch")), AskAccount},
	} {
		if d := p.Decide(&c.facts); d.Ask != c.want {
			t.Errorf("%s: asks %v, want %v", name, d.Ask, c.want)
		} else if d.Ask != AskNothing && d.Verdict != Deny {
			t.Errorf("%s: an open question must not pass, got %v", name, d.Verdict)
		}
	}
}

// C4: what the host's tenant leaves open may be protected by the one that the
// session serves.
func TestDesign_C4_OpenForTheHostProtectedForTheIdentity(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {hosts: [a.example]}, b: {parent: a, require: mfa, protect: [/b]}}")
	for want, f := range map[Reason]Facts{
		ReasonEnroll: known("a.example", "/b", identity("b")),
		ReasonOpen:   known("a.example", "/b"),
	} {
		if d := p.Decide(&f); d.Reason != want {
			t.Errorf("%v, want %v", d.Reason, want)
		}
	}
}

func TestADirectivesOwnPrefixes(t *testing.T) {
	own, err := NewPrefixes([]string{"/extra", "/documents"}, "")
	if err != nil {
		t.Fatal(err)
	}
	protect := func(f *Facts) { f.Protect = own }
	p := mustParse(t, offices)
	single, err := Single(SingleOptions{Mail: MailYes})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		p     *Policy
		facts Facts
		want  Reason
	}{
		"fail/on top of a tenant's":             {p, known("silva.example", "/extra", protect), ReasonEnroll},
		"ok/a tenant's allow opens it":          {p, known("silva.example", "/documents/help", protect), ReasonOpen},
		"ok/allow opens it, tenant not known":   {p, known("nowhere.example", "/documents/help", protect, identity("silva")), ReasonOpen},
		"fail/tenant not known":                 {p, known("nowhere.example", "/extra", protect), ReasonUnknownTenant},
		"ok/not required":                       {p, known("vapaa.example", "/extra", protect), ReasonNotRequired},
		"fail/without a policy file":            {single, known("any.example", "/extra", protect, identity("silva")), ReasonEnroll},
		"ok/without a policy file, verified":    {single, known("any.example", "/extra", protect, identity(""), proven(0, "default", "email", "totp")), ReasonVerified},
		"ok/without a policy file, by identity": {single, known("any.example", "/extra", protect, by(ByIdentity), proven(0, "default", "email", "totp")), ReasonVerified},
		"ok/without a policy file, open":        {single, known("any.example", "/finance", protect), ReasonOpen},
	} {
		if d := c.p.Decide(&c.facts); d.Reason != c.want {
			t.Errorf("%s: %v, want %v", name, d.Reason, c.want)
		}
	}
	if _, err := Single(SingleOptions{Mail: MailNo}); !errors.Is(err, ErrNoMail) {
		t.Errorf("without mail: %v", err)
	}
}

func TestATenantAloneIsEveryHosts(t *testing.T) {
	alone := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/docs]}}")
	for want, f := range map[Reason]Facts{
		ReasonEnroll:        known("any.example", "/docs"),
		ReasonUnknownTenant: known("any.example", "/docs", identity("b")),
	} {
		if d := alone.Decide(&f); d.Reason != want {
			t.Errorf("%v, want %v", d.Reason, want)
		}
	}
	hosted := mustParse(t, "version: 1\ntenants: {a: {require: mfa, hosts: [a.example, '*.b.example'], protect: [/docs]}}")
	for host, want := range map[string]Reason{
		"a.example": ReasonEnroll, "x.b.example": ReasonEnroll, "b.example": ReasonUnknownTenant,
		"x.a.example": ReasonUnknownTenant, "x.y.b.example": ReasonUnknownTenant, "": ReasonUnknownTenant,
	} {
		f := known(host, "/docs")
		if d := hosted.Decide(&f); d.Reason != want {
			t.Errorf("%q: %v, want %v", host, d.Reason, want)
		}
	}
}
