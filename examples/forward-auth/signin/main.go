// Command signin is a small server that signs people in for others, as
// forward_auth wants it: GET /auth/verify says in Remote-User, Remote-Email and
// Remote-Session who sends a cookie, or sends a browser to the form.
package main

import (
	"cmp"
	"crypto/rand"
	"html/template"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const cookie = "signin"

type session struct{ user, id string }

type server struct {
	mu       sync.Mutex
	sessions map[string]session // by the cookie's value
}

func main() {
	s := &server{sessions: map[string]session{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /auth/login", s.form)
	mux.HandleFunc("POST /auth/login", s.signIn)
	mux.HandleFunc("POST /auth/logout", s.signOut)
	mux.HandleFunc("GET /auth/verify", s.verify)
	addr := "127.0.0.1:" + cmp.Or(os.Getenv("SIGNIN_PORT"), "8522")
	srv := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(srv.ListenAndServe())
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign in</title>
<h1>Sign in</h1>
<form method="post">
<input type="hidden" name="to" value="{{.}}">
<label>Name <input id="name" name="name" autocomplete="username"></label>
<label>Password <input id="password" name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button>
</form>
`))

func (s *server) form(w http.ResponseWriter, r *http.Request) {
	if err := page.Execute(w, r.FormValue("to")); err != nil {
		log.Print(err)
	}
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if name == "" || r.FormValue("password") != name+"-pass" {
		http.Error(w, "That is not the password.", http.StatusForbidden)
		return
	}
	value := rand.Text()
	s.mu.Lock()
	s.sessions[value] = session{name, rand.Text()}
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	to := r.FormValue("to")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		s.mu.Lock()
		delete(s.sessions, c.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/auth/login", http.StatusSeeOther)
}

// verify answers forward_auth, for a request whose method and target are in
// X-Forwarded-Method and X-Forwarded-Uri.
func (s *server) verify(w http.ResponseWriter, r *http.Request) {
	who, ok := s.known(r)
	switch {
	case ok:
		w.Header().Set("Remote-User", who.user)
		w.Header().Set("Remote-Email", who.user+"@acme.example")
		w.Header().Set("Remote-Session", who.id)
	case strings.Contains(r.Header.Get("Accept"), "text/html"):
		http.Redirect(w, r, "/auth/login?to="+url.QueryEscape(r.Header.Get("X-Forwarded-Uri")), http.StatusSeeOther)
	default:
		http.Error(w, "Sign in at /auth/login.", http.StatusUnauthorized)
	}
}

func (s *server) known(r *http.Request) (session, bool) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.sessions[c.Value]
	return who, ok
}
