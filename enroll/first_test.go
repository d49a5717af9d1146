package enroll

import "testing"

// TestOwes_Table: what a visit must still prove, from what it proved and what the
// account holds.
func TestOwes_Table(t *testing.T) {
	none, had := standing{}, standing{had: true}
	elsewhere, here := standing{any: true, had: true}, standing{any: true, here: true, had: true}
	for name, c := range map[string]struct {
		st   standing
		by   string // proven in the visit
		flag string // First of the flag; "": none
		ask  string // Rules.First
		want string
	}{
		"ok/nothing asked for":                 {none, "", "", FirstNone, ""},
		"ok/record proven":                     {none, FirstEmail, "", FirstEmail, ""},
		"ok/record proven, typed asked for":    {none, FirstEmail, "", FirstTyped, ""},
		"ok/typed proven":                      {none, FirstTyped, "", FirstTyped, ""},
		"ok/a further one here":                {here, "", FirstNone, FirstEmail, ""},
		"ok/elsewhere, as good":                {elsewhere, "", FirstEmail, FirstEmail, ""},
		"ok/elsewhere by record, typed here":   {elsewhere, "", FirstEmail, FirstTyped, ""},
		"ok/elsewhere typed, typed here":       {elsewhere, "", FirstTyped, FirstTyped, ""},
		"ok/elsewhere, nothing asked for here": {elsewhere, "", FirstNone, FirstNone, ""},
		"ok/after a removal, record proven":    {had, FirstEmail, "", FirstTyped, ""},

		"fail/nothing proven":                                {none, "", "", "", FirstEmail},
		"fail/typed asked for":                               {none, "", "", FirstTyped, FirstTyped},
		"fail/typed proven, the policy asks for more by now": {none, FirstTyped, "", FirstEmail, FirstEmail},
		"fail/TestDesign_M20 removed, nothing asked for":     {had, "", "", FirstNone, FirstEmail},
		"fail/TestDesign_M20 removed, typed":                 {had, "", "", FirstTyped, FirstEmail},
		"fail/TestDesign_M20 removed, typed proven":          {had, FirstTyped, "", FirstTyped, FirstEmail},
		"fail/elsewhere by nothing, typed here":              {elsewhere, "", FirstNone, FirstTyped, FirstEmail},
		"fail/elsewhere typed, record here":                  {elsewhere, "", FirstTyped, FirstEmail, FirstEmail},
		"fail/elsewhere, no proof":                           {elsewhere, "", "", FirstEmail, FirstEmail},
		"fail/a word that is none":                           {none, "xyz", "", "abc", "abc"},
	} {
		var f *Flag
		if c.flag != "" {
			f = &Flag{First: c.flag}
		}
		if got := c.st.owes(&visit{First: first{By: c.by}}, Rules{First: c.ask}, f); got != c.want {
			t.Errorf("%s: owes %q, want %q", name, got, c.want)
		}
	}
}

func typed() Rules {
	r := silva()
	r.First = FirstTyped
	return r
}

// TestTyped_LinkOnly: the link goes to the address that was typed, no code comes
// with it, and it counts in the visit that asked.
func TestTyped_LinkOnly(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), typed()
	p.Email = "" // the identity gives none
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	if v.Owed != FirstTyped {
		t.Fatalf("owes %q", v.Owed)
	}
	w.refused(w.SendCode(ctx, v, p, r, write), ErrWrongStep)
	for _, address := range []string{"", "bob", "bob@", "bob@mail.test\nBcc: x@y.test", "a@b, c@d", "Bob <bob@mail.test>"} {
		w.refused(w.SendLink(ctx, v, p, r, address, false, write), ErrBadAddress)
	}
	w.ok(w.SendLink(ctx, v, p, r, "bbo@mail.test", false, write)) // mistyped
	first := mailedLink(t, w.post.letter(t))
	w.ok(w.SendLink(ctx, v, p, r, "bob@mail.test", false, write))
	m := w.post.letter(t)
	if m.To != "bob@mail.test" || codeLine.MatchString(m.Text) {
		t.Fatalf("mailed %+v", m)
	}
	w.refused(w.VerifyLink(ctx, v, p, r, first), ErrExpired) // whoever reads the mistyped mailbox
	w.refused(w.VerifyCode(ctx, v, p, r, "12345678"), ErrWrongStep)
	_, err = w.BeginTOTP(ctx, v, p, r, nil, "")
	w.refused(err, ErrWrongStep)
	other, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.refused(w.VerifyLink(ctx, other, p, r, mailedLink(t, m)), ErrNotHere)
	w.ok(w.VerifyLink(ctx, v, p, r, mailedLink(t, m)))
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	e, err := w.FinishTOTP(ctx, v, p, r, nil, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	w.ok(err)
	if e.Method.First != FirstTyped || e.Flag.First != FirstTyped {
		t.Errorf("recorded as %q and %q", e.Method.First, e.Flag.First)
	}
	// Nobody gave another, so it is the one of record: notices and what follows a
	// removal go there.
	w.mails.Wait()
	all := w.post.all()
	if last := all[len(all)-1]; last.To != "bob@mail.test" || last.Subject == "Your code" {
		t.Errorf("the notice went to %+v", last)
	}
	w.ok(w.Remove(ctx, p, r, &e.Flag, e.Method.ID))
	v, err = w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	if v.Owed != FirstEmail || v.Masked != "b•••@mail.test" {
		t.Errorf("after the removal it owes %q to %q", v.Owed, v.Masked)
	}
	w.refused(w.SendLink(ctx, v, p, r, "evil@evil.test", false, write), ErrWrongStep)
}

// TestTyped_RecordStays: an address typed now takes no other one's place, and
// the one of record hears of the enrolment.
func TestTyped_RecordStays(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), typed()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendLink(ctx, v, p, r, "evil@evil.test", true, write))
	m := w.post.letter(t)
	w.ok(w.VerifyCode(ctx, v, p, r, mailedCode(t, m)))
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	_, err = w.FinishTOTP(ctx, v, p, r, nil, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	w.ok(err)
	w.told("was added")
	if v, err = w.BeginVisit(ctx, person("ann"), r, nil); err != nil || v.Owed != FirstTyped {
		t.Fatalf("ann owes %q: %v", v.Owed, err)
	}
}

// TestTyped_PolicyChangedMeanwhile: what was proven for a laxer rule does not
// meet a stricter one that came in between.
func TestTyped_PolicyChangedMeanwhile(t *testing.T) {
	w, p := newWorld(t), person("bob")
	v, err := w.BeginVisit(ctx, p, typed(), nil)
	w.ok(err)
	w.ok(w.SendLink(ctx, v, p, typed(), "evil@evil.test", false, write))
	w.ok(w.VerifyLink(ctx, v, p, typed(), mailedLink(t, w.post.letter(t))))
	setup, err := w.BeginTOTP(ctx, v, p, typed(), nil, "")
	w.ok(err)
	code := newApp(t, setup.Secret).code(t, w.clock.now())
	_, err = w.FinishTOTP(ctx, v, p, silva(), nil, code, "")
	w.refused(err, ErrWrongStep)
	_, err = w.FinishTOTP(ctx, v, p, typed(), nil, code, "")
	w.ok(err)
}
