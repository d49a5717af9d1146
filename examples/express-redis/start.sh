#!/bin/sh
# Starts the portal of server.js on a loopback port, and stays in the
# foreground; fetches express and its session store with npm where they are
# missing. A Redis must listen already.
#   APP_PORT        where it listens (8541)
#   REDIS_PORT      where its sessions are (6379, database 2)
#   REDIS_PASSWORD  what Redis asks for
#   SESSION_SECRET  what it signs its cookie with; the gate needs the same
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lib=$here/../../.tools/express-redis
if [ ! -f "$lib/node_modules/connect-redis/package.json" ]; then
	mkdir -p "$lib"
	cp "$here/package.json" "$lib/"
	npm install --prefix "$lib" --no-audit --no-fund --no-package-lock >&2
fi
: "${SESSION_SECRET:?set it: openssl rand -hex 32}"
NODE_PATH=$lib/node_modules exec node "$here/server.js"
