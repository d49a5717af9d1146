package attack

import (
	"strings"
	"testing"
)

// ungated is the same app with no gate before it: what it serves there shows that
// a spelling is worth trying here.
const ungated = "http://free.test:0 {\n\treverse_proxy %APP%\n}\n"

// in is the site in a subtest.
func (s *site) in(t *testing.T) *site {
	c := *s
	c.t = t
	return &c
}

// arrived is what of the last request reached the app, "" where nothing did.
func (s *site) arrived() string {
	if r, _ := s.app.last(); r != nil {
		return r.Method + " " + r.RequestURI
	}
	return ""
}

// both sends a request as bob over HTTP/1.1, byte for byte, and over HTTP/2, and
// tells for each what came back and what reached the app.
func (s *site) both(method, target, host string, lines ...string) (h1, h2 outcome) {
	s.t.Helper()
	lines = append(lines, "Cookie: sid=bob")
	s.app.last()
	a := raw(s.t, s.addr, message(method, target, host, lines...))
	h1 = outcome{"HTTP/1.1", a.status == 200, s.arrived()}
	pairs := []string{":method", method, ":scheme", "http", ":authority", host, ":path", target}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		pairs = append(pairs, strings.ToLower(name), value)
	}
	status := dialH2(s.t, s.addr).try(pairs...)
	return h1, outcome{"HTTP/2", status == "200", s.arrived()}
}

type outcome struct {
	version string
	ok      bool
	arrived string // "": nothing reached the app
}

// closed asks as bob for targets, none of which may reach the app.
func (s *site) closed(targets ...string) {
	s.t.Helper()
	for _, target := range targets {
		h1, h2 := s.both("GET", target, "office.test")
		for _, o := range []outcome{h1, h2} {
			if o.arrived != "" {
				s.t.Errorf("%s %.100q reaches the app", o.version, target)
			}
		}
		s.clean(target)
	}
}

// reached asks as bob for targets that are nobody's business, each of which must
// reach the app as it was sent.
func (s *site) reached(targets ...string) {
	s.t.Helper()
	for _, target := range targets {
		h1, h2 := s.both("GET", target, "office.test")
		for _, o := range []outcome{h1, h2} {
			if !o.ok || o.arrived != "GET "+target {
				s.t.Errorf("%s %.100q: passes %v, and the app gets %.100q", o.version, target, o.ok, o.arrived)
			}
		}
	}
}

// worth asks for targets where no gate stands: for each the app serves the
// protected area.
func (s *site) worth(targets ...string) {
	s.t.Helper()
	for _, target := range targets {
		raw(s.t, s.addr, message("GET", strings.ReplaceAll(target, "office.test", "free.test"), "free.test", "Cookie: sid=bob"))
		if len(s.app.loot()) == 0 {
			s.t.Errorf("%.100q is the protected area to no app", target)
		}
	}
}

// spellings are what known attacks wrote for a protected area, by where they are
// known from.
type spellings map[string][]string

// tried runs a subtest for each: the app takes every spelling for the protected
// area, and gets none of them. The twins, which look alike, all pass.
func tried(t *testing.T, policy string, known spellings, twins ...string) {
	t.Helper()
	s := start(t, policy, plainSite+ungated)
	for from, targets := range known {
		t.Run(from, func(t *testing.T) {
			s := s.in(t)
			s.worth(targets...)
			s.closed(targets...)
		})
	}
	s.reached(twins...)
}
