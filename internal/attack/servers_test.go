package attack

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
)

// upstream is a real app server. proxy is the Caddyfile that leads to it; looted
// counts the protected answers that it itself says it served.
type upstream struct {
	name, proxy string
	looted      func() int64
}

// tally counts the bytes of a file to which a server adds one for each
// protected answer.
func tally(path string) func() int64 {
	return func() int64 {
		i, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return i.Size()
	}
}

// netHTTP is Go's own router.
func netHTTP(t *testing.T) upstream {
	var n atomic.Int64
	mux := http.NewServeMux()
	secret := func(w http.ResponseWriter, _ *http.Request) { n.Add(1); _, _ = io.WriteString(w, "SECRET") }
	mux.HandleFunc("/documents", secret)
	mux.HandleFunc("/documents/", secret)
	mux.HandleFunc("/index.php", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("page") == "mensagens" {
			secret(w, r)
		}
	})
	mux.HandleFunc("/api/me", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"login":"bob"}`)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "open") })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return upstream{"net/http", "reverse_proxy " + srv.Listener.Addr().String(), n.Load}
}

const nodeApp = `
const fs=require('fs'),http=require('http'),[,,port,hits,kind]=process.argv;
const secret=(q,s)=>{fs.appendFileSync(hits,'x');s.end('SECRET')};
const me=(q,s)=>{s.setHeader('Content-Type','application/json');s.end('{"login":"bob"}')};
let app;
if(kind==='express'){app=require('express')();app.all('/api/me',me);app.use('/documents',secret);
 app.all('/index.php',(q,s)=>[].concat(q.query.page).includes('mensagens')?secret(q,s):s.end('open'));app.use((q,s)=>s.end('open'))}
else app=(q,s)=>{let p,u;try{u=new URL(q.url,'http://x');p=decodeURIComponent(u.pathname)}catch{s.statusCode=400;return s.end()}
 if(p==='/api/me')return me(q,s);
 if(p==='/documents'||p.startsWith('/documents/'))return secret(q,s);
 if(p==='/index.php'&&u.searchParams.getAll('page').includes('mensagens'))return secret(q,s);
 s.end('open')};
http.createServer(app).listen(+port,'127.0.0.1');
`

func node(t *testing.T, kind string) upstream {
	dir := t.TempDir()
	bin := apptest.Tool(t, "node", "nodejs")
	if kind == "express" {
		install(t)
	}
	hits, addr := filepath.Join(dir, "hits"), free(t)
	_, port, _ := net.SplitHostPort(addr)
	script := filepath.Join(dir, "app.js")
	write(t, script, nodeApp)
	cmd := exec.Command(bin, script, port, hits, kind)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(toolsDir(), "node_modules"))
	launch(t, cmd, addr)
	return upstream{"node " + kind, "reverse_proxy " + addr, tally(hits)}
}

// toolsDir is a folder of its own: npm takes away what it finds beside a package
// that it was not told of.
func toolsDir() string { return filepath.Join(apptest.Root(), ".tools", "express") }

// install fetches express where it is missing.
func install(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(toolsDir(), "node_modules", "express", "package.json")); err == nil {
		return
	}
	npm := apptest.Tool(t, "npm", "npm")
	line := []string{"install", "--prefix", toolsDir(), "--no-save", "--no-audit", "--no-fund", "express@5"}
	if out, err := exec.Command(npm, line...).CombinedOutput(); err != nil {
		t.Fatalf("express is missing, and installing it failed: npm %s: %v\n%s", strings.Join(line, " "), err, out)
	}
}

// php is PHP's own server over a folder of scripts and one front controller.
func php(t *testing.T) upstream {
	dir := t.TempDir()
	root, hits, addr := filepath.Join(dir, "www"), filepath.Join(dir, "hits"), free(t)
	secret := `<?php file_put_contents('` + hits + `','x',FILE_APPEND); echo 'SECRET';`
	write(t, filepath.Join(root, "documents/index.php"), secret)
	write(t, filepath.Join(root, "documents/1.php"), secret)
	write(t, filepath.Join(root, "documents.json.php"), "<?php echo 'open';")
	write(t, filepath.Join(root, "api/me/index.php"), `<?php header('Content-Type: application/json'); echo '{"login":"bob"}';`)
	write(t, filepath.Join(root, "index.php"), `<?php $p = rawurldecode($_SERVER['PATH_INFO'] ?? '');
if ($p === '/documents' || str_starts_with($p, '/documents/') || in_array('mensagens', (array)($_REQUEST['page'] ?? []), true)) { `+strings.TrimPrefix(secret, "<?php ")+` } else echo 'open';`)
	cmd := exec.Command(apptest.Tool(t, "php", "php-cli"), "-S", addr, "-t", root)
	launch(t, cmd, addr)
	return upstream{"php", "reverse_proxy " + addr, tally(hits)}
}

func free(t testing.TB) string {
	t.Helper()
	return "127.0.0.1:" + freeport.Get(t)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// launch starts a server and waits until it listens.
func launch(t *testing.T, cmd *exec.Cmd, addr string) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // php-fpm and nginx leave their children behind
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return
		}
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	t.Fatalf("%s does not listen:\n%s", cmd.Path, out.String())
}
