package identity

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

type htmlTree struct {
	done bool
	root *html.Node
	err  error
}

// selector finds the text, or an attribute, of the one element it matches.
type selector struct {
	css  cascadia.SelectorGroup
	attr string
}

func compileHTML(css, attr string) (extractor, error) {
	sel, err := cascadia.ParseGroup(css)
	if err != nil {
		return nil, fmt.Errorf("html: %q is no CSS selector: %w", css, err)
	}
	if strings.ContainsAny(attr, " \t\"'=<>/") {
		return nil, fmt.Errorf("html: %q is no name of an attribute; write: html <css> attr <name>", attr)
	}
	return &selector{sel, strings.ToLower(attr)}, nil
}

func (e *selector) find(p *page) (any, error) {
	if !p.tree.done {
		p.tree.done = true
		p.tree.root, p.tree.err = html.Parse(bytes.NewReader(decode(p)))
	}
	if p.tree.err != nil {
		return nil, fmt.Errorf("reading HTML: %w", p.tree.err)
	}
	nodes := cascadia.QueryAll(p.tree.root, e.css)
	if len(nodes) > 1 {
		return nil, errTwoMatches
	}
	if len(nodes) == 0 {
		return nil, nil
	}
	value, found := content(nodes[0]), true
	if e.attr != "" {
		value, found = attribute(nodes[0], e.attr)
	}
	if !found {
		return nil, nil
	}
	return text([]byte(strings.TrimSpace(value)))
}

func (e *selector) reads(media string) bool {
	return media == "text/html" || media == "application/xhtml+xml"
}

// decode turns a page of an old charset into UTF-8, as a browser would; where
// its header names none, valid UTF-8 is taken as such.
func decode(p *page) []byte {
	contentType := p.header.Get("Content-Type")
	if utf8.Valid(p.body) && !strings.Contains(strings.ToLower(contentType), "charset") {
		return p.body
	}
	enc, name, _ := charset.DetermineEncoding(p.body, contentType)
	if name == "utf-8" {
		return p.body
	}
	out, err := enc.NewDecoder().Bytes(p.body)
	if err != nil {
		return p.body
	}
	return out
}

// content is the text of an element and all below it.
func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
