package main

import (
	"encoding/json"
	"net/http"
)

// account is a signed-in person as the API shows it.
type account struct {
	ID     int     `json:"id"`
	Login  string  `json:"login"`
	Name   string  `json:"nome"`
	Email  string  `json:"email"`
	Office inAPI   `json:"escritorio"`
	Others []inAPI `json:"escritorios"`
}

// inAPI is an office as the API shows it.
type inAPI struct {
	ID   string `json:"id"`
	Name string `json:"nome"`
}

func (s session) account() account {
	a := account{ID: s.person.ID, Login: s.person.Login, Name: s.person.Name, Email: s.person.Email, Office: inAPI(officeOf(s.office))}
	for _, id := range s.person.Offices {
		a.Others = append(a.Others, inAPI(officeOf(id)))
	}
	return a
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]string{"erro": why})
}

// me tells the caller who they are.
func (p *portal) me(w http.ResponseWriter, r *http.Request) {
	s, ok := p.sessions.of(r)
	if !ok {
		refuse(w, http.StatusUnauthorized, "Ninguém entrou.")
		return
	}
	answer(w, http.StatusOK, s.account())
}

// appLogin signs a phone in: the token goes into its Authorization header.
func (p *portal) appLogin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Login    string `json:"usuario"`
		Password string `json:"senha"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "Envie usuario e senha em JSON.")
		return
	}
	who := signIn(in.Login, in.Password)
	if who == nil {
		refuse(w, http.StatusUnauthorized, "Usuário ou senha não conferem.")
		return
	}
	answer(w, http.StatusOK, map[string]string{"token": p.sessions.begin(r, who)})
}

// app lets only signed-in callers through.
func (p *portal) app(next func(http.ResponseWriter, *http.Request, visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, ok := p.sessions.of(r)
		if !ok {
			refuse(w, http.StatusUnauthorized, "Entre de novo.")
			return
		}
		next(w, r, visit{session: s, Office: officeOf(s.office)})
	}
}

func (p *portal) appSummary(w http.ResponseWriter, _ *http.Request, v visit) {
	ms, _ := p.records.of(v.key())
	answer(w, http.StatusOK, map[string]any{
		"nome": v.person.Name, "escritorio": v.Office.Name,
		"documentos": len(received[v.Office.ID]), "mensagens": len(ms),
	})
}

func (p *portal) appDocuments(w http.ResponseWriter, _ *http.Request, v visit) {
	answer(w, http.StatusOK, map[string]any{"documentos": received[v.Office.ID]})
}

func (p *portal) appMessages(w http.ResponseWriter, _ *http.Request, v visit) {
	ms, _ := p.records.of(v.key())
	if ms == nil {
		ms = []message{}
	}
	answer(w, http.StatusOK, map[string]any{"mensagens": ms})
}

// lettersJSON is the mailbox for a program that reads it.
func (p *portal) lettersJSON(w http.ResponseWriter, _ *http.Request, v visit) {
	ls := p.mail.of(v.person.Email)
	if ls == nil {
		ls = []letter{}
	}
	answer(w, http.StatusOK, ls)
}
