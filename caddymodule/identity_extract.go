package caddymodule

import (
	"regexp"
	"slices"

	"github.com/andybalholm/cascadia"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Extract says where in an answer one value stands; exactly one way is given.
type Extract struct {
	// A dot path into a JSON body.
	JSON string `json:"json,omitempty"`
	// A CSS selector into an HTML page; the text of the one element it finds,
	// or its attribute.
	HTML      string `json:"html,omitempty"`
	Attribute string `json:"attribute,omitempty"`
	// A regular expression (RE2) over the body with exactly one capture.
	Regexp string `json:"regexp,omitempty"`
	// A field of the answer's header.
	Header string `json:"header,omitempty"`
}

// extractForm is the syntax, for messages.
const extractForm = "json <dot.path> | html <css> [attr <name>] | regexp <re2> | header <field>"

// unmarshalExtract reads the rest of a line. Syntax:
//
//	json <dot.path> | html <css> [attr <name>] | regexp <re2> | header <field>
func unmarshalExtract(d *caddyfile.Dispenser) (*Extract, error) {
	word, args := d.Val(), d.RemainingArgs()
	kinds := []string{"json", "html", "regexp", "header"}
	switch {
	case len(args) == 0:
		return nil, d.Errf("'%s' takes %s", word, extractForm)
	case !slices.Contains(kinds, args[0]):
		return nil, d.Errf("unknown way '%s' to find '%s'%s", args[0], word, didYouMean(args[0], kinds))
	case len(args) == 1 && args[0] == "html":
		return nil, d.Errf(`'%s html' has no selector: quote a CSS selector that starts with '#', which begins a comment otherwise: html "#id"`, word)
	case len(args) == 1 || args[1] == "":
		return nil, d.Errf("'%s %s' has nothing to look for: %s", word, args[0], extractForm)
	}
	e := new(Extract)
	switch args[0] {
	case "html":
		e.HTML = args[1]
		switch {
		case len(args) == 2:
		case len(args) == 4 && args[2] == "attr" && args[3] != "":
			e.Attribute = args[3]
		default:
			return nil, d.Errf(`'%s html' takes one selector: quote one that has spaces, html "div .user"; an attribute needs its word, html <css> attr <name>`, word)
		}
	case "json":
		e.JSON = args[1]
	case "regexp":
		e.Regexp = args[1]
	case "header":
		e.Header = args[1]
	}
	if args[0] != "html" && len(args) > 2 {
		return nil, d.Errf("'%s %s' takes one argument: quote one that has spaces", word, args[0])
	}
	return e, e.check(d)
}

// check compiles what is to be compiled and names the fix.
func (e *Extract) check(d *caddyfile.Dispenser) error {
	switch {
	case e.JSON != "":
		return checkDotPath(d, e.JSON)
	case e.HTML != "":
		if _, err := cascadia.Parse(e.HTML); err != nil {
			return d.Errf("'%s' is no CSS selector: %v", e.HTML, err)
		}
	case e.Regexp != "":
		re, err := regexp.Compile(e.Regexp)
		if err != nil {
			return d.Errf("'%s' is no regular expression (RE2): %v", e.Regexp, err)
		}
		if re.NumSubexp() != 1 {
			return d.Errf("regexp '%s' has %d captures: put the one value you want in (parentheses), and write (?:…) for other groups", e.Regexp, re.NumSubexp())
		}
	case e.Header != "":
		if !isToken(e.Header) {
			return d.Errf("'%s' is no header field", e.Header)
		}
	}
	return nil
}

// expression is e as package identity has it; zero for a fact not mapped.
func (e *Extract) expression() identity.Expression {
	switch {
	case e == nil:
		return identity.Expression{}
	case e.JSON != "":
		return identity.Expression{Kind: "json", Text: e.JSON}
	case e.HTML != "":
		return identity.Expression{Kind: "html", Text: e.HTML, Attr: e.Attribute}
	case e.Regexp != "":
		return identity.Expression{Kind: "regexp", Text: e.Regexp}
	default:
		return identity.Expression{Kind: "header", Text: e.Header}
	}
}
