package identity

// FactSet says which facts of a person are mapped.
type FactSet uint16

// The facts there are.
const (
	FactUser FactSet = 1 << iota
	FactEmail
	FactName
	FactTenant
	FactRoles
	FactSession
	FactMethods
	FactACR
	FactTime
)

// Has reports whether every fact of f is in s.
func (s FactSet) Has(f FactSet) bool { return s&f == f }

// mapping is how one source names its facts; T is an expression, a claim path
// or a placeholder. The order is that of the constants above.
type mapping[T comparable] [9]T

func (m *mapping[T]) facts() FactSet {
	var s FactSet
	var none T
	for i, e := range m {
		if e != none {
			s |= 1 << i
		}
	}
	return s
}

func (e *Expressions) mapping() mapping[Expression] {
	return mapping[Expression]{e.User, e.Email, e.Name, e.Tenant, e.Roles, e.Session, e.Methods, e.ACR, e.Time}
}

func (c *Claims) mapping() mapping[string] {
	return mapping[string]{c.User, c.Email, c.Name, c.Tenant, c.Roles, c.Session, c.Methods, c.ACR, c.Time}
}

func (f *PlaceholderFacts) mapping() mapping[string] {
	return mapping[string]{f.User, f.Email, f.Name, f.Tenant, f.Roles, f.Session, f.Methods, f.ACR, f.Time}
}
