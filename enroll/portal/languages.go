package portal

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed languages/*.json
var languageFiles embed.FS

// catalogue holds every language the pages speak. A language is one file,
// languages/<tag>.json: flat keys, values with {name} placeholders. The keys
// "language.name" (its own name for itself), "language.dir" (ltr or rtl) and
// "date" describe the language; everything else is text.
type catalogue struct {
	languages []*speech // sorted by tag
	matcher   language.Matcher
	tags      []language.Tag // in the matcher's order; english is first
}

// speech is one language: its texts and how it counts.
type speech struct {
	Tag, Name, Dir string
	tag            language.Tag
	texts          map[string]string
}

// readCatalogue is loadCatalogue, once for the whole process: what is embedded
// is the same for every configuration, and a configuration that is no longer in
// force may be held for minutes by connections that are still open.
var readCatalogue = sync.OnceValues(loadCatalogue)

// loadCatalogue reads the embedded languages; an error is a broken build.
func loadCatalogue() (*catalogue, error) {
	files, err := languageFiles.ReadDir("languages")
	if err != nil {
		return nil, fmt.Errorf("listing languages: %w", err)
	}
	c := &catalogue{}
	for _, f := range files {
		raw, err := languageFiles.ReadFile(path.Join("languages", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading language %s: %w", f.Name(), err)
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("reading language %s: %w", f.Name(), err)
		}
		texts = packed(texts)
		name := strings.TrimSuffix(f.Name(), ".json")
		tag, err := language.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("reading language %s: %w", f.Name(), err)
		}
		c.languages = append(c.languages, &speech{
			Tag: name, Name: texts["language.name"], Dir: texts["language.dir"], tag: tag, texts: texts,
		})
	}
	c.index()
	return c, nil
}

// packed returns the texts with every string of them in one piece of memory: in
// pieces of their own, nine languages are nearly ten thousand objects, which the
// garbage collector would walk every time.
func packed(texts map[string]string) map[string]string {
	keys := slices.Sorted(maps.Keys(texts))
	var b strings.Builder
	for _, key := range keys {
		b.WriteString(key)
		b.WriteString(texts[key])
	}
	all, one := b.String(), make(map[string]string, len(texts))
	for _, key := range keys {
		n, end := len(key), len(key)+len(texts[key])
		one[all[:n]] = all[n:end]
		all = all[end:]
	}
	return one
}

// index builds the matcher with English first, since the first language is
// what a matcher falls back to.
func (c *catalogue) index() {
	slices.SortFunc(c.languages, func(a, b *speech) int { return strings.Compare(a.Tag, b.Tag) })
	c.tags = []language.Tag{language.English}
	for _, s := range c.languages {
		if s.tag != language.English {
			c.tags = append(c.tags, s.tag)
		}
	}
	c.matcher = language.NewMatcher(c.tags)
}

// choose returns the language that the first wish which can be met asks for:
// each wish is a language tag or an Accept-Language list. English otherwise.
func (c *catalogue) choose(wishes ...string) *speech {
	for _, wish := range wishes {
		if wish == "" || len(wish) > 1000 {
			continue
		}
		if s := c.named(wish); s != nil {
			return s
		}
		tags, _, err := language.ParseAcceptLanguage(knownTags(wish))
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := c.matcher.Match(tags...); confidence > language.Low {
			return c.find(c.tags[i])
		}
	}
	return c.find(language.English)
}

// knownTags drops the entries of a list that name no language, or whose weight
// cannot be read: one of them would make the parser refuse the others too.
func knownTags(list string) string {
	var known []string
	for item := range strings.SplitSeq(list, ",") {
		if _, _, err := language.ParseAcceptLanguage(item); err == nil {
			known = append(known, item)
		}
	}
	return strings.Join(known, ",")
}

// named is the language that is called by its tag alone, as cookies, policies and
// links do; nil: the wish is another, or says more.
func (c *catalogue) named(tag string) *speech {
	for _, s := range c.languages {
		if s.Tag == tag {
			return s
		}
	}
	return nil
}

func (c *catalogue) find(tag language.Tag) *speech {
	for _, s := range c.languages {
		if s.tag == tag {
			return s
		}
	}
	return c.languages[0]
}

// T returns the text of a key; pairs are placeholder names and their values.
// A key that is missing shows itself, so that a test finds it.
func (s *speech) T(key string, pairs ...any) string {
	text, ok := s.texts[key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return text
	}
	return fill(text, s.say, pairs)
}

// say writes a value into a text. In a language read from right to left, one
// with letters of its own direction (a name, an address), or a telephone number,
// is kept apart from what stands around it, so that neither reorders the other
// (UAX #9, FSI, PDI).
func (s *speech) say(v ...any) string {
	value := fmt.Sprint(v...)
	if s.Dir == "rtl" && strings.ContainsFunc(value, func(r rune) bool { return r == '+' || unicode.IsLetter(r) && !unicode.Is(unicode.Arabic, r) }) {
		return "\u2068" + value + "\u2069"
	}
	return value
}

// unmarked takes the marks of say out again, for a text that is kept.
func unmarked(text string) string {
	return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(text)
}

// B is T with each value in bold and apart from the direction of the text
// around it (a Latin name inside Arabic). Text and values are escaped.
func (s *speech) B(key string, pairs ...any) template.HTML {
	text := template.HTMLEscapeString(s.T(key))
	return template.HTML(fill(text, func(v ...any) string { // #nosec G203 -- every value is escaped here
		return "<strong><bdi>" + template.HTMLEscapeString(fmt.Sprint(v...)) + "</bdi></strong>"
	}, pairs))
}

// N is T for a counted thing: key.one, key.few, … by the language's plural
// rules, key.other where the language has no text of its own for the form, and
// key.zero for none at all, where there is one. The placeholder {n} is the
// number.
func (s *speech) N(key string, n int, pairs ...any) string {
	form := key + "." + pluralForm(s.tag, n)
	if _, ok := s.texts[key+".zero"]; ok && n == 0 {
		form = key + ".zero"
	}
	if _, ok := s.texts[form]; !ok {
		form = key + ".other"
	}
	return s.T(form, append([]any{"n", n}, pairs...)...)
}

func pluralForm(tag language.Tag, n int) string {
	switch plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	}
	return "other"
}

// Wait says a duration the way a person would: whole seconds below a minute,
// whole minutes below an hour, then hours, each rounded up.
func (s *speech) Wait(d time.Duration) string {
	switch {
	case d < time.Minute:
		return s.N("time.seconds", max(1, ceil(d, time.Second)))
	case d <= 59*time.Minute:
		return s.N("time.minutes", ceil(d, time.Minute))
	}
	return s.N("time.hours", ceil(d, time.Hour))
}

// Span is Wait for longer times: in whole days from two days on.
func (s *speech) Span(d time.Duration) string {
	if d < 48*time.Hour {
		return s.Wait(d)
	}
	return s.N("time.days", ceil(d, 24*time.Hour))
}

func ceil(d, unit time.Duration) int { return int((d + unit - 1) / unit) }

// Date writes a day in the language's own order ("date": "{day} {month}
// {year}"; "date.months": twelve names separated by "|"), in UTC.
func (s *speech) Date(t time.Time) string {
	t = t.UTC()
	months := strings.Split(s.T("date.months"), "|")
	month := t.Month().String()
	if len(months) == 12 {
		month = months[t.Month()-1]
	}
	return s.T("date", "day", t.Day(), "month", month, "year", t.Year())
}

// Moment is Date with the time of day and its zone, for mails: the mail does
// not know where it will be read.
func (s *speech) Moment(t time.Time) string {
	t = t.UTC()
	return s.T("date.time", "date", s.Date(t), "hour", t.Format("15"), "minute", t.Format("04"))
}

// fill replaces each {name} that pairs has a value for, in one pass: a value
// that looks like a placeholder stays as it is.
func fill(text string, format func(...any) string, pairs []any) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := lookup(name, pairs)
		if !closed || !known {
			b.WriteByte('{')
			text = rest
			continue
		}
		b.WriteString(format(value))
		text = after
	}
}

func lookup(name string, pairs []any) (any, bool) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1], true
		}
	}
	return nil, false
}
