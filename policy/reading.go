package policy

import (
	"slices"
	"strings"
)

// Bounds of one target. What lies beyond is refused unread: how many ways a
// target can be read is a cost its sender chooses.
const (
	maxTarget   = 8 << 10 // bytes
	maxReadings = 256
	maxWork     = 128 << 10 // bytes that all steps on the way to the readings may have
)

// A reading is one meaning of a target: the path that some app server would
// look up.
type reading struct {
	text   string // as that server would see it
	folded string // letter case and look-alikes removed; what protect compares
	strict string // letter case alone removed; what allow compares
	head   uint64 // of folded, to pass over most rules at once
	bare   uint64 // likewise, without dots
	by     manner
}

// A target is a Target with everything it may mean.
type target struct {
	one    reading   // the only reading, of a target that is written plainly
	more   []reading // all readings of any other
	query  string
	hidden []string   // queries that a server decoding the path would find in it
	pairs  []pathPair // nil until a rule of a query looks (pairs.go)
}

func readingOf(text, folded, strict string) reading {
	head, bare := heads(folded)
	return reading{text, folded, strict, head, bare, asWritten}
}

// len and at run over the readings without a slice for the plain case, so that
// it needs no allocation.
func (t *target) len() int {
	if t.more == nil {
		return 1
	}
	return len(t.more)
}

func (t *target) at(i int) *reading {
	if t.more == nil {
		return &t.one
	}
	return &t.more[i]
}

// read fills in the readings of a target; false means that it cannot be read
// safely.
func (t *target) read(in Target) bool {
	path := in.Path
	t.query = in.RawQuery
	if len(path)+len(in.RawQuery) > maxTarget {
		return false
	}
	if path == "" || path == "*" { // an asterisk asks about the server as a whole
		path = "/"
	}
	if isPlain(path) && !isRouted(path, in.RawQuery) {
		t.one = readingOf(path, path, path)
		return true
	}
	if path[0] != '/' {
		if path = afterScheme(path); path == "" {
			return false
		}
	}
	if !readable(path) {
		return false
	}
	texts, ok := readings(path)
	if !ok {
		return false
	}
	for _, s := range texts {
		for _, mark := range [...]string{"?", ";"} { // Fastify's query begins at either
			if _, q, found := strings.Cut(s, mark); found && !slices.Contains(t.hidden, q) {
				t.hidden = append(t.hidden, q)
			}
		}
	}
	if texts, ok = t.routed(texts); !ok {
		return false
	}
	t.more = make([]reading, len(texts))
	for i, s := range texts {
		t.more[i] = readingOf(s, fold(s), lower(s))
	}
	for i := range texts {
		t.more = append(t.more, t.more[i].manners()...)
	}
	return true
}

// readings returns every path that a target can be turned into by what servers
// do to targets (acts.go), done in any order and any number of times. A path in
// which no escape was ever decoded is a step on the way and no reading: all
// servers decode at least once. It reports false where there are too many.
func readings(path string) ([]string, bool) {
	steps := []step{{path, !strings.Contains(path, "%")}}
	work := 0
	for i := 0; i < len(steps); i++ {
		for _, a := range acts {
			next := step{a.do(steps[i].path), steps[i].decoded || a.decodes}
			if slices.Contains(steps, next) {
				continue
			}
			if work += len(next.path); work > maxWork || len(steps) == maxReadings {
				return nil, false
			}
			steps = append(steps, next)
		}
	}
	var texts []string
	for _, s := range steps {
		if s.decoded && !slices.Contains(texts, s.path) {
			texts = append(texts, s.path)
		}
	}
	return texts, true
}

type step struct {
	path    string
	decoded bool
}

// readable refuses what no two servers agree on and no honest client sends:
// malformed escapes and control characters, written out or once encoded.
func readable(path string) bool {
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c < ' ' || c == 0x7f:
			return false
		case c == '%':
			if i+2 >= len(path) || unhex(path[i+1]) < 0 || unhex(path[i+2]) < 0 {
				return false
			}
			if v := unhex(path[i+1])<<4 | unhex(path[i+2]); v < ' ' || v == 0x7f {
				return false
			}
		}
	}
	return true
}

// afterScheme returns the path of an absolute-form target (RFC 9112, 3.2.2),
// "" for what is none.
func afterScheme(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/?#\\%") {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 && rest[i] == '/' {
		return rest[i:]
	} else if i >= 0 {
		return "/" + rest[i:]
	}
	return "/"
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
