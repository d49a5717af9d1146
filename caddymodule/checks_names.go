package caddymodule

import (
	"errors"
	"fmt"
	"strings"
)

// errNoFirstProof refuses a configuration in which nobody could enrol safely:
// nothing can send a code, and no policy says that a password alone will do.
var errNoFirstProof = errors.New("without 'mail' the first enrolment cannot be proven: write 'mail smtp <url> { from <address> }' in the global option mfa (on lines of its own), " +
	"or name a policy file whose tenants say 'first: none'; the second lets whoever has a password enrol a factor of their own before its owner does")

// checkMount wants a plain path of one segment or more.
func checkMount(m string) error {
	for seg := range strings.SplitSeq(strings.TrimPrefix(m, "/"), "/") {
		if !strings.HasPrefix(m, "/") || seg == "" || strings.Trim(seg, ".") == "" || strings.HasSuffix(seg, ".") || !plainName(seg, "-_.") {
			return fmt.Errorf("mount '%s' is no plain path: write for example /.mfa, without a slash at the end", m)
		}
	}
	return nil
}

// checkFlagName wants a name that no sibling domain and no plain-http page can
// set (RFC 6265bis, section 4.1.3.2).
func checkFlagName(name string) error {
	bare, ok := strings.CutPrefix(name, "__Host-")
	if !ok {
		return fmt.Errorf("flag '%s' could be set by a sibling domain: write __Host-%s; on plain http the name without the prefix is used by itself", name, name)
	}
	if bare == "" || len(bare) > 32 || !plainName(bare, "-_") {
		return fmt.Errorf("flag '%s': after __Host- use 1 to 32 letters, digits, - and _", name)
	}
	return nil
}

// plainName reports whether s holds only ASCII letters, digits and others.
func plainName(s, others string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		default:
			if strings.IndexByte(others, c) < 0 {
				return false
			}
		}
	}
	return true
}
