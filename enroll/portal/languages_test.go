package portal

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// base is a key without its plural form.
func base(key string) (string, bool) {
	for _, form := range []string{".zero", ".one", ".two", ".few", ".many", ".other"} {
		if b, ok := strings.CutSuffix(key, form); ok {
			return b, true
		}
	}
	return key, false
}

// TestLanguages_SayTheSame demands every key, with the same placeholders, in
// every language. Plural forms are the language's own, "other" at least.
func TestLanguages_SayTheSame(t *testing.T) {
	words, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	english := words.choose("en")
	wanted := func(s *speech, key string) bool {
		b, plural := base(key)
		return !plural || strings.HasSuffix(key, ".other") || s.texts[b+".other"] == ""
	}
	for _, s := range words.languages {
		for key := range english.texts {
			if _, ok := s.texts[key]; wanted(english, key) && !ok {
				t.Errorf("%s: %s is missing", s.Tag, key)
			}
		}
		for key, text := range s.texts {
			b, plural := base(key)
			model, ok := english.texts[key]
			if plural && !ok {
				model, ok = english.texts[b+".other"]
			}
			if !ok {
				t.Errorf("%s: %s is in no other language", s.Tag, key)
				continue
			}
			if strings.TrimSpace(text) == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: %s is empty or has outer space", s.Tag, key)
			}
			if form := strings.TrimPrefix(key, b); english.texts[b+".other"] != "" && (form == ".zero" || form == ".one" || form == ".two") {
				text, model = text+"{n}", model+"{n}" // may be words: "two minutes" is one word in Arabic
			}
			got, want := placeholder.FindAllString(text, -1), placeholder.FindAllString(model, -1)
			slices.Sort(got)
			slices.Sort(want)
			if got, want = slices.Compact(got), slices.Compact(want); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %v, want %v", s.Tag, key, got, want)
			}
		}
		if s.Dir != "ltr" && s.Dir != "rtl" {
			t.Errorf("%s: language.dir is %q", s.Tag, s.Dir)
		}
		if n := len(strings.Split(s.T("date.months"), "|")); n != 12 {
			t.Errorf("%s: %d months", s.Tag, n)
		}
	}
}

// TestLanguages_CountAsTheirSpeakersDo demands a text for every form in which
// a language counts to a thousand (CLDR: six in Arabic, two in most).
func TestLanguages_CountAsTheirSpeakersDo(t *testing.T) {
	words, _ := loadCatalogue()
	for _, s := range words.languages {
		for key := range s.texts {
			b, counted := strings.CutSuffix(key, ".other")
			if !counted || words.choose("en").texts[b+".one"] == "" {
				continue
			}
			for n := range 1000 {
				if form := b + "." + pluralForm(s.tag, n); s.texts[form] == "" {
					t.Errorf("%s: %s is missing, as in %d", s.Tag, form, n)
					break
				}
			}
		}
	}
	ar := words.choose("ar")
	for n, want := range map[int]string{1: "دقيقة واحدة", 2: "دقيقتين", 3: "3 دقائق", 10: "10 دقائق", 11: "11 دقيقة", 99: "99 دقيقة", 100: "100 دقيقة"} {
		if got := ar.N("time.minutes", n); got != want {
			t.Errorf("ar: %d minutes is %q, want %q", n, got, want)
		}
	}
}

// TestLanguages_AreTranslated finds sentences that were left in English.
func TestLanguages_AreTranslated(t *testing.T) {
	words, _ := loadCatalogue()
	english := words.choose("en")
	for _, s := range words.languages {
		for key, text := range s.texts {
			if s != english && len(strings.Fields(text)) > 3 && text == english.texts[key] {
				t.Errorf("%s: %s is English: %s", s.Tag, key, text)
			}
		}
	}
}

// TestLanguages_AddressFormally finds words that only friends use.
func TestLanguages_AddressFormally(t *testing.T) {
	words, _ := loadCatalogue()
	for tag, familiar := range map[string]string{
		"de": `du|dir|dich|dein|deine[mnrs]?`, "nl": `je|jij|jou|jouw`, "fr": `tu|te|toi|ton|ta|tes`,
		"es": `tú|te|ti|tu|tus`, "it": `tu|ti|tuo|tua|tuoi|tue|perdi|puoi|hai|vuoi|devi`,
	} {
		said := regexp.MustCompile(`(?i)(^|[^\pL])(` + familiar + `)([^\pL]|$)`)
		for key, text := range words.choose(tag).texts {
			if said.MatchString(text) {
				t.Errorf("%s: %s: %s", tag, key, text)
			}
		}
	}
}

// TestLanguages_OneWordForOneThing finds other words for what CONTRIBUTING.md has
// a word for.
func TestLanguages_OneWordForOneThing(t *testing.T) {
	words, _ := loadCatalogue()
	for tag, others := range map[string]string{
		"en": `2FA|two-factor|backup code|security key\b.*passkey is|\bmails?\b`, "pt-BR": `(duas|segunda) etapas?|códigos? de backup|2FA|outro método|outra forma`,
		"de": `Zugangsschlüssel|Hauptschlüssel|Sicherungscode|Backup-Code|zweistufig|2FA|Authentifizierungs-App`,
		"nl": `toegangssleutel|tweefactor|back-?upcode|2FA|verificatie-app|\binlog|\buitlog|\blog (in|uit|daar)\b|andere manier`, "fi": `avainkood|varmuuskood|todennusavain|2FA`,
		"es": `clave de acceso|doble factor|dos factores|códigos? de respaldo|2FA`, "fr": `codes? de secours|clé d’identification|deux facteurs|2FA`,
		"it": `chiav[ei] di accesso|codic[ei] di backup|due fattori|2FA`, "ar": `الرموز الاحتياطية|رموز احتياطية|المصادقة الثنائية|مفتاح الدخول|مؤسس`,
	} {
		other := regexp.MustCompile(`(?i)` + others)
		for key, text := range words.choose(tag).texts {
			text, _ := strings.CutPrefix(text, "Inloggen met {label}") // a provider's button, as its users know it
			if found := other.FindString(text); found != "" {
				t.Errorf("%s: %s says %q: %s", tag, key, found, text)
			}
		}
	}
}

// TestLanguages_SayOneThingOneWay: what English says in the same words elsewhere,
// every language does, but where the word it stands for makes it another: a title
// beside a button, a key beside codes, a name that has room for a second one.
func TestLanguages_SayOneThingOneWay(t *testing.T) {
	words, _ := loadCatalogue()
	apart := map[string]bool{
		"passkey.create.go": true, "verify.start": true, "sms.change.title": true, "codes.copied": true, "steps.passkey": true, "choose.passkey": true,
	}
	said := map[string][]string{}
	for key, text := range words.choose("en").texts {
		if !apart[key] {
			said[text] = append(said[text], key)
		}
	}
	for _, s := range words.languages {
		for _, keys := range said {
			for _, key := range keys[1:] {
				if one, other := s.texts[keys[0]], s.texts[key]; one != other {
					t.Errorf("%s: %s is %q, %s is %q", s.Tag, keys[0], one, key, other)
				}
			}
		}
	}
}

// TestLanguages_AreTypeset: apostrophes and quotation marks are the printed ones, a
// text ends as the English one does, and no mark is left alone at the beginning of
// a line: French keeps its spaces before them from breaking, German the one before
// an ellipsis. A hyphen behind a single letter or digit (e‑mail), before a pronoun
// (saisissez‑le, digite‑o) or in an English heading ends no line; a telephone number
// stands on one.
func TestLanguages_AreTypeset(t *testing.T) {
	words, _ := loadCatalogue()
	loose := regexp.MustCompile(`[ \t](…|[.,;:?!»”](\s|$))|« `)
	tight := regexp.MustCompile(`[^\x{a0}\x{202f}][;?!:»]|«[^\x{a0}]`)
	torn := regexp.MustCompile(`(^|[^\pL\pN])[\pL\pN]-[\pL\pN]`)
	pronoun := map[string]*regexp.Regexp{
		"fr":    regexp.MustCompile(`\pL-(le|la|les|vous|en|y|elle)([^\pL-]|$)`),
		"pt-BR": regexp.MustCompile(`\pL-(o|a|os|as|lo|la|los|las|se)([^\pL-]|$)`),
	}
	number := regexp.MustCompile(`\+\d+[ -]|\d[ -]\d`)
	end := func(text string) string {
		last, _ := utf8.DecodeLastRuneInString(text)
		if i := strings.IndexRune(".?:,…؟،", last); i >= 0 {
			return strings.NewReplacer("؟", "?", "،", ",").Replace(string(last))
		}
		return ""
	}
	for _, s := range words.languages {
		for key, text := range s.texts {
			b, plural := base(key)
			model, ok := words.choose("en").texts[key]
			if plural && !ok {
				model = words.choose("en").texts[b+".other"]
			}
			if got, want := end(text), end(model); got != want && !(s.Tag == "es" && strings.HasPrefix(key, "mail.hello")) { // Hola:
				t.Errorf("%s: %s ends in %q, want %q", s.Tag, key, got, want)
			}
			if strings.ContainsAny(text, "'\"") || torn.MatchString(text) || loose.MatchString(text) {
				t.Errorf("%s: %s: %s", s.Tag, key, text)
			}
			if wrong := pronoun[s.Tag]; wrong != nil && wrong.MatchString(text) || number.MatchString(text) || s.Tag == "en" && strings.HasSuffix(key, ".title") && strings.Contains(text, "-") {
				t.Errorf("%s: %s breaks in two: %s", s.Tag, key, text)
			}
			if s.Tag == "fr" && !strings.HasPrefix(key, "date") && tight.MatchString(text) {
				t.Errorf("%s: %s breaks before a mark: %q", s.Tag, key, text)
			}
		}
	}
}

// TestLanguages_MailsGoOnFromTheirGreeting: after it a sentence begins, with a
// capital; in German, where it ends in a comma, without.
func TestLanguages_MailsGoOnFromTheirGreeting(t *testing.T) {
	words, _ := loadCatalogue()
	for _, s := range words.languages {
		for key, text := range s.texts {
			if !regexp.MustCompile(`^mail\.[a-z-]+\.(intro|text)$`).MatchString(key) {
				continue
			}
			first, _ := utf8.DecodeRuneInString(text)
			if s.Tag == "de" && unicode.IsUpper(first) && !strings.HasPrefix(text, "Ihr ") || s.Tag != "de" && unicode.IsLower(first) {
				t.Errorf("%s: %s: %s", s.Tag, key, text)
			}
		}
	}
}

// TestLanguages_ATenantIsFeminine: Arabic has two forms of a verb, and a tenant is
// spoken of as الجهة everywhere.
func TestLanguages_ATenantIsFeminine(t *testing.T) {
	words, _ := loadCatalogue()
	masculine := regexp.MustCompile(`(^|[^\pL])ي\pL+( منك| لك)? \{tenant\}`)
	for key, text := range words.choose("ar").texts {
		if masculine.MatchString(text) {
			t.Errorf("ar: %s: %s", key, text)
		}
	}
}

// TestLanguages_KeepDirectionsApart: a Latin name inside Arabic is isolated, so
// that the full stop behind it stays behind it; a number needs nothing.
func TestLanguages_KeepDirectionsApart(t *testing.T) {
	words, _ := loadCatalogue()
	ar := words.choose("ar")
	if got := ar.T("verify.lead", "tenant", "Silva & Co."); !strings.Contains(got, "\u2068Silva & Co.\u2069") {
		t.Errorf("T = %q", got)
	}
	if got := ar.T("smscode.lead", "number", "+31 6"); !strings.Contains(got, "\u2068+31 6\u2069") {
		t.Errorf("T = %q", got)
	}
	if got := ar.Wait(5 * time.Minute); strings.Contains(got, "\u2068") {
		t.Errorf("Wait = %q", got)
	}
	if got := words.choose("en").T("verify.lead", "tenant", "سيلفا"); strings.Contains(got, "\u2068") {
		t.Errorf("T = %q", got)
	}
	if got := unmarked(ar.T("passkey.name", "browser", browserName(ar, "Firefox/1 Windows"))); got != "مفتاح مرور (Firefox على Windows)" {
		t.Errorf("name = %q", got)
	}
}

// TestLanguages_Reasons demands a title and a sentence for every refusal, and
// what it means and what to do next for every denial.
func TestLanguages_Reasons(t *testing.T) {
	words, _ := loadCatalogue()
	english := words.choose("en")
	for _, reason := range []string{
		"enroll", "more-methods", "review", "remind", "verify", "stale", "weak", "no-identity", "identity-conflict",
		"unknown-tenant", "bad-target", "mixed-credentials", "identity-down", "store-down", "bad-code", "used-code", "clock-off",
		"too-many-tries", "expired", "limit-reached", "not-offered", "needs-fresh-proof", "last-method", "not-allowed", "locked",
		"wrong-step", "not-here", "no-address", "wrong-account", "mail-down", "sms-down", "oidc-down", "consent-needed", "not-found", "bad-request", "internal",
	} {
		for _, part := range []string{".title", ".detail"} {
			if english.T("reason."+reason+part) == "reason."+reason+part {
				t.Errorf("reason.%s%s is missing", reason, part)
			}
		}
	}
	for _, reason := range []string{"no-identity", "identity-conflict", "unknown-tenant", "bad-target", "mixed-credentials", "identity-down", "store-down"} {
		for _, part := range []string{".means", ".next"} {
			if english.T("deny."+reason+part) == "deny."+reason+part {
				t.Errorf("deny.%s%s is missing", reason, part)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	words, _ := loadCatalogue()
	for _, c := range []struct {
		name   string
		wishes []string
		want   string
	}{
		{"ok/exact", []string{"pt-BR"}, "pt-BR"},
		{"ok/lower case", []string{"pt-br"}, "pt-BR"},
		{"ok/plain portuguese", []string{"pt"}, "pt-BR"},
		{"ok/british english", []string{"en-GB"}, "en"},
		{"ok/accept list", []string{"", "", "xx;q=1, pt;q=0.9, en;q=0.8"}, "pt-BR"},
		{"ok/by weight", []string{"en;q=0.1,nl;q=0.9"}, "nl"},
		{"ok/refused by weight", []string{"de;q=0, fi"}, "fi"},
		{"ok/first that is there", []string{"sv, nb;q=0.9, it;q=0.5"}, "it"},
		{"ok/austrian german", []string{"de-AT,en;q=0.5"}, "de"},
		{"ok/swiss french", []string{"fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5"}, "fr"},
		{"ok/mexican spanish", []string{"es-MX"}, "es"},
		{"ok/egyptian arabic", []string{"ar-EG"}, "ar"},
		{"ok/flemish", []string{"nl-BE"}, "nl"},
		{"ok/portuguese of portugal", []string{"pt-PT"}, "pt-BR"},
		{"ok/with a bad weight beside", []string{"de;q=abc, it;q=0.5"}, "it"},
		{"ok/any, so the tenant's", []string{"", "", "*", "fi"}, "fi"},
		{"ok/tenant's last", []string{"", "", "", "pt-BR"}, "pt-BR"},
		{"fail/unknown falls through", []string{"xx", "pt-BR"}, "pt-BR"},
		{"fail/nonsense", []string{"<script>", "%%%"}, "en"},
		{"fail/endless", []string{strings.Repeat("pt,", 5000)}, "en"},
		{"fail/none", nil, "en"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := words.choose(c.wishes...).Tag; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestFill(t *testing.T) {
	s := &speech{texts: map[string]string{"k": "{a} and {b} and {a} and {c}", "open": "{a"}}
	if got := s.T("k", "a", "{b}", "b", 2); got != "{b} and 2 and {b} and {c}" {
		t.Errorf("T = %q", got)
	}
	if got := s.T("open", "a", "x"); got != "{a" {
		t.Errorf("T = %q", got)
	}
	if got := s.B("k", "a", "<b>", "b", `"`, "c", ""); strings.Contains(string(got), "<b>") {
		t.Errorf("B lets markup through: %s", got)
	}
}

func TestWaitAndDate(t *testing.T) {
	words, _ := loadCatalogue()
	en, pt := words.choose("en"), words.choose("pt-BR")
	for d, want := range map[time.Duration]string{
		0: "1 second", 20 * time.Second: "20 seconds", time.Minute: "1 minute", 61 * time.Second: "2 minutes",
		59 * time.Minute: "59 minutes", 60 * time.Minute: "1 hour", 90 * time.Minute: "2 hours",
	} {
		if got := en.Wait(d); got != want {
			t.Errorf("%s = %q, want %q", d, got, want)
		}
	}
	at := time.Date(2026, time.March, 7, 23, 5, 0, 0, time.FixedZone("", -3*3600))
	if got := pt.Date(at); got != "8 de março de 2026" {
		t.Errorf("Date = %q", got)
	}
	for tag, want := range map[string]string{
		"en": "8 March 2026, 02:05 UTC", "de": "8. März 2026, 02:05 Uhr (UTC)", "fi": "8. maaliskuuta 2026 klo 02.05 UTC",
		"es": "8 de marzo de 2026, 02:05 UTC", "fr": "8 mars 2026 à 02:05 UTC", "ar": "8 مارس 2026، الساعة 02:05 بالتوقيت العالمي (UTC)",
	} {
		if got := words.choose(tag).Moment(at); got != want {
			t.Errorf("%s: Moment = %q, want %q", tag, got, want)
		}
	}
}
