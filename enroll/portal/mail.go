package portal

import (
	"bytes"
	"html/template"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// letter is a mail before it is written out: paragraphs, with the code and the
// button between them.
type letter struct {
	L         *speech
	Subject   string
	Tenant    string
	Before    []string
	Code      string
	Valid     string
	LinkWords string
	Link      string
	Button    string
	Facts     []string
	FactsHead string
	Warning   []string
}

// letterHTML is the HTML part. Mail programs know no style sheets, no dark mode
// to rely on and no custom fonts, so it is a column of plain paragraphs.
var letterHTML = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="{{.L.Tag}}" dir="{{.L.Dir}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px 16px;background:#f4f5f7;color:#191c22;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif">
<div style="max-width:480px;margin:0 auto;padding:24px;background:#ffffff;border-radius:12px">
<p style="margin:0 0 16px;font-weight:bold">{{.Tenant}}</p>
{{range .Before}}<p style="margin:0 0 16px">{{.}}</p>
{{end}}{{with .Code}}<p style="margin:0 0 16px;font:bold 32px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:4px"><bdi dir="ltr">{{.}}</bdi></p>
{{end}}{{with .Valid}}<p style="margin:0 0 16px">{{.}}</p>
{{end}}{{if .Link}}<p style="margin:0 0 16px"><a href="{{.Link}}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1f4e8c;color:#ffffff;text-decoration:none">{{.Button}}</a></p>
{{end}}{{if .Facts}}<p style="margin:24px 0 8px;color:#545b68;font-size:14px">{{.FactsHead}}<br>{{range $i, $f := .Facts}}{{if $i}}<br>{{end}}{{$f}}{{end}}</p>
{{end}}<p style="margin:0;color:#545b68;font-size:14px">{{range $i, $w := .Warning}}{{if $i}} {{end}}{{$w}}{{end}}</p>
</div></body></html>
`))

// mail writes both parts.
func (l *letter) mail(to string) enroll.Mail {
	var text strings.Builder
	block := func(lines ...string) {
		for _, line := range lines {
			text.WriteString(line + "\n")
		}
		if len(lines) > 0 {
			text.WriteByte('\n')
		}
	}
	for _, p := range l.Before {
		block(p)
	}
	if l.Code != "" {
		block(l.Code)
	}
	if l.Valid != "" {
		block(l.Valid)
	}
	if l.Link != "" {
		block(l.LinkWords, l.Link)
	}
	if len(l.Facts) > 0 {
		block(append([]string{l.FactsHead}, l.Facts...)...)
	}
	block(l.Warning...)
	var html bytes.Buffer
	if err := letterHTML.Execute(&html, l); err != nil {
		html.Reset()
	}
	return enroll.Mail{To: to, Subject: l.Subject, Text: strings.TrimRight(text.String(), "\n") + "\n", HTML: html.String()}
}

// firstMail is the mail of the first step. The code stands on a line of its own
// in the text part. The link is there only where the address of this site is
// known from the configuration: one taken from the request would let whoever
// sends a forged Host header have a working link mailed to his own host. To an
// address that was typed, nobody is greeted by name: a mistyped one is a
// stranger's.
func (p *Portal) firstMail(s *speech, v *Visit, in enroll.Letter) enroll.Mail {
	return p.codeMail(s, v, in, "mail.code.intro")
}

// proofMail is the mail with a code to prove with.
func (p *Portal) proofMail(s *speech, v *Visit, in enroll.Letter) enroll.Mail {
	return p.codeMail(s, v, in, "mail.proof.intro")
}

func (p *Portal) codeMail(s *speech, v *Visit, in enroll.Letter, intro string) enroll.Mail {
	tenant := v.Rules.TenantName
	l := &letter{
		L: s, Tenant: tenant, Subject: s.T("mail.code.subject", "tenant", tenant),
		Before: []string{s.T("mail.hello", "name", displayName(v)), s.T(intro, "tenant", tenant)},
		Code:   in.Code, Valid: s.T("mail.code.valid", "wait", s.Wait(in.Expires.Sub(in.Time)), "tenant", tenant),
		FactsHead: s.T("mail.facts"),
		Facts: []string{
			s.T("mail.when", "time", s.Moment(in.Time)),
			s.T("mail.where", "address", v.Client),
			s.T("mail.browser", "browser", browserName(s, v.UserAgent)),
		},
		Warning: []string{s.T("mail.notme"), s.T("mail.notme.code")},
	}
	if v.BaseURL != "" && in.LinkToken != "" {
		l.Link = strings.TrimRight(v.BaseURL, "/") + v.Mount + "/link/" + in.LinkToken
		l.LinkWords, l.Button = s.T("mail.code.link"), s.T("mail.code.button")
		l.Warning[1] = s.T("mail.notme.link")
	}
	if in.Typed {
		l.Before[0] = s.T("mail.hello.plain")
	}
	if in.Code == "" {
		l.Subject, l.Before[1] = s.T("mail.typed.subject", "tenant", tenant), s.T("mail.typed.intro", "tenant", tenant)
		l.Valid, l.LinkWords = s.T("mail.typed.valid", "wait", s.Wait(in.Expires.Sub(in.Time))), s.T("mail.typed.link")
		l.Warning = []string{s.T("mail.typed.notme")}
	}
	l.support(v.Rules.Brand)
	return l.mail(in.To)
}

func (l *letter) support(b enroll.Brand) {
	if contact := brandLink(b.Support); contact != "" && !strings.HasPrefix(contact, "/") {
		l.Warning = append(l.Warning, l.L.T("mail.notme.support", "support", strings.TrimPrefix(contact, "mailto:")))
	}
}

// Compose writes the mail that tells a person of a change to their account, in
// the language the rules name. It is what enroll.Config.Compose takes.
func Compose(e enroll.Event) enroll.Mail {
	words, err := readCatalogue()
	if err != nil {
		return enroll.Mail{}
	}
	s := words.choose(e.Rules.Language)
	name := e.Person.Name
	if name == "" {
		name = e.Person.User
	}
	tenant := e.Rules.TenantName
	key := "mail." + e.Kind
	l := &letter{
		L: s, Tenant: tenant, Subject: s.T(key+".subject", "tenant", tenant),
		Before: []string{
			s.T("mail.hello", "name", name), s.T(key+".text", "tenant", tenant, "method", e.Method.Name, "browser", e.Device.Name),
			s.T("mail.when", "time", s.Moment(e.At.In(time.UTC))),
		},
		Warning: []string{s.T("mail.notme"), s.T("mail.notme.tell", "tenant", tenant)},
	}
	if e.Link != "" {
		l.Link, l.LinkWords, l.Button = e.Link, s.T("mail.notme.stop"), s.T("link.disown")
	}
	l.support(e.Rules.Brand)
	return l.mail(e.To)
}
