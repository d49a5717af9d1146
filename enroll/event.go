package enroll

import "time"

// Event is a change that the person is told of by mail.
type Event struct {
	Kind   string // address-changed, method-added, method-removed, codes-renewed, recovery-used
	To     string // address of record
	Person Person
	Rules  Rules
	Method Method // method-added, method-removed
	At     time.Time
}
