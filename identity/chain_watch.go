package identity

import (
	"context"
	"net/http"
)

// Fresh is Identify past every cache, for changes that administrators make.
func (c *Chain) Fresh(ctx context.Context, v *Visit) Result {
	w := *v
	w.Fresh = true
	return c.Identify(ctx, &w)
}

// Facts is every fact that some source maps.
func (c *Chain) Facts() FactSet {
	var s FactSet
	for _, src := range c.Sources {
		s |= src.Facts()
	}
	return s
}

// router is a Watcher that knows by a request's path whether it has anything to
// do about it, save for its method, a credential in it, and the cookies that are
// set in answer.
type router interface{ OnRoute(r *http.Request) bool }

// OnRoute reports whether a request may be to a path that a source watches. One
// that is not, that changes nothing and carries credentials in header fields
// alone, need not be shown to Saw, nor its answer to SawResponse unless that
// sets a cookie.
func (c *Chain) OnRoute(r *http.Request) bool {
	for _, src := range c.Sources {
		if _, ok := src.(Watcher); !ok {
			continue
		}
		if t, ok := src.(router); !ok || t.OnRoute(r) {
			return true
		}
	}
	return false
}

// Saw must be called with every request before it passes on, protected or
// not, save where OnRoute says otherwise; it reports whether the request ends the sender's flag.
func (c *Chain) Saw(v *Visit) (endsFlag bool) {
	// A link such as /?user=bob&password=… may sign a session in without a new
	// cookie; under a protected prefix it is refused, elsewhere it passes.
	v.SignsIn = c.Credentials.orDefault().inTarget(v.R) != ""
	for _, src := range c.Sources {
		if w, ok := src.(Watcher); ok && w.Saw(v) {
			endsFlag = true
		}
	}
	return endsFlag
}

// SawResponse must be called with the app's answer to every request that was
// passed on, when its header is there; it reports whether every flag of the
// person ends.
func (c *Chain) SawResponse(v *Visit, setCookie []string, status int) (endsAll bool) {
	for _, src := range c.Sources {
		if w, ok := src.(Watcher); ok && w.SawResponse(v, setCookie, status) {
			endsAll = true
		}
	}
	return endsAll
}

// Steady is a source whose answer may be overtaken while a request is with the
// app.
type Steady interface {
	// Holds reports whether nothing has happened since res was found that may have
	// changed who r comes from, nor may be doing so now. It waits for nobody, and
	// may say no because of what others did.
	Holds(r *http.Request, res *Result) bool
	// ChangedSince reports whether another request may have changed who the
	// visitor is since res was found.
	ChangedSince(v *Visit, res *Result) bool
}

// Holds reports whether a Result still holds for a request of the same credentials
// as the one that Identify found it for. Who keeps one past its request must ask
// before each use.
func (c *Chain) Holds(r *http.Request, res *Result) bool {
	for _, src := range c.Sources {
		if s, ok := src.(Steady); ok && !s.Holds(r, res) {
			return false
		}
	}
	return true
}

// Overtaken reports whether another request may have changed who the visitor
// is since Identify found res. It costs next to nothing, and asks for the visit
// only where something happened that may concern him.
func (c *Chain) Overtaken(r *http.Request, visit func() *Visit, res *Result) bool {
	for _, src := range c.Sources {
		if s, ok := src.(Steady); ok && !s.Holds(r, res) && s.ChangedSince(visit(), res) {
			return true
		}
	}
	return false
}

// Still reports whether the app's answer to a protected request may go out:
// whether it is still for the person that Identify found. It is to be asked
// when the answer's header is there, before any of it leaves and before
// SawResponse. It costs next to nothing unless the visitor signed in, or sent
// a form, meanwhile; then the app is asked afresh.
//
// Without it there is a race to win: a request with a slow body passes as
// mallory, and while the app waits for the rest, mallory's session is signed
// in as bob in another request. The app then answers the first one as bob.
//
// What the app sets when it is asked so is of before the change, and goes
// nowhere.
func (c *Chain) Still(ctx context.Context, v *Visit, res *Result) bool {
	if !c.Overtaken(v.R, func() *Visit { return v }, res) {
		return true
	}
	w := *v
	w.Fresh = true
	now := c.ask(ctx, &w)
	return now.State == res.State && now.Person.User == res.Person.User && now.Person.Tenant == res.Person.Tenant && now.Person.Session == res.Person.Session
}
