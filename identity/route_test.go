package identity

import (
	"io"
	"testing"
)

func TestOnRoute(t *testing.T) {
	login, err := newRoute("/Login/")
	if err != nil {
		t.Fatal(err)
	}
	query, err := newRoute("/doku.php?do=login")
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string][2]bool{
		"/login": {true, true}, "/LOGIN/": {true, true}, "/login/step2": {true, true}, "//login": {true, true}, "/a/../login": {true, true},
		"/login;x=1": {true, true}, "/lo%67in": {true, true}, "/lo%2567in": {true, true}, `/x\..\login`: {true, true}, "/./login%20": {true, true},
		"/index.php/login": {true, false}, "/login.json": {true, false}, "/app/login": {true, false},
		"/loginpage": {false, false}, "/x-login": {false, false}, "/": {false, false}, "/doku.php": {false, false},
		"/doku.php?do=login": {true, true}, "/doku.php?id=x&DO=%6Cogin": {true, true}, "/doku.php?id=x;do=login": {true, true}, "/doku.php?do=logout": {false, false},
	} {
		v := visitTo(nil, "/elsewhere")
		v.R.RequestURI = target
		maybe, plainly := onRoute(v.R, []route{login, query})
		if maybe != want[0] || plainly != want[1] {
			t.Errorf("%s: got %v %v, want %v", target, maybe, plainly, want)
		}
	}
	v := visitTo(nil, "/login")
	v.R.RequestURI = "/elsewhere"
	if maybe, plainly := onRoute(v.R, []route{login}); !maybe || !plainly {
		t.Error("a target that was rewritten to a sign-in is none")
	}
}

// A form may say what a query says; it is left whole for the app.
func TestOnRouteByForm(t *testing.T) {
	query, _ := newRoute("/doku.php?do=login")
	v := visitBy(nil, "POST", "/doku.php?id=start", "sectok=&do=login&u=bob")
	if maybe, plainly := onRoute(v.R, []route{query}); !maybe || !plainly {
		t.Error("a form that signs in is not seen")
	}
	if b, err := io.ReadAll(v.R.Body); string(b) != "sectok=&do=login&u=bob" || err != nil {
		t.Errorf("the app gets %q, %v", b, err)
	}
}
