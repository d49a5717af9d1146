#!/bin/sh
# Starts the unmodified DokuWiki of Debian (apt-get install php-cli php-xml
# dokuwiki) on a loopback port, with pages and accounts of its own, and stays in
# the foreground. Nothing of the package's own configuration is touched.
#   APP_PORT  where it listens (8491)
#   DATA      where it keeps pages, accounts and sessions (.run/dokuwiki)
set -eu
wiki=/usr/share/dokuwiki
port=${APP_PORT:-8491}
data=${DATA:-$(cd "$(dirname "$0")/../.." && pwd)/.run/dokuwiki}
[ -f $wiki/doku.php ] || {
	echo "dokuwiki is missing; install it: apt-get install -y --no-install-recommends php-fpm php-cli php-xml dokuwiki" >&2
	exit 1
}
mkdir -p "$data/conf" "$data/sessions"
[ -d "$data/data" ] || cp -r /var/lib/dokuwiki/data "$data/data"
for file in /etc/dokuwiki/*; do
	name=$(basename "$file")
	[ -e "$data/conf/$name" ] || cp -rL "$file" "$data/conf/" 2>/dev/null || true
done

cat >"$data/conf/local.php" <<PHP
<?php
\$conf['title'] = 'Acme wiki';
\$conf['useacl'] = 1;
\$conf['superuser'] = '@admin';
\$conf['authtype'] = 'authplain';
\$conf['savedir'] = '$data/data';
\$conf['updatecheck'] = 0;
PHP
account() { # account <login> <name>; the password is the login and -pass
	printf '%s:%s:%s:%s@acme.example:user\n' "$1" "$(php -r 'echo password_hash($argv[1], PASSWORD_BCRYPT);' "$1-pass")" "$2" "$1"
}
{
	printf '# users.auth.php\n# <?php exit()?>\n'
	account alice 'Alice Smith'
	account bob 'Bob Jones'
} >"$data/conf/users.auth.php"
printf '# acl.auth.php\n# <?php exit()?>\n*\t@ALL\t0\n*\t@user\t8\nstart\t@ALL\t1\n' >"$data/conf/acl.auth.php"

mkdir -p "$data/data/pages/finance"
printf '====== Acme wiki ======\nWelcome to the wiki.\n' >"$data/data/pages/start.txt"
printf '====== Payroll ======\nTotal of October: 48,115.90\n' >"$data/data/pages/finance/payroll.txt"

cat >"$data/prepend.php" <<PHP
<?php
if (!defined('DOKU_CONF')) define('DOKU_CONF', '$data/conf/');
if (!defined('DOKU_MAIN_CONF')) define('DOKU_MAIN_CONF', '$data/conf/');
PHP
export PHP_CLI_SERVER_WORKERS=4
exec php -d session.save_path="$data/sessions" -d auto_prepend_file="$data/prepend.php" -S "127.0.0.1:$port" -t $wiki
