package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// PlaceholderFacts are the placeholders of the facts, with or without braces;
// an empty one is not mapped.
type PlaceholderFacts struct {
	User, Email, Name, Tenant, Roles, Session, Methods, ACR, Time string
}

// Placeholder takes what the server in front already knows.
type Placeholder struct {
	Facts PlaceholderFacts
	// Carries are the headers that whoever fills the placeholder has checked.
	// nil: Authorization where User is one of {http.auth.user.*}, and the
	// header itself where User is one of {http.request.header.*}.
	Carries []string
}

// placeholder is a checked Placeholder.
type placeholder struct {
	names   mapping[string] // without braces
	facts   FactSet
	carries []string
	empty   error // says which one is empty, for the log
}

// NewPlaceholder checks the whole of cfg; the error says what to write instead.
func NewPlaceholder(cfg Placeholder) (Source, error) {
	p := &placeholder{names: cfg.Facts.mapping()}
	for i, s := range p.names {
		name := strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
		if strings.ContainsAny(name, "{} \t\r\n") {
			return nil, fmt.Errorf("identity placeholder: %s: %q is not one placeholder; write such as {http.auth.user.id}", factNames[i], s)
		}
		p.names[i] = name
	}
	if p.names[0] == "" {
		return nil, errors.New("identity placeholder: it needs the placeholder of the user's id, such as: identity placeholder {http.auth.user.id}")
	}
	p.facts = p.names.facts()
	p.empty = errors.New("{" + p.names[0] + "} is empty here: whatever fills it must run before the gate, in the same block")
	if cfg.Carries == nil && strings.HasPrefix(p.names[0], "http.auth.user.") {
		cfg.Carries = []string{"Authorization"}
	}
	if name, ok := strings.CutPrefix(p.names[0], visitorHeader); ok && cfg.Carries == nil {
		cfg.Carries = []string{name}
	}
	for _, h := range cfg.Carries {
		p.carries = append(p.carries, textproto.CanonicalMIMEHeaderKey(h))
	}
	return p, nil
}

// Name is the word for logs and metrics.
func (p *placeholder) Name() string { return "placeholder" }

// Facts says which facts are mapped.
func (p *placeholder) Facts() FactSet { return p.facts }

// Carries reports whether the header was checked by whoever filled the
// placeholder; where that is empty, nobody has.
func (p *placeholder) Carries(v *Visit, header string) bool {
	return slices.Contains(p.carries, header) && p.value(v, 0) != nil
}

func (p *placeholder) value(v *Visit, i int) any {
	if p.names[i] == "" || v.Placeholder == nil {
		return nil
	}
	s, ok := v.Placeholder(p.names[i])
	if !ok || s == "" {
		return nil
	}
	if 1<<i == FactRoles || 1<<i == FactMethods {
		return split(s)
	}
	return s
}

// Ask reads the placeholders. A Basic Authorization that names somebody else
// than the placeholder does was not what filled it, and goes to the app.
func (p *placeholder) Ask(_ context.Context, v *Visit) Answer {
	defer v.Took.since(p.Name(), time.Now())
	var values [9]any
	for i := range p.names {
		values[i] = p.value(v, i)
	}
	if values[0] == nil {
		return Answer{State: Absent, Err: p.empty}
	}
	person, err := (&reading{lenient: true, now: v.now()}).person(values)
	switch {
	case errors.Is(err, errNobody):
		return Answer{State: Nobody}
	case err != nil:
		return down(fmt.Errorf("reading user: %w", err))
	}
	a := Answer{State: Known, Person: person}
	for _, h := range p.carries {
		if filled(v.R.Header[h]) {
			a.By = append(a.By, h)
		}
	}
	if slices.Contains(a.By, "Authorization") {
		for _, value := range v.R.Header["Authorization"] {
			if user, basic := basicUser(value); basic && user != person.User {
				return Answer{State: Mixed, Err: errors.New("authorization names somebody else than the placeholder")}
			}
		}
	}
	return a
}

// basicUser is the user's name of a Basic Authorization (RFC 7617).
func basicUser(value string) (user string, basic bool) {
	scheme, rest, _ := strings.Cut(strings.TrimLeft(value, " \t"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", false
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return "", true
	}
	user, _, _ = strings.Cut(string(b), ":")
	return user, true
}

// Interface guards
var (
	_ Source  = (*placeholder)(nil)
	_ Carrier = (*placeholder)(nil)
)
