package policy

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A queryRule is one key of a prefix's `query`.
type queryRule struct {
	key    string   // as canonKey
	values []string // any of them
	folded []string // the same, as matches compares them
	words  []string // those that are more than a number, as names compares them
	whole  []int64  // those that are whole numbers
	route  *string  // of a derived rule: any path at or below it instead, folded

	longest int // bytes of one of words
}

func newQueryRule(key string, values []string) queryRule {
	q := queryRule{key: key, values: values}
	for _, v := range values {
		folded := fold(plainLetters(strings.TrimSpace(v)))
		q.folded = append(q.folded, folded)
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			q.whole = append(q.whole, n)
		}
		if !isWord(folded) {
			continue
		}
		for _, word := range [...]string{plainWord(folded), plainWord(fold(digraphs.Replace(plainLetters(v))))} {
			q.words = append(q.words, word)
			q.longest = max(q.longest, len(word))
		}
	}
	return q
}

// maxDecodes is how often a key or value of a query is decoded. No chain of
// servers known to us decodes more often, and each round costs.
const maxDecodes = 8

// asked reports whether a request sets every key of a protecting rule's query,
// by any spelling, as any one of several, in its path, in a cookie or in the form of
// its body.
// A body that cannot be read as a form may set anything: it protects.
func (p *rule) asked(t *target, f *Facts) bool {
	query := p.query()
	if query == nil {
		return true
	}
	for i := range query {
		q := &query[i]
		if p.inQuery(q, t) || slices.ContainsFunc(cookieValues(f.Cookies, q.key), q.matches) {
			continue
		}
		if f.Form == nil {
			return false
		}
		form, err := f.Form()
		if err != nil {
			return true
		}
		if !slices.ContainsFunc(formValues(form, q.key), q.matches) {
			return false
		}
	}
	return true
}

func (p *rule) inQuery(q *queryRule, t *target) bool {
	found := false
	look := func(v string) { found = found || q.matches(v) }
	eachValue(t, q.key, look)
	eachPathValue(t, q.key, look)
	return found
}

// agreed reports whether a request sets every key of an allowing rule's query,
// every value that any spelling of the key has is the rule's, and nothing else is
// set than the rule lets be: of several keys that say what is shown, another may
// win (MediaWiki's curid over title).
func (p *rule) agreed(t *target, f *Facts) bool {
	query, keys := p.query(), p.keys()
	if query == nil && keys == nil {
		return true
	}
	var form url.Values
	if f.Form != nil {
		var err error
		if form, err = f.Form(); err != nil {
			return false
		}
	}
	if keys != nil && p.beyond(keys, t, form) {
		return false
	}
	for i := range query {
		q := &query[i]
		seen, all := false, true
		look := func(v string) { seen, all = true, all && slices.Contains(q.values, v) }
		eachValue(t, q.key, look)
		for _, v := range formValues(form, q.key) {
			look(v)
		}
		eachPathValue(t, q.key, func(v string) { all = all && slices.Contains(q.values, v) })
		if !seen || !all || slices.ContainsFunc(cookieValues(f.Cookies, q.key), func(v string) bool { return !slices.Contains(q.values, v) }) {
			return false
		}
	}
	return true
}

// beyond reports whether query or form set a key that is neither in the rule's
// query nor in the list.
func (p *rule) beyond(keys []string, t *target, form url.Values) bool {
	other := func(k string) bool {
		k = canonKey(k)
		return !slices.Contains(keys, k) && !slices.ContainsFunc(p.query(), func(q queryRule) bool { return q.key == k })
	}
	found := false
	eachPair(t, func(k, _ string) { found = found || other(k) })
	for k := range form {
		found = found || other(k)
	}
	return found
}

// matches reports whether a value is one of the rule's, decoded once or more,
// letter case, look-alikes, outer spaces and what follows a NUL, or the NUL itself
// (PHP's strip_tags drops it), apart. One that is still encoded after maxDecodes
// rounds may be anything.
func (q *queryRule) matches(value string) bool {
	for range maxDecodes {
		v, _, _ := strings.Cut(value, "\x00")
		v = plainLetters(strings.TrimSpace(v))
		if q.route != nil && meets("/"+strings.TrimLeft(fold(v), "/"), *q.route, false) {
			return true
		}
		if slices.Contains(q.folded, fold(v)) || len(q.whole) > 0 && isWhole(v, q.whole) || q.names(v) || q.names(dropControls(plainLetters(value))) {
			return true
		}
		next := decode(value)
		if next == value {
			return false
		}
		value = next
	}
	return true
}

// names reports whether a value has the letters and digits of one of the rule's,
// as a path has those of a prefix (alike.go): Roundcube keeps nothing else of its
// _task, WordPress drops the slashes around a page, and tags. A number is met by
// numbers alone.
func (q *queryRule) names(value string) bool {
	value = dropTags(dropEntities(value))
	return q.begin(fold(value), plainWord) || q.begin(lower(value), asciiWord) || !isASCII(value) && q.begin(fold(digraphs.Replace(value)), plainWord)
}

// begin reports whether a value is one of the rule's, or goes on behind it as a path
// does: MediaWiki shows title=Special:Preferences/x and Preferences#x, ThinkPHP
// s=docs/list/id/1, docs/list.html and docs/list|x.
func (q *queryRule) begin(value string, word func(string) string) bool {
	begun := ""
	for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune("/|:.?#", r) }) {
		if begun += word(part); len(begun) > q.longest {
			return false
		}
		if slices.Contains(q.words, begun) {
			return true
		}
	}
	return false
}

// isWord reports whether there is more in a value than a number.
func isWord(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return 'a' <= r && r <= 'z' || r >= utf8.RuneSelf })
}

// plainWord is a folded value without what is left out of names.
func plainWord(s string) string { return strings.ReplaceAll(bareLetters(s), "/", "") }

// asciiWord keeps the small letters and digits of ASCII.
func asciiWord(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// eachValue calls do with every value that the target's query gives a key, as
// servers decode it: once, "+" for a space.
func eachValue(t *target, key string, do func(string)) {
	eachPair(t, func(k, v string) {
		if canonKey(k) == key {
			do(decode(strings.ReplaceAll(v, "+", " ")))
		}
	})
}

// eachPair calls do with every key and value of the target's query, encoded.
// Pairs end at "&" or ";", and at "&" alone as PHP has it.
func eachPair(t *target, do func(key, value string)) {
	each := func(query string) {
		for first := true; len(query) > 0; {
			end := strings.IndexAny(query, "&;")
			if end >= 0 && first && query[end] == ';' {
				whole, _, _ := strings.Cut(query, "&")
				k, v, _ := strings.Cut(whole, "=")
				do(k, v)
			}
			first = end >= 0 && query[end] == '&'
			pair := query
			if end >= 0 {
				pair, query = query[:end], query[end+1:]
			} else {
				query = ""
			}
			if k, v, _ := strings.Cut(pair, "="); pair != "" {
				do(k, v)
			}
		}
	}
	each(t.query)
	if q, _, cut := strings.Cut(t.query, "#"); cut {
		each(q) // a server that takes what follows for a fragment
	}
	for _, q := range t.hidden {
		each(q)
	}
}

func formValues(form url.Values, key string) (values []string) {
	for k, vs := range form {
		if canonKey(k) == key {
			values = append(values, vs...)
		}
	}
	return values
}

// cookieValues are what a request's Cookie fields give a key: PHP without a
// php.ini of its own lets cookies stand over query and form in $_REQUEST, and
// ASP's Request looks into them last.
func cookieValues(fields []string, key string) (values []string) {
	for _, f := range fields {
		for pair := range strings.FieldsFuncSeq(f, func(r rune) bool { return r == ';' || r == ',' }) {
			if k, v, ok := strings.Cut(pair, "="); ok && canonKey(k) == key {
				values = append(values, decode(strings.ReplaceAll(strings.Trim(v, " \t\""), "+", " ")))
			}
		}
	}
	return values
}

// canonKey brings every spelling of a query key that some server takes for the
// same to one: escapes, letter case, spaces before it, PHP's "key[]" and its
// "_" for a dot, space or open bracket, ASP.NET's and Java's lenience.
func canonKey(k string) string {
	if isCanonical(k) {
		return k
	}
	k = strings.ReplaceAll(k, "+", " ")
	for range maxDecodes {
		k = decode(k)
	}
	k, _, _ = strings.Cut(k, "\x00")
	k = strings.TrimLeft(k, " ?[]\t\r\n\v\f") // Rack drops brackets that nothing stands before
	if i := strings.IndexByte(k, '['); i > 0 && strings.IndexByte(k[i:], ']') > 0 {
		k = k[:i]
	}
	k = strings.TrimRight(k, " ]\t\r\n\v\f")
	return strings.Map(func(r rune) rune {
		switch r {
		case '.', ' ', '[':
			return '_'
		}
		return r
	}, fold(plainLetters(k)))
}

// isCanonical is quick to say that a key has no other spelling than its own, as
// those of most queries and cookies.
func isCanonical(k string) bool {
	for i := range len(k) {
		if c := k[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
