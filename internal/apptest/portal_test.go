package apptest

import (
	"strings"
	"testing"
)

// TestPortalPages opens every area of the demo's portal in a browser, narrow
// and wide, and has axe look at it.
func TestPortalPages(t *testing.T) {
	p := StartPortal(t)
	b := NewBrowser(t, "pt-BR")
	base := "http://127.0.0.1:" + p.Port
	b.Open(base + "/entrar")
	b.Shot("portal-entrar")
	b.Type("#usuario", "fabio")
	b.Type("#senha", "quaresmeira")
	b.Click("main button")
	b.At(base + "/resumo")
	for _, path := range []string{"/resumo", "/documentos-recebidos", "/documentos-recebidos/1", "/documentos-recebidos/ajuda",
		"/enviar-documentos", "/mensagens", "/atendimento", "/financeiro", "/caixa-de-entrada", "/arquivos-permanentes", "/correio"} {
		for _, width := range []int64{320, 1000} {
			b.Size(width, 900)
			b.Open(base + path)
			for _, fault := range append(b.Axe(), b.Layout()...) {
				t.Errorf("%s at %d px: %s", path, width, fault)
			}
			if path == "/resumo" || path == "/documentos-recebidos" {
				b.Shot("portal" + strings.ReplaceAll(path, "/", "-") + map[bool]string{true: "-320", false: ""}[width == 320])
			}
		}
	}
	b.Open(base + "/financeiro")
	b.Eval(`document.querySelector("h1").style.color="#eee";document.documentElement.removeAttribute("lang");""`)
	if len(b.Axe()) < 2 {
		t.Error("axe does not see two planted faults")
	}
	b.Eval(`document.querySelector("h1").style.width="2000px";""`)
	if len(b.Layout()) == 0 {
		t.Error("a page that is too wide passes")
	}
}
