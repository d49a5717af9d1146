package caddymodule

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/freeport"
)

// frontController is a PHP app of the usual kind: one script for every URL,
// which it reads from REQUEST_URI.
const frontController = `<?php
session_save_path(getenv('SESSIONS') ?: sys_get_temp_dir());
session_name('sid');
session_start();
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/login' && $_SERVER['REQUEST_METHOD'] === 'POST') {
	session_regenerate_id(true);
	$_SESSION['user'] = $_POST['user'];
	echo 'welcome';
} elseif ($path === '/api/me') {
	if (!isset($_SESSION['user'])) { http_response_code(401); exit; }
	header('Content-Type: application/json');
	echo json_encode(['login' => $_SESSION['user'], 'email' => $_SESSION['user'] . '@mail.test', 'name' => $_SESSION['user']]);
} else {
	file_put_contents(__DIR__ . '/hits', $path . "\n", FILE_APPEND);
	echo 'SECRET of ', $_SESSION['user'] ?? 'nobody', ' at ', $path;
}
`

// startFPM runs php-fpm on loopback until the test ends.
func startFPM(t *testing.T) (addr string) {
	t.Helper()
	bin, err := exec.LookPath("php-fpm8.2")
	if err != nil {
		found, _ := filepath.Glob("/usr/sbin/php-fpm*")
		if len(found) == 0 {
			t.Fatal("php-fpm is missing: apt-get install -y --no-install-recommends php-fpm")
		}
		bin = found[0]
	}
	addr = "127.0.0.1:" + freeport.Get(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "fpm.conf")
	text := fmt.Sprintf("[global]\nerror_log = %s/log\ndaemonize = no\n[www]\nlisten = %s\nuser = root\ngroup = root\npm = static\npm.max_children = 2\nenv[SESSIONS] = %s\n", dir, addr, dir)
	if os.Geteuid() != 0 {
		text = strings.NewReplacer("user = root\n", "", "group = root\n", "").Replace(text)
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-F", "-y", conf}
	if os.Geteuid() == 0 {
		args = append(args, "-R")
	}
	cmd := exec.Command(bin, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }) // its children end with it
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("php-fpm did not start")
	return ""
}

// php_fastcgi builds REQUEST_URI from the original request in the context: the
// question must not be answered for the visitor's URL.
func TestWhoami_PHPFastCGI(t *testing.T) {
	head, _, _ := strings.Cut(simple, "http://:0")
	gate := strings.NewReplacer("%PROTECT%", "/documents", "%WHO%", "/api/me", "%MOUNT%", "").Replace(whoamiGate)
	s := start(t, head+"http://:0 {\nroot * %DIR%/www\n"+gate+"\nphp_fastcgi "+startFPM(t)+"\n}\n",
		map[string]string{"www/index.php": frontController})
	b := s.signedIn("bob")
	if got := b.get("/open").want(200); !strings.Contains(got.body, "SECRET of bob at /open") {
		t.Fatalf("open page: %q", got.body)
	}
	b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	b.get("/index.php/documents/1", "Accept", "application/json").want(403).reason("enroll")
	b.enroll()
	if got := b.get("/documents/1").want(200); !strings.Contains(got.body, "SECRET of bob at /documents/1") {
		t.Errorf("protected page: %q", got.body)
	}
	hits, err := os.ReadFile(filepath.Join(s.dir, "www", "hits"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(hits); got != "/open\n/documents/1\n" {
		t.Errorf("what reached the app: %q", got)
	}
}
