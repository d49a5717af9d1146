package portal

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

//go:embed templates/*.html
var templateFiles embed.FS

// view is what a page shows. D is the page's own part.
type view struct {
	L         *speech
	Title     string
	Err       *fault // what is wrong with what was sent; nil: nothing
	Mount     string
	Tenant    string
	Logo      template.URL
	Initial   string // shown where there is no logo
	BrandCSS  string
	Help      string
	Support   string
	User      string
	Reference string
	Languages []langChoice
	Keep      bool // the page cannot be shown again: other languages open beside it
	Last      bool // the last page of a way: its one link out leads on
	Steps     []wizardStep
	To        string
	TenantID  string // where another than the default tenant was chosen
	D         any
}

// fault is an error to show: at a field, or above the page where Field is "".
type fault struct{ Field, Text string }

// langChoice is one entry of the language picker.
type langChoice struct {
	Tag, Name, URL string
	Current        bool
}

// wizardStep is one entry of the list above the wizard.
type wizardStep struct {
	Name      string
	Now, Done bool
}

// readPages parses the pages, once for the whole process and when the first is
// shown; an error is a broken build. They are a single set, in which every page
// calls the layout's top and bottom. A set a page, each with a copy of the layout,
// would be most of the live heap, for the collector to walk.
var readPages = sync.OnceValues(loadPages)

func loadPages() (*template.Template, error) {
	pages, err := template.New("").Funcs(template.FuncMap{
		"asset": func(name string) string { return assetNames[name] },
		"whole": whole,
	}).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	return pages, nil
}

// speak chooses the language of an answer: ?lng=, the cookie, Accept-Language,
// the tenant's, English.
func (p *Portal) speak(r *http.Request, v *Visit) *speech {
	var wishes []string
	if r.URL.RawQuery != "" {
		wishes = append(wishes, r.URL.Query().Get("lng"))
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		wishes = append(wishes, c.Value)
	}
	return p.words.choose(append(wishes, r.Header.Get("Accept-Language"), v.Rules.Language)...)
}

// view begins a page for a visit. self is the address of this page under the
// mount, where the language picker leads back to.
func (p *Portal) view(s *speech, v *Visit, title, self string) *view {
	x := &view{
		L: s, Title: title, Mount: v.Mount, Tenant: v.Rules.TenantName, Help: brandLink(v.Rules.Brand.Help),
		Support: brandLink(v.Rules.Brand.Support), BrandCSS: brandAsset(v.Rules.Brand.Color), User: displayName(v),
		Logo: template.URL(brandLogo(v.Rules.Brand.Logo)), // #nosec G203 -- checked by brandLogo
	}
	if first, _ := utf8.DecodeRuneInString(x.Tenant); unicode.IsLetter(first) || unicode.IsDigit(first) {
		x.Initial = string(unicode.ToUpper(first))
	}
	for _, other := range p.words.languages {
		x.Languages = append(x.Languages, langChoice{
			Tag: other.Tag, Name: other.Name, URL: withQuery(v.Mount+self, "lng", other.Tag), Current: other.Tag == s.Tag,
		})
	}
	return x
}

// show writes a page. A page that cannot be rendered is an error of ours, and
// answers as one, whole.
func (p *Portal) show(w http.ResponseWriter, r *http.Request, status int, name string, x *view) {
	var body bytes.Buffer
	pages, err := readPages()
	if err == nil {
		err = pages.ExecuteTemplate(&body, name+".html", x)
	}
	if err != nil {
		p.log.Error("rendering a page", "page", name, "error", err)
		secure(w.Header())
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	securePage(w.Header(), string(x.Logo))
	w.Header().Set("Content-Language", x.L.Tag)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes())
	}
}

func displayName(v *Visit) string {
	switch {
	case v.Person.User == "":
		return ""
	case v.Person.Name != "":
		return v.Person.Name
	}
	return v.Person.User
}

// withQuery adds one parameter to an address, "" adds nothing.
func withQuery(address, key, value string) string {
	if value == "" {
		return address
	}
	joint := "?"
	if strings.Contains(address, "?") {
		joint = "&"
	}
	return address + joint + key + "=" + url.QueryEscape(value)
}

// knownLanguage returns the shipped language that ?lng= names, or "".
func (p *Portal) knownLanguage(wish string) string {
	tag, err := language.Parse(wish)
	if err != nil {
		return ""
	}
	if _, i, confidence := p.words.matcher.Match(tag); confidence > language.Low {
		return p.words.find(p.words.tags[i]).Tag
	}
	return ""
}
