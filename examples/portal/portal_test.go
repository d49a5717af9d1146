package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// browse starts the portal and returns its address and a browser that keeps
// cookies and follows redirects.
func browse(t *testing.T) (*portal, string, *http.Client) {
	t.Helper()
	p := newPortal(time.Now)
	s := httptest.NewServer(p.handler())
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, s.URL, &http.Client{Jar: jar}
}

func read(t *testing.T, resp *http.Response, err error) (int, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	return read(t, resp, err)
}

func post(t *testing.T, c *http.Client, to string, form url.Values) (int, string) {
	t.Helper()
	resp, err := c.PostForm(to, form)
	return read(t, resp, err)
}

func enter(t *testing.T, c *http.Client, base, login, password string) (int, string) {
	t.Helper()
	return post(t, c, base+"/entrar", url.Values{"usuario": {login}, "senha": {password}, "next": {"/financeiro"}})
}

func TestEveryAreaNeedsASignIn(t *testing.T) {
	for _, path := range []string{"/resumo", "/documentos-recebidos", "/documentos-recebidos/1", "/documentos-recebidos/1/baixar",
		"/enviar-documentos", "/mensagens", "/atendimento", "/financeiro", "/caixa-de-entrada", "/arquivos-permanentes", "/correio"} {
		t.Run("ok"+path, func(t *testing.T) {
			_, base, c := browse(t)
			if _, body := get(t, c, base+path); !strings.Contains(body, `name="senha"`) {
				t.Errorf("a stranger sees %q", body)
			}
			enter(t, c, base, "ana", "girassol")
			if status, body := get(t, c, base+path); status != 200 || strings.Contains(body, `name="senha"`) {
				t.Errorf("a client gets %d %q", status, body)
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	_, base, c := browse(t)
	if status, body := enter(t, c, base, "ana", "errada"); status != 401 || !strings.Contains(body, "não conferem") {
		t.Errorf("a wrong password gets %d", status)
	}
	if _, body := enter(t, c, base, "ana", "girassol"); !strings.Contains(body, "<h1>Financeiro</h1>") {
		t.Errorf("sign-in does not lead to the page asked for: %q", body)
	}
	if status, _ := post(t, c, base+"/sair", nil); status != 200 {
		t.Errorf("sign-out: %d", status)
	}
	if status, _ := get(t, c, base+"/api/me"); status != 401 {
		t.Errorf("after sign-out /api/me answers %d", status)
	}
}

func TestSessionIsRenewedAtSignIn(t *testing.T) {
	_, base, c := browse(t)
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for range 3 {
		enter(t, c, base, "ana", "girassol")
		ids[c.Jar.Cookies(u)[0].Value] = true
	}
	if len(ids) != 3 {
		t.Errorf("three sign-ins gave %d ids", len(ids))
	}
}

func TestMovingBetweenOffices(t *testing.T) {
	_, base, c := browse(t)
	office := func() string {
		var me account
		_, body := get(t, c, base+"/api/me")
		if err := json.Unmarshal([]byte(body), &me); err != nil {
			t.Fatal(err)
		}
		return me.Office.ID
	}
	enter(t, c, base, "fabio", "quaresmeira")
	if got := office(); got != "silva" {
		t.Errorf("starts in %q", got)
	}
	post(t, c, base+"/trocar-escritorio", url.Values{"escritorio": {"costa"}})
	if got := office(); got != "costa" {
		t.Errorf("moved to %q", got)
	}
	if status, _ := post(t, c, base+"/trocar-escritorio", url.Values{"escritorio": {"souza"}}); status != 403 || office() != "costa" {
		t.Errorf("a foreign office answers %d", status)
	}
}

func TestUploadArrivesWhole(t *testing.T) {
	_, base, c := browse(t)
	enter(t, c, base, "ana", "girassol")
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	f, err := m.CreateFormFile("arquivo", "notas.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("1;2;3\n")); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	resp, err := c.Post(base+"/enviar-documentos", m.FormDataContentType(), &body)
	status, page := read(t, resp, err)
	sum := sha256.Sum256([]byte("1;2;3\n"))
	for _, want := range []string{"notas.csv", "6 bytes", hex.EncodeToString(sum[:])} {
		if status != 200 || !strings.Contains(page, want) {
			t.Errorf("%d, without %q: %s", status, want, page)
		}
	}
}

func TestPhone(t *testing.T) {
	_, base, c := browse(t)
	resp, err := c.Post(base+"/api/app/login", "application/json", strings.NewReader(`{"usuario":"carla","senha":"jabuticaba"}`))
	_, body := read(t, resp, err)
	var in struct{ Token string }
	if err := json.Unmarshal([]byte(body), &in); err != nil || in.Token == "" {
		t.Fatalf("no token in %q: %v", body, err)
	}
	for path, want := range map[string]string{"/api/app/resumo": "Carla", "/api/app/escritorio/documentos": "Livro-caixa", "/api/app/escritorio/mensagens": "mensagens", "/api/me": "costa"} {
		req, err := http.NewRequest("GET", base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, _ := get(t, http.DefaultClient, base+path); status != 401 {
			t.Errorf("%s without a token: %d", path, status)
		}
		req.Header.Set("Authorization", "Bearer "+in.Token)
		resp, err := http.DefaultClient.Do(req)
		if status, body := read(t, resp, err); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestMailArrivesAndItsLinksWork(t *testing.T) {
	p, base, c := browse(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := p.mail.server()
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	mail := "From: =?utf-8?q?Escrit=C3=B3rio?= <a@b.example>\r\nSubject: =?utf-8?q?C=C3=B3digo?=\r\n" +
		"Content-Type: multipart/alternative; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n" +
		"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
		"Abra https://portal.example/l/a=3Db. <script>alert(1)</script>\r\n--x--\r\n"
	if err := smtp.SendMail(l.Addr().String(), nil, "a@b.example", []string{"Ana@PadariaRibeiro.example"}, []byte(mail)); err != nil {
		t.Fatal(err)
	}
	enter(t, c, base, "ana", "girassol")
	_, body := get(t, c, base+"/correio/1")
	for _, want := range []string{"<h1>Código</h1>", `<a href="https://portal.example/l/a=b">`, "&lt;script&gt;"} {
		if !strings.Contains(body, want) {
			t.Errorf("the letter lacks %q:\n%s", want, body)
		}
	}
	c2 := browseAs(t, base, "bruno", "mandacaru")
	if status, _ := get(t, c2, base+"/correio/1"); status != 404 {
		t.Errorf("somebody else reads the letter: %d", status)
	}
}

func browseAs(t *testing.T, base, login, password string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	enter(t, c, base, login, password)
	return c
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/financeiro?a=1": "/financeiro?a=1", "": "/resumo", "//evil.example": "/resumo", "https://evil.example/": "/resumo",
		`/\evil.example`: "/resumo", "javascript:alert(1)": "/resumo",
	} {
		if got := localPath(in); got != want {
			t.Errorf("localPath(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestThePortalIsOrdinary keeps the application free of any knowledge of what
// stands in front of it: that it needs no change is the point of the demo.
func TestThePortalIsOrdinary(t *testing.T) {
	words := []string{"mfa", "2fa", "totp", "otp", "passkey", "second factor", "segundo fator", "autenticador"}
	check := func(name string, text []byte) {
		for _, w := range words {
			if strings.Contains(strings.ToLower(string(text)), w) {
				t.Errorf("%s speaks of %q", name, w)
			}
		}
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		check(name, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range goFiles(t) {
		check(name.name, name.text)
	}
}

type source struct {
	name string
	text []byte
}

// goFiles returns the program's own sources, without tests.
func goFiles(t *testing.T) []source {
	t.Helper()
	dir := os.DirFS(".")
	names, err := fs.Glob(dir, "*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources found: %v", err)
	}
	var all []source
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(dir, n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{n, text})
	}
	return all
}
