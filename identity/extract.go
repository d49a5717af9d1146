package identity

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Expression says where in an answer a fact stands.
type Expression struct {
	Kind string // json, html, regexp or header
	Text string // a dotted path, a CSS selector, an RE2 with exactly one capture, or a header field
	Attr string // html only: the attribute to read instead of the text
}

// page is one complete answer of the app. What is parsed of it is parsed once.
type page struct {
	header http.Header
	media  string // the media type, lower case, without parameters
	body   []byte

	tree htmlTree
	json jsonTree
}

// errTwoMatches says that an expression fits in two places of one page. Which
// of them is the visitor is a guess, and one of them may be user content.
var errTwoMatches = errors.New("it matches in two places; write one that matches once")

// extractor finds one value in a page. An absent one is nil without an error;
// there are never two.
type extractor interface {
	// find returns a value as encoding/json gives it, with UseNumber, or a text.
	find(p *page) (any, error)
	// reads reports whether an answer of this media type is of the kind the
	// expression is written for.
	reads(media string) bool
}

// compile checks an expression; the zero one gives nil.
func (e Expression) compile() (extractor, error) {
	if e == (Expression{}) {
		return nil, nil
	}
	if e.Attr != "" && e.Kind != "html" {
		return nil, fmt.Errorf("%s takes no attr: only html <css> attr <name> does", e.Kind)
	}
	if strings.TrimSpace(e.Text) == "" {
		if e.Kind == "html" {
			return nil, errors.New(`html needs a selector; quote a CSS selector that starts with '#': html "#user"`)
		}
		return nil, fmt.Errorf("%s needs an expression, such as: %s", e.Kind, examples[e.Kind])
	}
	switch e.Kind {
	case "json":
		return compileJSON(e.Text)
	case "html":
		return compileHTML(e.Text, e.Attr)
	case "regexp":
		return compileRegexp(e.Text)
	case "header":
		return compileHeader(e.Text)
	}
	return nil, fmt.Errorf("%q is no kind of expression; write json, html, regexp or header, such as: json user.login", e.Kind)
}

var examples = map[string]string{
	"json":   "json user.login",
	"regexp": "regexp `signed in as ([a-z0-9]+)`",
	"header": "header X-User-Id",
}

// text makes valid UTF-8 certain: bytes that a decoder would replace must not
// make one user of two. What is not has no value.
func text(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("the value is not UTF-8")
	}
	return string(b), nil
}
