package portal

import (
	"net/http"
	"slices"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// mine is the part of a page that shows the person's methods, for them to say
// that they are right.
type mine struct {
	Methods []enroll.Method
	Many    bool
}

// mine is the list as the last page of an enrolment shows it: what was set up,
// and what is asked for first. Only who proved one sees it.
func (t *turn) mine(what string) (m mine) {
	if slices.Contains([]string{"verified", "later", "reviewed"}, what) || t.v.Flag == nil {
		return m
	}
	account, err := t.p.service.Account(t.r.Context(), t.v.Person.Realm, t.v.Person.User)
	if err != nil {
		return m // what was done is done
	}
	return t.listOf(account)
}

func (t *turn) listOf(a *enroll.Account) mine {
	methods := t.counting(a)
	return mine{Methods: methods, Many: len(methods) > 1}
}

// showReview shows the methods to be looked through. Who comes here has proved
// one: the attack is to read the names of somebody's devices, or to say in their
// name that all is right.
func (t *turn) showReview(a *enroll.Account) {
	x := t.view(t.s.T("review.title"), t.page("/enroll"))
	x.D = t.listOf(a)
	t.p.show(t.w, t.r, http.StatusOK, "review", x)
}

// review is POST review: all is right.
func (t *turn) review() {
	flag, err := t.p.service.Review(t.r.Context(), t.v.Person, t.rules(), t.v.Flag)
	if err == nil {
		err = t.restamp(*flag)
	}
	switch {
	case err != nil && t.form:
		t.tellRefusal(t.refusal(err))
	case err != nil:
		t.problem(err)
	case t.form:
		t.showDone("reviewed")
	default:
		t.json(http.StatusOK, map[string]any{"return_to": t.to})
	}
}

// restamp gives the browser its flag again, with what it says now: no newer, and
// for no longer.
func (t *turn) restamp(f enroll.Flag) error {
	token, err := t.p.service.SignFlag(f)
	if err != nil {
		return err
	}
	setCookie(t.w, t.v, t.v.FlagCookie, token, 0)
	t.v.Flag = &f
	return nil
}
