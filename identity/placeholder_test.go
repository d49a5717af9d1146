package identity

import (
	"strings"
	"testing"
)

func TestPlaceholder(t *testing.T) {
	src, err := NewPlaceholder(Placeholder{Facts: PlaceholderFacts{User: "{http.auth.user.id}", Email: "http.auth.user.email", Roles: "{http.auth.user.roles}"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		values  map[string]string
		headers []string
		want    State
	}{
		"ok/known":               {map[string]string{"http.auth.user.id": "bob"}, nil, Known},
		"ok/basic of the same":   {map[string]string{"http.auth.user.id": "bob"}, []string{basicBob}, Known},
		"ok/unknown":             {nil, nil, Absent},
		"ok/empty":               {map[string]string{"http.auth.user.id": ""}, nil, Absent},
		"ok/zero":                {map[string]string{"http.auth.user.id": "0"}, nil, Nobody},
		"fail/C12 basic of bob":  {map[string]string{"http.auth.user.id": "mallory"}, []string{basicBob}, Mixed},
		"fail/unreadable basic":  {map[string]string{"http.auth.user.id": "mallory"}, []string{"Authorization: Basic %%"}, Mixed},
		"fail/HD8 control chars": {map[string]string{"http.auth.user.id": "a\nb"}, nil, Down},
	} {
		t.Run(name, func(t *testing.T) {
			v := visitTo(nil, "/", tc.headers...)
			v.Placeholder = func(name string) (string, bool) { s, ok := tc.values[name]; return s, ok }
			if a := ask(t, src, v); a.State != tc.want || a.State == Known && a.Person.User != "bob" {
				t.Errorf("got %v %q (%v), want %v", a.State, a.Person.User, a.Err, tc.want)
			}
		})
	}
	v := visitTo(nil, "/")
	v.Placeholder = func(name string) (string, bool) {
		return map[string]string{"http.auth.user.id": "bob", "http.auth.user.email": "b@x", "http.auth.user.roles": "a, b"}[name], true
	}
	if p := ask(t, src, v).Person; p.Email != "b@x" || strings.Join(p.Roles, "|") != "a|b" || !src.Facts().Has(FactUser|FactEmail|FactRoles) {
		t.Errorf("got %+v", p)
	}
}

// A header that forward_auth sets is the identity, though it is named as one
// that carries a credential.
func TestPlaceholderHeader(t *testing.T) {
	src, err := NewPlaceholder(Placeholder{Facts: PlaceholderFacts{User: "{http.request.header.Remote-User}"}})
	if err != nil {
		t.Fatal(err)
	}
	v := visitTo(nil, "/", "Remote-User: bob")
	v.Placeholder = func(string) (string, bool) { return "bob", true }
	chain := &Chain{Sources: []Source{src}, Credentials: mustCredentials(t, "Remote-User")}
	if res := chain.Identify(t.Context(), v); res.State != Known {
		t.Errorf("got %v %q", res.State, res.Why)
	}
	chain.Sources = []Source{saying{name: "s", a: knows("mallory")}}
	if res := chain.Identify(t.Context(), v); res.State != Mixed {
		t.Errorf("beside another identity: got %v", res.State)
	}
}

func TestNewPlaceholderErrors(t *testing.T) {
	for _, user := range []string{"", "{a}{b}", "{a} {b}", "x{a}"} {
		if _, err := NewPlaceholder(Placeholder{Facts: PlaceholderFacts{User: user}}); err == nil || !strings.Contains(err.Error(), "{http.auth.user.id}") {
			t.Errorf("%q: got %v", user, err)
		}
	}
}
