package main

import "net/http"

// door is what the sign-in form shows.
type door struct {
	Login, Next string
	Wrong       bool
}

func (p *portal) signInForm(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if _, ok := p.sessions.of(r); ok {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	p.show(w, r, visit{}, http.StatusOK, "entrar.html", "Entrar", door{Next: next})
}

func (p *portal) signIn(w http.ResponseWriter, r *http.Request) {
	login, next := r.PostFormValue("usuario"), localPath(r.PostFormValue("next"))
	who := signIn(login, r.PostFormValue("senha"))
	if who == nil {
		p.show(w, r, visit{}, http.StatusUnauthorized, "entrar.html", "Entrar", door{Login: login, Next: next, Wrong: true})
		return
	}
	setSession(w, p.sessions.begin(r, who))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (p *portal) signOut(w http.ResponseWriter, r *http.Request) {
	p.sessions.end(r)
	setSession(w, "")
	http.Redirect(w, r, "/entrar", http.StatusSeeOther)
}

func (p *portal) moveOffice(w http.ResponseWriter, r *http.Request, v visit) {
	to := r.PostFormValue("escritorio")
	if !v.person.serves(to) {
		http.Error(w, "Este escritório não atende você.", http.StatusForbidden)
		return
	}
	p.sessions.move(r, to)
	http.Redirect(w, r, "/resumo", http.StatusSeeOther)
}
