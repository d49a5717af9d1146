package main

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed templates assets
var files embed.FS

// portal is the whole application.
type portal struct {
	now      func() time.Time
	sessions sessions
	records  *records
	mail     *mailbox
	pages    map[string]*template.Template
}

func newPortal(now func() time.Time) *portal {
	p := &portal{
		now:      now,
		sessions: sessions{byID: map[string]session{}},
		records:  newRecords(),
		mail:     &mailbox{to: map[string][]letter{}, now: now},
		pages:    map[string]*template.Template{},
	}
	entries, err := files.ReadDir("templates")
	if err != nil {
		panic(err) // the files are in the binary
	}
	for _, e := range entries {
		if e.Name() == "layout.html" {
			continue
		}
		t := template.New("layout.html").Funcs(template.FuncMap{"quando": when})
		p.pages[e.Name()] = template.Must(t.ParseFS(files, "templates/layout.html", "templates/"+e.Name()))
	}
	return p
}

// handler is every address of the portal. Forms are accepted from the portal's
// own pages only.
func (p *portal) handler() http.Handler {
	assets, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err)
	}
	m := http.NewServeMux()
	m.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/resumo", http.StatusSeeOther)
	})
	m.HandleFunc("GET /entrar", p.signInForm)
	m.HandleFunc("POST /entrar", p.signIn)
	m.HandleFunc("POST /sair", p.signOut)
	m.HandleFunc("POST /trocar-escritorio", p.inside(p.moveOffice))
	m.HandleFunc("GET /resumo", p.inside(p.summary))
	m.HandleFunc("GET /documentos-recebidos", p.inside(p.documents))
	m.HandleFunc("GET /documentos-recebidos/ajuda", p.inside(p.documentsHelp))
	m.HandleFunc("GET /documentos-recebidos/{id}", p.inside(p.document))
	m.HandleFunc("GET /documentos-recebidos/{id}/baixar", p.inside(p.download))
	m.HandleFunc("GET /enviar-documentos", p.inside(p.sendForm))
	m.HandleFunc("POST /enviar-documentos", p.inside(p.send))
	m.HandleFunc("POST /enviar-documentos/aviso", p.inside(p.sendNotice))
	m.HandleFunc("GET /mensagens", p.inside(p.messages))
	m.HandleFunc("GET /atendimento", p.inside(p.askForm))
	m.HandleFunc("POST /atendimento", p.inside(p.ask))
	m.HandleFunc("GET /financeiro", p.inside(p.list("Financeiro", "Honorários e vencimentos.", invoices)))
	m.HandleFunc("GET /arquivos-permanentes", p.inside(p.list("Arquivos permanentes", "Documentos que não mudam de mês para mês.", archive)))
	m.HandleFunc("GET /caixa-de-entrada", p.inside(p.inbox))
	m.HandleFunc("GET /correio", p.inside(p.letters))
	m.HandleFunc("GET /correio.json", p.inside(p.lettersJSON))
	m.HandleFunc("GET /correio/{id}", p.inside(p.letter))
	m.HandleFunc("GET /api/me", p.me)
	m.HandleFunc("POST /api/app/login", p.appLogin)
	m.HandleFunc("GET /api/app/resumo", p.app(p.appSummary))
	m.HandleFunc("GET /api/app/escritorio/documentos", p.app(p.appDocuments))
	m.HandleFunc("GET /api/app/escritorio/mensagens", p.app(p.appMessages))
	return http.NewCrossOriginProtection().Handler(m)
}

// visit is a request of somebody signed in.
type visit struct {
	session
	Office office
}

// key names the visitor's records of the open office.
func (v visit) key() string { return v.person.Login + "/" + v.Office.ID }

// inside lets only signed-in people through and sends the rest to the form.
func (p *portal) inside(next func(http.ResponseWriter, *http.Request, visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, ok := p.sessions.of(r)
		if !ok {
			http.Redirect(w, r, "/entrar?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		next(w, r, visit{session: s, Office: officeOf(s.office)})
	}
}

// page is what every template is given.
type page struct {
	Title, Path string
	Person      *person // nil: nobody is signed in
	Office      office
	Others      []office // the person's other offices
	Data        any
}

func (p *portal) show(w http.ResponseWriter, r *http.Request, v visit, status int, name, title string, data any) {
	view := page{Title: title, Path: r.URL.Path, Person: v.person, Office: v.Office, Data: data}
	if v.person != nil {
		for _, id := range v.person.Offices {
			if id != v.Office.ID {
				view.Others = append(view.Others, officeOf(id))
			}
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = p.pages[name].Execute(w, view)
}

// localPath returns the address to go on to after sign-in: one of this site,
// or the start page.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return "/resumo"
	}
	return next
}

func when(t time.Time) string { return t.Local().Format("02/01/2006 15:04") }
