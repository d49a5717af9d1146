package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
)

const sessionCookie = "portal_sid"

// session is one signed-in browser or phone.
type session struct {
	person *person
	office string
}

// sessions holds who is signed in, in memory: a restart signs everyone out.
type sessions struct {
	mu   sync.Mutex
	byID map[string]session
}

// begin opens a session under a fresh id and ends the one the visitor had, so
// that an id planted before sign-in is worth nothing after it.
func (s *sessions) begin(r *http.Request, p *person) (id string) {
	id = rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, sessionID(r))
	s.byID[id] = session{person: p, office: p.Offices[0]}
	return id
}

// of returns the session the request belongs to; ok is false for a stranger.
func (s *sessions) of(r *http.Request) (found session, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok = s.byID[sessionID(r)]
	return found, ok
}

// end forgets the request's session.
func (s *sessions) end(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, sessionID(r))
}

// move opens another office in the request's session.
func (s *sessions) move(r *http.Request, officeID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.byID[sessionID(r)]; ok && found.person.serves(officeID) {
		found.office = officeID
		s.byID[sessionID(r)] = found
	}
}

// sessionID reads the id: the app sends it as a bearer token, a browser as a
// cookie.
func sessionID(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		return c.Value
	}
	return ""
}

// setSession hands the id to a browser, for as long as it stays open.
func setSession(w http.ResponseWriter, id string) {
	c := &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if id == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
