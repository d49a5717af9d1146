#!/bin/sh
# Installs what the tests need and this machine lacks: Debian packages with apt,
# axe-core, flood and oidc-provider with npm. A tool that is there already is left alone.
# Where one cannot be installed, the line that would do it is printed and the script fails.
set -eu
cd "$(dirname "$0")/.."
npm="axe-core@4.14.1 flood@4.11.0 oidc-provider@9.13.3"

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null 2>&1; then sudo "$@"
	else
		echo "not root and no sudo; run as root: $*" >&2
		exit 1
	fi
}

missing=
need() { # need <package> <test...>: the package is missing where the test fails
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
need gcc command -v gcc # the race detector needs a C compiler
need libc6-dev test -f /usr/include/stdio.h
need chromium command -v chromium
need zbar-tools command -v zbarimg
need redis-server command -v redis-server
need fonts-dejavu-core test -d /usr/share/fonts/truetype/dejavu
need fonts-noto-core test -d /usr/share/fonts/truetype/noto
need php-fpm sh -c 'ls /usr/sbin/php-fpm*'
need php-cli command -v php
need php-xml sh -c 'php -m | grep -qi dom'
need dokuwiki test -f /usr/share/dokuwiki/doku.php
need radicale command -v radicale
need nginx-light command -v nginx
need python3-django test -d /usr/lib/python3/dist-packages/django
need python3-django-redis test -d /usr/lib/python3/dist-packages/django_redis
need nodejs command -v node
from_npm() {
	(cd .tools/node_modules 2>/dev/null && [ -f axe-core/axe.min.js ] && [ -f flood/dist/index.js ] && [ -f oidc-provider/lib/index.js ])
}
from_npm || need npm command -v npm

if [ -n "$missing" ]; then
	line="apt-get install -y --no-install-recommends$missing"
	echo "installing what the tests need: $line"
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "this machine has no apt-get; install:$missing" >&2
		exit 1
	fi
	# Keeps packages from starting daemons; a file of the machine's own stays.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
		as_root chmod 755 /usr/sbin/policy-rc.d
		trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	as_root apt-get -o DPkg::Lock::Timeout=300 update -q
	# php-fpm goes first: it satisfies "php" without a second web server.
	for step in "$(echo "$missing" | sed 's/ dokuwiki//')" "$(echo "$missing" | grep -o dokuwiki || true)"; do
		[ -z "$(echo "$step" | tr -d ' ')" ] || as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $step || {
			echo "installing failed; run as root: $line" >&2
			exit 1
		}
	done
fi

# All in one go: npm takes away what it is not told of.
if ! from_npm; then
	line="npm install --prefix .tools --no-save --no-audit --no-fund $npm"
	echo "installing what the tests need: $line"
	mkdir -p .tools
	$line || {
		echo "installing failed; run: $line" >&2
		exit 1
	}
fi
