package identity

import (
	"net/http"
	"reflect"
	"slices"
)

// OnRoute reports whether a request may be to a sign-in, sign-out or password path.
func (w *whoami) OnRoute(r *http.Request) bool {
	for _, routes := range [...][]route{w.login, w.logout, w.password} {
		if maybe, _ := onRoute(r, routes); maybe {
			return true
		}
	}
	return false
}

// Saw drops the visitor's remembered answers where the request may change who
// he is: to a sign-in, sign-out or password path, with a credential in its
// target, or by any method but GET, HEAD and OPTIONS. It reports whether the request ends his proof: a form sent
// to a sign-in path, anything sent to a sign-out path.
func (w *whoami) Saw(v *Visit) (endsFlag bool) {
	login, signsIn := onRoute(v.R, w.login)
	logout, signsOut := onRoute(v.R, w.logout)
	password, _ := onRoute(v.R, w.password)
	if changes := login || logout || password || v.SignsIn; changes || unsafe(v.R.Method) {
		marks := w.visitorMarks(v)
		w.memory.drop(marks, requestID(v.R), v.now())
		if changes {
			w.memory.begin(requestID(v.R), marks, v.now())
		}
	}
	return signsOut || signsIn && unsafe(v.R.Method)
}

// SawResponse drops them again once the app has done what was asked: an answer
// begun while it did so may be of before. A key cookie that is set drops them
// as well. It reports whether a password was changed.
func (w *whoami) SawResponse(v *Visit, setCookie []string, status int) (endsAll bool) {
	login, _ := onRoute(v.R, w.login)
	logout, _ := onRoute(v.R, w.logout)
	password, changes := onRoute(v.R, w.password)
	changed := login || logout || password || v.SignsIn || unsafe(v.R.Method)
	var marks []mark
	for _, raw := range setCookie {
		c, ok := parseSetCookie(raw, v.now())
		if ok && w.isKey(c.name) && (v.Own == nil || !v.Own(c.name)) {
			changed = true
			marks = append(marks, markOf(cookieName(c.name), c.value))
		}
	}
	if changed {
		w.memory.drop(append(marks, w.visitorMarks(v)...), requestID(v.R), v.now())
	}
	if login || logout || password || v.SignsIn {
		w.memory.end(requestID(v.R))
	}
	return changes && unsafe(v.R.Method) && status >= 200 && status < 400
}

// unsafe reports whether a method may change who the visitor is.
func unsafe(method string) bool {
	return !slices.Contains([]string{"GET", "HEAD", "OPTIONS", ""}, method)
}

// requestID tells requests apart. A request that is handed on with another
// context is still the same.
func requestID(r *http.Request) uintptr { return reflect.ValueOf(r.Header).Pointer() }

// Holds reports whether nobody who may be the sender has signed in or out, or sent
// a form, since res was found, nor may be doing so now. Where the target may name a
// session, or the app has set cookies, with which r has gone on, that is nobody at all.
func (w *whoami) Holds(r *http.Request, res *Result) bool {
	return w.memory.all.since(res.begun) || !mayName(r) && len(res.SetCookie) == 0 && w.memory.calmSince(res.begun, res.marks)
}

// ChangedSince reports whether another request than this one may have changed who
// the visitor is since res was found, or is about to: one to a sign-in path that
// the app has not answered yet. He is whom the request names now, and whom it named
// before the app set cookies.
func (w *whoami) ChangedSince(v *Visit, res *Result) bool {
	return w.memory.changed(v.R, res.begun, append(w.visitorMarks(v), res.marks...), v.now())
}
