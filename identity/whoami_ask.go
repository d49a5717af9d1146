package identity

import (
	"context"
	"fmt"
)

// Ask asks the app, or remembers, whose credentials the request carries. A
// request without any is nobody's, and the app is not asked. One with several
// is asked about with each alone: what the app makes of both at once on one
// path says nothing about another path.
func (w *whoami) Ask(ctx context.Context, v *Visit) Answer {
	var space [4]part
	parts := w.parts(v, space[:0])
	if len(parts) == 0 {
		return Answer{State: Absent}
	}
	for _, p := range parts {
		if p.header != "" && len(v.R.Header[p.header]) > 1 {
			return Answer{State: Mixed, Err: fmt.Errorf("%s stands in the request twice", p.header)}
		}
	}
	if len(parts) == 1 {
		a := w.askAbout(ctx, v, parts[0], false)
		if parts[0].header != "" && a.State == Known {
			a.By = []string{parts[0].header}
		}
		return a
	}
	return w.askApart(ctx, v, parts)
}

// askApart puts together what the app says of each credential alone. Two names
// are refused. Cookies of nobody (a language, a shopping basket) are harmless;
// a header of which the app knows nobody is not. Only the cookies' own answer
// may set cookies: what an Authorization alone sets is a session beside the
// visitor's.
func (w *whoami) askApart(ctx context.Context, v *Visit, parts []part) Answer {
	all := Answer{State: Nobody}
	for _, p := range parts {
		a := w.askAbout(ctx, v, p, true)
		switch {
		case a.State != Known && a.State != Nobody:
			return a
		case a.State == Nobody && p.header != "":
			all.Stray = append(all.Stray, p.header)
		case a.State == Known && all.State == Known && a.Person.User != all.Person.User:
			return Answer{State: Mixed, Err: fmt.Errorf("%s names somebody else than the request's other credential", p.header)}
		case a.State == Known && all.State == Known && a.Person.Tenant != all.Person.Tenant:
			return Answer{State: Conflict, Err: fmt.Errorf("%s names another tenant than the request's other credential", p.header)}
		case a.State == Known && all.State != Known:
			all.State, all.Person = Known, a.Person
		}
		if a.State == Known && p.header != "" {
			all.By = append(all.By, p.header)
		}
		if p.header == "" {
			all.SetCookie = a.SetCookie
		}
	}
	return all
}

// askAbout asks about one credential. apart says that the request carries
// others too.
func (w *whoami) askAbout(ctx context.Context, v *Visit, p part, apart bool) Answer {
	if p.header == "" {
		if a, twice := w.namedTwice(v); twice {
			return a
		}
	}
	key := w.key(v, p)
	if !v.Fresh {
		if a, ok := w.memory.recall(key, v.now(), apart); ok {
			return a
		}
	}
	if p.header == "" && w.cookies == nil {
		if name := twice(v.R.Header, v.Own); name != "" {
			return Answer{State: Conflict, Err: fmt.Errorf("cookie %q stands in the request with two values; where that is harmless, name the session's with: cookies <names...>", name)}
		}
	}
	s := w.newSub(ctx, v, p)
	return w.memory.ask(ctx, &question{
		key:   w.visitor(v, key),
		marks: w.marks(v, p, key),
		now:   v.now(),
		ttl:   w.ttl,
		join:  w.ttl > 0 && !v.Fresh,
		apart: apart,
		wait:  2 * w.timeout,
		ask:   s.ask,
	})
}

// namedTwice refuses a request that has a key cookie twice. Apps, and two parts
// of one app, disagree on which of them counts.
func (w *whoami) namedTwice(v *Visit) (Answer, bool) {
	for _, name := range w.cookies {
		if _, count := namedCookies(v.R.Header, v.Own, name); count > 1 {
			return Answer{State: Conflict, Err: fmt.Errorf("cookie %q stands in the request twice", name)}, true
		}
	}
	return Answer{}, false
}
