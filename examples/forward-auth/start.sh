#!/bin/sh
# Starts the unmodified Radicale of Debian (apt-get install radicale) on a
# loopback port, with calendars of its own, and stays in the foreground.
#   APP_PORT  where it listens (8521)
#   DATA      where it keeps calendars (.run/radicale)
set -eu
port=${APP_PORT:-8521}
data=${DATA:-$(cd "$(dirname "$0")/../.." && pwd)/.run/radicale}
command -v radicale >/dev/null || {
	echo "radicale is missing; install it: apt-get install -y --no-install-recommends radicale" >&2
	exit 1
}
mkdir -p "$data/calendars"
cat >"$data/radicale.conf" <<CONF
[server]
hosts = 127.0.0.1:$port
[auth]
type = http_x_remote_user
[rights]
type = owner_only
[storage]
filesystem_folder = $data/calendars
CONF
exec radicale --config "$data/radicale.conf"
