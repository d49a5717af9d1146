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
	head   uint64 // the first bytes of folded, to pass over most rules at once
	worded bool   // to a server that looks names up by their words alone (words.go)
}

// A target is a Target with everything it may mean.
type target struct {
	other  bool      // one has readings beside it that are not there yet
	one    reading   // the only reading, of a target that is written plainly
	more   []reading // all readings of any other
	query  string
	hidden []string // queries that a server decoding the path would find in it
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
	ok := t.skim(in)
	t.widen()
	return ok
}

// widen fills in the readings that skim left out.
func (t *target) widen() {
	if t.other {
		t.keep(alike(t.one.text))
		t.other = false
	}
}

// skim is read, but for the readings of alike, which matter to few targets that
// have them.
func (t *target) skim(in Target) bool {
	path := in.Path
	t.query = in.RawQuery
	if len(path)+len(in.RawQuery) > maxTarget {
		return false
	}
	if path == "" || path == "*" { // an asterisk asks about the server as a whole
		path = "/"
	}
	if plain, other := isPlain(path); plain && !isRouted(in.RawQuery) {
		t.one, t.other = reading{text: path, folded: path, strict: path, head: headOf(path)}, other
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
	list, ok := readings(path)
	if !ok {
		return false
	}
	for _, s := range list {
		if _, q, found := strings.Cut(s.path, "?"); found {
			t.hidden = append(t.hidden, q)
		}
	}
	if list, ok = t.routed(list); !ok {
		return false
	}
	t.keep(list)
	return true
}

func (t *target) keep(list []step) {
	t.more = make([]reading, len(list))
	for i, s := range list {
		f := fold(s.path)
		t.more[i] = reading{text: s.path, folded: f, strict: lower(s.path), head: headOf(f), worded: s.worded}
	}
}

// readings returns every path that a target can be turned into by what servers
// do to targets (acts.go), done in any order and any number of times. A path in
// which no escape was ever decoded is a step on the way and no reading: all
// servers decode at least once. It reports false where there are too many.
func readings(path string) (list []step, ok bool) {
	steps := []step{{path: path, decoded: !strings.Contains(path, "%")}}
	work := 0
	for i := 0; i < len(steps); i++ {
		for _, a := range acts {
			next := step{a.do(steps[i].path), steps[i].decoded || a.decodes, steps[i].worded || a.words}
			if a.words && next.path == steps[i].path || listed(steps, next) {
				continue
			}
			if work += len(next.path); work > maxWork || len(steps) == maxReadings {
				return nil, false
			}
			steps = append(steps, next)
		}
	}
	for _, s := range steps {
		if s.decoded && (!s.worded || !slices.Contains(steps, step{path: s.path, decoded: true})) && !listed(list, s) {
			list = append(list, s)
		}
	}
	return list, true
}

// A step is what a path became on the way to its readings.
type step struct {
	path    string
	decoded bool
	worded  bool // as reading.worded
}

// listed reports whether a step is among others: itself, or one that says as much
// and was come to without looking at words alone.
func listed(steps []step, s step) bool {
	return slices.ContainsFunc(steps, func(o step) bool {
		return o.path == s.path && o.decoded == s.decoded && (o.worded == s.worded || !o.worded)
	})
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

// headOf packs the first eight bytes of a path, ASCII letters lowered.
func headOf(s string) uint64 {
	var h uint64
	for i := 0; i < len(s) && i < 8; i++ {
		h |= uint64(lowerByte(s[i])) << (8 * i)
	}
	return h
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
