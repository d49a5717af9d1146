package identity

import (
	"fmt"
	"net/textproto"

	"golang.org/x/net/http/httpguts"
)

// field finds the value of a header field that stands once in the answer.
type field string

func compileHeader(name string) (extractor, error) {
	if !httpguts.ValidHeaderFieldName(name) {
		return nil, fmt.Errorf("header: %q is no name of a header field; write one such as: header X-User-Id", name)
	}
	return field(textproto.CanonicalMIMEHeaderKey(name)), nil
}

func (e field) find(p *page) (any, error) {
	values := p.header[string(e)]
	if len(values) > 1 {
		return nil, errTwoMatches
	}
	if len(values) == 0 {
		return nil, nil
	}
	return text([]byte(values[0]))
}

func (e field) reads(string) bool { return true }
