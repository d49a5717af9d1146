package policy

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// maxFile bounds one file of a policy, in bytes.
const maxFile = 16 << 20

// A document is what one file says, parsed and not yet joined with the others.
type document struct {
	file     string
	include  []pattern
	defaults *settings
	tenants  []*settings
	tests    []test
	problems []problem
	base     *base // of the main document: what its defaults come to

	weighed    bool
	weaknesses []string // see weak
}

type pattern struct {
	glob string
	at   place
}

// parse reads one file. An included one holds tenants and tests only: what it
// says of others would be said behind their backs.
func parse(file string, data []byte, mount string, included bool, seen *termsSeen) *document {
	d := &document{file: file}
	r := &reader{file: file, mount: mount, terms: seen}
	defer func() { d.problems = r.list }()
	if len(data) > maxFile {
		r.bad(&yaml.Node{}, "a policy file has at most 16 MiB: split it with include")
		return d
	}
	holds := "version: 1 and tenants"
	if included {
		holds = "tenants"
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	if err := dec.Decode(&root); errors.Is(err, io.EOF) {
		r.bad(&yaml.Node{}, "the file is empty: write %s", holds)
		return d
	} else if err != nil {
		r.syntax(err)
		return d
	}
	if len(root.Content) == 0 {
		r.bad(&yaml.Node{}, "the file holds nothing but comments: write %s", holds)
		return d
	}
	var second yaml.Node
	if err := dec.Decode(&second); err == nil {
		r.bad(&second, "a second document begins here (---): a policy file holds one")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
		return d
	}
	d.read(r, root.Content[0], included)
	if !included {
		d.base = newBase(d.defaults)
	}
	return d
}

func (d *document) read(r *reader, n *yaml.Node, included bool) {
	known := []string{"version", "include", "defaults", "tenants", "tests"}
	version := included
	r.mapping(n, "a policy file", known, func(key string, v *yaml.Node) {
		if included && key != "tenants" && key != "tests" {
			r.bad(v, "an included file holds tenants and tests only: write %s into the file that includes it", key)
			return
		}
		switch key {
		case "version":
			if version = true; v.Kind != yaml.ScalarNode || v.Value != "1" || v.Tag != "!!int" {
				r.bad(v, "version is 1, not %s", describe(v))
			}
		case "include":
			r.texts(v, "include", false)
			r.items(v, "include", func(_ int, n *yaml.Node) {
				d.include = append(d.include, pattern{n.Value, place{r.file, n.Line, n.Column}})
			})
		case "defaults":
			d.defaults = r.settings(v, "defaults", false)
		case "tenants":
			d.readTenants(r, v)
		case "tests":
			r.items(v, "tests", func(_ int, n *yaml.Node) { d.tests = append(d.tests, r.test(n)) })
		}
	})
	if !version && n.Kind == yaml.MappingNode {
		r.bad(n, "version is missing: write version: 1")
	}
}

func (d *document) readTenants(r *reader, n *yaml.Node) {
	r.mapping(n, "tenants", nil, func(key string, v *yaml.Node) {
		if len(key) > 128 || strings.TrimSpace(key) != key || strings.ContainsFunc(key, unicode.IsControl) {
			r.bad(v, "a tenant's key has at most 128 bytes, no outer spaces and no control characters, not %q", key)
			return
		}
		s := r.settings(v, "a tenant", true)
		s.Key = r.keep(key)
		d.tenants = append(d.tenants, s)
	})
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// syntax turns yaml.v3's error into a problem with a place.
func (r *reader) syntax(err error) {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		m = []string{"", "", err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	r.bad(&yaml.Node{Line: max(line, 1), Column: 1}, "reading YAML: %s", m[2])
}
