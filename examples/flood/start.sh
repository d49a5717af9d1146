#!/bin/sh
# Starts the unmodified Flood of the npm registry on a loopback port, and stays
# in the foreground. At its first start there are no accounts: make them before
# the gate lets anybody in (see the README).
#   APP_PORT  where it listens (8511)
#   DATA      where it keeps accounts and its secret (.run/flood)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
app=${FLOOD:-$root/.tools/node_modules/flood}
port=${APP_PORT:-8511}
data=${DATA:-$root/.run/flood}
[ -f "$app/dist/index.js" ] || {
	echo "flood is missing; install it: make tools" >&2
	exit 1
}
mkdir -p "$data"
# Flood signs its tokens with what is in this file, and makes one where there is none.
[ -f "$data/flood.secret" ] || head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$data/flood.secret"
exec node "$app/dist/index.js" --host 127.0.0.1 --port "$port" --rundir "$data" --auth default
