// Package identity answers one question about a request: who is asking? It
// asks the app itself (whoami), reads a token the app issued (jwt), or takes
// what the server in front already knows (placeholder). It knows net/http and
// nothing of Caddy, of rules, or of second factors.
//
// The rule above all: an answer names a person only if whoever the app will
// serve for this very request is that person. Where that cannot be known the
// answer is not "nobody" but Down, Conflict or Mixed, each of which refuses.
package identity

import (
	"context"
	"net/http"
	"time"
)

// Person is who the identity names. User is the id that nobody can edit; it is
// compared byte for byte. The slices are shared with caches: read, never write.
type Person struct {
	User, Email, Name string
	Tenant            string // the tenant the identity names, "" for none, WrongTenant where it is of the wrong type
	Session           string // a session id that stays the same from sign-in to sign-out, "" where there is none
	ACR               string
	Roles, Methods    []string
	Time              time.Time // when the person signed in (OpenID Connect Core 2, auth_time), zero where not known
	Source            string    // the name of the source that said so
}

// WrongTenant is the tenant of an identity whose mapped tenant is not a text:
// it names no tenant that exists, so that such a request is never judged by
// the rules of none.
const WrongTenant = "\x00"

// State is what a source, or all of them together, can say.
type State uint8

// The closed list of states. A source answers Absent, Nobody, Known, Forged,
// Down, and where it sees two people in one request Conflict or Mixed; a chain
// answers Nobody, Known, Down, Conflict or Mixed.
const (
	Absent   State = iota // the request carries no credential of this source, or one that has merely expired
	Nobody                // the credential is there and stands for nobody
	Known                 // Person is who it stands for
	Forged                // the credential is there and bad
	Down                  // it cannot be known now
	Conflict              // two people, or two credentials of one name
	Mixed                 // a credential beside the identity that the identity did not come from
)

// String gives the word used in logs and metrics.
func (s State) String() string {
	words := [...]string{"absent", "nobody", "known", "forged", "down", "conflict", "mixed"}
	if int(s) < len(words) {
		return words[s]
	}
	return "unknown"
}

// Answer is what one source says of one visit.
type Answer struct {
	State      State
	Person     Person        // with Known
	SetCookie  []string      // raw header values to relay to the visitor and to merge into the request that follows
	By         []string      // with Known, the headers whose credential it came from
	Stray      []string      // headers carrying a credential of which this source knows nobody, beside another credential
	Err        error         // why, for the log: never shown to the visitor, holds no secret
	RetryAfter time.Duration // with Down: when to try again, 0 for no opinion
	Until      time.Time     // with Known, until when the source would say so again unasked; zero: it would not

	marks []mark // what it depends on; never changed
}

// Visit is one request to identify.
type Visit struct {
	// R is the visitor's request. It is never changed, save that a form body
	// that was looked into is put back.
	R *http.Request
	// Own names the gate's cookies: they are no credential of the app's, and
	// never reach it. nil: R has none.
	Own func(cookie string) bool
	// Site tells apart the caches of two gates; it is never read from a request.
	Site string
	// Call asks the app, through the handlers behind the gate, and returns its
	// complete answer, with the body bounded to MaxAnswer bytes plus one at
	// least. An answer that was cut off is an error.
	Call func(*http.Request) (*http.Response, error)
	// Placeholder gives the value of a placeholder, named without braces;
	// false means unknown or empty.
	Placeholder func(name string) (string, bool)
	// Now is the time of the visit; zero means the clock's.
	Now time.Time
	// Fresh asks past every cache.
	Fresh bool
	// SignsIn is filled in by Chain.Saw: the target carries a credential, by which
	// the app may sign somebody in on any path.
	SignsIn bool
	// Took hears how long a source, by its name, took over what it did not
	// remember. It must be safe for concurrent use. nil: nobody wants to know.
	Took Timing
}

// Timing hears how long a source was at work, by the machine's clock.
type Timing func(source string, d time.Duration)

func (t Timing) since(source string, begun time.Time) {
	if t != nil {
		t(source, time.Since(begun))
	}
}

func (v *Visit) now() time.Time {
	if v.Now.IsZero() {
		return time.Now()
	}
	return v.Now
}

// Source is one way to know who is asking. It must be safe for concurrent use
// and must not dial, write or start a goroutine before it is first asked.
type Source interface {
	// Name is the word for logs and metrics: whoami, jwt, placeholder.
	Name() string
	// Ask never returns Known without a User.
	Ask(ctx context.Context, v *Visit) Answer
	// Facts says which facts are mapped.
	Facts() FactSet
}

// Carrier is a source that gets its identity from a header: such a header is
// not a credential beside the identity.
type Carrier interface {
	// Carries reports whether this visit's header of that name is one this
	// source looks into. The name is in canonical form.
	Carries(v *Visit, header string) bool
}

// Watcher is a source that remembers answers and must hear of what ends them.
type Watcher interface {
	// Saw hears of a request before it is passed on, and reports whether it
	// ends the proof of whoever sends it (a sign-in or a sign-out).
	Saw(v *Visit) (endsFlag bool)
	// SawResponse hears of the app's answer to it, and reports whether it
	// ends every proof of the person (a password was changed).
	SawResponse(v *Visit, setCookie []string, status int) (endsAll bool)
}
