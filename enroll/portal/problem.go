package portal

import (
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// Problem is a refusal that a program reads (RFC 9457). Reason is the word the
// log, the metrics and the command line use for the same thing.
type Problem struct {
	Type       string        `json:"type"` // urn:mfa:<reason>
	Title      string        `json:"title"`
	Status     int           `json:"status"`
	Detail     string        `json:"detail"` // in the person's language
	Reason     string        `json:"reason"`
	Reference  string        `json:"reference,omitempty"`
	Tenant     string        `json:"tenant,omitempty"`
	EnrollURL  string        `json:"enroll_url,omitempty"` // absolute
	VerifyURL  string        `json:"verify_url,omitempty"` // absolute
	Methods    []enroll.Kind `json:"methods,omitempty"`
	RetryAfter int           `json:"retry_after,omitempty"` // seconds
	Field      string        `json:"field,omitempty"`       // the member of the request that is wrong
}

// newProblem fills in what follows from the reason: its title does not change
// from case to case, but for the language (RFC 9457 section 3.1.3).
func newProblem(s *speech, status int, reason, detail string) *Problem {
	title := s.T("reason." + reason + ".title")
	return &Problem{Type: "urn:mfa:" + reason, Title: title, Status: status, Detail: detail, Reason: reason}
}

// write sends the problem; retry also goes into the Retry-After header.
func (p *Problem) write(w http.ResponseWriter, r *http.Request, retry time.Duration) {
	secure(w.Header())
	if retry > 0 {
		p.RetryAfter = ceil(retry, time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	writeJSON(w, r, p.Status, "application/problem+json", p)
}
