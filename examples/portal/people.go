package main

import "crypto/subtle"

// office is an accounting firm whose clients use the portal.
type office struct{ ID, Name string }

var offices = []office{
	{"silva", "Escritório Silva"},
	{"costa", "Contábil Costa"},
	{"souza", "Souza & Filhos"},
}

// person is a client with a login. The passwords of a demonstration are
// published, so they are kept as they are.
type person struct {
	ID                           int
	Login, Password, Name, Email string
	Offices                      []string // the first is open after sign-in
}

var people = []person{
	{101, "ana", "girassol", "Ana Ribeiro", "ana@padariaribeiro.example", []string{"silva"}},
	{102, "bruno", "mandacaru", "Bruno Teixeira", "bruno@oficinateixeira.example", []string{"silva"}},
	{103, "carla", "jabuticaba", "Carla Menezes", "carla@menezesarquitetura.example", []string{"costa"}},
	{104, "davi", "pitangueira", "Davi Lacerda", "davi@lacerdatransportes.example", []string{"costa"}},
	{105, "elisa", "araucaria", "Elisa Prado", "elisa@pradocafe.example", []string{"souza"}},
	{106, "fabio", "quaresmeira", "Fábio Nogueira", "fabio@nogueiramoveis.example", []string{"silva", "costa"}},
}

// signIn returns the person of that login and password, or nil.
func signIn(login, password string) *person {
	for i := range people {
		p := &people[i]
		if p.Login == login && subtle.ConstantTimeCompare([]byte(p.Password), []byte(password)) == 1 {
			return p
		}
	}
	return nil
}

// serves tells whether the office is one of the person's own.
func (p *person) serves(officeID string) bool {
	for _, id := range p.Offices {
		if id == officeID {
			return true
		}
	}
	return false
}

// officeOf returns the office of that id.
func officeOf(id string) office {
	for _, o := range offices {
		if o.ID == id {
			return o
		}
	}
	return office{ID: id, Name: id}
}
