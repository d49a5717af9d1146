package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (p *portal) summary(w http.ResponseWriter, r *http.Request, v visit) {
	ms, _ := p.records.of(v.key())
	p.show(w, r, v, http.StatusOK, "resumo.html", "Resumo", map[string]int{
		"Documentos": len(received[v.Office.ID]),
		"Mensagens":  len(ms),
		"Faturas":    len(invoices[v.Office.ID]),
	})
}

func (p *portal) documents(w http.ResponseWriter, r *http.Request, v visit) {
	p.show(w, r, v, http.StatusOK, "documentos.html", "Documentos recebidos", received[v.Office.ID])
}

func (p *portal) documentsHelp(w http.ResponseWriter, r *http.Request, v visit) {
	p.show(w, r, v, http.StatusOK, "ajuda.html", "Ajuda sobre documentos", nil)
}

// documentOf returns the document the path names, or answers 404.
func documentOf(w http.ResponseWriter, r *http.Request, v visit) (document, bool) {
	for _, d := range received[v.Office.ID] {
		if d.ID == r.PathValue("id") {
			return d, true
		}
	}
	http.NotFound(w, r)
	return document{}, false
}

func (p *portal) document(w http.ResponseWriter, r *http.Request, v visit) {
	if d, ok := documentOf(w, r, v); ok {
		p.show(w, r, v, http.StatusOK, "documento.html", d.Title, d)
	}
}

func (p *portal) download(w http.ResponseWriter, r *http.Request, v visit) {
	d, ok := documentOf(w, r, v)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="documento-`+d.ID+`.txt"`)
	_, _ = w.Write([]byte(d.Title + " (" + d.Period + ")\n\n" + d.Text + "\n"))
}

func (p *portal) sendForm(w http.ResponseWriter, r *http.Request, v visit) {
	_, us := p.records.of(v.key())
	slices.Reverse(us)
	p.show(w, r, v, http.StatusOK, "enviar.html", "Enviar documentos", us)
}

const maxUpload = 20 << 20 // bytes

func (p *portal) send(w http.ResponseWriter, r *http.Request, v visit) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	file, head, err := r.FormFile("arquivo")
	if err != nil {
		http.Error(w, "Escolha um arquivo de até 20 MB e envie de novo.", http.StatusBadRequest)
		return
	}
	defer file.Close()
	if _, err := p.records.addUpload(v.key(), upload{Name: head.Filename, Note: r.FormValue("observacao"), At: p.now()}, file); err != nil {
		http.Error(w, "O arquivo não chegou inteiro. Envie de novo.", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/enviar-documentos", http.StatusSeeOther)
}

func (p *portal) sendNotice(w http.ResponseWriter, r *http.Request, v visit) {
	p.records.addMessage(v.key(), message{From: v.person.Name, Subject: "Entrega em papel", Text: r.PostFormValue("aviso"), At: p.now()})
	http.Redirect(w, r, "/mensagens", http.StatusSeeOther)
}

func (p *portal) messages(w http.ResponseWriter, r *http.Request, v visit) {
	ms, _ := p.records.of(v.key())
	slices.Reverse(ms)
	p.show(w, r, v, http.StatusOK, "mensagens.html", "Mensagens", ms)
}

func (p *portal) askForm(w http.ResponseWriter, r *http.Request, v visit) {
	p.show(w, r, v, http.StatusOK, "atendimento.html", "Atendimento", nil)
}

func (p *portal) ask(w http.ResponseWriter, r *http.Request, v visit) {
	m := message{From: v.person.Name, Subject: r.PostFormValue("assunto"), Text: r.PostFormValue("mensagem"), At: p.now()}
	if strings.TrimSpace(m.Subject) == "" || strings.TrimSpace(m.Text) == "" {
		http.Error(w, "Preencha o assunto e a mensagem.", http.StatusBadRequest)
		return
	}
	p.records.addMessage(v.key(), m)
	http.Redirect(w, r, "/mensagens", http.StatusSeeOther)
}

// list makes the page of one of the plain lists.
func (p *portal) list(title, lead string, of map[string][]line) func(http.ResponseWriter, *http.Request, visit) {
	type data struct {
		Lead  string
		Lines []line
	}
	return func(w http.ResponseWriter, r *http.Request, v visit) {
		p.show(w, r, v, http.StatusOK, "lista.html", title, data{lead, of[v.Office.ID]})
	}
}

func (p *portal) inbox(w http.ResponseWriter, r *http.Request, v visit) {
	p.show(w, r, v, http.StatusOK, "caixa.html", "Caixa de Entrada", len(p.mail.of(v.person.Email)))
}

func (p *portal) letters(w http.ResponseWriter, r *http.Request, v visit) {
	p.show(w, r, v, http.StatusOK, "correio.html", "Correio", p.mail.of(v.person.Email))
}

func (p *portal) letter(w http.ResponseWriter, r *http.Request, v visit) {
	for _, l := range p.mail.of(v.person.Email) {
		if strconv.Itoa(l.ID) == r.PathValue("id") {
			p.show(w, r, v, http.StatusOK, "carta.html", l.Subject, l)
			return
		}
	}
	http.NotFound(w, r)
}
