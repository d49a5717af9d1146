package attack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// frontController takes the path from REQUEST_URI, as most PHP apps do, and the
// credentials that come with it from wherever PHP puts them.
const frontController = `<?php
$uri = $_SERVER['REQUEST_URI'];
$path = rawurldecode((string) parse_url($uri, PHP_URL_PATH));
$path = preg_replace('~^/index\.php(?=/|$)~i', '', $path) ?: '/';
parse_str((string) parse_url($uri, PHP_URL_QUERY), $query);
$page = $query['page'] ?? $_REQUEST['page'] ?? '';
if ($path === '/api/me') { header('Content-Type: application/json'); echo '{"login":"bob"}'; }
elseif ($path === '/documents' || str_starts_with($path, '/documents/') || in_array('mensagens', (array) $page, true)) { file_put_contents('%HITS%', 'x', FILE_APPEND); echo 'SECRET'; }
else { file_put_contents('%HITS%.seen', json_encode([$uri, $query, $_GET, $_COOKIE, $_SERVER['REMOTE_USER'] ?? '', $_SERVER['HTTP_X_SID'] ?? '']) . "\n", FILE_APPEND); echo 'open'; }
`

// zendApp finds a page by the words of its name, as Zend Framework 1 does in its
// dispatcher: hyphens and dots part words, what is neither letter nor digit is left
// out. Icinga Web 2 shows /role/list by /role/(list) and /role/.list in this way.
const zendApp = `<?php
$segment = explode('/', ltrim(explode('?', $_SERVER['REQUEST_URI'])[0], '/'));
if ($segment[0] === 'api') { header('Content-Type: application/json'); echo '{"login":"bob"}'; return; }
$words = preg_replace('/[^a-z0-9 ]/', '', str_replace(['-', '.'], ' ', strtolower($segment[0])));
if (str_replace(' ', '', ucwords($words)) === 'Documents') { file_put_contents('%HITS%', 'x', FILE_APPEND); echo 'SECRET'; }
else { echo 'open'; }
`

// zend is such an app on PHP's own server.
func zend(t *testing.T) upstream {
	dir, addr := t.TempDir(), free(t)
	router, hits := filepath.Join(dir, "router.php"), filepath.Join(dir, "hits")
	write(t, router, strings.ReplaceAll(zendApp, "%HITS%", hits))
	launch(t, exec.Command(apptest.Tool(t, "php", "php-cli"), "-S", addr, "-t", dir, router), addr)
	return upstream{"zend", "reverse_proxy " + addr, tally(hits)}
}

// fpm is PHP's process manager, which Caddy itself talks to.
func fpm(t *testing.T) (addr, root, hits string) {
	t.Helper()
	found, _ := filepath.Glob("/usr/sbin/php-fpm*")
	if len(found) == 0 {
		t.Fatal("php-fpm is missing; install it: apt-get install -y --no-install-recommends php-fpm")
	}
	dir := t.TempDir()
	addr, root, hits = free(t), filepath.Join(dir, "www"), filepath.Join(dir, "hits")
	write(t, filepath.Join(root, "index.php"), strings.ReplaceAll(frontController, "%HITS%", hits))
	conf := fmt.Sprintf("[global]\nerror_log = %s/log\ndaemonize = no\n[www]\nlisten = %s\npm = static\npm.max_children = 2\n", dir, addr)
	args := []string{"-F", "-y", filepath.Join(dir, "fpm.conf")}
	if os.Geteuid() == 0 {
		conf, args = conf+"user = root\ngroup = root\n", append(args, "-R")
	}
	write(t, filepath.Join(dir, "fpm.conf"), conf)
	launch(t, exec.Command(found[len(found)-1], args...), addr)
	return addr, root, hits
}

func caddyFPM(t *testing.T) upstream {
	addr, root, hits := fpm(t)
	return upstream{"php-fpm", "root * " + root + "\n\tphp_fastcgi " + addr, tally(hits)}
}

// nginx serves folders, one of them by an alias whose location lacks its last
// slash, and hands scripts to php-fpm.
func nginx(t *testing.T) upstream {
	addr, root, hits := fpm(t)
	dir, listen := t.TempDir(), free(t)
	write(t, filepath.Join(root, "documents/1"), "SECRET")
	write(t, filepath.Join(root, "documents/index.html"), "SECRET")
	write(t, filepath.Join(root, "files/a.txt"), "open")
	conf := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/log;
events {}
http {
	client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	access_log off;
	log_format one x;
	map $request_filename $secret { ~^%[2]s/documents/. 1; ~^%[2]s/files/\.\./documents/. 1; default 0; }
	server {
		listen %[3]s;
		root %[2]s;
		access_log %[4]s one if=$secret;
		location = /api/me { default_type application/json; return 200 '{"login":"bob"}'; }
		location /files { alias %[2]s/files/; }
		location ~ ^(.+\.php)(/.*)?$ {
			access_log off;
			fastcgi_pass %[5]s;
			fastcgi_param SCRIPT_FILENAME %[2]s/index.php;
			fastcgi_param REQUEST_URI $request_uri;
			fastcgi_param QUERY_STRING $query_string;
			fastcgi_param REQUEST_METHOD $request_method;
		}
		location /open { return 200 open; }
	}
}
`, dir, root, listen, hits, addr)
	if os.Geteuid() == 0 {
		conf = "user root;\n" + conf
	}
	write(t, filepath.Join(dir, "nginx.conf"), conf)
	launch(t, exec.Command(apptest.Tool(t, "nginx", "nginx-light"), "-c", filepath.Join(dir, "nginx.conf"), "-p", dir, "-e", filepath.Join(dir, "log")), listen)
	return upstream{"nginx", "reverse_proxy " + listen, tally(hits)}
}

const djangoApp = `
import sys
from wsgiref.simple_server import make_server, WSGIRequestHandler
from django.conf import settings
settings.configure(DEBUG=False, SECRET_KEY='x', ALLOWED_HOSTS=['*'], ROOT_URLCONF=__name__, MIDDLEWARE=['django.middleware.common.CommonMiddleware'])
import django
django.setup()
from django.http import HttpResponse, JsonResponse
from django.urls import re_path
port, hits = int(sys.argv[1]), sys.argv[2]
def secret(request, *args, **kw):
    with open(hits, 'a') as f: f.write('x')
    return HttpResponse('SECRET')
def page(request):
    return secret(request) if 'mensagens' in request.GET.getlist('page') + request.POST.getlist('page') else HttpResponse('open')
urlpatterns = [re_path(r'^api/me$', lambda r: JsonResponse({'login': 'bob'})), re_path(r'^documents(/.*)?$', secret), re_path(r'^index\.php/?$', page), re_path(r'', lambda r: HttpResponse('open'))]
from django.core.wsgi import get_wsgi_application
class Quiet(WSGIRequestHandler):
    def log_message(self, *a): pass
make_server('127.0.0.1', port, get_wsgi_application(), handler_class=Quiet).serve_forever()
`

// django is Django behind Python's own WSGI server.
func django(t *testing.T) upstream {
	dir, addr := t.TempDir(), free(t)
	script, hits := filepath.Join(dir, "app.py"), filepath.Join(dir, "hits")
	write(t, script, djangoApp)
	const python = "/usr/bin/python3" // Debian's, which python3-django is for
	if err := exec.Command(python, "-c", "import django").Run(); err != nil {
		t.Fatal("Django is missing; install it: apt-get install -y --no-install-recommends python3-django")
	}
	_, port, _ := strings.Cut(addr, ":")
	launch(t, exec.Command(python, script, port, hits), addr)
	return upstream{"django", "reverse_proxy " + addr, tally(hits)}
}
