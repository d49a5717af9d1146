package nodes

import (
	"net/http"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// caller is a visitor of the soak.
type caller struct {
	*apptest.Visitor
	who  string
	gets int // the status of the answer, while the store is there
}

// ofApp is on every page of the app, and on none of the gate's.
const ofApp = `<a href="/documentos-recebidos"`

// request sends the i-th request, every other of them by who proved, and holds
// its answer against what it must be.
func (s *soak) request(i int64) {
	path := place
	if i%3 == 0 {
		path = shut
	}
	c := s.ana
	if i%2 != 0 {
		c = s.others[i/2%int64(len(s.others))]
	}
	got, err := c.Try(http.MethodGet, path)
	if err != nil {
		s.lost.Add(1) // a connection that a reload closed before it answered
		return
	}
	s.requests.Add(1)
	away := got.Status == http.StatusServiceUnavailable && (c != s.ana || path == shut)
	if away {
		s.away.Add(1)
	}
	if got.Status != c.gets && !away || strings.Contains(got.Body, ofApp) != (got.Status == http.StatusOK) {
		if s.wrong.Add(1) > 20 {
			s.t.Fail() // enough is said
			return
		}
		what := "a wrong answer"
		if c != s.ana && (got.Status == http.StatusOK || strings.Contains(got.Body, ofApp)) {
			what = "BYPASS"
		}
		s.t.Errorf("%s: %s gets %d at %s, and not %d: %.300s", what, c.who, got.Status, path, c.gets, got.Body)
	}
}

// reached holds what came to the app since it was last asked against who may
// come there.
func (s *soak) reached() {
	for _, hit := range s.app.Hits(s.t) {
		if cookie := hit.Header.Get("Cookie"); (strings.HasPrefix(hit.URI, place) || strings.HasPrefix(hit.URI, shut)) && !strings.Contains(cookie, s.sid) {
			s.t.Errorf("BYPASS: the app was asked for %s with %q", hit.URI, cookie)
		}
	}
	s.app.Forget(s.t)
}

// watch looks every second at what came to the app, and at the node's size.
func (s *soak) watch(stop <-chan struct{}) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-stop:
			return
		case <-second.C:
			s.reached()
			s.series = append(s.series, s.size())
		}
	}
}
