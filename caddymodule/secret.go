package caddymodule

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// placeholder is anything Caddy's replacer would read as one.
var placeholder = regexp.MustCompile(`\{([^{}\s]*)\}`)

// expandSecret reads a value of the configuration that is a secret: {env.NAME}
// or {file./path}, which stay so in the configuration, or a literal. White
// space around it is cut, since files end in line breaks. Empty and unknown
// ones are refused: a key made of nothing would open every door. The value is
// never part of an error.
func expandSecret(s string) (string, error) {
	if err := checkSecret(s); err != nil {
		return "", err
	}
	value, err := caddy.NewReplacer().ReplaceOrErr(s, true, true)
	if err != nil {
		return "", fmt.Errorf("%s is empty or cannot be read: set the variable, or make the file readable for the user Caddy runs as", secretNames(s))
	}
	if value = strings.TrimSpace(value); value == "" {
		return "", fmt.Errorf("%s holds nothing: put the secret there", secretNames(s))
	}
	return value, nil
}

// checkSecret looks at the form of s alone. Only {env.…} and {file./…} may
// stand in it: in a site block Caddy rewrites {file.name} to a part of the
// request's path, which would be a secret that the client chooses.
func checkSecret(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty: write {env.NAME} or {file./absolute/path}")
	}
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		name := m[1]
		file, isFile := strings.CutPrefix(name, "file.")
		switch {
		case isFile && filepath.IsAbs(file):
		case isFile, strings.HasPrefix(name, "http.request.uri.path.file"):
			return fmt.Errorf("{%s} names no file: give an absolute path, {file./absolute/path}", name)
		case strings.HasPrefix(name, "env.") && name != "env.":
		default:
			return fmt.Errorf("{%s} cannot hold a secret: write {env.NAME} or {file./absolute/path}", name)
		}
	}
	return nil
}

// secretNames are the placeholders in s, for messages; "the literal" where
// there is none.
func secretNames(s string) string {
	found := placeholder.FindAllString(s, -1)
	if len(found) == 0 {
		return "the literal"
	}
	return strings.Join(found, " and ")
}

// oneSecret reads a line of one secret. A literal is allowed and warned about.
func oneSecret(to *string, what string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if err := oneArg(to)(d); err != nil {
			return err
		}
		return checkSecrets(d, what, *to)
	}
}

// checkSecrets refuses what cannot be a secret and warns of literals.
func checkSecrets(d *caddyfile.Dispenser, what string, values ...string) error {
	for _, v := range values {
		if err := checkSecret(v); err != nil {
			return d.Errf("reading %s: %w", what, err)
		}
		if !placeholder.MatchString(v) {
			warn(d, what+" is a literal: it is written out in the adapted JSON, in /config and in autosave.json; write {env.NAME} or {file./absolute/path}")
		}
	}
	return nil
}
