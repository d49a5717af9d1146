package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"sync"
	"time"
)

// document is a file the office made available to its clients.
type document struct {
	ID     string `json:"id"`
	Title  string `json:"titulo"`
	Kind   string `json:"tipo"`
	Period string `json:"competencia"`
	Text   string `json:"texto"`
}

// message is one entry of the conversation between a client and the office.
type message struct {
	From    string    `json:"de"`
	Subject string    `json:"assunto"`
	Text    string    `json:"texto"`
	At      time.Time `json:"enviada_em"`
}

// upload is a file a client sent; the sum lets both sides compare copies.
type upload struct {
	Name, Note, Sum string
	Size            int64
	At              time.Time
}

// line is a row of the plain lists: what, when, how much.
type line struct{ What, When, Value string }

var received = map[string][]document{
	"silva": {
		{"1", "Balancete de outubro", "Balancete", "10/2026", "Ativo circulante: R$ 184.220,15. Passivo circulante: R$ 97.431,08. Resultado do mês: R$ 21.904,77."},
		{"2", "Guia do DAS", "Guia de imposto", "10/2026", "Simples Nacional, vencimento em 20/11/2026, valor R$ 3.118,42."},
		{"3", "Holerites da equipe", "Folha de pagamento", "10/2026", "Quatro holerites, líquido total de R$ 14.870,00."},
	},
	"costa": {
		{"1", "Livro-caixa de outubro", "Livro-caixa", "10/2026", "Entradas: R$ 62.300,00. Saídas: R$ 48.115,90. Saldo: R$ 14.184,10."},
		{"2", "Contrato social consolidado", "Societário", "2026", "Terceira alteração, registrada na Junta Comercial em 03/09/2026."},
	},
	"souza": {
		{"1", "Declaração de faturamento", "Declaração", "2026", "Faturamento bruto dos últimos doze meses: R$ 731.006,20."},
	},
}

var invoices = map[string][]line{
	"silva": {{"Honorários de novembro", "vence em 25/11/2026", "R$ 890,00"}, {"Honorários de outubro", "pago em 24/10/2026", "R$ 890,00"}},
	"costa": {{"Honorários de novembro", "vence em 28/11/2026", "R$ 640,00"}},
	"souza": {{"Honorários de novembro", "vence em 30/11/2026", "R$ 510,00"}},
}

var archive = map[string][]line{
	"silva": {{"Cartão do CNPJ", "atualizado em 2024", "PDF"}, {"Alvará de funcionamento", "válido até 06/2027", "PDF"}},
	"costa": {{"Contrato social", "atualizado em 2026", "PDF"}},
	"souza": {{"Certificado do MEI", "atualizado em 2025", "PDF"}},
}

// records holds what clients add while the portal runs.
type records struct {
	mu       sync.Mutex
	messages map[string][]message // by login and office
	uploads  map[string][]upload
}

func newRecords() *records {
	return &records{messages: map[string][]message{}, uploads: map[string][]upload{}}
}

func (rs *records) addMessage(key string, m message) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.messages[key] = append(rs.messages[key], m)
}

// addUpload reads the file to its end and keeps its name, size and sum.
func (rs *records) addUpload(key string, u upload, file io.Reader) (upload, error) {
	h := sha256.New()
	n, err := io.Copy(h, file)
	if err != nil {
		return u, err
	}
	u.Size, u.Sum = n, hex.EncodeToString(h.Sum(nil))
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.uploads[key] = append(rs.uploads[key], u)
	return u, nil
}

func (rs *records) of(key string) ([]message, []upload) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return slices.Clone(rs.messages[key]), slices.Clone(rs.uploads[key])
}
