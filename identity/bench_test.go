package identity

import (
	"context"
	"testing"
)

func benchmark(b *testing.B, c *Chain, v *Visit) {
	if res := c.Identify(context.Background(), v); res.State != Known {
		b.Fatal(res.State, res.Err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if res := c.Identify(context.Background(), v); res.State != Known {
			b.Fatal(res.State)
		}
	}
}

const browser = "Cookie: sid=m; csrftoken=JxJ3kq7Q0b1fW2m5m8aZ9yq3k1c4v6n7; lang=en; theme=dark; consent=accepted"

func BenchmarkIdentifyWhoAmI(b *testing.B) {
	app := &fakeApp{answer: sessions(people)}
	benchmark(b, &Chain{Sources: []Source{mustWhoAmI(b, nil)}}, visitTo(app, "/documents/42?page=2", browser, "User-Agent: Mozilla/5.0", "Accept: text/html"))
}

func BenchmarkIdentifyWhoAmINamed(b *testing.B) {
	app := &fakeApp{answer: sessions(people)}
	src := mustWhoAmI(b, func(c *WhoAmI) { c.Cookies = []string{"sid"} })
	benchmark(b, &Chain{Sources: []Source{src}}, visitTo(app, "/documents/42?page=2", browser, "User-Agent: Mozilla/5.0", "Accept: text/html"))
}

func BenchmarkIdentifyJWT(b *testing.B) {
	v := visitTo(nil, "/documents/42?page=2", "Authorization: Bearer "+hs256(b, claimsOf(map[string]any{"roles": []string{"a", "b"}})), "Accept: text/html")
	benchmark(b, &Chain{Sources: []Source{mustJWT(b, nil)}}, v)
}

func BenchmarkSaw(b *testing.B) {
	src := mustWhoAmI(b, func(c *WhoAmI) { c.Login, c.Logout = []string{"/login", "/doku.php?do=login"}, []string{"/logout"} })
	c := &Chain{Sources: []Source{src}}
	v := visitTo(nil, "/documents/42?page=2", browser)
	b.ReportAllocs()
	for b.Loop() {
		c.Saw(v)
	}
}
