package identity

import (
	"context"
	"strings"
	"testing"
	"time"
)

// saying is a source that gives one answer.
type saying struct {
	name    string
	a       Answer
	carries string
}

func (s saying) Name() string                         { return s.name }
func (s saying) Ask(context.Context, *Visit) Answer   { return s.a }
func (s saying) Facts() FactSet                       { return FactUser }
func (s saying) Carries(_ *Visit, header string) bool { return header == s.carries }

func knows(user string) Answer { return Answer{State: Known, Person: Person{User: user}} }

func TestChainJudges(t *testing.T) {
	tenant := knows("bob")
	tenant.Person.Tenant = "silva"
	other := knows("bob")
	other.Person.Tenant = "costa"
	stray := Answer{State: Known, Person: Person{User: "bob"}, Stray: []string{"Authorization"}}
	vouching := Answer{State: Known, Person: Person{User: "bob"}, By: []string{"Authorization"}}
	is := func(s State) Answer { return Answer{State: s} }
	for name, tc := range map[string]struct {
		answers []Answer
		want    State
	}{
		"ok/known":                            {[]Answer{knows("bob")}, Known},
		"ok/agree":                            {[]Answer{knows("bob"), knows("bob")}, Known},
		"ok/absent beside":                    {[]Answer{is(Absent), knows("bob")}, Known},
		"ok/nobody beside":                    {[]Answer{is(Nobody), knows("bob")}, Known},
		"ok/tenant of one":                    {[]Answer{knows("bob"), tenant}, Known},
		"ok/stray vouched for":                {[]Answer{stray, vouching}, Known},
		"ok/nobody":                           {[]Answer{is(Nobody), is(Absent)}, Nobody},
		"ok/absent":                           {[]Answer{is(Absent)}, Nobody},
		"ok/forged alone":                     {[]Answer{is(Forged)}, Nobody},
		"fail/C12 two names":                  {[]Answer{knows("mallory"), knows("bob")}, Conflict},
		"fail/another spelling":               {[]Answer{knows("bob"), knows("Bob")}, Conflict},
		"fail/two tenants":                    {[]Answer{tenant, other}, Conflict},
		"fail/C12 forged beside":              {[]Answer{is(Forged), knows("bob")}, Conflict},
		"fail/a source's conflict":            {[]Answer{is(Conflict), knows("bob")}, Conflict},
		"fail/down beside known":              {[]Answer{knows("bob"), is(Down)}, Down},
		"fail/down before conflict":           {[]Answer{is(Down), is(Conflict)}, Down},
		"fail/mixed before down":              {[]Answer{is(Down), is(Mixed)}, Mixed},
		"fail/stray":                          {[]Answer{stray}, Mixed},
		"fail/stray beside nobody":            {[]Answer{stray, is(Nobody)}, Mixed},
		"fail/known without a user":           {[]Answer{knows("")}, Down},
		"fail/known without a user, two":      {[]Answer{knows(""), knows("bob")}, Down},
		"fail/a state that does not exist":    {[]Answer{is(77)}, Mixed},
		"fail/stray and vouched by itself":    {[]Answer{{State: Known, Person: Person{User: "bob"}, Stray: []string{"A"}, By: []string{"A"}}}, Mixed},
		"fail/stray, vouched by a bad source": {[]Answer{stray, {State: Forged, By: []string{"Authorization"}}}, Mixed},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Chain{}
			for _, a := range tc.answers {
				c.Sources = append(c.Sources, saying{name: "s", a: a})
			}
			res := c.Identify(context.Background(), visitTo(nil, "/"))
			if res.State != tc.want || (tc.want == Known) != (res.Person.User == "bob") {
				t.Errorf("got %v %q %q, want %v", res.State, res.Person.User, res.Why, tc.want)
			}
		})
	}
}

func TestChainPutsTogether(t *testing.T) {
	c := &Chain{Sources: []Source{
		saying{name: "a", a: Answer{State: Known, SetCookie: []string{"x=1"}, Person: Person{User: "bob", Email: "a@x", Methods: []string{"pwd"}}}},
		saying{name: "b", a: Answer{State: Known, SetCookie: []string{"y=1"}, Person: Person{User: "bob", Email: "b@x", Name: "Bob", Session: "s", ACR: "gold", Time: theTime, Roles: []string{"r"}}}},
	}}
	res := c.Identify(context.Background(), visitTo(nil, "/"))
	p := res.Person
	if p.Email != "a@x" || p.Name != "Bob" || p.Session != "s" || len(p.Roles) != 1 || p.Source != "a+b" || len(res.SetCookie) != 2 {
		t.Errorf("got %+v", res)
	}
	if p.ACR != "" || !p.Time.IsZero() {
		t.Error("the proof of a sign-in was put together of two")
	}
	c.Sources = []Source{saying{name: "a", a: Answer{State: Down, RetryAfter: time.Second}}, saying{name: "b", a: Answer{State: Down, RetryAfter: time.Minute}}}
	if res = c.Identify(context.Background(), visitTo(nil, "/")); res.RetryAfter != time.Minute || strings.Join(res.Why, " ") != "a: down b: down" {
		t.Errorf("got %v, %q", res.RetryAfter, res.Why)
	}
}

// Real sources together: C1 and C12 of the attacks on the design.
func TestChainOfSources(t *testing.T) {
	bob, eve := hs256(t, claimsOf(nil)), hs256(t, claimsOf(map[string]any{"sub": "eve"}))
	old := hs256(t, claimsOf(map[string]any{"exp": 1700000000, "iat": nil}))
	cookie := mustJWT(t, func(c *JWT) { c.Header = "" })
	bearer := mustJWT(t, func(c *JWT) { c.Cookie = "" })
	token := mustJWT(t, func(c *JWT) { c.Cookie, c.Header = "", "X-Auth-Token" })
	basic, _ := NewPlaceholder(Placeholder{Facts: PlaceholderFacts{User: "{http.auth.user.id}"}})
	remote, _ := NewPlaceholder(Placeholder{Facts: PlaceholderFacts{User: "{http.request.header.X-Auth-Request-User}"}})
	for name, tc := range map[string]struct {
		sources []Source
		headers []string
		auth    string // {http.auth.user.id}
		want    State
	}{
		"ok/jwt cookie":                       {[]Source{cookie}, []string{"Cookie: jwt=" + bob}, "", Known},
		"ok/bearer is the identity":           {[]Source{bearer}, []string{"Authorization: Bearer " + bob}, "", Known},
		"ok/token header is the identity":     {[]Source{token}, []string{"X-Auth-Token: " + bob}, "", Known},
		"ok/basic is the identity":            {[]Source{basic}, []string{basicBob}, "bob", Known},
		"ok/forged bearer alone":              {[]Source{bearer}, []string{"Authorization: Bearer x.y.z"}, "", Nobody},
		"ok/expired bearer beside":            {[]Source{cookie, bearer}, []string{"Cookie: jwt=" + bob, "Authorization: Bearer " + old}, "", Known},
		"ok/the proxy's token":                {[]Source{remote}, []string{"X-Auth-Request-Access-Token: t"}, "bob", Known},
		"fail/C1 a key beside the proxy's":    {[]Source{remote}, []string{"X-Auth-Request-Access-Token: t", "X-Access-Token: t"}, "bob", Mixed},
		"fail/C1 basic beside jwt":            {[]Source{cookie}, []string{"Cookie: jwt=" + bob, basicMallory}, "", Mixed},
		"fail/C1 basic beside bearer source":  {[]Source{bearer, cookie}, []string{"Cookie: jwt=" + bob, basicMallory}, "", Mixed},
		"fail/C1 basic nobody checked":        {[]Source{basic, cookie}, []string{"Cookie: jwt=" + bob, basicMallory}, "", Mixed},
		"fail/C1 basic of another":            {[]Source{basic}, []string{basicMallory}, "bob", Mixed},
		"fail/C1 api key":                     {[]Source{cookie}, []string{"Cookie: jwt=" + bob, "X-Api-Key: k"}, "", Mixed},
		"fail/C1 api key, CGI spelling":       {[]Source{cookie}, []string{"Cookie: jwt=" + bob, "X_api_key: k"}, "", Mixed},
		"fail/C1 api key of a product":        {[]Source{cookie}, []string{"Cookie: jwt=" + bob, "X-Redmine-Api-Key: k"}, "", Mixed},
		"fail/C12 two tokens":                 {[]Source{cookie, bearer}, []string{"Cookie: jwt=" + bob, "Authorization: Bearer " + eve}, "", Conflict},
		"fail/C12 forged beside":              {[]Source{cookie, bearer}, []string{"Cookie: jwt=" + bob, "Authorization: Bearer x.y.z"}, "", Conflict},
		"fail/C12 session of bob, auth of me": {[]Source{basic, cookie}, []string{"Cookie: jwt=" + eve, basicBob}, "bob", Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			v := visitTo(nil, "/", tc.headers...)
			v.Placeholder = func(string) (string, bool) { return tc.auth, tc.auth != "" }
			res := (&Chain{Sources: tc.sources}).Identify(context.Background(), v)
			if res.State != tc.want {
				t.Errorf("got %v %q, want %v", res.State, res.Why, tc.want)
			}
		})
	}
}

func TestChainTellsEverySource(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	with := mustWhoAmI(t, func(c *WhoAmI) { c.Logout, c.Password = []string{"/bye"}, []string{"/pw"} })
	c := &Chain{Sources: []Source{mustWhoAmI(t, nil), with, saying{a: Answer{State: Absent}}}}
	if !c.Saw(visitTo(app, "/bye")) || c.Saw(visitTo(app, "/")) {
		t.Error("a sign-out of one source ends the flag, a visit does not")
	}
	if !c.SawResponse(visitBy(app, "POST", "/pw", ""), nil, 200) || c.SawResponse(visitTo(app, "/"), nil, 200) {
		t.Error("a changed password of one source ends all flags, a visit does not")
	}
	if !c.Facts().Has(FactUser) || c.Facts().Has(FactTenant) {
		t.Errorf("facts are %b", c.Facts())
	}
	visit := visitTo(app, "/", "Cookie: sid=m")
	for range 2 {
		if res := c.Fresh(context.Background(), visit); res.State != Known {
			t.Errorf("got %v", res.State)
		}
	}
	if app.count() != 4 || visit.Fresh {
		t.Errorf("asked %d times; a fresh answer is never a remembered one", app.count())
	}
}
