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
