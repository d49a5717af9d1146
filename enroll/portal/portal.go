// Package portal is what people see of the gate: the page that blocks, the
// wizard that enrols, the page that asks for a code, the list of one's methods,
// and the same-origin JSON API beneath them. It works without JavaScript, in
// every language that has a file in languages/, and changes nothing on a GET.
package portal

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// Config is what a Portal is made of.
type Config struct {
	Service *enroll.Service  // required
	Log     *slog.Logger     // nil: discards
	Now     func() time.Time // nil: time.Now
}

// Portal serves the gate's pages. It is safe for concurrent use and holds no
// state of a visitor: every request is decided from the store's.
type Portal struct {
	service *enroll.Service
	log     *slog.Logger
	now     func() time.Time
	words   *catalogue
	cross   *http.CrossOriginProtection
}

// New reads the embedded languages.
func New(c Config) (*Portal, error) {
	words, err := readCatalogue()
	if err != nil {
		return nil, fmt.Errorf("making the portal: %w", err)
	}
	p := &Portal{service: c.Service, log: c.Log, now: c.Now, words: words, cross: http.NewCrossOriginProtection()}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	return p, nil
}
