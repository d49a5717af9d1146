package identity

import (
	"context"
	"strings"
	"testing"
)

// mixed reports what the default chain of one known visitor says of a request.
func mixed(t *testing.T, c *Credentials, v *Visit) Result {
	t.Helper()
	chain := &Chain{Credentials: c, Sources: []Source{saying{name: "s", a: knows("bob")}}}
	return chain.Identify(context.Background(), v)
}

func mustCredentials(t *testing.T, names ...string) *Credentials {
	t.Helper()
	c, err := NewCredentials(names)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// C1: a second credential beside a proven identity.
func TestCredentialsByDefault(t *testing.T) {
	for target, want := range map[string]State{
		"/documents?p=12":                          Known,
		"/documents?user=7":                        Known,
		"/documents?u=bob&p=12":                    Known,
		"/documents?password=&user=7":              Known,
		"/documents?user=&password=x":              Known,
		"/documents?pass=2":                        Known,
		"/documents?token=abc":                     Known,
		"/documents?access_token=":                 Known,
		"/documents/a;v=1/b?x=;y":                  Known,
		"/documents/Jos%C3%A9?q=caf%C3%A9":         Known,
		"/documents?user=bob&password=pw":          Mixed,
		"/documents?USER=bob;Pass%77ord=pw":        Mixed,
		"/documents?]api_key=k":                    Mixed,
		"/documents?[user]=bob&password]=pw":       Mixed,
		"/documents?login[user]=b&login[pass]=p":   Mixed,
		"/documents?a%5Buser%5D=b&a%5Bpass%5D=p":   Mixed,
		"/documents?user[]=bob&password[]=pw":      Mixed,
		"/documents?email=b@x&senha=pw":            Mixed,
		"/documents?access_token=t":                Mixed,
		"/documents?x=1&Access%255FToken=t":        Mixed,
		"/documents?private_token=t":               Mixed,
		"/documents?a%5BApi-Token%5D=t":            Mixed,
		"/documents;api_token=t":                   Mixed,
		"/documents?csrf_token=t&page_token=u":     Known,
		"/documents?%61pi_key=k":                   Mixed,
		"/documents?%u0061pikey=k":                 Mixed,
		"/documents?+api.key=k":                    Mixed,
		"/documents?api-key[0]=k":                  Mixed,
		"/documents?a=1?auth_token=t":              Mixed,
		"/documents?PHPSESSID=s":                   Mixed,
		"/documents;jsessionid=s":                  Mixed,
		"/documents/x;a=b;JSESSIONID=s/y":          Mixed,
		"/documents%3Bjsessionid=s":                Mixed,
		"/documents%253bjsession%69d=s":            Mixed,
		"/documents;jsessionid=s?x=1":              Mixed,
		"/PHPSESSID=s/documents":                   Mixed,
		"/documents/this(s(x))/(a(b))":             Known,
		"/(A(x)S(lit3py55t21z5v55vlm25s55))/x":     Mixed,
		"/(S(lit3py55t21z5v55vlm25s55))/documents": Mixed,
	} {
		if res := mixed(t, nil, visitTo(nil, target)); res.State != want {
			t.Errorf("%s: got %v %q, want %v", target, res.State, res.Why, want)
		}
	}
}

// The target that Caddy rewrote counts as well as the one that was sent.
func TestCredentialsInBothTargets(t *testing.T) {
	for _, change := range []func(*Visit){
		func(v *Visit) { v.R.URL.RawQuery = "api_key=1" },
		func(v *Visit) { v.R.URL.Path = "/x;jsessionid=1" },
		func(v *Visit) { v.R.RequestURI = "/x?api_key=1" },
		func(v *Visit) { v.R.RequestURI = "http://h/x;jsessionid=1" },
	} {
		v := visitTo(nil, "/documents?x=1")
		change(v)
		if res := mixed(t, nil, v); res.State != Mixed {
			t.Errorf("%s and %s: got %v", v.R.RequestURI, v.R.URL, res.State)
		}
	}
}

func TestCredentialsNamed(t *testing.T) {
	c := mustCredentials(t, "u", "p", "X-My-Key", "-api_key")
	for name, tc := range map[string]struct {
		v    *Visit
		want State
	}{
		"ok/harmless":             {visitTo(nil, "/?id=1&page=2"), Known},
		"ok/taken away":           {visitTo(nil, "/?api_key=1"), Known},
		"ok/empty":                {visitTo(nil, "/?u=&p="), Known},
		"ok/empty header":         {visitTo(nil, "/", "X-My-Key: "), Known},
		"fail/query":              {visitTo(nil, "/?id=1&u=bob"), Mixed},
		"fail/query, upper case":  {visitTo(nil, "/?%55=bob"), Mixed},
		"fail/path parameter":     {visitTo(nil, "/a;p=pw"), Mixed},
		"fail/header":             {visitTo(nil, "/", "X-My-Key: k"), Mixed},
		"fail/header as a field":  {visitTo(nil, "/?x_my_key=k"), Mixed},
		"fail/form":               {visitBy(nil, "POST", "/", "id=1&u=bob&p=pw"), Mixed},
		"fail/defaults stay":      {visitTo(nil, "/?access_token=1"), Mixed},
		"fail/authorization":      {visitTo(nil, "/", "Authorization: x"), Mixed},
		"fail/user and password":  {visitTo(nil, "/?user=bob&pass=pw"), Mixed},
		"fail/header beside form": {visitBy(nil, "POST", "/", "id=1", "X-My-Key: k"), Mixed},
	} {
		if res := mixed(t, c, tc.v); res.State != tc.want {
			t.Errorf("%s: got %v %q, want %v", name, res.State, res.Why, tc.want)
		}
	}
}

func TestNewCredentialsErrors(t *testing.T) {
	for name, says := range map[string]string{
		"": "names alone", "a b": "names alone", "a=b": "names alone", "-": "names alone", "{x}": "names alone",
		"-authorization": "request_header -Authorization", "-nothing": "none of the default",
	} {
		if _, err := NewCredentials([]string{name}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q in it", name, err, says)
		}
	}
}
