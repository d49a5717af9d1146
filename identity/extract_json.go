package identity

import (
	"bytes"
	"errors"
	"strings"
)

type jsonTree struct {
	done bool
	root any
	err  error
}

// jsonPath finds a value by a dotted path. It is strict: see readJSON.
type jsonPath string

func compileJSON(path string) (extractor, error) {
	if path != strings.TrimSpace(path) || strings.HasPrefix(path, ".") || strings.HasPrefix(path, "$") || strings.HasSuffix(path, ".") || strings.Contains(path, "..") {
		return nil, errors.New("json takes a dotted path without a beginning, such as: json user.login")
	}
	return jsonPath(path), nil
}

func (e jsonPath) find(p *page) (any, error) {
	if !p.json.done {
		p.json.done = true
		// Old PHP files begin with a byte order mark, and so do their answers.
		p.json.root, p.json.err = readJSON(bytes.TrimPrefix(p.body, []byte("\xef\xbb\xbf")))
	}
	if p.json.err != nil {
		return nil, p.json.err
	}
	v, _, err := find(p.json.root, string(e))
	return v, err
}

func (e jsonPath) reads(media string) bool {
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}
