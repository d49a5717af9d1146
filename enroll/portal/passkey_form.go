package portal

// keyForm is the part of a page that asks an authenticator, by way of a script.
// Words are what the script says where it cannot go on, by the name that the
// browser gives the mistake.
type keyForm struct {
	Create        bool
	Begin, Action string
	Go            string // on the button
	Trust         string // label of the choice not to be asked again here; "": there is none
	Words         map[string]string
}

// keyForm makes the form of a registration or a proof.
func (t *turn) keyForm(create bool, action string) *keyForm {
	f := &keyForm{Create: create, Action: action, Words: map[string]string{}}
	what := "passkey.use."
	f.Begin = t.v.Mount + "/api/verify/passkey"
	if create {
		what, f.Begin = "passkey.create.", t.v.Mount+"/api/methods/passkey"
	}
	f.Go = t.s.T(what + "go")
	for _, word := range []string{"cancelled", "timeout"} {
		f.Words[word] = t.s.T(what + word)
	}
	for _, word := range []string{"already", "elsewhere", "unable", "failed", "offline", "waiting"} {
		f.Words[word] = t.s.T("passkey." + word)
	}
	return f
}
